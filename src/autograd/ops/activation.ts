// Activations and their fused gradients, which are ops themselves and can be differentiated again.
import { engine, type Kernels } from "../../runtime/engine.ts";
import { defineOp, type Op, type Vjp } from "../op.ts";
import { alike } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { affine, mul, neg } from "./arithmetic.ts";

type One = readonly [Tensor];
type Pair = readonly [Tensor, Tensor];
type Name = "relu" | "sigmoid" | "tanh" | "logSigmoid";

function activation(name: Name & keyof Kernels, rule: Vjp<One, undefined>): Op<One, undefined> {
  return defineOp<One>({
    name,
    shape: ([x]) => x.shape,
    forward: (y, [x]) => engine().kernels[name](x.ptr, y.ptr, x.size),
    vjp: [rule],
  });
}

// the first operand is what the forward saved (output, or input of logSigmoid), the second the gradient
function gradient(name: Name, second: Vjp<Pair, undefined> | null): Op<Pair, undefined> {
  const kernel = `${name}Grad` as const;
  const op: Op<Pair, undefined> = /* @__PURE__ */ defineOp<Pair>({
    name: kernel,
    shape: ([saved, g]) => alike(kernel, g.shape, saved.shape),
    forward: (gx, [saved, g]) => engine().kernels[kernel](saved.ptr, g.ptr, gx.ptr, gx.size),
    // linear in the gradient
    vjp: [second, (u, { x: [saved] }) => op([saved, u], undefined)],
  });
  return op;
}

const reluOp: Op<One, undefined> = /* @__PURE__ */ activation("relu", (g, { y }) => reluGrad(y, g));
const sigmoidOp: Op<One, undefined> = /* @__PURE__ */ activation("sigmoid", (g, { y }) =>
  sigmoidGradOp([y, g], undefined),
);
const tanhOp: Op<One, undefined> = /* @__PURE__ */ activation("tanh", (g, { y }) => tanhGradOp([y, g], undefined));
const logSigmoidOp: Op<One, undefined> = /* @__PURE__ */ activation("logSigmoid", (g, { x: [x] }) =>
  logSigmoidGradOp([x, g], undefined),
);

const reluGradOp: Op<Pair, undefined> = /* @__PURE__ */ gradient("relu", null);
// d/dy y(1-y) g = (1-2y) g
const sigmoidGradOp: Op<Pair, undefined> = /* @__PURE__ */ gradient("sigmoid", (u, { x: [y, g] }) =>
  mul(mul(u, g), affine(y, -2, 1)),
);
// d/dy (1-y^2) g = -2y g
const tanhGradOp: Op<Pair, undefined> = /* @__PURE__ */ gradient("tanh", (u, { x: [y, g] }) =>
  mul(mul(u, g), affine(y, -2, 0)),
);
// d/dx s(-x) g = -s(x) s(-x) g
const logSigmoidGradOp: Op<Pair, undefined> = /* @__PURE__ */ gradient("logSigmoid", (u, { x: [x, g] }) => {
  const s = sigmoid(x);
  return neg(mul(mul(u, g), mul(s, affine(s, -1, 1))));
});

/** y = max(0, x); NaN stays NaN. */
export function relu(x: Tensor): Tensor<"f32"> {
  return reluOp([x], undefined);
}

/** y = 1 / (1 + e^-x), at most 2.4 ULP off; 0 where it would be below 2^-125.5. */
export function sigmoid(x: Tensor): Tensor<"f32"> {
  return sigmoidOp([x], undefined);
}

/** y = tanh x. */
export function tanh(x: Tensor): Tensor<"f32"> {
  return tanhOp([x], undefined);
}

/** y = ln(1 / (1 + e^-x)), without overflow. */
export function logSigmoid(x: Tensor): Tensor<"f32"> {
  return logSigmoidOp([x], undefined);
}

/** g where saved > 0, else 0: the gradient of relu from its output (or its input). */
export function reluGrad(saved: Tensor, g: Tensor): Tensor<"f32"> {
  return reluGradOp([saved, g], undefined);
}
