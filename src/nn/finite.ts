// The gate for weights from outside: a file, a server, a caller. One value that is no number reaches every sum it meets, and
// makes comparisons false that were to hold something back.

/**
 * Refuses values that are not finite as single floats; `what` names where they came from. The comparison is written so that
 * NaN fails it, and a double too large for a float does, too.
 */
export function checkFinite(op: string, what: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(Math.fround(values[i]!)) < Infinity))
      throw new RangeError(
        `${op}: ${what}, got ${values[i]} at ${i}, expected finite numbers; the model diverged or its bytes are damaged`,
      );
}
