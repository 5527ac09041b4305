// Reference twins of the losses against integer labels.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import { logSumExp } from "./softmax.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "nll" | "nllGrad" | "crossEntropy" | "crossEntropyGrad">;

export function crossEntropy(views: Views): Group {
  return {
    nll(logp, labels, y, rows, cols) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++) f[wordAt(y) + r] = -f[wordAt(logp) + r * cols + i32[wordAt(labels) + r]!]!;
    },

    nllGrad(labels, gy, gx, rows, cols) {
      const { f, i32 } = views;
      f.fill(0, wordAt(gx), wordAt(gx) + rows * cols);
      for (let r = 0; r < rows; r++) f[wordAt(gx) + r * cols + i32[wordAt(labels) + r]!] = -f[wordAt(gy) + r]!;
    },

    crossEntropy(x, labels, y, rows, cols) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++) {
        const row = f.subarray(wordAt(x) + r * cols, wordAt(x) + (r + 1) * cols);
        f[wordAt(y) + r] = logSumExp(row) - row[i32[wordAt(labels) + r]!]!;
      }
    },

    /** gx = gy (softmax(x) - one at the label). */
    crossEntropyGrad(x, labels, gy, gx, rows, cols) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++) {
        const rest = logSumExp(f.subarray(wordAt(x) + r * cols, wordAt(x) + (r + 1) * cols));
        for (let c = 0; c < cols; c++) {
          const own = c === i32[wordAt(labels) + r] ? 1 : 0;
          f[wordAt(gx) + r * cols + c] = f[wordAt(gy) + r]! * (Math.exp(f[wordAt(x) + r * cols + c]! - rest) - own);
        }
      }
    },
  };
}
