// The distribution of the privacy loss of sampled Gaussian noise on a grid, made so that no probability of failure is below
// the true one at any epsilon and equal to it at the grid's (Doroshenko et al. 2022, arXiv 2207.04380): what lies between
// two points is moved to them so that it keeps its probability under both of the neighbours.
import { normalBetween } from "./gaussian.ts";

/** Probabilities of losses `from * step`, `(from + 1) * step`, ..., and of one that is infinite. */
export interface Losses {
  readonly step: number;
  readonly from: number;
  readonly mass: Float64Array;
  readonly infinite: number;
}

/** Which neighbour an attacker sees: the one with the client, or the one without. */
export type Direction = "removed" | "added";

// beyond it a normal number lies with a probability below 1e-20
const FAR = 9.5;

/**
 * Losses of one sum in which a client takes part with probability `q`, with noise of `sigma` times the longest update.
 * What is seen with the client is (1 - q) N(0, sigma^2) + q N(1, sigma^2), without it N(0, sigma^2).
 */
export function gaussianLosses(q: number, sigma: number, direction: Direction, step: number): Losses {
  const removed = direction === "removed";
  const sign = removed ? 1 : -1;
  const [lowest, highest] = [-FAR * sigma, FAR * sigma + (removed ? 1 : 0)];
  const ends = [sign * ratio(q, sigma, lowest), sign * ratio(q, sigma, highest)];
  const from = Math.floor(Math.min(...ends) / step);
  const to = Math.ceil(Math.max(...ends) / step) + 1;
  const mass = new Float64Array(to - from + 1);
  // where the loss is a point's
  const place = (i: number): number => position(q, sigma, sign * i * step);
  // (seen, other): probabilities under the two, of the places between
  const between = (a: number, b: number): [number, number] => {
    const without = normalBetween(a / sigma, b / sigma);
    if (q === 0) return [without, without];
    const within = (1 - q) * without + q * normalBetween((a - 1) / sigma, (b - 1) / sigma);
    return removed ? [within, without] : [without, within];
  };
  const gap = -Math.expm1(-step);
  let last = place(from);
  // what lies below the first point counts as the first point's
  mass[0] = removed ? between(-Infinity, last)[0] : between(last, Infinity)[0];
  for (let i = from; i < to; i++) {
    const next = place(i + 1);
    const [seen, other] = removed ? between(last, next) : between(next, last);
    const up = Math.min(seen, Math.max(0, (seen - other * Math.exp(i * step)) / gap));
    mass[i - from]! += seen - up;
    mass[i + 1 - from]! += up;
    last = next;
  }
  const infinite = removed ? between(last, Infinity)[0] : between(-Infinity, last)[0];
  return { step, from, mass, infinite };
}

// log of the densities' ratio, with the client over without it, at x
function ratio(q: number, sigma: number, x: number): number {
  const exponent = (2 * x - 1) / (2 * sigma * sigma);
  // either form where it does not overflow
  if (exponent < 0) return Math.log1p(q * Math.expm1(exponent));
  return exponent + Math.log(q + (1 - q) * Math.exp(-exponent));
}

// where that is `loss`
function position(q: number, sigma: number, loss: number): number {
  const odds = 1 + Math.expm1(loss) / q;
  if (!(odds > 0)) return -Infinity;
  return sigma * sigma * (loss > 700 ? loss - Math.log(q) : Math.log(odds)) + 0.5;
}
