// Who moiety is measured against, which cases each is asked for, and how its process is started. They live in bench/peers
// with a package.json and a requirements.txt of their own; `--peers` installs what is missing there, and nowhere else.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Runner, Server } from "./protocol.ts";
import type { Task } from "./suite.ts";

interface Peer {
  readonly name: string;
  /** A script of bench/peers and its arguments. */
  readonly command: readonly [script: string, ...args: string[]];
  /** Whether a case is within what the library sets out to do; what then fails is reported with its error. */
  readonly takes: (task: Task, suite: string) => boolean;
}

const trains = ["step", "mixture"];
const elementwise = ["exp", "relu", "add", "mul", "sum", "sumRows", "sumColumns"];
const inferred = ["softmax", "logSoftmax", "sigmoid", "maxPoolRelu", "infer", "conv2d.forward", ...elementwise];
const autograd = ({ op, model }: Task, suite: string): boolean =>
  suite !== "mixture" && suite !== "vocabulary" && op !== "adam" && op !== "inferMixture" && model !== "bilstm";

const peers: readonly Peer[] = [
  { name: "tfjs-wasm", command: ["tfjs.mjs"], takes: autograd },
  {
    name: "tfjs-wasm helped",
    command: ["tfjs.mjs", "--helped"],
    takes: ({ op, model }) => op === "conv2d.gradWeight" || (op === "step" && String(model).startsWith("lenet")),
  },
  { name: "jax-js", command: ["jax.mjs"], takes: (task, suite) => autograd(task, suite) && task.op !== "dropout" },
  { name: "numpy-ts", command: ["numpy.mjs"], takes: ({ op }) => op === "matmul" || elementwise.includes(op) },
  {
    name: "onnxruntime-web",
    command: ["ort.mjs"],
    takes: ({ op, model }) => model !== "bilstm" && (op === "matmul" || inferred.includes(op)),
  },
  // a product of 1024 takes it seconds
  {
    name: "ml-matrix",
    command: ["mlmatrix.mjs"],
    takes: ({ op, m, n, k }) => op === "matmul" && Number(m) * Number(n) * Number(k) <= 512 ** 3,
  },
  { name: "PyTorch", command: ["torch_runner.py"], takes: () => true },
  {
    name: "PyTorch fused",
    command: ["torch_runner.py", "--fused"],
    takes: ({ op }) => trains.includes(op) || op === "adam",
  },
];

const folder = fileURLToPath(new URL("peers/", import.meta.url));
/** Python with the packages of requirements.txt, once installPython has been called. */
export const python: string = `${folder}.venv/bin/python`;

/** A peer that is installed; its process starts with the first case that is for it. */
export class Contender {
  readonly name: string;
  readonly takes: Peer["takes"];
  readonly #command: readonly [string, ...string[]];
  #server: Server | undefined;

  constructor({ name, takes, command: [script, ...args] }: Peer) {
    this.name = name;
    this.takes = takes;
    const path = folder + script;
    this.#command = script.endsWith(".py")
      ? [python, path, ...args]
      : [process.execPath, ...process.execArgv, path, ...args];
  }

  runner(): Runner {
    const [program, ...args] = this.#command;
    return new Runner(this.name, (this.#server ??= new Server(program, args)));
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }
}

/** Installs what is missing and gives the peers that can be started; the others are named with the reason. */
export function contenders(report: (text: string) => void): Contender[] {
  const missing = { ".mjs": installPackages(report), ".py": installPython(report) };
  return peers.flatMap((peer) => {
    const [script] = peer.command;
    const reason = missing[script.endsWith(".py") ? ".py" : ".mjs"];
    if (reason !== null) report(`${peer.name} is left out: ${reason}`);
    return reason === null ? [new Contender(peer)] : [];
  });
}

/** Names and versions, from the two files that pin them. */
export function versions(): string {
  const { dependencies } = JSON.parse(readFileSync(`${folder}package.json`, "utf8")) as {
    dependencies: Record<string, string>;
  };
  const pinned = readFileSync(`${folder}requirements.txt`, "utf8")
    .match(/^torch==.*$/m)?.[0]
    .replace("==", " ");
  return [...Object.entries(dependencies).map((entry) => entry.join(" ")), pinned].join(", ");
}

function installPackages(report: (text: string) => void): string | null {
  if (existsSync(`${folder}node_modules/.package-lock.json`)) return null;
  report("installing the peers' packages (460 MB) into bench/peers/node_modules");
  return command("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
}

// PyPI's wheel brings CUDA along (5 GB); PyTorch's own index has one without, where it can be reached
const CPU_INDEX = ["--retries", "0", "--timeout", "15", "--index-url", "https://download.pytorch.org/whl/cpu"];

/** Makes a Python of our own with PyTorch; what went wrong, or null. */
export function installPython(report: (text: string) => void): string | null {
  if (existsSync(python) && command(python, ["-c", "import torch, numpy, torchvision"]) === null) return null;
  report("installing PyTorch (up to 5 GB) into bench/peers/.venv");
  return makePython(folder) ?? pip(folder, "-r", "requirements.txt");
}

/** Makes a Python in a folder with a requirements.txt, and PyTorch in it without CUDA where that can be had; what went wrong, or null. */
export function makePython(at: string): string | null {
  const made = command("python3", ["-m", "venv", ".venv"], at);
  if (made !== null) return made;
  pip(at, ...CPU_INDEX, ...readFileSync(`${at}requirements.txt`, "utf8").match(/^torch(vision)?==.*$/gm)!);
  return null;
}

/** Has a folder's Python install something; what went wrong, or null. */
export function pip(at: string, ...args: readonly string[]): string | null {
  return command(`${at}.venv/bin/python`, ["-m", "pip", "install", "--quiet", ...args], at);
}

function command(program: string, args: readonly string[], at: string = folder): string | null {
  const { status, stderr, error } = spawnSync(program, args, { cwd: at, encoding: "utf8" });
  if (error) return error.message;
  return status === 0 ? null : (stderr.trim().split("\n").at(-1) ?? `${program} ended with ${status}`);
}
