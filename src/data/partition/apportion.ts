// Whole numbers in proportion: the largest-remainder rule.

/** Counts in proportion to `weights` that sum to exactly `total`; each is its exact share rounded up or down. */
export function apportion(weights: ArrayLike<number>, total: number): Int32Array {
  let whole = 0;
  for (let i = 0; i < weights.length; i++) whole += weights[i]!;
  if (!(whole > 0 && whole < Infinity))
    throw new RangeError(`apportion: weights, got a sum of ${whole}, expected a number above 0`);
  const shares = Float64Array.from(weights, (weight) => (weight * total) / whole);
  const counts = Int32Array.from(shares, Math.floor);
  const left = total - counts.reduce((sum, count) => sum + count, 0);
  if (left === 0) return counts;
  // the largest remainders, found by the least of them: of many clients an order would take a second
  const rests = shares.map((share, i) => share - counts[i]!);
  const least = rests.toSorted().at(-left)!;
  let equal = left - rests.reduce((n, rest) => (rest > least ? n + 1 : n), 0);
  // equal remainders: the earlier goes first
  for (let i = 0; i < rests.length; i++) if (rests[i]! > least || (rests[i] === least && equal-- > 0)) counts[i]!++;
  return counts;
}

/** Where the largest value is; the first of equals. */
export function largest(values: ArrayLike<number>): number {
  let at = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[at]!) at = i;
  return at;
}
