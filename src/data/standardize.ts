// Columns of mean 0 and standard deviation 1. Every rule here is free of scale: a column in other units gives the same numbers.

/** The power of two by which numbers up to this size come to lie in (1/2, 1], so that no sum of squares overflows or vanishes. */
function scaleOf(largest: number): number {
  // doubling and halving are exact, so ordinary columns keep their bits
  let scale = 1;
  while (largest * scale > 1) scale /= 2;
  while (largest * scale <= 0.5 && scale < 2 ** 1023) scale *= 2;
  return scale;
}

/**
 * Shifts and scales every column of both, row by row `width` numbers each, in place, by mean and deviation over the rows of
 * `train`. A column with one value there becomes exactly 0 in both: nothing tells what a step of it is worth.
 */
export function standardize(train: Float64Array, test: Float64Array, width: number): void {
  const rows = train.length / width;
  for (let c = 0; c < width; c++) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = c; i < train.length; i += width) {
      low = Math.min(low, train[i]!);
      high = Math.max(high, train[i]!);
    }
    if (low === high) {
      for (const values of [train, test]) for (let i = c; i < values.length; i += width) values[i] = 0;
      continue;
    }
    const scale = scaleOf(Math.max(-low, high));
    let [sum, squares] = [0, 0];
    for (let i = c; i < train.length; i += width) sum += train[i]! * scale;
    const mean = sum / rows;
    for (let i = c; i < train.length; i += width) squares += (train[i]! * scale - mean) * (train[i]! * scale - mean);
    const deviation = Math.sqrt(squares / rows);
    for (const values of [train, test])
      for (let i = c; i < values.length; i += width) values[i] = (values[i]! * scale - mean) / deviation;
  }
}
