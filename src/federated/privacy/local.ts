// What a client may do to its update before it leaves: clip it, and add Gaussian noise that hides it (local differential
// privacy). The unit that is hidden is the whole client. A deployment's noise comes from the platform's cryptographic source;
// floating-point attacks on the mechanism (Mironov 2012) are not defended against.
//
// Every comparison is written so that a value which is no number fails it: a server chooses the generalist, and with it
// every difference that is taken here.
import { type Account, NOTHING_SPENT } from "./account.ts";
import type { Noise } from "./central.ts";
import { clippedUpdate, clipUpdate } from "./clip.ts";
import { gaussianEpsilon, gaussianSigma } from "./gaussian.ts";
import { cryptographicNoise } from "./noise.ts";

/** What one answer's noise is made for, or the noise itself: its standard deviation over the clip. */
export type LocalNoise = { readonly delta: number } & (
  | { readonly epsilon: number; readonly multiplier?: undefined }
  | { readonly multiplier: number; readonly epsilon?: undefined }
);

/** What a client itself does to what leaves it. */
export interface PrivacyOptions {
  /** Largest L2 norm of a round's update; longer ones are scaled down to it. */
  readonly clip: number;
  /** Hide each round's clipped update with (epsilon, delta) differential privacy. */
  readonly noise?: LocalNoise | undefined;
  /** The epsilon, at the noise's delta, that all rounds together may cost; what would cost more is not answered. */
  readonly budget?: number | undefined;
}

/** What the noise of all rounds so far guarantees together. */
export interface PrivacySpent {
  /** Rounds that were run. */
  readonly rounds: number;
  /** What these rounds have cost. */
  readonly epsilon: number;
  /** The probability that this does not hold. */
  readonly delta: number;
  /** Standard deviation of the noise on each weight. */
  readonly sigma: number;
}

/** A client that has spent its budget, and so answers no more. */
export class SpentError extends RangeError {
  override readonly name = "SpentError";
}

/** Refuses options that promise nothing: a RangeError. */
export function checkPrivacy(options: PrivacyOptions): void {
  void new LocalPrivacy(options).account;
}

/** Protects one client's updates and charges its account. */
export class LocalPrivacy {
  readonly #clip: number;
  readonly #delta: number | undefined;
  readonly #budget: number;
  readonly #sigma: number;
  readonly #source: Noise;
  #account: Account;

  /** RangeError for options that promise nothing; `account` is what was spent before. */
  constructor(
    { clip, noise, budget }: PrivacyOptions,
    account: Account = NOTHING_SPENT,
    source: Noise = cryptographicNoise,
  ) {
    if (!(clip > 0 && clip < Infinity))
      throw new RangeError(`privacy: clip, got ${clip}, expected a finite norm above 0`);
    if (budget !== undefined && !(budget > 0 && budget < Infinity))
      throw new RangeError(`privacy: budget, got ${budget}, expected a finite epsilon above 0`);
    if (budget !== undefined && noise === undefined)
      throw new RangeError("privacy: a budget is spent by noise; give epsilon as well");
    this.#clip = clip;
    this.#delta = noise?.delta;
    this.#budget = budget ?? Infinity;
    this.#sigma = noise === undefined ? 0 : sigmaOf(clip, noise);
    this.#source = source;
    this.#account = account;
  }

  /** Whether answers are hidden by noise: then nothing exact may be said beside them. */
  get hides(): boolean {
    return this.#delta !== undefined;
  }

  /** What has been spent, to be kept. */
  get account(): Account {
    return this.#account;
  }

  /** Whether one more answer stays within the budget. */
  get affords(): boolean {
    return this.#delta === undefined || this.#epsilonOf(this.#charged()) <= this.#budget;
  }

  /** Refuses what would cost more than the budget: a SpentError, before anything is trained for it. */
  afford(): void {
    if (this.affords) return;
    const after = this.#epsilonOf(this.#charged());
    throw new SpentError(
      `privacy: budget, got epsilon ${after.toFixed(3)} after one more answer (${this.#epsilonOf(this.#account).toFixed(3)} so far), ` +
        `expected at most ${this.#budget}; this client answers no more`,
    );
  }

  /** generalist + clip(shared - generalist) + noise, as a new vector; the noise is charged to the account. */
  protect(shared: Float32Array, generalist: Float32Array, round = 0): Float32Array {
    if (this.#delta === undefined) return clipUpdate(shared, generalist, this.#clip).values;
    this.afford();
    const { update } = clippedUpdate(shared, generalist, this.#clip);
    this.#source(update, this.#sigma, { what: "update", round });
    this.#account = this.#charged();
    // rounded to float32 once, after the noise: before it, rounding at a large weight could outgrow the clip
    return Float32Array.from(update, (difference, i) => generalist[i]! + difference);
  }

  /** What all answers so far cost; undefined without noise. */
  spent(): PrivacySpent | undefined {
    if (this.#delta === undefined) return undefined;
    const { rounds } = this.#account;
    return { rounds, epsilon: this.#epsilonOf(this.#account), delta: this.#delta, sigma: this.#sigma };
  }

  #charged(): Account {
    const { rounds, rho } = this.#account;
    return { rounds: rounds + 1, rho: rho + (2 * this.#clip) ** 2 / (2 * this.#sigma ** 2) };
  }

  // Gaussian answers one after another are one with the sum of their inverse variances (Dong, Roth and Su 2019, corollary 3.3)
  #epsilonOf({ rho }: Account): number {
    return rho === 0 ? 0 : gaussianEpsilon(1 / Math.sqrt(2 * rho), this.#delta!);
  }
}

function sigmaOf(clip: number, { epsilon, multiplier, delta }: LocalNoise): number {
  // two updates of norm at most `clip` are at most twice that apart
  if (epsilon !== undefined) return gaussianSigma(2 * clip, epsilon, delta);
  if (!(multiplier > 0 && multiplier < Infinity))
    throw new RangeError(`privacy: multiplier, got ${multiplier}, expected a finite number above 0`);
  if (!(delta > 0 && delta < 1)) throw new RangeError(`privacy: delta, got ${delta}, expected a number in (0, 1)`);
  return clip * multiplier;
}
