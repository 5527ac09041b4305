// Reference twins of the activations that let x through by a share of it.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import { erf, tail } from "./double.ts";
import { sigmoid } from "./unary.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<ExtraKernels, "gelu" | "geluTanh" | "silu" | "geluGrad" | "geluTanhGrad" | "siluGrad">;

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

const geluSlope = (x: number): number => normal(x) + (Math.abs(x) > 40 ? 0 : x * density(x));
const geluTanhSlope = (x: number): number => swish(x, sigmoid(inner(x)), innerSlope(x));
const siluSlope = (x: number): number => swish(x, sigmoid(x), 1);

export function gated(views: Views): Group {
  /** y = x share(x), and where they are asked for the slopes. */
  const map =
    (share: (x: number) => number, slope: (x: number) => number): ExtraKernels["gelu"] =>
    (x, y, slopes, n) => {
      const { f } = views;
      for (let i = 0; i < n; i++) {
        const value = f[wordAt(x) + i]!;
        if (slopes) f[wordAt(slopes) + i] = slope(value);
        f[wordAt(y) + i] = times(value, share(value));
      }
    };

  /** gx = slope(x) gy. */
  const mapBack =
    (slope: (x: number) => number): ExtraKernels["geluGrad"] =>
    (x, gy, gx, n) => {
      const { f } = views;
      for (let i = 0; i < n; i++) f[wordAt(gx) + i] = slope(f[wordAt(x) + i]!) * f[wordAt(gy) + i]!;
    };

  return {
    gelu: map(normal, geluSlope),
    geluTanh: map((x) => sigmoid(inner(x)), geluTanhSlope),
    silu: map(sigmoid, siluSlope),

    geluGrad: mapBack(geluSlope),
    geluTanhGrad: mapBack(geluTanhSlope),
    siluGrad: mapBack(siluSlope),
  };
}
