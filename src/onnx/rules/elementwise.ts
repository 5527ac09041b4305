// Ops that take each element for itself, and choices between them.
import type { Tensor } from "../../autograd/tensor.ts";
import type { Builder } from "../builder.ts";
import { type Emit, float, INT32, type Rules, same, scalar } from "../rule.ts";

const COMPARISONS = ["Less", "LessOrEqual", "Equal"] as const;

/** Whether a number is none that counts as false: NaN is true. */
export const truth = (to: Builder, t: Tensor): string =>
  to.node("Not", [to.node("Equal", [to.name(t), scalar(to, 0)])]);

const half = (to: Builder, x: string, curve: string): string =>
  to.node("Mul", [x, to.node("Mul", [to.node("Add", [curve, scalar(to, 1)]), scalar(to, 0.5)])]);

// 2 sinh(x/2) e^(x/2), which is right for small x as well
const expm1: Emit = (to, _, [x]) => {
  const less = to.node("Mul", [to.name(x!), scalar(to, 0.5)]);
  const product = to.node("Mul", [to.node("Sinh", [less]), to.node("Exp", [less])]);
  return to.node("Mul", [product, scalar(to, 2)]);
};

// near 0 as 2 artanh(x / (x + 2)), where 1 + x would have lost what is asked for
const log1p: Emit = (to, _, [x]) => {
  const at = to.name(x!);
  const near = to.node("Less", [to.node("Abs", [at]), scalar(to, 0.5)]);
  const bent = to.node("Atanh", [to.node("Div", [at, to.node("Add", [at, scalar(to, 2)])])]);
  const straight = to.node("Log", [to.node("Add", [at, scalar(to, 1)])]);
  return to.node("Where", [near, to.node("Mul", [bent, scalar(to, 2)]), straight]);
};

export const elementwise: Rules = {
  add: same("Add"),
  sub: same("Sub"),
  mul: same("Mul"),
  div: same("Div"),
  neg: same("Neg"),
  maximum: same("Max"),
  minimum: same("Min"),
  exp: same("Exp"),
  log: same("Log"),
  sqrt: same("Sqrt"),
  abs: same("Abs"),
  reciprocal: same("Reciprocal"),
  relu: same("Relu"),
  sigmoid: same("Sigmoid"),
  tanh: same("Tanh"),
  erf: same("Erf"),
  sin: same("Sin"),
  cos: same("Cos"),
  pow: same("Pow"),
  copy: same("Identity"),
  square: (to, _, [x]) => to.node("Mul", [to.name(x!), to.name(x!)]),
  logSigmoid: (to, _, [x]) => to.node("Neg", [to.node("Softplus", [to.node("Neg", [to.name(x!)])])]),
  silu: (to, _, [x]) => to.node("Mul", [to.name(x!), to.node("Sigmoid", [to.name(x!)])]),
  gelu: (to, _, [x]) => {
    const bell = to.node("Erf", [to.node("Mul", [to.name(x!), scalar(to, Math.SQRT1_2)])]);
    return half(to, to.name(x!), bell);
  },
  geluTanh: (to, _, [x]) => {
    const at = to.name(x!);
    const cube = to.node("Mul", [to.node("Mul", [at, at]), at]);
    const bent = to.node("Add", [at, to.node("Mul", [cube, scalar(to, 0.044715)])]);
    return half(to, at, to.node("Tanh", [to.node("Mul", [bent, scalar(to, Math.sqrt(2 / Math.PI))])]));
  },
  elu: (to, _, [x], alpha: number) => to.node("Elu", [to.name(x!)], {}, { alpha }),
  leakyRelu: (to, _, [x], slope: number) => to.node("LeakyRelu", [to.name(x!)], {}, { alpha: slope }),
  expm1,
  log1p,
  affine: (to, _, [x], { scale, shift }: { scale: number; shift: number }) => {
    const scaled = scale === 1 ? to.name(x!) : to.node("Mul", [to.name(x!), scalar(to, scale)]);
    return shift === 0 && scale !== 1 ? scaled : to.node("Add", [scaled, scalar(to, shift)]);
  },
  clip: (to, _, [x], { low, high }: { low: number; high: number }) =>
    to.node("Clip", [to.name(x!), scalar(to, low), scalar(to, high)]),
  compare: (to, _, [a, b], kind: 0 | 1 | 2) => float(to, to.node(COMPARISONS[kind], [to.name(a!), to.name(b!)])),
  where: (to, _, [condition, a, b]) => to.node("Where", [truth(to, condition!), to.name(a!), to.name(b!)]),
  oneHot: (to, _, [labels], classes: number) => {
    const apart = to.node("Unsqueeze", [to.name(labels!), to.sizes([-1])]);
    const numbers = to.constant(
      Array.from({ length: classes }, (_, i) => i),
      [classes],
      "i32",
    );
    return float(to, to.node("Equal", [apart, numbers]));
  },
  argmax: (to, _, [x], axis: number) =>
    to.node("Cast", [to.node("ArgMax", [to.name(x!)], { axis, keepdims: 0 })], { to: INT32 }),
};
