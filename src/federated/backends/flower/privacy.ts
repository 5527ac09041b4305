// What a client may do to its update before it leaves: clip it, and add Gaussian noise that hides it (local differential
// privacy). The unit that is hidden is the whole client. Noise comes from the platform's cryptographic source; floating-
// point attacks on the mechanism (Mironov 2012) are not defended against.
//
// Every comparison is written so that a value which is no number fails it: a server chooses the generalist, and with it
// every difference that is taken here.
import { checkFinite } from "../../../nn/finite.ts";
import { type Account, NOTHING_SPENT } from "./account.ts";
import { addGaussian, gaussianSigma } from "../../privacy/gaussian.ts";

export { gaussianSigma };

export interface PrivacyOptions {
  /** Largest L2 norm of a round's update; longer ones are scaled down to it. */
  readonly clip: number;
  /** Hide each round's clipped update with (epsilon, delta) differential privacy. */
  readonly noise?: { readonly epsilon: number; readonly delta: number } | undefined;
  /** The epsilon, at the noise's delta, that all rounds together may cost; what would cost more is not answered. */
  readonly budget?: number | undefined;
}

/** What the noise of all rounds so far guarantees together. */
export interface PrivacySpent {
  readonly rounds: number;
  readonly epsilon: number;
  readonly delta: number;
  /** Standard deviation of the noise on each weight. */
  readonly sigma: number;
}

/** Refuses options that promise nothing: a RangeError. */
export function checkPrivacy(options: PrivacyOptions): void {
  void new LocalPrivacy(options).account;
}

/** Protects one client's updates and charges its account. */
export class LocalPrivacy {
  readonly #clip: number;
  readonly #noise: { readonly epsilon: number; readonly delta: number } | undefined;
  readonly #budget: number;
  readonly #sigma: number;
  #account: Account;

  /** RangeError for options that promise nothing; `account` is what was spent before. */
  constructor({ clip, noise, budget }: PrivacyOptions, account: Account = NOTHING_SPENT) {
    if (!(clip > 0 && clip < Infinity))
      throw new RangeError(`privacy: clip, got ${clip}, expected a finite norm above 0`);
    if (budget !== undefined && !(budget > 0 && budget < Infinity))
      throw new RangeError(`privacy: budget, got ${budget}, expected a finite epsilon above 0`);
    if (budget !== undefined && noise === undefined)
      throw new RangeError("privacy: a budget is spent by noise; give epsilon as well");
    this.#clip = clip;
    this.#noise = noise;
    this.#budget = budget ?? Infinity;
    // two updates of norm at most `clip` are at most twice that apart
    this.#sigma = noise === undefined ? 0 : gaussianSigma(2 * clip, noise.epsilon, noise.delta);
    this.#account = account;
  }

  /** Whether answers are hidden by noise: then nothing exact may be said beside them. */
  get hides(): boolean {
    return this.#noise !== undefined;
  }

  /** What has been spent, to be kept. */
  get account(): Account {
    return this.#account;
  }

  /** Refuses what would cost more than the budget: a RangeError, before anything is trained for it. */
  afford(): void {
    if (this.#noise === undefined) return;
    const after = this.#epsilonOf(this.#charged());
    if (!(after <= this.#budget))
      throw new RangeError(
        `privacy: budget, got epsilon ${after.toFixed(3)} after one more answer (${this.#epsilonOf(this.#account).toFixed(3)} so far), ` +
          `expected at most ${this.#budget}; this client answers no more`,
      );
  }

  /** generalist + clip(shared - generalist) + noise, as a new vector; the noise is charged to the account. */
  protect(shared: Float32Array, generalist: Float32Array): Float32Array {
    if (this.#noise === undefined) return clipUpdate(shared, generalist, this.#clip).values;
    this.afford();
    const { update } = clip(shared, generalist, this.#clip);
    addGaussian(update, this.#sigma);
    this.#account = this.#charged();
    // rounded to float32 once, after the noise: before it, rounding at a large weight could outgrow the clip
    return Float32Array.from(update, (difference, i) => generalist[i]! + difference);
  }

  /** By zero-concentrated composition over the rounds (Bun and Steinke 2016, proposition 1.3); undefined without noise. */
  spent(): PrivacySpent | undefined {
    if (this.#noise === undefined) return undefined;
    const { rounds } = this.#account;
    return { rounds, epsilon: this.#epsilonOf(this.#account), delta: this.#noise.delta, sigma: this.#sigma };
  }

  #charged(): Account {
    const { rounds, rho } = this.#account;
    return { rounds: rounds + 1, rho: rho + this.#rho() };
  }

  #rho(): number {
    return (2 * this.#clip) ** 2 / (2 * this.#sigma ** 2);
  }

  #epsilonOf({ rounds, rho }: Account): number {
    const { epsilon, delta } = this.#noise!;
    const composed = rho + 2 * Math.sqrt(rho * Math.log(1 / delta));
    // one round of this very noise costs what it was made for
    const single = rounds === 1 && Math.abs(rho / this.#rho() - 1) < 1e-9;
    return single ? Math.min(composed, epsilon) : composed;
  }
}

/**
 * generalist + min(1, norm / |shared - generalist|) * (shared - generalist); `clipped` says whether that was below 1. What
 * comes back is no further from the generalist than `norm`, rounding included. RangeError for values that are not finite.
 */
export function clipUpdate(
  shared: Float32Array,
  generalist: Float32Array,
  norm: number,
): { values: Float32Array; clipped: boolean } {
  const { update, clipped } = clip(shared, generalist, norm);
  if (!clipped) return { values: shared.slice(), clipped };
  return { values: Float32Array.from(update, (difference, i) => towards(generalist[i]!, difference)), clipped };
}

/** The clipped difference in double precision. */
function clip(
  shared: Float32Array,
  generalist: Float32Array,
  norm: number,
): { update: Float64Array; clipped: boolean } {
  if (!(norm > 0 && norm < Infinity))
    throw new RangeError(`clip: norm, got ${norm}, expected a finite number above 0; nothing is sent`);
  if (shared.length !== generalist.length)
    throw new RangeError(`clip: update of ${shared.length} values, expected ${generalist.length} as in the generalist`);
  checkFinite("clip", "generalist", generalist);
  checkFinite("clip", "update", shared);
  const update = Float64Array.from(shared, (value, i) => value - generalist[i]!);
  const length = Math.sqrt(update.reduce((sum, difference) => sum + difference * difference, 0));
  if (length <= norm) return { update, clipped: false };
  const scale = norm / length;
  return { update: update.map((difference) => scale * difference), clipped: true };
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** base + difference as a float32, rounded towards base where the nearest lies further away. */
function towards(base: number, difference: number): number {
  float[0] = base + difference;
  const value = float[0];
  if (Math.abs(value - base) <= Math.abs(difference)) return value;
  if (value === 0) return base;
  // the neighbour on the side of base: magnitudes are ordered as their bits are
  bits[0]! += value > base === value > 0 ? -1 : 1;
  return float[0];
}
