// Calls of the public functions that cannot be answered: sizes that are none, labels beyond the classes, rows beyond the
// table, options out of their range or misspelt. Each must be an error, whatever the rest of the call.
import fc from "fast-check";
import { Guard, type Outcome } from "../guard.ts";
import { unclean } from "../unclean.ts";
import { autogradCalls } from "./autograd.ts";
import type { BadCall } from "./badCall.ts";
import { dataCalls } from "./data.ts";
import { moeCalls } from "./moe.ts";
import { nnCalls } from "./nn.ts";

/** All of them, as often as each other. */
export const badCalls: fc.Arbitrary<BadCall> = fc.oneof(
  // what allocates on the heap, as networks do, writes outside of an act's own part of the arena
  ...autogradCalls.map((calls) => calls.map((call) => ({ ...call, watched: true }))),
  ...nnCalls,
  ...dataCalls,
  ...moeCalls,
);

let guard: Guard | undefined;

/** Throws unless a call is refused, and without harm. */
export async function tryBad({ act, watched = false }: BadCall): Promise<void> {
  if (!guard?.small) guard = new Guard();
  const outcome = watched
    ? guard.watch(
        () => undefined,
        () => String(act()),
      )
    : await outcomeOf(act);
  if ("value" in outcome) throw new Error(`was answered with ${String(outcome.value)}, expected an error`);
  const wrong = unclean(outcome.error);
  if (wrong !== undefined) throw new Error(wrong, { cause: outcome.error });
}

async function outcomeOf(act: () => unknown): Promise<Outcome<unknown>> {
  try {
    return { value: await act() };
  } catch (error) {
    return { error };
  }
}
