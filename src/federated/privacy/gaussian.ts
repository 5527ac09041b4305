// The Gaussian mechanism: how much noise hides a vector, and the noise. Tails are computed as tails: a probability of
// 1e-300 is as exact as one of a half, and no exponential overflows. None of these numbers reaches a model.

/** The least delta that can be held to. */
const LEAST_DELTA = 1e-300;

/**
 * The smallest sigma of Gaussian noise that gives (epsilon, delta) differential privacy at an L2 sensitivity, for any
 * epsilon: the analytic Gaussian mechanism (Balle and Wang 2018, theorem 8), by bisection, rounded up. RangeError where
 * one of them is no number that can be held to.
 */
export function gaussianSigma(sensitivity: number, epsilon: number, delta: number): number {
  if (!(sensitivity > 0 && sensitivity < Infinity))
    throw new RangeError(`privacy: sensitivity, got ${sensitivity}, expected a finite number above 0`);
  if (!(epsilon > 0 && epsilon < Infinity))
    throw new RangeError(`privacy: epsilon, got ${epsilon}, expected a finite number above 0`);
  if (!(delta >= LEAST_DELTA && delta < 1))
    throw new RangeError(`privacy: delta, got ${delta}, expected a number in (0, 1), at least ${LEAST_DELTA}`);
  // both in units of the sensitivity; comparisons are written so that NaN asks for more noise, never for less
  let low = 0;
  let high = 1;
  while (!(gaussianDelta(high, epsilon) <= delta)) {
    low = high;
    high *= 2;
    if (!(high < Infinity)) throw new RangeError(`privacy: no noise gives epsilon ${epsilon} and delta ${delta}`);
  }
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle > 0 && gaussianDelta(middle, epsilon) <= delta) high = middle;
    else low = middle;
  }
  return sensitivity * high * (1 + 1e-6);
}

/** The delta that noise of `sigma` gives at `epsilon` and sensitivity 1 (Balle and Wang 2018, theorem 8). */
export function gaussianDelta(sigma: number, epsilon: number): number {
  const a = 1 / (2 * sigma);
  const b = epsilon * sigma;
  // exp(epsilon) is the ratio of the densities at b - a and b + a: put that way it cannot overflow
  const [near, far] = [b - a, b + a];
  if (near > 0) return density(near) * (mills(near) - mills(far));
  return normalCdf(-near) - density(near) * mills(far);
}

/** The epsilon of noise of `sigma` at sensitivity 1 for a delta, rounded up; 0 where even that holds, Infinity where none does. */
export function gaussianEpsilon(sigma: number, delta: number): number {
  const holds = (epsilon: number): boolean => gaussianDelta(sigma, epsilon) <= delta;
  if (holds(0)) return 0;
  let [low, high] = [0, 1];
  while (!holds(high)) {
    low = high;
    high *= 2;
    if (!(high < Infinity)) return Infinity;
  }
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Standard normal distribution function; exact to 14 digits in the lower tail. */
export function normalCdf(x: number): number {
  if (x === -Infinity) return 0;
  return x > 0 ? 1 - normalCdf(-x) : density(x) * mills(-x);
}

/** The probability of a standard normal number from `a` to `b`; in either tail as exact as in the middle. */
export function normalBetween(a: number, b: number): number {
  if (!(a < b)) return 0;
  return a > 0 ? normalCdf(-a) - normalCdf(-b) : normalCdf(b) - normalCdf(a);
}

function density(x: number): number {
  return Math.exp(-x * x * 0.5) / Math.sqrt(2 * Math.PI);
}

/** Mills' ratio (1 - Phi(t)) / phi(t) at t >= 0. */
function mills(t: number): number {
  if (t > 3) {
    // Laplace's continued fraction: 1 / (t + 1/(t + 2/(t + 3/(...))))
    let fraction = t;
    for (let k = 200; k > 0; k--) fraction = t + k / fraction;
    return 1 / fraction;
  }
  let term = t;
  let sum = t;
  for (let k = 1; k < 80; k++) {
    term *= (t * t) / (2 * k + 1);
    sum += term;
  }
  return 0.5 / density(t) - sum;
}

/** Adds independent Gaussian noise in place: Box-Muller on 53-bit uniforms from crypto.getRandomValues. */
export function addGaussian(values: Float32Array | Float64Array, sigma: number): void {
  // four words a pair; getRandomValues fills at most 65,536 bytes at once
  const words = new Uint32Array(16_384);
  for (let start = 0; start < values.length; start += 8_192) {
    crypto.getRandomValues(words);
    const end = Math.min(start + 8_192, values.length);
    for (let i = start, w = 0; i < end; i += 2, w += 4) {
      // (0, 1]: the logarithm of zero must not happen
      const u = 1 - uniform(words[w]!, words[w + 1]!);
      const angle = 2 * Math.PI * uniform(words[w + 2]!, words[w + 3]!);
      const radius = sigma * Math.sqrt(-2 * Math.log(u));
      values[i]! += radius * Math.cos(angle);
      if (i + 1 < end) values[i + 1]! += radius * Math.sin(angle);
    }
  }
}

function uniform(high: number, low: number): number {
  return ((high >>> 5) * 67_108_864 + (low >>> 6)) / 9_007_199_254_740_992;
}
