import { formatShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { maxPool2d } from "./maxPool2d.ts";
import { pad as surround } from "./strided.ts";
import { pairOf } from "./window.ts";

/** As for maxPool2d, and how far windows reach beyond each side. */
export interface PaddedMaxPoolOptions {
  /** Height and width of a window. */
  readonly kernel?: number;
  /** From one window to the next; the kernel unless said. */
  readonly stride?: number;
  /** What lies around a plane and is never the largest; 0 unless said. */
  readonly pad?: number;
  /** Whether what is below 0 becomes 0. */
  readonly relu?: boolean;
}

/**
 * The largest value of each window, windows reaching beyond the sides, where there is nothing: maxPool2d of x surrounded by
 * -Infinity. That is one copy more than the pool itself.
 * @param x [batch, channels, h, w]
 */
export function paddedMaxPool2d(
  x: Tensor,
  { kernel = 2, stride = kernel, pad = 0, relu = false }: PaddedMaxPoolOptions = {},
): Tensor<"f32"> {
  const [sides] = pairOf("paddedMaxPool2d", "pad", pad, 0);
  if (sides > kernel / 2)
    throw new RangeError(`paddedMaxPool2d: got pad ${pad}, expected at most half of the kernel ${kernel}`);
  if (x.shape.length !== 4)
    throw new RangeError(`paddedMaxPool2d: got ${formatShape(x.shape)}, expected [batch,channels,h,w]`);
  if (sides === 0) return maxPool2d(x, { kernel, stride, relu });
  const around = surround(
    x,
    [
      [0, 0],
      [0, 0],
      [sides, sides],
      [sides, sides],
    ],
    { value: -Infinity },
  );
  return maxPool2d(around, { kernel, stride, relu });
}
