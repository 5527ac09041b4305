// An update no longer than a norm. Every comparison is written so that a value which is no number fails it.
import { checkFinite } from "../../nn/finite.ts";

/**
 * generalist + min(1, norm / |shared - generalist|) * (shared - generalist); `clipped` says whether that was below 1. What
 * comes back is no further from the generalist than `norm`, rounding included. RangeError for values that are not finite.
 */
export function clipUpdate(
  shared: Float32Array,
  generalist: Float32Array,
  norm: number,
): { values: Float32Array; clipped: boolean } {
  const found = clippedUpdate(shared, generalist, norm);
  if (!found.clipped) return { values: shared.slice(), clipped: false };
  const values = Float32Array.from(found.update, (difference, i) => towards(generalist[i]!, difference));
  return { values, clipped: true };
}

/** The clipped difference in double precision. */
export function clippedUpdate(
  shared: Float32Array,
  generalist: Float32Array,
  norm: number,
): { update: Float64Array; clipped: boolean } {
  if (!(norm > 0 && norm < Infinity))
    throw new RangeError(`clip: norm, got ${norm}, expected a finite number above 0; nothing is sent`);
  if (shared.length !== generalist.length)
    throw new RangeError(`clip: update of ${shared.length} values, expected ${generalist.length} as in the generalist`);
  checkFinite("clip", "generalist", generalist);
  checkFinite("clip", "update", shared);
  const update = Float64Array.from(shared, (value, i) => value - generalist[i]!);
  const length = Math.sqrt(update.reduce((sum, difference) => sum + difference * difference, 0));
  if (length <= norm) return { update, clipped: false };
  const scale = norm / length;
  return { update: update.map((difference) => scale * difference), clipped: true };
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** base + difference as a float32, rounded towards base where the nearest lies further away. */
function towards(base: number, difference: number): number {
  float[0] = base + difference;
  const value = float[0];
  if (Math.abs(value - base) <= Math.abs(difference)) return value;
  if (value === 0) return base;
  // the neighbour on the side of base: magnitudes are ordered as their bits are
  bits[0]! += value > base === value > 0 ? -1 : 1;
  return float[0];
}
