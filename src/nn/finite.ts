// The gate for weights from outside: a file, a server, a caller. One value that is no number reaches every sum it meets, and
// makes comparisons false that were to hold something back.

/**
 * Refuses values that are not finite as single floats; `what` names where they came from. The comparison is written so that
 * NaN fails it, and a double too large for a float does, too.
 */
export function checkFinite(op: string, what: string, values: ArrayLike<number>): void {
  if (values instanceof Float32Array && allFinite(values)) return;
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(Math.fround(values[i]!)) < Infinity))
      throw new RangeError(
        `${op}: ${what}, got ${values[i]} at ${i}, expected finite numbers; the model diverged or its bytes are damaged`,
      );
}

// a sum of single floats in double cannot overflow, so it is finite where all of them are; eight sums, because one waits for
// itself, and each a variable of its own, which alone is kept in a register
function allFinite(values: Float32Array): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let e = 0;
  let f = 0;
  let g = 0;
  let h = 0;
  const blocks = values.length - (values.length % 8);
  for (let i = 0; i < blocks; i += 8) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
    e += values[i + 4]!;
    f += values[i + 5]!;
    g += values[i + 6]!;
    h += values[i + 7]!;
  }
  for (let i = blocks; i < values.length; i++) a += values[i]!;
  return Number.isFinite(a + b + c + d + e + f + g + h);
}
