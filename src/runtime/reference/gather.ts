// Reference twins of the picks by index.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "gatherNormalize" | "gather" | "scatterAdd" | "gatherInt" | "outside">;

export function gather(views: Views): Group {
  return {
    gatherNormalize(src, indices, y, rows, channels, plane, scale, shift) {
      const { f, i32, u8 } = views;
      let out = wordAt(y);
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < channels; c++)
          for (let i = 0; i < plane; i++) {
            const pixel = u8[src + (i32[wordAt(indices) + r]! * channels + c) * plane + i]!;
            f[out++] = pixel * f[wordAt(scale) + c]! + f[wordAt(shift) + c]!;
          }
    },

    gather(x, indices, y, rows, width) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < width; c++)
          f[wordAt(y) + r * width + c] = f[wordAt(x) + i32[wordAt(indices) + r]! * width + c]!;
    },

    scatterAdd(gy, indices, gx, rows, width) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < width; c++)
          f[wordAt(gx) + i32[wordAt(indices) + r]! * width + c]! += f[wordAt(gy) + r * width + c]!;
    },

    gatherInt(src, indices, y, rows) {
      const { i32 } = views;
      for (let r = 0; r < rows; r++) i32[wordAt(y) + r] = i32[wordAt(src) + i32[wordAt(indices) + r]!]!;
    },

    outside: (indices, n, limit) =>
      views.i32.subarray(wordAt(indices), wordAt(indices) + n).findIndex((index) => index < 0 || index >= limit),
  };
}
