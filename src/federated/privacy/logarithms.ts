// Sums of numbers that are held as logarithms.

/** log(e^a + e^b) */
export function logAdd(a: number, b: number): number {
  const [high, low] = a > b ? [a, b] : [b, a];
  return high === -Infinity ? high : high + Math.log1p(Math.exp(low - high));
}

/** log of the sum of e^term */
export function logSum(terms: Float64Array): number {
  let high = -Infinity;
  for (const term of terms) if (term > high) high = term;
  if (!Number.isFinite(high)) return high;
  let sum = 0;
  for (const term of terms) sum += Math.exp(term - high);
  return high + Math.log(sum);
}
