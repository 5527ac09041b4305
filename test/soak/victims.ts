// Processes that are killed and started again: by a seed, at random times, for random pauses.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stream } from "../../src/runtime/random.ts";

/** What can be killed and comes back. */
export interface Victim {
  /** Whether there was something to kill. */
  kill(): Promise<boolean>;
  restart(): Promise<void>;
}

/** A process of a soak, with a log that all its lives share. */
export class Service implements Victim {
  readonly kind: string;
  readonly #args: (again: boolean) => readonly string[];
  readonly #log: string;
  readonly #unasked: (what: string) => void;
  #child: ChildProcess | undefined;
  #begun = false;
  #told = false;

  /** @param unasked hears of an end that nobody asked for */
  constructor(kind: string, args: (again: boolean) => readonly string[], log: string, unasked: (what: string) => void) {
    this.kind = kind;
    this.#args = args;
    this.#log = log;
    this.#unasked = unasked;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async restart(): Promise<void> {
    const out = openSync(this.#log, "a");
    const child = spawn(process.execPath, this.#args(this.#begun), { stdio: ["ignore", out, out] });
    closeSync(out);
    this.#begun = true;
    this.#told = false;
    this.#child = child;
    child.once("exit", (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      if (!this.#told) this.#unasked(`${this.kind} ended with ${code ?? signal}, see ${this.#log}`);
    });
  }

  async kill(): Promise<boolean> {
    return (await this.end("SIGKILL")) !== null;
  }

  /** Sends a signal and waits for the end; its code. */
  async end(signal: NodeJS.Signals, seconds = 60): Promise<number | string | null> {
    const child = this.#child;
    if (!child) return null;
    this.#told = true;
    const ended = new Promise<number | string | null>((resolve) =>
      child.once("exit", (code, by) => resolve(code ?? by)),
    );
    child.kill(signal);
    const code = await Promise.race([ended, sleep(seconds * 1000, "late" as const, { ref: false })]);
    if (code === "late") child.kill("SIGKILL");
    return code;
  }
}

export interface Fate {
  readonly name: string;
  readonly victims: readonly Victim[];
  /** Mean seconds between two kills. */
  readonly every: number;
  /** Most seconds until it is started again. */
  readonly pause: number;
  readonly stream: Stream;
}

/** Kills and restarts, one victim after another, until the signal aborts; the last one is started again before this resolves. */
export async function haunt(
  { victims, every, pause, stream }: Fate,
  signal: AbortSignal,
  killed: () => void,
): Promise<void> {
  while (!signal.aborted) {
    const victim = victims[Math.floor(stream.uniform() * victims.length)]!;
    const [until, away] = [every * (0.5 + stream.uniform()), pause * stream.uniform()];
    await sleep(until * 1000, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (signal.aborted) return;
    if (!(await victim.kill())) continue;
    killed();
    await sleep(away * 1000);
    await victim.restart();
  }
}
