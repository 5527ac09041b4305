// What NumPy does with arrays, in its own order of operations, where that order can be seen in a result.

/** Fisher and Yates' shuffle, from the end, in place. */
export function shuffled(items: Int32Array, draw: (most: number) => number): Int32Array {
  for (let i = items.length - 1; i > 0; i--) {
    const j = draw(i);
    const kept = items[i]!;
    items[i] = items[j]!;
    items[j] = kept;
  }
  return items;
}

/** Values over their sum, summed and multiplied as NumPy does. */
export function normalised(values: Float64Array): Float64Array {
  const inverse = 1 / values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value * inverse);
}

/** `sum`: eight sums side by side, halves of what is longer than 128. */
export function pairwiseSum(values: Float64Array): number {
  const n = values.length;
  if (n < 8) return values.reduce((sum, value) => sum + value, 0);
  if (n > 128) {
    const half = (n >> 1) - ((n >> 1) % 8);
    return pairwiseSum(values.subarray(0, half)) + pairwiseSum(values.subarray(half));
  }
  const r = Float64Array.from(values.subarray(0, 8));
  let at = 8;
  for (; at + 8 <= n; at += 8) for (let i = 0; i < 8; i++) r[i]! += values[at + i]!;
  const sum = r[0]! + r[1]! + (r[2]! + r[3]!) + (r[4]! + r[5]! + (r[6]! + r[7]!));
  return values.subarray(at).reduce((sum, value) => sum + value, sum);
}

/** `array_split`: as equal as can be, the longer parts first. */
export function arraySplit(items: Int32Array, parts: number): Int32Array[] {
  const [size, longer] = [Math.floor(items.length / parts), items.length % parts];
  let at = 0;
  return Array.from({ length: parts }, (_, i) => items.slice(at, (at += size + Number(i < longer))));
}
