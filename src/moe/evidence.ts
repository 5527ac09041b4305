// Evidence over a stream. One input says little of where it comes from; a few in a row say a lot, if the source seldom
// changes. A two-state hidden Markov model: own or foreign, and before every input the source is drawn anew with twice the
// hazard, own with probability rho; its forward filter is a sum of evidence that forgets (Rabiner 1989).
import { checkOptions, type NumberRule, SHARE } from "../runtime/options.ts";
import { exp, log, logit } from "../runtime/scalar.ts";

export interface StreamOptions {
  /** The share of own inputs in the long run, above 0 and below 1; an even chance unless said. */
  readonly rho?: number;
  /** The probability that the source changes from one input to the next at rho 1/2: 0 sums for ever, 1/2 forgets at once. */
  readonly hazard?: number;
}

const HALF_AT_MOST: NumberRule = {
  expected: "a number from 0 to 0.5",
  fits: (value) => value >= 0 && value <= 0.5,
};

/** One change in twenty inputs. Fixed beforehand, not chosen on a test. */
export const HAZARD = 0.05;

/** How likely the inputs of a stream are a client's own, one after another. */
export class Evidence {
  readonly #rho: number;
  readonly #hazard: number;
  readonly #prior: number;
  #logOdds: number;

  /** Starts at rho. A RangeError for options that are no probabilities. */
  constructor(options: StreamOptions = {}) {
    const { rho = 0.5, hazard = HAZARD } = options;
    checkOptions("stream", options, {
      rho: SHARE,
      hazard: HALF_AT_MOST,
    });
    this.#rho = rho;
    this.#hazard = hazard;
    this.#prior = logit(rho);
    this.#logOdds = this.#prior;
  }

  /** ln odds that the input which comes next is own, before it is seen. */
  get next(): number {
    const [keep, draw] = [1 - 2 * this.#hazard, 2 * this.#hazard];
    if (keep === 0) return this.#prior;
    if (draw === 0) return this.#logOdds;
    const [own, foreign] = [draw * this.#rho, draw * (1 - this.#rho)];
    // both over the likelier source's odds, so that nothing overflows
    const other = exp(-Math.abs(this.#logOdds));
    const all = 1 + other;
    return this.#logOdds > 0
      ? log(keep + own * all) - log(keep * other + foreign * all)
      : log(keep * other + own * all) - log(keep + foreign * all);
  }

  /** Takes in ln p_own(x) / p_fed(x) of one input; gives ln odds that this one is own, after all that came so far. */
  push(evidence: number): number {
    return (this.#logOdds = this.next + evidence);
  }
}

/** Logits [inputs] that each input of a stream is own, after those before it. @param evidence of each, in order */
export function filtered(evidence: ArrayLike<number>, options?: StreamOptions): Float64Array {
  const filter = new Evidence(options);
  return Float64Array.from(evidence, (one) => filter.push(one));
}
