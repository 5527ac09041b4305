// Epsilon of many noisy sums together, from the distribution of their privacy losses: convolved through its Fourier
// transform (Koskela, Jälkö and Honkela 2020, arXiv 1906.03049), with every tail that is cut counted as a failure.
import { Fft } from "./fft.ts";
import { logSum } from "./logarithms.ts";
import { type Direction, gaussianLosses, type Losses } from "./loss.ts";

/** `rounds` noisy sums, each client in each with probability `q`; sigma in units of the longest update. */
export interface Sums {
  readonly q: number;
  readonly sigma: number;
  readonly rounds: number;
}

// how far the losses of all rounds together may lie outside of the grid
const CUT = 1e-15;
const COARSEST = 1e-3;
const MOST_POINTS = 2 ** 18;

/** The smallest epsilon that all of `sums` together give at `delta`; whether a client is added or removed. */
export function pldEpsilon(sums: readonly Sums[], delta: number): number {
  const used = sums.filter(({ q, rounds }) => q > 0 && rounds > 0);
  if (used.length === 0) return 0;
  return Math.max(...(["removed", "added"] as const).map((direction) => epsilonOf(composed(used, direction), delta)));
}

/** The losses of all together. */
function composed(sums: readonly Sums[], direction: Direction): Losses {
  for (let step = firstStep(sums); ; step *= 2) {
    const parts = sums.map(({ q, sigma, rounds }) => ({ losses: gaussianLosses(q, sigma, direction, step), rounds }));
    const window = windowOf(parts);
    if (window.to - window.from < MOST_POINTS) return convolved(parts, window);
  }
}

// Moving a loss to two points of the grid adds at most a quarter of the step's square to its variance: all together not more
// than a two-thousandth. One sum's variance is about that of the densities' ratio, and at most the whole noise's.
function firstStep(sums: readonly Sums[]): number {
  let [variance, all] = [0, 0];
  for (const { q, sigma, rounds } of sums) {
    variance += rounds * Math.min(q * q * Math.expm1(1 / (sigma * sigma)), 1 / (sigma * sigma));
    all += rounds;
  }
  return Math.min(COARSEST, Math.sqrt((4 * variance) / (2000 * all)));
}

interface Part {
  readonly losses: Losses;
  readonly rounds: number;
}

interface Window {
  /** In points. */
  readonly from: number;
  readonly to: number;
}

/** Outside of it lie all losses together with a probability below CUT on each side (Chernoff). */
function windowOf(parts: readonly Part[]): Window {
  const { step } = parts[0]!.losses;
  const logs = parts.map(({ losses }) => losses.mass.map(Math.log));
  let [low, high] = [-Infinity, Infinity];
  for (let lambda = 0.01; lambda < 1e4; lambda *= 1.7) {
    const bound = (sign: number): number =>
      (parts.reduce((sum, { losses, rounds }, i) => sum + rounds * logMoment(logs[i]!, losses, sign * lambda), 0) -
        Math.log(CUT)) /
      lambda;
    high = Math.min(high, bound(1));
    low = Math.max(low, -bound(-1));
  }
  const total = (of: (losses: Losses) => number): number =>
    parts.reduce((sum, { losses, rounds }) => sum + rounds * of(losses), 0);
  return {
    from: Math.max(
      Math.floor(low / step),
      total(({ from }) => from),
    ),
    to: Math.min(
      Math.ceil(high / step),
      total(({ from, mass }) => from + mass.length - 1),
    ),
  };
}

function logMoment(logs: Float64Array, { from, step }: Losses, lambda: number): number {
  return logSum(logs.map((log, i) => log + lambda * (from + i) * step));
}

function convolved(parts: readonly Part[], { from, to }: Window): Losses {
  const { step } = parts[0]!.losses;
  const points = to - from + 1;
  const widest = Math.max(points, ...parts.map(({ losses }) => losses.mass.length));
  const size = 2 ** Math.ceil(Math.log2(widest));
  const fft = new Fft(size);
  let [re, im] = [new Float64Array(size).fill(1), new Float64Array(size)];
  let [offset, finite] = [0, 1];
  for (const { losses, rounds } of parts) {
    const [partRe, partIm] = [new Float64Array(size), new Float64Array(size)];
    losses.mass.forEach((p, i) => (partRe[i] = p));
    fft.forward(partRe, partIm);
    multiply(re, im, power(partRe, partIm, rounds));
    offset += rounds * losses.from;
    finite *= Math.pow(1 - losses.infinite, rounds);
  }
  fft.inverse(re, im);
  // the transform is cyclic: point j of the window lies at (from + j - offset) mod size
  const mass = Float64Array.from({ length: points }, (_, j) => {
    const at = (((from + j - offset) % size) + size) % size;
    return Math.max(0, re[at]!);
  });
  return { step, from, mass, infinite: 1 - finite + 2 * CUT };
}

// z^n by squares: angles would lose a digit for every tenfold n
function power(re: Float64Array, im: Float64Array, n: number): [Float64Array, Float64Array] {
  const result: [Float64Array, Float64Array] = [new Float64Array(re.length).fill(1), new Float64Array(re.length)];
  const square: [Float64Array, Float64Array] = [re, im];
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) multiply(...result, square);
    if (left > 1) multiply(...square, square);
  }
  return result;
}

function multiply(re: Float64Array, im: Float64Array, [byRe, byIm]: readonly [Float64Array, Float64Array]): void {
  for (let i = 0; i < re.length; i++) {
    const [a, b, c, d] = [re[i]!, im[i]!, byRe[i]!, byIm[i]!];
    re[i] = a * c - b * d;
    im[i] = a * d + b * c;
  }
}

/** The least epsilon at 0 or above with a probability of failure of at most `delta`. */
function epsilonOf({ step, from, mass, infinite }: Losses, delta: number): number {
  if (!(infinite <= delta)) return Infinity;
  // failure at epsilon: infinite + sum over losses l above it of mass (1 - e^(epsilon - l))
  let [above, tilted] = [infinite, 0];
  for (let i = mass.length - 1; i >= 0; i--) {
    const loss = (from + i) * step;
    if (loss <= 0) break;
    // with epsilon between this loss and the last
    const epsilon = Math.log((above - delta) / tilted);
    if (above > delta && epsilon >= loss) return epsilon;
    above += mass[i]!;
    tilted += mass[i]! * Math.exp(-loss);
  }
  return above > delta ? Math.max(0, Math.log((above - delta) / tilted)) : 0;
}
