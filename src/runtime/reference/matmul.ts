// Reference twins of the matrix kernels: the definition, one sum per element, in the precision of the view.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "matmul" | "linear" | "peak" | "peakFma" | "init" | "scratchBytes">;

export function matmul(views: Views): Group {
  return {
    /** y[m, n] (+)= op(a)[m, k] . op(b)[k, n]; ld*: row strides of the stored matrices, in elements. */
    matmul(a, b, y, m, n, k, lda, ldb, ldy, transA, transB, accumulate) {
      const { f } = views;
      const [a0, b0, y0] = [wordAt(a), wordAt(b), wordAt(y)];
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = accumulate ? f[y0 + i * ldy + j]! : 0;
          for (let p = 0; p < k; p++) {
            const left = f[a0 + (transA ? p * lda + i : i * lda + p)]!;
            const right = f[b0 + (transB ? j * ldb + p : p * ldb + j)]!;
            sum += left * right;
          }
          f[y0 + i * ldy + j] = sum;
        }
    },

    /** y[m, n] = act(x[m, k] . w[n, k]^T + b[n]); b = 0: no bias. */
    linear(x, w, b, y, m, n, k, relu) {
      const { f } = views;
      const [x0, w0, b0, y0] = [wordAt(x), wordAt(w), wordAt(b), wordAt(y)];
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = b ? f[b0 + j]! : 0;
          for (let p = 0; p < k; p++) sum += f[x0 + i * k + p]! * f[w0 + j * k + p]!;
          f[y0 + i * n + j] = relu && sum < 0 ? 0 : sum;
        }
    },

    // a measurement, not a computation: what it returns is no one's input
    peak: () => 0,
    peakFma: () => 0,
    init() {},
    scratchBytes: () => 0,
  };
}
