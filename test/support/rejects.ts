import { assert } from "./suite.ts";

/** Asserts that a promise ends in a RangeError whose message matches. */
export async function rejects(act: () => Promise<unknown>, message: RegExp): Promise<void> {
  let reason: unknown;
  try {
    await act();
  } catch (caught) {
    reason = caught;
  }
  assert.instance(reason, RangeError);
  assert.match((reason as RangeError).message, message);
}
