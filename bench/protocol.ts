// How the bench talks to the processes it compares: one JSON line each way over stdin and stdout, one thing at a time,
// so that nobody computes while somebody else is being timed. Peers in other languages speak the same.
import { createInterface } from "node:readline";
import { spawn, type ChildProcess } from "node:child_process";
import type { Prepared, Task } from "./suite.ts";
import { spread } from "./data.ts";
import { sampler, type Sampler } from "./sample.ts";

/** What a process may hold ready at once: a case, and beside it what it is measured against in the same process. */
export type Slot = "case" | "bare" | "peak";

export type Request =
  | { readonly do: "prepare"; readonly suite: string; readonly name: string; readonly task: Task }
  /** Answers with the prepared case's numbers to be compared. */
  | { readonly do: "check" }
  | { readonly do: "warm" }
  | { readonly do: "burst"; readonly milliseconds: number };

type Addressed = Request & { readonly slot: Slot };

/** An answer: what was asked for, or why it cannot be had. */
export interface Reply {
  readonly error?: string;
  readonly check?: readonly number[];
  readonly samples?: readonly number[];
}

/** Answers requests on stdin; `prepare` makes the case ready or throws. */
export async function serve(
  prepare: (request: Addressed & { do: "prepare" }) => Prepared | Promise<Prepared>,
): Promise<void> {
  const ready = new Map<Slot, Prepared>();
  const timers = new Map<Slot, Sampler>();
  const answer = async (request: Addressed): Promise<Reply> => {
    const { slot } = request;
    if (request.do === "prepare") {
      ready.get(slot)?.dispose?.();
      ready.delete(slot);
      timers.delete(slot);
      ready.set(slot, await prepare(request));
      return {};
    }
    const one = ready.get(slot);
    if (!one) throw new Error(`serve: nothing is prepared in slot ${slot}`);
    if (request.do === "check") return one.check ? { check: spread(await one.check()) } : {};
    if (request.do === "warm") {
      timers.set(slot, await sampler(one));
      return {};
    }
    return { samples: await timers.get(slot)!.burst(request.milliseconds) };
  };
  for await (const line of createInterface({ input: process.stdin })) {
    let reply: Reply;
    try {
      reply = await answer(JSON.parse(line));
    } catch (error) {
      reply = { error: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

/** A process that serves. Whatever goes wrong with it, the answer is an error and not an exception. */
export class Server<Q extends object = Addressed, R extends { readonly error?: string } = Reply> {
  readonly #child: ChildProcess;
  readonly #replies: AsyncIterator<string>;
  #stderr = "";
  #paused = false;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stderr!.on("data", (text: Buffer) => (this.#stderr = `${this.#stderr}${text}`.slice(-2000)));
    this.#child.on("error", (error) => (this.#stderr += error.message));
    // a dead process shows in what it does not answer
    this.#child.stdin!.on("error", () => {});
    this.#replies = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async ask(request: Q): Promise<R | { readonly error: string }> {
    this.#go();
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const { value, done } = await this.#replies.next();
      if (done) return { error: `the runner ended: ${reason(this.#stderr)}` };
      // libraries like to greet on stdout
      if (value.startsWith("{")) return JSON.parse(value);
    }
  }

  /** It gets no processor until it is asked again. */
  pause(): void {
    this.#paused = this.#child.kill("SIGSTOP");
  }

  #go(): void {
    if (this.#paused) this.#child.kill("SIGCONT");
    this.#paused = false;
  }

  /** @param milliseconds that it has to end by itself */
  async close(milliseconds = 2000): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#go();
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, milliseconds).unref())]);
    this.#child.kill();
  }
}

/** One who takes part in a race: a slot of a process. */
export class Runner {
  readonly name: string;
  readonly #server: Server;
  readonly #slot: Slot;

  constructor(name: string, server: Server, slot: Slot = "case") {
    this.name = name;
    this.#server = server;
    this.#slot = slot;
  }

  ask(request: Request): Promise<Reply> {
    return this.#server.ask({ ...request, slot: this.#slot });
  }
}

// the last thing that looks like an error, or the last thing said at all
function reason(text: string): string {
  const lines = text.trim().split("\n");
  return lines.findLast((line) => /\w*Error\b.*:/.test(line)) ?? lines.at(-1) ?? "";
}
