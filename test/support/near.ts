import { assert } from "./suite.ts";

/** Asserts that numbers agree to `tolerance`, relative where they are above 1. */
export function near(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-6): void {
  assert.is(got.length, wanted.length, `${got.length} numbers, expected ${wanted.length}`);
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i]!, wanted[i]!];
    if (Object.is(a, b)) continue;
    assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `number ${i}, got ${a}, expected ${b}`);
  }
}
