// The larger and the smaller of two operands.
import type { Op } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { reluGrad } from "./activation.ts";
import { binary, sub } from "./arithmetic.ts";

type Pair = readonly [Tensor, Tensor];

// where a = b the gradient goes to b
const maximumOp: Op<Pair, undefined> = /* @__PURE__ */ binary("maximum", [
  (g, { x: [a, b] }) => reluGrad(sub(a, b), g),
  (g, { x: [a, b] }) => sub(g, reluGrad(sub(a, b), g)),
]);
const minimumOp: Op<Pair, undefined> = /* @__PURE__ */ binary("minimum", [
  (g, { x: [a, b] }) => reluGrad(sub(b, a), g),
  (g, { x: [a, b] }) => sub(g, reluGrad(sub(b, a), g)),
]);

/** y = max(a, b), broadcast; NaN if either is. */
export function maximum(a: Tensor, b: Tensor): Tensor<"f32"> {
  return maximumOp([a, b], undefined);
}

/** y = min(a, b), broadcast; NaN if either is. */
export function minimum(a: Tensor, b: Tensor): Tensor<"f32"> {
  return minimumOp([a, b], undefined);
}
