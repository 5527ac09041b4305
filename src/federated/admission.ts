// The gate through which a client's answer is let in: one bad client costs its own answer, never the round. The rule: an
// answer counts if it comes from the client that was asked, has the generalist's length, finite values, a whole number of
// examples within bounds, and the scalars that are asked for, finite. What does not is left out and named.
import { checkFinite } from "../nn/finite.ts";

import type { Evaluation, Metrics, Update, Vectors } from "./method.ts";
import { covers, missingOf, MOST_EXAMPLES } from "./outgoing.ts";
import { isVouched } from "./spares.ts";

/**
 * Why an answer was left out: the client could not answer (`failed`), did not within its time (`silent`), answered something
 * else than was asked for (`malformed`), or with numbers that are none (`diverged`), or has spent its privacy budget (`spent`).
 */
export type Fault = "failed" | "silent" | "malformed" | "diverged" | "spent";

/** An answer that was left out. */
export interface Rejection {
  /** The client, by its number. */
  readonly client: number;
  /** Whose fault it is. */
  readonly fault: Fault;
  /** One line. */
  readonly reason: string;
}

/** What an answer is held against. */
export interface Expected {
  /** Who was asked. */
  readonly client: number;
  /** Scalars that must be there. */
  readonly metrics: readonly string[];
  /** The largest weight that is believed; 10 million unless said. */
  readonly mostExamples?: number;
}

const FAULTS: ReadonlySet<unknown> = new Set<Fault>(["failed", "silent", "malformed", "diverged", "spent"]);
const FLOAT_MAX = 3.4028234663852886e38;

/**
 * A method's update if it can be taken, else why it cannot. `sizes` are the lengths of vectors that are known already, by name;
 * those of an update that is let in are added.
 */
export function admitVectors(
  answer: unknown,
  expected: Expected & { readonly sends: readonly string[]; readonly sizes: Map<string, number> },
): Update | Rejection {
  const { sends, sizes } = expected;
  const found = admit(answer, expected, ({ up, metrics }) => {
    const vectors = Object.entries((up ?? {}) as Readonly<Record<string, unknown>>);
    const missing = missingOf(sends, Object.fromEntries(vectors));
    if (missing !== undefined) return malformed(missing, "nothing", "a flat vector");
    for (const [name, values] of vectors) {
      if (!sends.some((declared) => covers(declared, name)))
        return malformed("vector", name, sends.join(", ") || "none");
      if (!(values instanceof Float32Array || values instanceof Float64Array))
        return malformed(name, kindOf(values), "a flat vector");
      const size = sizes.get(name);
      if (size !== undefined && values.length !== size) return malformed(name, `${values.length} values`, size);
      // once for each thread it passes
      if (isVouched(values)) continue;
      try {
        checkFinite(name, "update", values);
      } catch (error) {
        return { fault: "diverged", reason: oneLine(error) };
      }
    }
    return { up: Object.fromEntries(vectors) as Vectors, scalars: metrics as Metrics };
  });
  if (isRejection(found)) return found;
  for (const [name, { length }] of Object.entries(found.up)) sizes.set(name, length);
  const { client, up, examples, scalars } = found;
  return { client, up, examples, metrics: scalars };
}

/** The scores of an evaluation if they can be averaged, else why they cannot. */
export function admitScores(answer: unknown, expected: Expected): Evaluation | Rejection {
  return admit(answer, expected, () => ({}));
}

/** What is odd about an answer. */
export type Odd = Omit<Rejection, "client">;

/** An answer if it can be counted, with what `rest` reads of it besides; else why it cannot. */
export function admit<T extends object>(
  answer: unknown,
  { client, metrics: names, mostExamples = MOST_EXAMPLES }: Expected,
  rest: (fields: Readonly<Record<string, unknown>>) => T | Odd,
): (T & { client: number; examples: number; metrics: Record<string, number> }) | Rejection {
  const fields = (typeof answer === "object" && answer !== null ? answer : {}) as Readonly<Record<string, unknown>>;
  if (answer === undefined) return { client, fault: "silent", reason: "no answer" };
  if (fields["client"] !== client) return { client, ...malformed("answers as client", fields["client"], client) };
  if (isRejection(answer)) return { client, fault: answer.fault, reason: oneLine(answer.reason) };
  const { examples, metrics: scalars } = fields;
  if (!(typeof examples === "number" && Number.isSafeInteger(examples) && examples >= 0 && examples <= mostExamples))
    return { client, ...malformed("examples", examples, `a whole number from 0 to ${mostExamples}`) };
  const metrics: Record<string, number> = {};
  for (const name of names) {
    const value = (scalars as Readonly<Record<string, unknown>> | null | undefined)?.[name];
    if (typeof value !== "number") return { client, ...malformed(name, kindOf(value), "a number") };
    // said so that NaN is none
    if (!(Math.abs(value) <= FLOAT_MAX))
      return { client, fault: "diverged", reason: `${name}, got ${value}, expected a finite number` };
    metrics[name] = value;
  }
  const more = rest(fields);
  if ("fault" in more) return { client, ...(more as Odd) };
  return { client, ...(more as T), examples, metrics };
}

/** Whether an answer is one that was left out. */
export function isRejection(answer: unknown): answer is Rejection {
  return typeof answer === "object" && answer !== null && "fault" in answer && FAULTS.has(answer.fault);
}

/** The answers that were not left out. */
export function admitted<T>(answers: readonly (T | Rejection)[]): T[] {
  return answers.filter((answer): answer is T => !isRejection(answer));
}

/** The rejection of a client that could not answer. */
export function failure(client: number, error: unknown): Rejection {
  return { client, fault: faultOf(error), reason: oneLine(error).replace(`client ${client}: `, "") };
}

/** What kind of failure an error is: errors of workers arrive by name. */
export function faultOf(error: unknown): "failed" | "diverged" | "spent" {
  const { name } = error instanceof Error ? error : { name: "" };
  if (name === "DivergenceError") return "diverged";
  return name === "SpentError" ? "spent" : "failed";
}

function malformed(what: string, got: unknown, expected: unknown): Odd {
  return { fault: "malformed", reason: oneLine(`${what}, got ${show(got)}, expected ${String(expected)}`) };
}

function show(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return Object.prototype.toString.call(value).slice(8, -1);
  return typeof value === "string" ? "a string" : String(value).slice(0, 40);
}

/** The first line of what somebody else says, short and without control characters. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .split("\n")[0]!
    .replace(/\p{Cc}/gu, " ")
    .slice(0, 300);
}
