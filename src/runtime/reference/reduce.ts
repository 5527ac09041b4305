// Reference twins of the reductions.
import type { ExtraKernels } from "../extra.wasm.ts";
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "sum" | "dot" | "argmax" | "countCorrect">;

/** y[i, j] = the n values x[i, :, j] folded by `combine` from `start`. */
const fold =
  (views: Views, start: number, combine: (folded: number, value: number) => number): Kernels["sum"] =>
  (x, y, outer, n, inner) => {
    const { f } = views;
    for (let i = 0; i < outer; i++)
      for (let j = 0; j < inner; j++) {
        let folded = start;
        for (let k = 0; k < n; k++) folded = combine(folded, f[wordAt(x) + (i * n + k) * inner + j]!);
        f[wordAt(y) + i * inner + j] = folded;
      }
  };

/** The twin of the one reduction that is in the second module. */
export function largest(views: Views): Pick<ExtraKernels, "max"> {
  return { max: fold(views, -Infinity, Math.max) };
}

export function reduce(views: Views): Group {
  const dot: Kernels["dot"] = (x, w, n) => {
    const { f } = views;
    let total = 0;
    for (let i = 0; i < n; i++) total += f[wordAt(x) + i]! * f[wordAt(w) + i]!;
    return total;
  };

  /** Position of the first maximum, NaN being larger than any number. */
  const position = (first: number, n: number, step: number): number => {
    const values = Array.from({ length: n }, (_, k) => views.f[first + k * step]!);
    const nan = values.findIndex(Number.isNaN);
    return nan >= 0 ? nan : values.indexOf(Math.max(...values));
  };

  return {
    sum: fold(views, 0, (total, value) => total + value),
    dot,

    argmax(x, y, outer, n, inner) {
      for (let i = 0; i < outer; i++)
        for (let j = 0; j < inner; j++)
          views.i32[wordAt(y) + i * inner + j] = position(wordAt(x) + i * n * inner + j, n, inner);
    },

    countCorrect(x, labels, rows, cols) {
      let correct = 0;
      for (let i = 0; i < rows; i++)
        correct += Number(position(wordAt(x) + i * cols, cols, 1) === views.i32[wordAt(labels) + i]);
      return correct;
    },
  };
}
