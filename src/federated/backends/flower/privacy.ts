// What a client may do to its update before it leaves: clip it, and add Gaussian noise that hides it (local differential
// privacy). The unit that is hidden is the whole client. Noise comes from the platform's cryptographic source; floating-
// point attacks on the mechanism (Mironov 2012) are not defended against.

export interface PrivacyOptions {
  /** Largest L2 norm of a round's update; longer ones are scaled down to it. */
  readonly clip: number;
  /** Hide each round's clipped update with (epsilon, delta) differential privacy. */
  readonly noise?: { readonly epsilon: number; readonly delta: number } | undefined;
}

/** What the noise of all rounds so far guarantees together. */
export interface PrivacySpent {
  readonly rounds: number;
  readonly epsilon: number;
  readonly delta: number;
  /** Standard deviation of the noise on each weight. */
  readonly sigma: number;
}

/** Protects one client's updates and keeps the account. */
export class LocalPrivacy {
  readonly #clip: number;
  readonly #noise: { readonly epsilon: number; readonly delta: number } | undefined;
  readonly #sigma: number;
  #rounds = 0;

  constructor({ clip, noise }: PrivacyOptions) {
    if (!(clip > 0)) throw new RangeError(`privacy: clip, got ${clip}, expected a norm above 0`);
    this.#clip = clip;
    this.#noise = noise;
    // two updates of norm at most `clip` are at most twice that apart
    this.#sigma = noise === undefined ? 0 : gaussianSigma(2 * clip, noise.epsilon, noise.delta);
  }

  /** generalist + clip(shared - generalist) + noise, as a new vector. */
  protect(shared: Float32Array, generalist: Float32Array): Float32Array {
    const { values } = clipUpdate(shared, generalist, this.#clip);
    if (this.#sigma > 0) {
      addGaussian(values, this.#sigma);
      this.#rounds++;
    }
    return values;
  }

  /** By zero-concentrated composition over the rounds (Bun and Steinke 2016, proposition 1.3); undefined without noise. */
  spent(): PrivacySpent | undefined {
    if (this.#noise === undefined) return undefined;
    const { epsilon, delta } = this.#noise;
    const rho = (this.#rounds * (2 * this.#clip) ** 2) / (2 * this.#sigma ** 2);
    const composed = rho + 2 * Math.sqrt(rho * Math.log(1 / delta));
    const one = this.#rounds <= 1 ? this.#rounds * epsilon : Infinity;
    return { rounds: this.#rounds, epsilon: Math.min(composed, one), delta, sigma: this.#sigma };
  }
}

/** generalist + min(1, norm / |shared - generalist|) * (shared - generalist); `clipped` says whether that was below 1. */
export function clipUpdate(
  shared: Float32Array,
  generalist: Float32Array,
  norm: number,
): { values: Float32Array; clipped: boolean } {
  let square = 0;
  for (let i = 0; i < shared.length; i++) square += (shared[i]! - generalist[i]!) ** 2;
  const clipped = Math.sqrt(square) > norm;
  if (!clipped) return { values: shared.slice(), clipped };
  const scale = norm / Math.sqrt(square);
  return { values: shared.map((value, i) => generalist[i]! + scale * (value - generalist[i]!)), clipped };
}

/**
 * The smallest sigma of Gaussian noise that gives (epsilon, delta) differential privacy at an L2 sensitivity, for any
 * epsilon: the analytic Gaussian mechanism (Balle and Wang 2018, theorem 8), by bisection, rounded up.
 */
export function gaussianSigma(sensitivity: number, epsilon: number, delta: number): number {
  if (!(epsilon > 0)) throw new RangeError(`privacy: epsilon, got ${epsilon}, expected a number above 0`);
  if (!(delta > 0 && delta < 1)) throw new RangeError(`privacy: delta, got ${delta}, expected a number in (0, 1)`);
  const deltaAt = (sigma: number): number => {
    const a = sensitivity / (2 * sigma);
    const b = (epsilon * sigma) / sensitivity;
    return normalCdf(a - b) - Math.exp(epsilon) * normalCdf(-a - b);
  };
  let low = 0;
  let high = sensitivity;
  while (deltaAt(high) > delta) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (middle > 0 && deltaAt(middle) <= delta) high = middle;
    else low = middle;
  }
  return high * (1 + 1e-6);
}

/** Standard normal distribution function, by the continued fraction of erfc in the tail and its series in the middle. */
export function normalCdf(x: number): number {
  if (x > 0) return 1 - normalCdf(-x);
  const t = -x;
  const density = Math.exp(-t * t * 0.5) / Math.sqrt(2 * Math.PI);
  if (t > 3) {
    // Laplace's continued fraction: density / (t + 1/(t + 2/(t + 3/(...))))
    let fraction = t;
    for (let k = 60; k > 0; k--) fraction = t + k / fraction;
    return density / fraction;
  }
  let term = t;
  let sum = t;
  for (let k = 1; k < 60; k++) {
    term *= (t * t) / (2 * k + 1);
    sum += term;
  }
  return 0.5 - density * sum;
}

/** Adds independent Gaussian noise in place: Box-Muller on 53-bit uniforms from crypto.getRandomValues. */
export function addGaussian(values: Float32Array, sigma: number): void {
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
