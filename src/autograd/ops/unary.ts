// Element-wise functions of one operand.
import { engine, type Kernels } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { reluGrad } from "./activation.ts";
import { affine, div, mul, neg, sub } from "./arithmetic.ts";

type One = readonly [Tensor];
type Name = "exp" | "log" | "sqrt" | "square" | "abs" | "reciprocal";

function unary(name: Name & keyof Kernels, vjp: Op<One, undefined>["vjp"]): Op<One, undefined> {
  return defineOp<One>({
    name,
    shape: ([x]) => x.shape,
    forward: (y, [x]) => engine().kernels[name](x.ptr, y.ptr, x.size),
    vjp,
  });
}

const expOp: Op<One, undefined> = /* @__PURE__ */ unary("exp", [(g, { y }) => mul(g, y)]);
const logOp: Op<One, undefined> = /* @__PURE__ */ unary("log", [(g, { x: [x] }) => div(g, x)]);
const sqrtOp: Op<One, undefined> = /* @__PURE__ */ unary("sqrt", [(g, { y }) => div(affine(g, 0.5, 0), y)]);
const squareOp: Op<One, undefined> = /* @__PURE__ */ unary("square", [(g, { x: [x] }) => affine(mul(g, x), 2, 0)]);
// sign(x) g, with 0 at 0
const absOp: Op<One, undefined> = /* @__PURE__ */ unary("abs", [
  (g, { x: [x] }) => sub(reluGrad(x, g), reluGrad(neg(x), g)),
]);
// d(1/x)/dx = -y^2
const reciprocalOp: Op<One, undefined> = /* @__PURE__ */ unary("reciprocal", [(g, { y }) => neg(mul(g, square(y)))]);

/** y = e^x, at most 1 ULP off; 0 where it would be below the smallest normal number, 2^-126. */
export function exp(x: Tensor): Tensor<"f32"> {
  return expOp([x], undefined);
}

/** y = ln x; NaN below 0, -Infinity at 0. */
export function log(x: Tensor): Tensor<"f32"> {
  return logOp([x], undefined);
}

/** y = sqrt(x). */
export function sqrt(x: Tensor): Tensor<"f32"> {
  return sqrtOp([x], undefined);
}

/** y = x^2. */
export function square(x: Tensor): Tensor<"f32"> {
  return squareOp([x], undefined);
}

/** y = |x|, with gradient 0 at 0. */
export function abs(x: Tensor): Tensor<"f32"> {
  return absOp([x], undefined);
}

/** y = 1/x. */
export function reciprocal(x: Tensor): Tensor<"f32"> {
  return reciprocalOp([x], undefined);
}
