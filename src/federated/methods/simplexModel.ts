// A model whose head is a point of the simplex of several, so that each of those learns by its part of the point.
import { matmul } from "../../autograd/ops/matmul.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { tensor } from "../../autograd/tensor.ts";
import { constant } from "../../nn/init.ts";
import type { Mode, Module, Parts } from "../../nn/module.ts";
import type { Vector } from "../method.ts";
import { combination } from "../vectors.ts";

/** The body's parameters and `corners` heads, [corners, size of a head]; the head is sum_m alpha_m theta_m at the pass' alpha. */
export function simplexModel({ body, head }: Parts, corners: number, pointOf: (mode: Mode) => Vector): Module {
  const sizes = head.specs.map(({ shape }) => shape.reduce((n, side) => n * side, 1));
  const shape = [corners, sizes.reduce((a, b) => a + b, 0)];
  return {
    specs: [...body.specs, { name: "corners", shape, init: constant(0) }],
    bind: (tensors, at) => {
      const features = body.bind(tensors.slice(0, -1), at);
      // bound anew in every pass, because its parameters are new tensors
      return (x, mode) => {
        const theta = matmul(tensor(pointOf(mode), [1, corners]), tensors.at(-1)!);
        let from = 0;
        const parts = sizes.map((size, i) =>
          reshape(slice(theta, { axis: 1, from, to: (from += size) }), head.specs[i]!.shape),
        );
        return head.bind(parts, at)(features(x, mode), mode);
      };
    },
  };
}

/** The plain model at a point, from the numbers of such a one whose body has so many. */
export function modelAt(values: Vector, point: Vector, body: number): Vector {
  const size = (values.length - body) / point.length;
  const heads = Array.from(point, (_, m) => values.subarray(body + m * size, body + (m + 1) * size));
  const model = values.slice(0, body + size);
  model.set(combination(heads.map((head, m) => [point[m]!, head])), body);
  return model;
}
