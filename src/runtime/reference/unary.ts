// Reference twins of the maps over one input and of their gradients.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<
  Kernels,
  | "relu"
  | "neg"
  | "exp"
  | "log"
  | "sqrt"
  | "square"
  | "abs"
  | "sigmoid"
  | "tanh"
  | "reciprocal"
  | "logSigmoid"
  | "reluGrad"
  | "sigmoidGrad"
  | "tanhGrad"
  | "logSigmoidGrad"
  | "affine"
  | "axpy"
  | "fill"
  | "copy"
>;

/** 1 / (1 + e^-x). */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** log sigmoid(x), without overflow on either side. */
export const logSigmoid = (x: number): number => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));

export function unary(views: Views): Group {
  const map =
    (apply: (x: number) => number): Kernels["relu"] =>
    (x, y, n) => {
      const { f } = views;
      for (let i = 0; i < n; i++) f[wordAt(y) + i] = apply(f[wordAt(x) + i]!);
    };

  /** gx = slope(saved) gy. */
  const mapBack =
    (apply: (saved: number, gy: number) => number): Kernels["reluGrad"] =>
    (saved, gy, gx, n) => {
      const { f } = views;
      for (let i = 0; i < n; i++) f[wordAt(gx) + i] = apply(f[wordAt(saved) + i]!, f[wordAt(gy) + i]!);
    };

  return {
    relu: map((x) => (x < 0 ? 0 : x)),
    neg: map((x) => -x),
    exp: map(Math.exp),
    log: map(Math.log),
    sqrt: map(Math.sqrt),
    square: map((x) => x * x),
    abs: map(Math.abs),
    sigmoid: map(sigmoid),
    tanh: map(Math.tanh),
    reciprocal: map((x) => 1 / x),
    logSigmoid: map(logSigmoid),

    reluGrad: mapBack((y, gy) => (y > 0 ? gy : 0)),
    sigmoidGrad: mapBack((y, gy) => gy * y * (1 - y)),
    tanhGrad: mapBack((y, gy) => gy * (1 - y * y)),
    logSigmoidGrad: mapBack((x, gy) => gy * sigmoid(-x)),

    affine: (x, y, n, scale, shift) => map((value) => scale * value + shift)(x, y, n),
    axpy: (x, y, n, alpha) => mapBack((left, right) => right + alpha * left)(x, y, y, n),
    fill: (y, n, value) => void views.f.fill(value, wordAt(y), wordAt(y) + n),
    copy: (x, y, n) => void views.f.copyWithin(wordAt(y), wordAt(x), wordAt(x) + n),
  };
}
