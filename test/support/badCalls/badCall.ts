// What a call that cannot be answered is made of.
import fc from "fast-check";
import { shown } from "../../../src/runtime/options.ts";
import { hostileNumbers } from "../mutations.ts";

/** A call, and how it reads. */
export interface BadCall {
  readonly said: string;
  /** The call; a promise of its end where it has one. */
  act(): unknown;
  /** Whether it is tried in a memory that is watched byte by byte, where it must end at once. */
  readonly watched?: boolean;
}

const show = (value: unknown): string =>
  typeof value === "object"
    ? JSON.stringify(value, (_, at: unknown) => (typeof at === "number" && !Number.isFinite(at) ? String(at) : at))
    : shown(value);

/** Calls with one value of several that none of them may be answered for. */
export function bad<T>(said: string, values: fc.Arbitrary<T>, act: (value: T) => unknown): fc.Arbitrary<BadCall> {
  return values.map((value) => ({ said: `${said} with ${show(value)}`, act: () => act(value) }));
}

/** Of the numbers at which counters and sizes break, those. */
export const hostile = (which: (n: number) => boolean): fc.Arbitrary<number> =>
  fc.constantFrom(...hostileNumbers.filter(which));

/** Numbers that count nothing. */
export const noCount: fc.Arbitrary<number> = hostile((n) => !(Number.isInteger(n) && n >= 1));

/** Numbers that do not count, not even nothing. */
export const noCountOrNone: fc.Arbitrary<number> = hostile((n) => !(Number.isInteger(n) && n >= 0));

/** Numbers that are none, or below 0. */
export const negative: fc.Arbitrary<number> = hostile((n) => !(n >= 0 && n < Infinity));

/** Words where one of a few is expected. */
export const noWord: fc.Arbitrary<unknown> = fc.constantFrom(
  "",
  "avg",
  "Sum",
  "toString",
  "__proto__",
  "paper ",
  1,
  null,
);
