// How the bench talks to the processes it compares: one JSON line each way over stdin and stdout, one thing at a time,
// so that nobody computes while somebody else is being timed. Peers in other languages speak the same.
import { createInterface } from "node:readline";
import { spawn, type ChildProcess } from "node:child_process";
import type { Prepared, Task } from "./suite.ts";
import { spread } from "./data.ts";
import { sampler, type Sampler } from "./sample.ts";

export type Request =
  | { readonly do: "prepare"; readonly suite: string; readonly name: string; readonly task: Task }
  /** Answers with the prepared case's numbers to be compared. */
  | { readonly do: "check" }
  | { readonly do: "warm" }
  | { readonly do: "burst"; readonly milliseconds: number };

/** An answer: what was asked for, or why it cannot be had. */
export interface Reply {
  readonly error?: string;
  readonly check?: readonly number[];
  readonly samples?: readonly number[];
}

/** Answers requests on stdin; `prepare` makes the case ready or throws. */
export async function serve(
  prepare: (request: Request & { do: "prepare" }) => Prepared | Promise<Prepared>,
): Promise<void> {
  let current: Prepared | undefined;
  let timer: Sampler | undefined;
  const answer = async (request: Request): Promise<Reply> => {
    switch (request.do) {
      case "prepare":
        current?.dispose?.();
        current = timer = undefined;
        current = await prepare(request);
        return {};
      case "check":
        return current?.check ? { check: spread(await current.check()) } : {};
      case "warm":
        timer = await sampler(current!);
        return {};
      case "burst":
        return { samples: await timer!.burst(request.milliseconds) };
    }
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
export class Runner {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #replies: AsyncIterator<string>;
  #stderr = "";

  constructor(name: string, command: string, args: readonly string[], options: { cwd?: string; env?: object } = {}) {
    this.name = name;
    this.#child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
    });
    this.#child.stderr!.on("data", (text: Buffer) => (this.#stderr = `${this.#stderr}${text}`.slice(-2000)));
    this.#child.on("error", (error) => (this.#stderr += error.message));
    this.#child.stdin!.on("error", () => {});
    this.#replies = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async ask(request: Request): Promise<Reply> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const { value, done } = await this.#replies.next();
      if (done) return { error: `the runner ended: ${lastLine(this.#stderr)}` };
      // libraries like to greet on stdout
      if (value.startsWith("{")) return JSON.parse(value);
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
    this.#child.kill();
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
