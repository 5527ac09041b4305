// How unlike two sets of rows are: the maximum mean discrepancy (Gretton et al. 2012) with Gaussian kernels of four widths.
import { add } from "../../autograd/ops/add.ts";
import { mul, sub } from "../../autograd/ops/arithmetic.ts";
import { matmul } from "../../autograd/ops/matmul.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import { mean, sum } from "../../autograd/ops/sum.ts";
import { exp, square } from "../../autograd/ops/unary.ts";
import type { Tensor } from "../../autograd/tensor.ts";

/** The mean of exp(-|a_i - b_j|^2 / 2s) over all pairs of rows of [n, width] and [m, width], summed over widths s. */
function likeness(a: Tensor, b: Tensor): Tensor {
  const squares = (x: Tensor): Tensor => sum(square(x), { axis: 1, keep: true });
  const apart = sub(add(squares(a), reshape(squares(b), [1, b.shape[0]!])), mul(matmul(a, b, { transB: true }), 2));
  return [10, 15, 20, 50].map((s) => mean(exp(mul(apart, -0.5 / s)))).reduce((x, y) => add(x, y));
}

/** The squared maximum mean discrepancy of rows [n, width] and [m, width], a scalar with history; 0 where they are the same. */
export function discrepancy(a: Tensor, b: Tensor): Tensor {
  return sub(add(likeness(a, a), likeness(b, b)), mul(likeness(a, b), 2));
}
