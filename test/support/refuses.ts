// What is thrown, word for word: uvu's own `throws` takes a string for a remark of the test and then checks nothing.
import { assert } from "./suite.ts";

function check(thrown: unknown, message: string | RegExp): void {
  assert.instance(thrown, Error, `expected an error, ${thrown === nothing ? "nothing was thrown" : String(thrown)}`);
  const text = (thrown as Error).message;
  if (typeof message === "string") assert.is(text, message);
  else assert.match(text, message);
}

const nothing = Symbol("nothing");

/** Asserts that `act` throws an error with this message, or with one that matches. */
export function refuses(act: () => unknown, message: string | RegExp): void {
  let thrown: unknown = nothing;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  check(thrown, message);
}

/** The same of a promise. */
export async function refusesLater(act: () => Promise<unknown>, message: string | RegExp): Promise<void> {
  let thrown: unknown = nothing;
  try {
    await act();
  } catch (error) {
    thrown = error;
  }
  check(thrown, message);
}
