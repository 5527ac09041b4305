// The program itself, as a process that can be killed: a tiny run and a tiny sweep, and what of their folders may not depend
// on how they came about.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../scripts/moiety.mjs", import.meta.url));
const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const config = {
  preset: "quick",
  clients: 4,
  rows: { train: 20, validation: 10, test: 10 },
  federation: { rounds: 8, cohort: 2, localEpochs: 1, validateEvery: 2 },
  personal: { clients: 3, epochs: 3 },
  checkpointEvery: 1,
};

/** How a program ended: its exit code (null if it was killed), and what it said. */
export interface Ending {
  readonly code: number | null;
  readonly said: string;
}

export class Program {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #said = "";

  /** @param wrap a command that runs the program, with words before it */
  constructor(args: readonly string[], wrap: readonly string[] = []) {
    const [command, ...rest] = [...wrap, process.execPath, program, ...args];
    this.#child = spawn(command!, rest, { stdio: ["ignore", "pipe", "pipe"] });
    const hear = (text: Buffer): void => void (this.#said = (this.#said + text.toString()).slice(-8000));
    this.#child.stdout!.on("data", hear);
    this.#child.stderr!.on("data", hear);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code) => resolve({ code, said: this.#said }));
    });
  }

  /** Kills it after so many milliseconds unless it ends before. */
  async killedAfter(milliseconds: number): Promise<Ending> {
    await Promise.race([wait(milliseconds), this.ended]);
    this.#child.kill("SIGKILL");
    return this.ended;
  }
}

/** A folder for one trial, with the config in it; gone with `dispose`. */
export class Trial {
  readonly folder: string = mkdtempSync(join(tmpdir(), "moiety-trial-"));
  readonly config: string = join(this.folder, "config.json");

  constructor() {
    writeFileSync(this.config, JSON.stringify(config));
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** What begins a run in a folder, or goes on with what is there. */
  run(out: string): readonly string[] {
    return existsSync(join(out, "config.json"))
      ? ["run", "--resume", out, "--workers", "2"]
      : ["run", this.config, "--out", out, "--workers", "2"];
  }

  sweep(out: string): readonly string[] {
    return ["sweep", this.config, "--vary", "p=0.2,1.0", "--seeds", "2", "--workers", "2", "--out", out];
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// times, and the command and machine of who ran it
const circumstances = new Set(["seconds", "wallSeconds", "phases", "command", "runtime"]);

function timeless(text: string): string {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) =>
      JSON.stringify(JSON.parse(line), (key, value: unknown) => (circumstances.has(key) ? undefined : value)),
    )
    .join("\n");
}

/** What a run's folder says, without times. */
function recordsOf(folder: string): Record<string, string> {
  const read = (name: string): string => readFileSync(join(folder, name), "latin1");
  const found: Record<string, string> = {
    "config.json": read("config.json"),
    "clients.csv": read("clients.csv"),
    "metrics.jsonl": timeless(read("metrics.jsonl")),
    "summary.json": timeless(JSON.stringify(JSON.parse(read("summary.json")))),
  };
  // a sweep keeps no weights
  if (existsSync(join(folder, "generalist.safetensors")))
    found["generalist.safetensors"] = read("generalist.safetensors");
  return found;
}

/** What all runs in a folder say: of a run its own, of a sweep those of its runs, and which folders there are. */
export function wholeRecords(out: string): Record<string, string> {
  if (!existsSync(join(out, "sweep.json"))) return recordsOf(out);
  const runs = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return Object.fromEntries(
    runs.flatMap(({ name }) =>
      Object.entries(recordsOf(join(out, name))).map(([file, text]) => [`${name}/${file}`, text]),
    ),
  );
}

/** The first file in which two folders differ; undefined if none. */
export function differs(got: Record<string, string>, wanted: Record<string, string>): string | undefined {
  const names = [...new Set([...Object.keys(got), ...Object.keys(wanted)])];
  return names.find((name) => got[name] !== wanted[name]);
}

/** What an undisturbed run and sweep leave, and how many milliseconds they take. */
export interface Reference {
  readonly records: Record<string, string>;
  readonly milliseconds: number;
}

const references = new Map<string, Promise<Reference>>();

/** Runs it once in this process's life. */
export function reference(kind: "run" | "sweep"): Promise<Reference> {
  const known = references.get(kind);
  if (known) return known;
  const made = (async () => {
    // compiles what is stale, once and not under a kill
    spawnSync(process.execPath, [launcher, "presets"], { stdio: "ignore" });
    const trial = new Trial();
    try {
      const began = performance.now();
      const { code, said } = await new Program(trial[kind](trial.at("out"))).ended;
      if (code !== 0) throw new Error(`an undisturbed ${kind} ended with ${code}: ${said}`);
      return { records: wholeRecords(trial.at("out")), milliseconds: performance.now() - began };
    } finally {
      trial.dispose();
    }
  })();
  references.set(kind, made);
  return made;
}

/** What is wrong with how a program gave up; undefined if it said why in one line and how to go on. */
export function unclearEnd({ code, said }: Ending): string | undefined {
  if (code === 0) return undefined;
  if (code === null) return `ended by a signal: ${said.slice(-300)}`;
  if (/^\s+at .*[:(]\d+/m.test(said)) return `ended in a stack trace: ${said.slice(-600)}`;
  return undefined;
}
