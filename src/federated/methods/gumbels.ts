// Noise for gates that choose between two: the difference of two Gumbel draws, which is a logistic one.
import { affine, sub } from "../../autograd/ops/arithmetic.ts";
import { uniformInto } from "../../autograd/ops/fill.ts";
import { log } from "../../autograd/ops/unary.ts";
import type { Shape } from "../../autograd/shape.ts";
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Key } from "../../runtime/random.ts";

/** log u - log(1 - u) of uniform draws, one for each number. */
export function gumbels(shape: Shape, key: Key): Tensor {
  const size = shape.reduce((n, side) => n * side, 1);
  // away from both ends, where it would be infinite
  const u = uniformInto(tensor(new Float32Array(size), shape), 1e-6, 1 - 1e-6, key);
  return sub(log(u), log(affine(u, -1, 1)));
}
