// One process for mutants after another: a crash or a hang is an answer like any other, and the next one gets a new process.
import { type ChildProcess, fork } from "node:child_process";
import type { Answer, Hello, Question } from "./serve.ts";

// beyond what a test takes without a mutant, which may make it loop for ever
const slack = 8;
const least = 10_000;
// what broken runs leave behind must not add up
const most = 200;

export class Lane {
  readonly #module: string;
  #child: ChildProcess | undefined;
  #asked = 0;
  #last = -1;

  constructor(module: string) {
    this.#module = module;
  }

  /** The tests by name. */
  async tests(): Promise<Hello> {
    return (await this.#start()).hello;
  }

  /** Runs a test. A process that ends or takes too long is a failed test. */
  async ask(question: Question, usual: number): Promise<Answer> {
    if (question.mutant !== this.#last && ++this.#asked % most === 0) this.close();
    this.#last = question.mutant;
    const child = this.#child ?? (await this.#start()).child;
    const answer = next<Answer>(child, Math.max(least, slack * usual));
    child.send(question);
    const found = await answer;
    if (typeof found !== "string") return found;
    this.close();
    return { milliseconds: usual, met: [], failed: found };
  }

  close(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #start(): Promise<{ child: ChildProcess; hello: Hello }> {
    this.close();
    const child = fork(this.#module, { execArgv: ["--expose-gc"], stdio: ["ignore", "ignore", "pipe", "ipc"] });
    const hello = await next<Hello>(child, 60_000);
    if (typeof hello === "string") throw new Error(`mutants: the tests did not load, ${hello}`);
    this.#child = child;
    return { child, hello };
  }
}

// the next message, or why there is none
function next<T>(child: ChildProcess, limit: number): Promise<T | string> {
  return new Promise((resolve) => {
    let said = "";
    const hear = (text: Buffer): void => void (said = (said + text.toString()).slice(-2000));
    const timer = setTimeout(() => end("no end"), limit);
    const died = (code: number | null, signal: string | null): void =>
      end(`the process ended (${signal ?? code}) ${said}`);
    const end = (found: T | string): void => {
      clearTimeout(timer);
      child.stderr!.off("data", hear);
      child.off("message", end as (message: unknown) => void);
      child.off("exit", died);
      resolve(found);
    };
    child.stderr!.on("data", hear);
    child.on("message", end as (message: unknown) => void);
    child.on("exit", died);
  });
}
