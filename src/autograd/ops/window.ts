// Sizes along two axes as callers write them.

/** [height, width], or one number for both. */
export type PerAxis = number | readonly [number, number];

/** Both sizes; throws unless they are integers of at least `least`. */
export function pairOf(op: string, what: string, size: PerAxis, least: number): readonly [number, number] {
  const pair = typeof size === "number" ? ([size, size] as const) : size;
  if (pair.length !== 2 || pair.some((n) => !(Number.isInteger(n) && n >= least)))
    throw new RangeError(`${op}: got ${what} ${pair.join("x")}, expected integers of at least ${least}`);
  return pair;
}
