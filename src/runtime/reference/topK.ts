// Reference twin of the places of the largest elements.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

export function topK(views: Views): Pick<ExtraKernels, "topK"> {
  return {
    topK(x, y, rows, cols, k) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++) {
        const value = (c: number): number => f[wordAt(x) + r * cols + c]!;
        const rank = (c: number): number => (Number.isNaN(value(c)) ? 1 : 0);
        // stable, so that equals keep their order; a difference of infinities would be NaN
        const order = Array.from({ length: cols }, (_, c) => c).sort(
          (a, b) => rank(b) - rank(a) || (value(a) === value(b) || rank(a) ? 0 : value(b) - value(a)),
        );
        for (let j = 0; j < k; j++) i32[wordAt(y) + r * k + j] = order[j]!;
      }
    },
  };
}
