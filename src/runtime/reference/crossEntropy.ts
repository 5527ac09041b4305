// Reference twins of the losses against integer labels.
import type { Kernels } from "../kernels.wasm.ts";
import { logSumExp } from "./softmax.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "nll" | "nllGrad" | "crossEntropy" | "crossEntropyGrad">;

export function crossEntropy(views: Views): Group {
  return {
    nll(logp, labels, y, rows, cols) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++) f[(y >> 2) + r] = -f[(logp >> 2) + r * cols + i32[(labels >> 2) + r]!]!;
    },

    nllGrad(labels, gy, gx, rows, cols) {
      const { f, i32 } = views;
      f.fill(0, gx >> 2, (gx >> 2) + rows * cols);
      for (let r = 0; r < rows; r++) f[(gx >> 2) + r * cols + i32[(labels >> 2) + r]!] = -f[(gy >> 2) + r]!;
    },

    crossEntropy(x, labels, y, rows, cols) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++) {
        const row = f.subarray((x >> 2) + r * cols, (x >> 2) + (r + 1) * cols);
        f[(y >> 2) + r] = logSumExp(row) - row[i32[(labels >> 2) + r]!]!;
      }
    },

    /** gx = gy (softmax(x) - one at the label). */
    crossEntropyGrad(x, labels, gy, gx, rows, cols) {
      const { f, i32 } = views;
      for (let r = 0; r < rows; r++) {
        const rest = logSumExp(f.subarray((x >> 2) + r * cols, (x >> 2) + (r + 1) * cols));
        for (let c = 0; c < cols; c++) {
          const own = c === i32[(labels >> 2) + r] ? 1 : 0;
          f[(gx >> 2) + r * cols + c] = f[(gy >> 2) + r]! * (Math.exp(f[(x >> 2) + r * cols + c]! - rest) - own);
        }
      }
    },
  };
}
