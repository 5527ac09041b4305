// Reference twins of the embedding's gradient and of the optimiser that skips rows without one.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import { optimizer } from "./optimizer.ts";
import type { Views } from "./views.ts";

export function embedding(views: Views): Pick<Kernels, "embeddingGrad" | "adamRows"> {
  const { adam } = optimizer(views);
  return {
    embeddingGrad(gy, indices, gx, touched, count, rows, width) {
      const { f, i32 } = views;
      f.fill(0, wordAt(gx), wordAt(gx) + rows * width);
      if (touched) i32.fill(0, wordAt(touched), wordAt(touched) + rows);
      for (let i = 0; i < count; i++) {
        const row = i32[wordAt(indices) + i]!;
        for (let c = 0; c < width; c++) f[wordAt(gx) + row * width + c]! += f[wordAt(gy) + i * width + c]!;
        if (touched) i32[wordAt(touched) + row] = 1;
      }
    },

    // without the short cut, which changes nothing
    adamRows(w, g, m, v, touched, live, rows, width, ...step) {
      const { i32 } = views;
      for (let r = 0; r < rows; r++) if (i32[wordAt(touched) + r]) i32[wordAt(live) + r] = 1;
      adam(w, g, m, v, rows * width, ...step);
    },
  };
}
