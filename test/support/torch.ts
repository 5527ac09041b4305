// Functions against what PyTorch made of the same numbers; torch_cases.py says how, and wrote the files.
import { grad } from "../../src/autograd/backward.ts";
import { mul } from "../../src/autograd/ops/arithmetic.ts";
import { sum } from "../../src/autograd/ops/sum.ts";
import { scope, type Tensor, tensor } from "../../src/autograd/tensor.ts";
import { golden, wave } from "./golden.ts";
import { near } from "./near.ts";
import { assert, test } from "./suite.ts";

interface Wanted {
  readonly inputs: number[][];
  readonly shape: number[];
  readonly value: number[];
  readonly gradients: number[][];
}

/** A function of up to twelve tensors. */
export type Case = (...x: Twelve) => Tensor;
type Twelve = [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

/** One test for each case of a file; every case has a function here and every function a case there. */
export function againstTorch(file: URL, ours: Readonly<Record<string, Case>>): void {
  const torch = golden<Record<string, Wanted>>(file);
  test("there is a function for every case", () => assert.equal(Object.keys(ours), Object.keys(torch)));
  for (const [name, { inputs, shape, value, gradients }] of Object.entries(torch))
    test(`${name}: PyTorch's values and gradients`, () => {
      scope(() => {
        const x = inputs.map((of, i) => {
          const size = of.reduce((n, each) => n * each, 1);
          const t = tensor(wave(size, 1.5, 0.37 + 0.11 * i), of);
          t.requiresGrad = true;
          return t;
        });
        const y = ours[name]!(...(x as Twelve));
        assert.equal(y.shape, shape);
        near(y.toArray() as Float32Array, value, 2e-5);
        const found = grad(sum(mul(y, tensor(wave(y.size, 1, 0.53), shape))), x);
        found.forEach((g, i) => near(g.toArray() as Float32Array, gradients[i]!, 5e-5));
      });
    });
}
