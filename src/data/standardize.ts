// Columns of mean 0 and standard deviation 1. Every rule here is free of scale: a column in other units gives the same numbers.

/** The power of two by which numbers up to this size come to lie in (1/2, 1], so that no sum of squares overflows or vanishes. */
function scaleOf(largest: number): number {
  // doubling and halving are exact, so ordinary columns keep their bits
  let scale = 1;
  while (largest * scale > 1) scale /= 2;
  while (largest * scale <= 0.5 && scale < 2 ** 1023) scale *= 2;
  return scale;
}

/** What brings rows to mean 0 and deviation 1 by column, in place, as learnt from the rows of `train`, `width` numbers each. */
export function standardizing(train: Float64Array, width: number): (values: Float64Array) => void {
  const rows = train.length / width;
  const columns = Array.from({ length: width }, (_, c) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = c; i < train.length; i += width) {
      low = Math.min(low, train[i]!);
      high = Math.max(high, train[i]!);
    }
    if (low === high) return undefined;
    const scale = scaleOf(Math.max(-low, high));
    let [sum, squares] = [0, 0];
    for (let i = c; i < train.length; i += width) sum += train[i]! * scale;
    const mean = sum / rows;
    for (let i = c; i < train.length; i += width) squares += (train[i]! * scale - mean) * (train[i]! * scale - mean);
    return { scale, mean, deviation: Math.sqrt(squares / rows) };
  });
  return (values) => {
    columns.forEach((learnt, c) => {
      for (let i = c; i < values.length; i += width)
        values[i] = learnt ? (values[i]! * learnt.scale - learnt.mean) / learnt.deviation : 0;
    });
  };
}

/**
 * Shifts and scales every column of both, row by row `width` numbers each, in place, by mean and deviation over the rows of
 * `train`. A column with one value there becomes exactly 0 in both: nothing tells what a step of it is worth.
 */
export function standardize(train: Float64Array, test: Float64Array, width: number): void {
  const scale = standardizing(train, width);
  for (const values of [train, test]) scale(values);
}
