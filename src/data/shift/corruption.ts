// Worn images, in five degrees: three of the fifteen corruptions of Hendrycks and Dietterich (2019), of those that need no
// random numbers. Contrast and brightness with their factors for small images, brightness in every channel.
import { imageShape } from "./rotation.ts";

/** The corruptions that images may have, by name. */
export const corruptions = ["blur", "contrast", "brightness"] as const;

/** One corruption, as strong as it is. */
export interface Corruption {
  /** Which of them. */
  readonly kind: (typeof corruptions)[number];
  /** From 1 to 5. */
  readonly severity: number;
}

const CONTRAST = [0.75, 0.5, 0.4, 0.3, 0.15];
const BRIGHTNESS = [0.05, 0.1, 0.15, 0.2, 0.3];

/** Images with a corruption. Bytes are rounded and stay from 0 to 255; floats are taken as from 0 to 1 for brightness. */
export function corrupted<X extends Uint8Array | Float32Array>(
  x: X,
  shape: readonly number[],
  { kind, severity }: Corruption,
): X {
  const [, height, width] = imageShape("corruption", shape);
  if (!(Number.isInteger(severity) && severity >= 1 && severity <= 5))
    throw new RangeError(`corruption: severity, got ${severity}, expected a whole number from 1 to 5`);
  if (!corruptions.includes(kind))
    throw new RangeError(`corruption: kind, got ${String(kind)}, expected ${corruptions.join(", ")}`);
  const size = height * width;
  const bytes = x instanceof Uint8Array;
  const kept = (value: number): number => (bytes ? Math.min(255, Math.max(0, Math.round(value))) : value);
  const out = x.slice() as X;
  for (let plane = 0; plane < x.length; plane += size) {
    let values: Float64Array = Float64Array.from(x.subarray(plane, plane + size));
    if (kind === "blur") for (let times = 0; times < severity; times++) values = softened(values, height, width);
    else if (kind === "contrast") {
      const mean = values.reduce((sum, value) => sum + value, 0) / size;
      values = values.map((value) => (value - mean) * CONTRAST[severity - 1]! + mean);
    } else values = values.map((value) => value + BRIGHTNESS[severity - 1]! * (bytes ? 255 : 1));
    for (let at = 0; at < size; at++) out[plane + at] = kept(values[at]!);
  }
  return out;
}

/** A quarter, a half, a quarter along both axes; the border is repeated. */
function softened(values: Float64Array, height: number, width: number): Float64Array {
  const along = (from: Float64Array, r: (r: number, d: number) => number, c: (c: number, d: number) => number) =>
    from.map((value, at) => {
      const [row, column] = [Math.floor(at / width), at % width];
      const near = (d: number): number => from[r(row, d) * width + c(column, d)]!;
      return (near(-1) + 2 * value + near(1)) / 4;
    });
  const clamp = (value: number, d: number, side: number): number => Math.min(side - 1, Math.max(0, value + d));
  const down = along(
    values,
    (r, d) => clamp(r, d, height),
    (c) => c,
  );
  return along(
    down,
    (r) => r,
    (c, d) => clamp(c, d, width),
  );
}
