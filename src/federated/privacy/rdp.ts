// Renyi differential privacy of sampled Gaussian noise. Everything is carried as a logarithm; none of it reaches a model.
import { logAdd, logSum } from "./logarithms.ts";

/** Orders at which divergences are kept: fine where epsilon is large, coarse where the best order is. */
// prettier-ignore
export const ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => 1 + (i + 1) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  72, 80, 96, 112, 128, 160, 192, 256, 384, 512, 768, 1024,
];

/**
 * Divergence of order `order` between one sum with a client that takes part with probability `q` and without it, noise of
 * `sigma` times the longest update: log E[(1 - q + q exp((2z - 1) / 2 sigma^2))^order] / (order - 1) over z ~ N(0, sigma^2)
 * (Mironov, Talwar and Zhang 2019, arXiv 1908.10530, theorem 4), by the trapezoidal rule, which converges geometrically here.
 */
export function poissonRdp(q: number, sigma: number, order: number): number {
  if (q === 0) return 0;
  if (q === 1) return order / (2 * sigma * sigma);
  // the integrand's nearest singularity is at a height of pi sigma^2 above the line
  const step = Math.min(sigma / 8, (sigma * sigma) / 2);
  const [from, to] = [-13 * sigma, order + 13 * sigma];
  const count = Math.ceil((to - from) / step);
  const [stay, part] = [Math.log1p(-q), Math.log(q)];
  const terms = new Float64Array(count + 1);
  for (let i = 0; i <= count; i++) {
    const z = from + i * step;
    const ratio = logAdd(stay, part + (2 * z - 1) / (2 * sigma * sigma));
    terms[i] = order * ratio - (z * z) / (2 * sigma * sigma);
  }
  const logMoment = logSum(terms) + Math.log(step / (sigma * Math.sqrt(2 * Math.PI)));
  return Math.max(0, logMoment) / (order - 1);
}

// above it differences of moments cost more than they gain
const MOST_DIFFERENCES = 256;

/**
 * The same where `q` of the clients are drawn without replacement and one is replaced by another (Wang, Balle and
 * Kasiviswanathan 2019, arXiv 1808.00087, theorem 27); between whole orders by the convexity of (order - 1) times it.
 */
export function fixedSizeRdp(q: number, sigma: number, order: number): number {
  if (q === 0) return 0;
  if (q === 1) return order / (2 * sigma * sigma);
  const below = Math.floor(order);
  const t = order - below;
  const lower = logMoment(q, sigma, below);
  const at = t === 0 ? lower : (1 - t) * lower + t * logMoment(q, sigma, below + 1);
  return at / (order - 1);
}

const moments = new Map<string, number>();

function logMoment(q: number, sigma: number, order: number): number {
  if (order <= 1) return 0;
  const key = `${q} ${sigma} ${order}`;
  let found = moments.get(key);
  if (found === undefined) {
    // a calibration asks for many mechanisms, a run for one
    if (moments.size > 10_000) moments.clear();
    moments.set(key, (found = computeLogMoment(q, sigma, order)));
  }
  return found;
}

function computeLogMoment(q: number, sigma: number, order: number): number {
  // log E (p/q)^x of the noise alone, x - 1 successes
  const moment = (x: number): number => (x * (x + 1)) / (2 * sigma * sigma);
  const differences = order <= MOST_DIFFERENCES ? forwardDifferences(sigma, order + 1) : undefined;
  const second = 1 / (sigma * sigma);
  const terms = [0];
  let choose = Math.log(order);
  for (let j = 2; j <= order; j++) {
    choose += Math.log((order - j + 1) / j);
    let bound = Math.LN2 + moment(j - 1);
    if (j === 2) bound = Math.min(bound, Math.log(4) + second + Math.log1p(-Math.exp(-second)));
    else if (differences)
      bound = Math.min(
        bound,
        Math.log(4) + 0.5 * (differences[2 * Math.floor(j / 2)]! + differences[2 * Math.ceil(j / 2)]!),
      );
    terms.push(j * Math.log(q) + choose + bound);
  }
  return logSum(Float64Array.from(terms));
}

/**
 * log |E (p/q - 1)^j| over the noise q for even j: by the trapezoidal rule in place of the alternating sum of moments, which
 * cancels. p/q = exp((2z - 1) / 2 sigma^2).
 */
function forwardDifferences(sigma: number, most: number): Float64Array {
  const found = differencesOf.get(sigma);
  if (found && found.length > most) return found;
  const size = Math.min(MOST_DIFFERENCES + 2, Math.max(most, 64) + 2);
  const logs = new Float64Array(size + 1).fill(NaN);
  for (let j = 2; j <= size; j += 2) logs[j] = evenMoment(sigma, j);
  if (differencesOf.size > 16) differencesOf.clear();
  differencesOf.set(sigma, logs);
  return logs;
}

const differencesOf = new Map<number, Float64Array>();

function evenMoment(sigma: number, j: number): number {
  const step = sigma / 16;
  const [from, to] = [-13 * sigma, j + 13 * sigma];
  const count = Math.ceil((to - from) / step);
  const terms = new Float64Array(count + 1);
  for (let i = 0; i <= count; i++) {
    const z = from + i * step;
    const ratio = (2 * z - 1) / (2 * sigma * sigma);
    // log |e^x - 1|
    const gap = ratio > 30 ? ratio : Math.log(Math.abs(Math.expm1(ratio)));
    terms[i] = j * gap - (z * z) / (2 * sigma * sigma);
  }
  return logSum(terms) + Math.log(step / (sigma * Math.sqrt(2 * Math.PI)));
}

/**
 * The epsilon of divergences at some orders and delta (Canonne, Kamath and Steinke 2020, arXiv 2004.00010, proposition 12),
 * at its best order.
 */
export function rdpEpsilon(divergences: readonly number[], delta: number, orders: readonly number[] = ORDERS): number {
  let best = Infinity;
  orders.forEach((order, i) => {
    const divergence = divergences[i]!;
    // so little that the two cannot be told apart even at epsilon 0 (Bretagnolle and Huber)
    if (delta * delta + Math.expm1(-divergence) >= 0) best = 0;
    else best = Math.min(best, divergence + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1));
  });
  return Math.max(0, best);
}
