// Smooth element-wise functions and their fused gradients, which can be differentiated again.
import { extra } from "../../runtime/extra.ts";
import type { ExtraKernels } from "../../runtime/extra.wasm.ts";
import { defineOp, isRecording, type Op, type Vjp } from "../op.ts";
import { alike } from "../shape.ts";
import { checkBeside, empty, type Tensor } from "../tensor.ts";
import { logSigmoid, reluGrad, sigmoid } from "./activation.ts";
import { add } from "./add.ts";
import { affine, div, mul, neg } from "./arithmetic.ts";
import { exp, square } from "./unary.ts";

type One = readonly [Tensor];
type Pair = readonly [x: Tensor, g: Tensor];
type Gated = "gelu" | "geluTanh" | "silu";
type Name = "erf" | "expm1" | "log1p" | "sin" | "cos";

function smooth(name: Name & keyof ExtraKernels, rule: Vjp<One, undefined>): Op<One, undefined> {
  return defineOp<One>({
    name,
    shape: ([x]) => x.shape,
    forward: (y, [x]) => extra()[name](x.ptr, y.ptr, x.size),
    vjp: [rule],
  });
}

/** What the gradient will be multiplied by, found with the value where it will be asked for: alone it takes as long again. */
type Slopes = Tensor | undefined;

function gated(name: Gated, again: () => Op<Pair, undefined>): Op<One, Slopes> {
  return defineOp<One, Slopes>({
    name,
    shape: ([x], slopes) => {
      if (slopes) checkBeside(name, "slopes", slopes, x.shape);
      return x.shape;
    },
    forward: (y, [x], slopes) => extra()[name](x.ptr, y.ptr, slopes?.ptr ?? 0, x.size),
    vjp: [(g, { x: [x], attrs }) => (attrs && !isRecording() ? mul(g, attrs) : again()([x, g], undefined))],
  });
}

const slopesOf = (x: Tensor): Slopes => (isRecording() && x.requiresGrad ? empty(x.shape) : undefined);

/** The gradient of an activation from its input; `bend` is the second derivative. */
function slope(name: Gated, bend: (x: Tensor) => Tensor): Op<Pair, undefined> {
  const kernel = `${name}Grad` as const;
  const op: Op<Pair, undefined> = /* @__PURE__ */ defineOp<Pair>({
    name: kernel,
    shape: ([x, g]) => alike(kernel, x.shape, g.shape),
    forward: (gx, [x, g]) => extra()[kernel](x.ptr, g.ptr, gx.ptr, gx.size),
    // linear in the gradient
    vjp: [(u, { x: [x, g] }) => mul(mul(u, g), bend(x)), (u, { x: [x] }) => op([x, u], undefined)],
  });
  return op;
}

const bell = (x: Tensor, scale: number, height: number): Tensor<"f32"> =>
  affine(exp(affine(square(x), scale, 0)), height, 0);

const TWO_BY_ROOT_PI = 1.1283791670955126;
const erfOp: Op<One, undefined> = /* @__PURE__ */ smooth("erf", (g, { x: [x] }) => mul(g, bell(x, -1, TWO_BY_ROOT_PI)));
const geluOp: Op<One, Slopes> = /* @__PURE__ */ gated("gelu", () => geluGradOp);
const geluTanhOp: Op<One, Slopes> = /* @__PURE__ */ gated("geluTanh", () => geluTanhGradOp);
const siluOp: Op<One, Slopes> = /* @__PURE__ */ gated("silu", () => siluGradOp);
const expm1Op: Op<One, undefined> = smooth("expm1", (g, { y }) => add(mul(g, y), g));
const log1pOp: Op<One, undefined> = smooth("log1p", (g, { x: [x] }) => div(g, affine(x, 1, 1)));
const sinOp: Op<One, undefined> = /* @__PURE__ */ smooth("sin", (g, { x: [x] }) => mul(g, cos(x)));
const cosOp: Op<One, undefined> = /* @__PURE__ */ smooth("cos", (g, { x: [x] }) => neg(mul(g, sin(x))));

// density (2 - x^2)
const geluGradOp: Op<Pair, undefined> = /* @__PURE__ */ slope("gelu", (x) =>
  mul(bell(x, -0.5, 0.3989422804014327), affine(square(x), -1, 2)),
);
// s (1-s) (2 w' + x ((1-2s) w'^2 + w'')) with s = sigmoid(w), w = C (x + 0.044715 x^3)
const C = 1.5957691216057308;
const geluTanhGradOp: Op<Pair, undefined> = /* @__PURE__ */ slope("geluTanh", (x) => {
  const first = affine(square(x), 3 * 0.044715 * C, C);
  const s = sigmoid(mul(x, affine(square(x), 0.044715 * C, C)));
  const curve = add(mul(affine(s, -2, 1), square(first)), affine(x, 6 * 0.044715 * C, 0));
  return mul(mul(s, affine(s, -1, 1)), add(affine(first, 2, 0), mul(x, curve)));
});
// s (1-s) (2 + x (1-2s))
const siluGradOp: Op<Pair, undefined> = /* @__PURE__ */ slope("silu", (x) => {
  const s = sigmoid(x);
  return mul(mul(s, affine(s, -1, 1)), affine(mul(x, affine(s, -2, 1)), 1, 2));
});

const eluOp: Op<One, number> = /* @__PURE__ */ defineOp<One, number>({
  name: "elu",
  shape: ([x]) => x.shape,
  forward: (y, [x], alpha) => extra().elu(x.ptr, y.ptr, x.size, alpha),
  vjp: [(g, { x: [x], attrs }) => eluGradOp([x, g], attrs)],
});
const eluGradOp: Op<Pair, number> = /* @__PURE__ */ defineOp<Pair, number>({
  name: "eluGrad",
  shape: ([x, g]) => alike("eluGrad", x.shape, g.shape),
  forward: (gx, [x, g], alpha) => extra().eluGrad(x.ptr, g.ptr, gx.ptr, gx.size, alpha),
  // the exponential is its own derivative, the line has none
  vjp: [
    (u, { x: [x, g], attrs }) => reluGrad(neg(x), mul(u, eluGradOp([x, g], attrs))),
    (u, { x: [x], attrs }) => eluGradOp([x, u], attrs),
  ],
});

const leakyReluOp: Op<One, number> = /* @__PURE__ */ defineOp<One, number>({
  name: "leakyRelu",
  shape: ([x]) => x.shape,
  // its gradient's kernel on the input itself
  forward: (y, [x], slope) => extra().leakyReluGrad(x.ptr, x.ptr, y.ptr, x.size, slope),
  vjp: [(g, { x: [x], attrs }) => leakyReluGradOp([x, g], attrs)],
});
const leakyReluGradOp: Op<Pair, number> = /* @__PURE__ */ defineOp<Pair, number>({
  name: "leakyReluGrad",
  shape: ([x, g]) => alike("leakyReluGrad", x.shape, g.shape),
  forward: (gx, [x, g], slope) => extra().leakyReluGrad(x.ptr, g.ptr, gx.ptr, gx.size, slope),
  vjp: [null, (u, { x: [x], attrs }) => leakyReluGradOp([x, u], attrs)],
});

/** y = erf x = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x, within 0.6 ULP. */
export function erf(x: Tensor): Tensor<"f32"> {
  return erfOp([x], undefined);
}

/**
 * y = x P(x), P the normal distribution's share below x (Hendrycks & Gimpel 2016), within 4 ULP.
 * @param tanh the paper's approximation x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2 instead, as in GPT-2, within
 * 3 ULP or 2e-8
 */
export function gelu(x: Tensor, { tanh = false }: { tanh?: boolean } = {}): Tensor<"f32"> {
  return (tanh ? geluTanhOp : geluOp)([x], slopesOf(x));
}

/** y = x / (1 + e^-x), also called swish, within 3 ULP; 0 from -87 down, where it is above -1.5e-36. */
export function silu(x: Tensor): Tensor<"f32"> {
  return siluOp([x], slopesOf(x));
}

/** y = ln(1 + e^x), without overflow: -logSigmoid(-x). */
export function softplus(x: Tensor): Tensor<"f32"> {
  return neg(logSigmoid(neg(x)));
}

/** y = x where x > 0, else alpha (e^x - 1), within 0.6 ULP (Clevert et al. 2015). */
export function elu(x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor<"f32"> {
  return eluOp([x], alpha);
}

/** y = x where x > 0, else slope x. */
export function leakyRelu(x: Tensor, { slope = 0.01 }: { slope?: number } = {}): Tensor<"f32"> {
  return leakyReluOp([x], slope);
}

/** y = e^x - 1, within 0.6 ULP. */
export function expm1(x: Tensor): Tensor<"f32"> {
  return expm1Op([x], undefined);
}

/** y = ln(1 + x), within 0.6 ULP; NaN below -1, -Infinity at -1. */
export function log1p(x: Tensor): Tensor<"f32"> {
  return log1pOp([x], undefined);
}

/** y = sin x in radians, for x of any size, within 0.6 ULP. */
export function sin(x: Tensor): Tensor<"f32"> {
  return sinOp([x], undefined);
}

/** y = cos x in radians, for x of any size, within 0.6 ULP. */
export function cos(x: Tensor): Tensor<"f32"> {
  return cosOp([x], undefined);
}
