// Reference twins of the binary operations: two loops and the operation.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "add" | "sub" | "mul" | "div" | "maximum" | "minimum">;

export function elementwise(views: Views): Group {
  /** y[r, c] = apply(a, b), each read by its own row and column stride. */
  const binary =
    (apply: (a: number, b: number) => number): Kernels["add"] =>
    (a, b, y, rows, cols, aRow, aCol, bRow, bCol) => {
      const { f } = views;
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < cols; c++) {
          const left = f[wordAt(a) + r * aRow + c * aCol]!;
          const right = f[wordAt(b) + r * bRow + c * bCol]!;
          f[wordAt(y) + r * cols + c] = apply(left, right);
        }
    };

  return {
    add: binary((a, b) => a + b),
    sub: binary((a, b) => a - b),
    mul: binary((a, b) => a * b),
    div: binary((a, b) => a / b),
    maximum: binary(Math.max),
    minimum: binary(Math.min),
  };
}
