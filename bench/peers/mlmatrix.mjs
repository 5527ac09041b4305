// ml-matrix: plain JavaScript in double precision, the usual choice without WebAssembly. Matrix products only.
import { Matrix } from "ml-matrix";
import { floats } from "../data.ts";
import { serve } from "../protocol.ts";

function matrix(data, rows, cols) {
  return Matrix.from1DArray(rows, cols, Array.from(data));
}

await serve(({ task: { op, m, n, k, transA, transB } }) => {
  if (op !== "matmul") throw new Error(`ml-matrix: nothing of its own for ${op}`);
  const a = transA ? matrix(floats(1, m * k), k, m) : matrix(floats(1, m * k), m, k);
  const b = transB ? matrix(floats(2, k * n), n, k) : matrix(floats(2, k * n), k, n);
  const run = () => (transA ? a.transpose() : a).mmul(transB ? b.transpose() : b);
  return { run, check: () => run().to1DArray() };
});
