// Reference twins of comparisons and powers of two broadcast operands.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

export function compare(views: Views): Pick<ExtraKernels, "compare" | "pow"> {
  const binary =
    (apply: (a: number, b: number) => number): ExtraKernels["pow"] =>
    (a, b, y, rows, cols, aRow, aCol, bRow, bCol) => {
      const { f } = views;
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < cols; c++)
          f[wordAt(y) + r * cols + c] = apply(f[wordAt(a) + r * aRow + c * aCol]!, f[wordAt(b) + r * bRow + c * bCol]!);
    };

  return {
    compare: (a, b, y, rows, cols, aRow, aCol, bRow, bCol, kind) =>
      binary((left, right) => Number(kind === 0 ? left < right : kind === 1 ? left <= right : left === right))(
        a,
        b,
        y,
        rows,
        cols,
        aRow,
        aCol,
        bRow,
        bCol,
      ),
    pow: binary((a, b) => a ** b),
  };
}
