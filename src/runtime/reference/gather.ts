// Reference twins of the picks by index.
import type { Kernels } from "../kernels.wasm.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "gatherNormalize" | "gather" | "scatterAdd" | "gatherLabels" | "gatherInt">;

export function gather(views: Views): Group {
  return {
    gatherNormalize(src, indices, y, rows, channels, plane, scale, shift) {
      const { f, i32, u8 } = views;
      let out = y >> 2;
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < channels; c++)
          for (let i = 0; i < plane; i++) {
            const pixel = u8[src + (i32[(indices >> 2) + r]! * channels + c) * plane + i]!;
            f[out++] = pixel * f[(scale >> 2) + c]! + f[(shift >> 2) + c]!;
          }
    },

    gather(x, indices, y, rows, width) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < width; c++)
          f[(y >> 2) + r * width + c] = f[(x >> 2) + i32[(indices >> 2) + r]! * width + c]!;
    },

    scatterAdd(gy, indices, gx, rows, width) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < width; c++)
          f[(gx >> 2) + i32[(indices >> 2) + r]! * width + c]! += f[(gy >> 2) + r * width + c]!;
    },

    gatherLabels(src, indices, y, rows) {
      const { i32, u8 } = views;
      for (let r = 0; r < rows; r++) i32[(y >> 2) + r] = u8[src + i32[(indices >> 2) + r]!]!;
    },

    gatherInt(src, indices, y, rows) {
      const { i32 } = views;
      for (let r = 0; r < rows; r++) i32[(y >> 2) + r] = i32[(src >> 2) + i32[(indices >> 2) + r]!]!;
    },
  };
}
