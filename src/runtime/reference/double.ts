// Reference twins of the element-wise functions that are right to the last place.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import { sigmoid } from "./unary.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<
  ExtraKernels,
  | "erf"
  | "gelu"
  | "geluTanh"
  | "silu"
  | "elu"
  | "expm1"
  | "log1p"
  | "sin"
  | "cos"
  | "geluGrad"
  | "geluTanhGrad"
  | "siluGrad"
  | "eluGrad"
>;

/** 1 - erf z for z >= 2, by the continued fraction z + (1/2) / (z + 1 / (z + (3/2) / (z + ...))), from its far end. */
function tail(z: number): number {
  let fraction = z;
  for (let k = 120; k > 0; k--) fraction = z + k / 2 / fraction;
  return Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction);
}

/** erf z for |z| < 2, by 2/sqrt(pi) e^(-z^2) z (1 + 2z^2/3 + (2z^2)^2/(3 5) + ...), whose terms all have one sign. */
function core(z: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; k < 60; k++) sum += term *= (2 * z * z) / (2 * k + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * z * sum;
}

/** erf x. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) < 2) return core(x);
  return Math.sign(x) * (1 - tail(Math.min(Math.abs(x), 30)));
}

/** The normal distribution's share below x, with its relative accuracy far below 0. */
function normal(x: number): number {
  const z = x / Math.SQRT2;
  if (Math.abs(z) < 2 || Number.isNaN(z)) return (1 + erf(z)) / 2;
  return z < 0 ? tail(Math.min(-z, 30)) / 2 : 1 - tail(Math.min(z, 30)) / 2;
}

const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** x share(x), or what it tends to far below 0. */
const times = (x: number, share: number): number => (share === 0 ? 0 : x * share);

// half of the approximation's argument of tanh is that of the logistic function
const C = 2 * Math.sqrt(2 / Math.PI);
const inner = (x: number): number => C * (x + 0.044715 * x ** 3);
const innerSlope = (x: number): number => C * (1 + 3 * 0.044715 * x * x);

/** s (1 + x (1 - s) w), where the second factor tends to 0 as x grows. */
function swish(x: number, s: number, w: number): number {
  const rest = 1 - s;
  return rest === 0 ? 1 : s === 0 ? 0 : s * (1 + x * rest * w);
}

export function double(views: Views): Group {
  const map =
    (apply: (x: number) => number): ExtraKernels["erf"] =>
    (x, y, n) => {
      const { f } = views;
      for (let i = 0; i < n; i++) f[wordAt(y) + i] = apply(f[wordAt(x) + i]!);
    };

  /** gx = slope(x) gy. */
  const mapBack =
    (slope: (x: number) => number): ExtraKernels["geluGrad"] =>
    (x, gy, gx, n) => {
      const { f } = views;
      for (let i = 0; i < n; i++) f[wordAt(gx) + i] = slope(f[wordAt(x) + i]!) * f[wordAt(gy) + i]!;
    };

  return {
    erf: map(erf),
    gelu: map((x) => times(x, normal(x))),
    geluTanh: map((x) => times(x, sigmoid(inner(x)))),
    silu: map((x) => times(x, sigmoid(x))),
    elu: (x, y, n, alpha) => map((value) => (value > 0 ? value : alpha * Math.expm1(value)))(x, y, n),
    expm1: map(Math.expm1),
    log1p: map(Math.log1p),
    sin: map(Math.sin),
    cos: map(Math.cos),

    geluGrad: mapBack((x) => normal(x) + (Math.abs(x) > 40 ? 0 : x * density(x))),
    geluTanhGrad: mapBack((x) => swish(x, sigmoid(inner(x)), innerSlope(x))),
    siluGrad: mapBack((x) => swish(x, sigmoid(x), 1)),
    eluGrad: (x, gy, gx, n, alpha) => mapBack((value) => (value > 0 ? 1 : alpha * Math.exp(value)))(x, gy, gx, n),
  };
}
