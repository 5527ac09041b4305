// Reference twins of the embedding's gradient and of the optimiser that skips rows without one.
import type { Kernels } from "../kernels.wasm.ts";
import { optimizer } from "./optimizer.ts";
import type { Views } from "./views.ts";

export function embedding(views: Views): Pick<Kernels, "embeddingGrad" | "adamRows"> {
  const { adam } = optimizer(views);
  return {
    embeddingGrad(gy, indices, gx, touched, count, rows, width) {
      const { f, i32 } = views;
      f.fill(0, gx >> 2, (gx >> 2) + rows * width);
      if (touched) i32.fill(0, touched >> 2, (touched >> 2) + rows);
      for (let i = 0; i < count; i++) {
        const row = i32[(indices >> 2) + i]!;
        for (let c = 0; c < width; c++) f[(gx >> 2) + row * width + c]! += f[(gy >> 2) + i * width + c]!;
        if (touched) i32[(touched >> 2) + row] = 1;
      }
    },

    // without the short cut, which changes nothing
    adamRows(w, g, m, v, touched, live, rows, width, ...step) {
      const { i32 } = views;
      for (let r = 0; r < rows; r++) if (i32[(touched >> 2) + r]) i32[(live >> 2) + r] = 1;
      adam(w, g, m, v, rows * width, ...step);
    },
  };
}
