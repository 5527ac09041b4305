// Machines of a private network, each a network namespace on one bridge; and services that begin what a unit of systemd's says.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const ip = (...words: readonly string[]): string | undefined => {
  const { status, stderr, error } = spawnSync("ip", words, { encoding: "utf8" });
  return error?.message ?? (status === 0 ? undefined : stderr.trim());
};

/** A machine, by the name of its namespace. */
export interface Machine {
  readonly name: string;
  readonly address: string;
}

/** Machines at 10.77.0.1 and on, and what takes them away; or a line on why there are none. */
export function machines(count: number): { all: readonly Machine[]; remove(): void } | { missing: string } {
  const tag = `moiety-${process.pid}`;
  const made: string[] = [];
  const begun = (name: string): string | undefined => {
    const failure = ip("netns", "add", name);
    if (failure === undefined) made.push(name);
    return failure;
  };
  const remove = (): void => made.forEach((name) => ip("netns", "del", name));
  const bridge = `${tag}-b`;
  const all = Array.from({ length: count }, (_, i): Machine => ({ name: `${tag}-${i}`, address: `10.77.0.${i + 1}` }));
  const cabled = ({ name, address }: Machine, i: number): string | undefined =>
    begun(name) ??
    ip("-n", bridge, "link", "add", `port${i}`, "type", "veth", "peer", "name", "eth0", "netns", name) ??
    ip("-n", bridge, "link", "set", `port${i}`, "master", "bridge", "up") ??
    ip("-n", name, "addr", "add", `${address}/24`, "dev", "eth0") ??
    ip("-n", name, "link", "set", "eth0", "up") ??
    ip("-n", name, "link", "set", "lo", "up");
  const failure =
    begun(bridge) ??
    ip("-n", bridge, "link", "add", "bridge", "type", "bridge") ??
    ip("-n", bridge, "link", "set", "bridge", "up") ??
    all.map(cabled).find((one) => one !== undefined);
  if (failure === undefined) return { all, remove };
  remove();
  return { missing: `no network namespaces here (${failure})` };
}

/** The words of a command in a unit, as systemd takes them. @param instance what %i stands for */
function wordsOf(command: string, instance: string): string[] {
  const words = command.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  return words
    .map((word) => (word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, "$1") : word))
    .map((word) =>
      word.replaceAll(/%(.)/g, (_, mark) => (mark === "i" ? instance : String(mark))).replaceAll("$$", "$"),
    );
}

/** A service on a machine: begun by its unit, killed, begun again. */
export class Service {
  readonly #machine: Machine;
  readonly #words: readonly string[];
  readonly #folder: string | undefined;
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(null);
  printed = "";

  /** @param here what the unit names, by what it is called on this machine */
  constructor(machine: Machine, unit: string, here: Readonly<Record<string, string>> = {}, instance = "") {
    let text = readFileSync(unit, "utf8");
    for (const [name, own] of Object.entries(here)) text = text.replaceAll(name, own);
    const of = (key: string): string[] =>
      [...text.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value]) => value!);
    this.#machine = machine;
    this.#words = wordsOf(of("ExecStart")[0]!, instance);
    this.#folder = of("WorkingDirectory")[0];
    this.#env = Object.fromEntries(of("Environment").map((one) => wordsOf(one, "")[0]!.split(/=(.*)/s).slice(0, 2)));
  }

  begin(): void {
    const child = spawn("ip", ["netns", "exec", this.#machine.name, ...this.#words], {
      cwd: this.#folder,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: process.env["HOME"], ...this.#env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part: Buffer) => (this.printed += part.toString()));
    this.#process = child;
    this.#ended = new Promise((settle) => child.once("exit", settle));
  }

  /** Its exit code. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Ends it and all that it began, as a machine does that loses its power. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, "SIGKILL");
    await this.#ended;
  }
}

/** Runs a command on a machine to its end; what it printed, and its exit code. */
export function on(
  { name }: Machine,
  cwd: string,
  env: NodeJS.ProcessEnv,
  ...words: string[]
): { code: number | null; printed: string } {
  const { status, stdout, stderr } = spawnSync("ip", ["netns", "exec", name, ...words], { cwd, env, encoding: "utf8" });
  return { code: status, printed: `${stdout}${stderr}` };
}
