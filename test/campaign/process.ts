// The process that a kind runs in, seen from both sides. Which case is being tried stands in a file, so that it is known
// of a process that is dead or will not answer.
import { type ChildProcess, fork } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Batch } from "./kind.ts";
import { kindOf } from "./kinds.ts";

type Order =
  | { readonly do: "begin"; readonly kind: string; readonly marks: string }
  | { readonly do: "batch"; readonly part: string; readonly seed: number }
  | { readonly do: "close" };

type Answer = { readonly missing?: string | undefined } | Batch | { readonly broken: string };

/** Answers orders, in a process that was forked for it. */
export function serve(): void {
  let file = -1;
  let name = "";
  const cell = new Uint32Array(1);
  const mark = (index: number): void => {
    cell[0] = index;
    writeSync(file, cell, 0, 4, 0);
  };
  const obey = async (order: Order): Promise<Answer> => {
    if (order.do === "begin") {
      [name, file] = [order.kind, openSync(order.marks, "w")];
      return { missing: await kindOf(name).missing?.() };
    }
    const kind = kindOf(name);
    if (order.do === "close") {
      await kind.close?.();
      if (file >= 0) closeSync(file);
      return {};
    }
    return kind.parts.find((part) => part.name === order.part)!.batch(order.seed, mark);
  };
  process.on("disconnect", () => process.exit());
  // Ctrl-C reaches the whole group, and the parent decides what it means
  process.on("SIGINT", () => {});
  process.on("message", (order: Order) => {
    obey(order).then(
      (answer) => process.send!(answer),
      (error: unknown) =>
        process.send!({ broken: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
}

/** A batch that did not come to its end: how, and in which case. */
export interface Lost {
  readonly lost: string;
  readonly index: number;
}

/** However busy the machine is. */
const START_SECONDS = 180;

/** A process for one kind. It is started again after a crash. */
export class Server {
  readonly #kind: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "moiety-campaign-"));
  readonly #marks = join(this.#folder, "marks");
  #child: ChildProcess | undefined;
  #said = "";

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** Starts it; why the kind cannot be tried here, if so. */
  async begin(): Promise<string | undefined> {
    const execArgv = ["--expose-gc", "--max-old-space-size=1024", "--import", "tsx"];
    const main = fileURLToPath(new URL("main.ts", import.meta.url));
    this.#child = fork(main, ["serve"], { execArgv, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    const hear = (text: Buffer): void => void (this.#said = (this.#said + text.toString()).slice(-3000));
    this.#child.stdout!.on("data", hear);
    this.#child.stderr!.on("data", hear);
    const answer = await this.#ask({ do: "begin", kind: this.#kind, marks: this.#marks }, START_SECONDS);
    if ("lost" in answer) return answer.lost;
    return "broken" in answer ? answer.broken : (answer as { missing?: string }).missing;
  }

  async batch(part: string, seed: number, limitSeconds: number): Promise<Batch | Lost> {
    if (!this.#child) {
      const failed = await this.begin();
      if (failed !== undefined) return { lost: `cannot be started again: ${failed}`, index: 0 };
    }
    const answer = await this.#ask({ do: "batch", part, seed }, limitSeconds);
    if ("broken" in answer) return { lost: `the campaign itself failed: ${answer.broken}`, index: this.#index() };
    return answer as Batch | Lost;
  }

  async close(): Promise<void> {
    if (this.#child) {
      await this.#ask({ do: "close" }, 10);
      this.#child?.kill("SIGKILL");
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #index(): number {
    if (!existsSync(this.#marks)) return 0;
    const bytes = readFileSync(this.#marks);
    return bytes.length >= 4 ? bytes.readUInt32LE(0) : 0;
  }

  #ask(order: Order, limitSeconds: number): Promise<Answer | Lost> {
    const child = this.#child!;
    this.#said = "";
    return new Promise((resolve) => {
      let hung = false;
      const limit = setTimeout(() => {
        hung = true;
        child.kill("SIGKILL");
      }, limitSeconds * 1000);
      const end = (answer: Answer | Lost): void => {
        clearTimeout(limit);
        child.off("message", end);
        child.off("exit", died);
        resolve(answer);
      };
      const died = (code: number | null, signal: string | null): void => {
        this.#child = undefined;
        const why = this.#said.trim().split("\n").slice(-3).join(" | ");
        const how = hung
          ? `no end within ${limitSeconds} s`
          : `the process ended, ${signal ?? `exit code ${code}`}: ${why}`;
        end({ lost: how, index: this.#index() });
      };
      child.on("message", end);
      child.on("exit", died);
      child.send(order);
    });
  }
}
