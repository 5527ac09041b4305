// Sizes along two axes as callers write them.
import { isSize } from "../shape.ts";

/** [height, width], or one number for both. */
export type PerAxis = number | readonly [number, number];

/** Both sizes. */
export function pair(size: PerAxis): readonly [number, number] {
  return typeof size === "number" ? [size, size] : size;
}

/** Both sizes; throws unless they are integers of at least `least`. */
export function pairOf(op: string, what: string, size: PerAxis, least: number): readonly [number, number] {
  const both = pair(size);
  if (both.length !== 2 || both.some((n) => !(isSize(n) && n >= least)))
    throw new RangeError(`${op}: got ${what} ${both.join("x")}, expected integers of at least ${least}`);
  return both;
}
