// Pooling beside the one of the first networks, and what follows it.
import { adaptiveAvgPool2d, avgPool2d, type AvgPoolOptions } from "../autograd/ops/avgPool2d.ts";
import { paddedMaxPool2d, type PaddedMaxPoolOptions } from "../autograd/ops/paddedMaxPool2d.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import type { PerAxis } from "../autograd/ops/window.ts";
import { Apply } from "./module.ts";

/** The mean of each window. */
export class AvgPool2d extends Apply {
  constructor(kernel: PerAxis, options: Omit<AvgPoolOptions, "kernel"> = {}) {
    super((x) => avgPool2d(x, { ...options, kernel }));
  }
}

/** Means of as many windows as the result is to have: 1 for the mean of each channel. */
export class AdaptiveAvgPool2d extends Apply {
  constructor(size: PerAxis) {
    super((x) => adaptiveAvgPool2d(x, size));
  }
}

/** The largest value of each window, windows reaching beyond the sides. */
export class PaddedMaxPool2d extends Apply {
  constructor(kernel: number, options: Omit<PaddedMaxPoolOptions, "kernel"> = {}) {
    super((x) => paddedMaxPool2d(x, { ...options, kernel }));
  }
}

/** All axes behind the first as one. */
export class Flatten extends Apply {
  constructor() {
    super((x) => reshape(x, [x.shape[0]!, x.size / Math.max(1, x.shape[0]!)]));
  }
}
