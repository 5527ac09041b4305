// Draws from the laws that partitioners need, in double precision and the same in every engine: only the scalar log and exp
// of the runtime, + - * / and the square root, which IEEE 754 rounds correctly everywhere.
import type { Stream } from "../runtime/random.ts";
import { exp, log } from "../runtime/scalar.ts";
import { finish, type Steps } from "../runtime/steps.ts";

// so many draws between two rests: some milliseconds
const AT_ONCE = 65_536;

/** A standard normal draw (Marsaglia and Bray's polar method; uses one of its two values). */
export function normal(stream: Stream): number {
  for (;;) {
    const u = 2 * stream.uniform() - 1;
    const v = 2 * stream.uniform() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * log(s)) / s);
  }
}

/**
 * The logarithm of a Gamma(alpha, 1) draw (Marsaglia and Tsang 2000). In log space, because for alpha = 0.001 almost
 * half of the draws are below the smallest double. Alpha from 1e-300 to 1e300, else a RangeError.
 */
export function logGamma(stream: Stream, alpha: number): number {
  if (!(alpha >= 1e-300 && alpha <= 1e300))
    throw new RangeError(`gamma: alpha, got ${alpha}, expected a number from 1e-300 to 1e300`);
  // Gamma(a) = Gamma(a + 1) * U^(1/a); 1 - uniform() is never 0
  if (alpha < 1) return logGamma(stream, alpha + 1) + log(1 - stream.uniform()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(stream);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const logV = 3 * log(root);
    const v = root * root * root;
    if (log(1 - stream.uniform()) < 0.5 * x * x + d * (1 - v + logV)) return log(d) + logV;
  }
}

/** A Gamma(alpha, 1) draw; 0 where it is too small for a double. */
export function gamma(stream: Stream, alpha: number): number {
  return exp(logGamma(stream, alpha));
}

/** The logarithms of a Dirichlet(alphas) draw, normalised so that their exponentials sum to 1. */
export function logDirichlet(stream: Stream, alphas: ArrayLike<number>): Float64Array {
  return finish(logDirichletSteps(stream, alphas));
}

/** `logDirichlet`, resting between draws. */
export function* logDirichletSteps(stream: Stream, alphas: ArrayLike<number>): Steps<Float64Array> {
  const logs = new Float64Array(alphas.length);
  for (let i = 0; i < logs.length; i++) {
    logs[i] = logGamma(stream, alphas[i]!);
    if (i % AT_ONCE === AT_ONCE - 1) yield;
  }
  const largest = logs.reduce((a, b) => (b > a ? b : a), -Infinity);
  const logTotal = largest + log(logs.reduce((total, one) => total + exp(one - largest), 0));
  return logs.map((one) => one - logTotal);
}

/** A Dirichlet(alphas) draw: as many proportions as alphas, not negative, summing to 1. */
export function dirichlet(stream: Stream, alphas: ArrayLike<number>): Float64Array {
  return logDirichlet(stream, alphas).map(exp);
}

/** How many of `trials` independent draws fall on each of the outcomes, whose weights need not sum to 1. */
export function multinomial(stream: Stream, trials: number, weights: ArrayLike<number>): Int32Array {
  return finish(multinomialSteps(stream, trials, weights));
}

/** `multinomial`, resting between draws. */
export function* multinomialSteps(stream: Stream, trials: number, weights: ArrayLike<number>): Steps<Int32Array> {
  if (!(Number.isSafeInteger(trials) && trials >= 0))
    throw new RangeError(`multinomial: trials, got ${trials}, expected a whole number of at least 0`);
  for (let i = 0; i < weights.length; i++)
    if (!(weights[i]! >= 0)) throw new RangeError(`multinomial: weight ${i}, got ${weights[i]}, expected at least 0`);
  const counts = new Int32Array(weights.length);
  const upTo = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) upTo[i] = total += weights[i]!;
  if (!(total > 0 && total < Infinity))
    throw new RangeError(`multinomial: weights, got a sum of ${total}, expected > 0`);
  let last = upTo.length - 1;
  while (weights[last] === 0) last--;
  for (let trial = 0; trial < trials; trial++) {
    const at = stream.uniform() * total;
    // the first outcome whose cumulated weight is above the draw; never one of weight 0
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (upTo[middle]! > at) high = middle;
      else low = middle + 1;
    }
    counts[low]!++;
    if (trial % AT_ONCE === AT_ONCE - 1) yield;
  }
  return counts;
}
