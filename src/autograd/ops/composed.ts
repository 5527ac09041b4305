// Second gradients of what has one fused gradient kernel: the op once more, composed of ops that can be differentiated as often as one likes.
import { grad } from "../backward.ts";
import type { Tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { copy } from "./copy.ts";
import { sum } from "./sum.ts";

/**
 * The gradient of input i, as part of a graph: for rules that are asked while history is recorded.
 * @param fn the op, of operands in the place of `x`
 * @param g the gradient of its output
 */
export function composedGradient<X extends readonly (Tensor | null)[]>(
  fn: (x: X) => Tensor,
  x: X,
  i: number,
  g: Tensor,
): Tensor<"f32"> {
  // results of their own: what the operands and g are made of is no business of this op
  const own = x.map((t) => t && copy(t));
  return grad(sum(mul(fn(own as unknown as X), g)), [own[i]!], { createGraph: true })[0]!;
}
