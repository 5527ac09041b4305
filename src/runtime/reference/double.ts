// Reference twins of the element-wise functions that are right to the last place.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<ExtraKernels, "erf" | "elu" | "expm1" | "log1p" | "sin" | "cos" | "eluGrad">;

/** 1 - erf z for z >= 2, by the continued fraction z + (1/2) / (z + 1 / (z + (3/2) / (z + ...))), from its far end. */
export function tail(z: number): number {
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

export function double(views: Views): Group {
  const map =
    (apply: (x: number) => number): ExtraKernels["erf"] =>
    (x, y, n) => {
      const { f } = views;
      for (let i = 0; i < n; i++) f[wordAt(y) + i] = apply(f[wordAt(x) + i]!);
    };

  /** gx = slope(x) gy. */
  const mapBack =
    (slope: (x: number) => number): ((x: number, gy: number, gx: number, n: number) => void) =>
    (x, gy, gx, n) => {
      const { f } = views;
      for (let i = 0; i < n; i++) f[wordAt(gx) + i] = slope(f[wordAt(x) + i]!) * f[wordAt(gy) + i]!;
    };

  return {
    erf: map(erf),
    elu: (x, y, n, alpha) => map((value) => (value > 0 ? value : alpha * Math.expm1(value)))(x, y, n),
    expm1: map(Math.expm1),
    log1p: map(Math.log1p),
    sin: map(Math.sin),
    cos: map(Math.cos),

    eluGrad: (x, gy, gx, n, alpha) => mapBack((value) => (value > 0 ? 1 : alpha * Math.exp(value)))(x, gy, gx, n),
  };
}
