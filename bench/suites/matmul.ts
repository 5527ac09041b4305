// Matrix products: squares, and the shapes that training the model zoo asks for.
import { noGrad } from "../../src/autograd/op.ts";
import { matmul as product } from "../../src/autograd/ops/matmul.ts";
import { persistent, scope } from "../../src/autograd/tensor.ts";
import { floats } from "../data.ts";
import type { Case, Suite } from "../suite.ts";

/** Which operands are stored transposed: C = A B, A B^T or A^T B. */
export type Layout = "NN" | "NT" | "TN";

// C [m, n] with inner size k
function multiply(layout: Layout, m: number, n: number, k: number): Case {
  const [transA, transB] = [layout === "TN", layout === "NT"];
  return {
    name: `${layout} ${m === n && n === k ? m : `${m}x${n}x${k}`}`,
    flops: 2 * m * n * k,
    task: { op: "matmul", m, n, k, transA, transB },
    prepare: () => {
      const a = persistent(transA ? [k, m] : [m, k]).set(floats(1, m * k));
      const b = persistent(transB ? [n, k] : [k, n]).set(floats(2, k * n));
      const options = { transA, transB };
      return {
        run: () => noGrad(() => scope(() => void product(a, b, options))),
        check: () => noGrad(() => scope(() => product(a, b, options).toArray())),
        dispose: () => [a, b].forEach((t) => t.dispose()),
      };
    },
  };
}

const layouts: readonly Layout[] = ["NN", "NT", "TN"];

export const matmul: Suite = {
  name: "matmul",
  about: "C[m,n] = A B with inner size k through the public op; NT and TN read B or A transposed",
  cases: [
    ...layouts.flatMap((layout) => [32, 64, 128, 256, 512, 1024].map((n) => multiply(layout, n, n, n))),
    // fully connected layers, batch 128
    ...layouts.map((layout) => multiply(layout, 128, 200, 784)),
    multiply("NN", 128, 784, 200),
    multiply("NT", 128, 784, 200),
    multiply("TN", 784, 200, 128),
    multiply("TN", 200, 784, 128),
    // batch 10
    ...layouts.map((layout) => multiply(layout, 10, 120, 400)),
    ...layouts.map((layout) => multiply(layout, 10, 200, 784)),
    multiply("NN", 10, 400, 120),
    multiply("NT", 10, 400, 120),
    // their weight gradients
    multiply("TN", 120, 400, 10),
    multiply("TN", 400, 120, 10),
    multiply("TN", 200, 784, 10),
    // convolutions as products, one sample or ten
    multiply("NN", 6, 7840, 75),
    multiply("NT", 6, 75, 7840),
    multiply("TN", 75, 7840, 6),
    multiply("NN", 16, 1000, 150),
    multiply("NT", 16, 150, 1000),
    multiply("TN", 150, 1000, 16),
  ],
};
