// The process in which mutants are tried: it has all tests and all mutants, and is asked about one test at a time.
import fc from "fast-check";
import { forget } from "../support/remembered.ts";
import { waiting } from "./suite.ts";
import { wake, watch } from "./switch.ts";

/** Runs a test by its number, with one mutant awake or, with -1, none of so many. */
export interface Question {
  readonly test: number;
  readonly mutant: number;
  readonly of: number;
}

export interface Answer {
  readonly milliseconds: number;
  /** What the test says against it. */
  readonly failed?: string;
  /** Mutants that the test comes by, where none was awake. */
  readonly met: readonly number[];
}

/** What the process says first: its tests by name. */
export type Hello = readonly string[];

export function serve(): void {
  fc.configureGlobal({ seed: 2056 });
  let last = -1;
  process.on("disconnect", () => process.exit());
  process.on("message", (question: Question) => {
    // what was found out belongs to the mutant before; a test by itself shows all that it comes by
    if (question.mutant !== last || last === -1) forget();
    last = question.mutant;
    void answered(question).then((answer) => process.send!(answer));
  });
  process.send!(waiting.map(({ name }) => name) satisfies Hello);
}

async function answered({ test, mutant, of }: Question): Promise<Answer> {
  const seen = watch(of);
  wake(mutant);
  const began = performance.now();
  const failed = await reasonOf(waiting[test]!.run);
  const milliseconds = performance.now() - began;
  wake(-1);
  const met = mutant < 0 ? Array.from(seen.keys()).filter((at) => seen[at]) : [];
  return { milliseconds, met, ...(failed !== undefined && { failed }) };
}

async function reasonOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
