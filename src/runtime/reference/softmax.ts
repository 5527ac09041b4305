// Reference twins of softmax and log-softmax over rows, and of their gradients.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "softmax" | "logSoftmax" | "softmaxGrad" | "logSoftmaxGrad">;

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** log(sum of e^x), shifted by the largest x. */
export function logSumExp(row: ArrayLike<number>): number {
  const values = Array.from(row);
  const max = Math.max(...values);
  return max + Math.log(sum(values.map((value) => Math.exp(value - max))));
}

export function softmax(views: Views): Group {
  const rowOf = (x: number, row: number, cols: number): number[] =>
    Array.from(views.f.subarray(wordAt(x) + row * cols, wordAt(x) + (row + 1) * cols));
  const write = (y: number, row: number, values: number[]): void =>
    views.f.set(values, wordAt(y) + row * values.length);

  return {
    softmax(x, y, rows, cols) {
      for (let r = 0; r < rows; r++) {
        const values = rowOf(x, r, cols);
        const rest = logSumExp(values);
        write(
          y,
          r,
          values.map((value) => Math.exp(value - rest)),
        );
      }
    },

    logSoftmax(x, y, rows, cols) {
      for (let r = 0; r < rows; r++) {
        const values = rowOf(x, r, cols);
        const rest = logSumExp(values);
        write(
          y,
          r,
          values.map((value) => value - rest),
        );
      }
    },

    /** gx = y (gy - sum y gy). */
    softmaxGrad(y, gy, gx, rows, cols) {
      for (let r = 0; r < rows; r++) {
        const [out, g] = [rowOf(y, r, cols), rowOf(gy, r, cols)];
        const mean = sum(out.map((value, c) => value * g[c]!));
        write(
          gx,
          r,
          out.map((value, c) => value * (g[c]! - mean)),
        );
      }
    },

    /** gx = gy - exp(y) sum gy. */
    logSoftmaxGrad(y, gy, gx, rows, cols) {
      for (let r = 0; r < rows; r++) {
        const [out, g] = [rowOf(y, r, cols), rowOf(gy, r, cols)];
        const total = sum(g);
        write(
          gx,
          r,
          out.map((value, c) => g[c]! - Math.exp(value) * total),
        );
      }
    },
  };
}
