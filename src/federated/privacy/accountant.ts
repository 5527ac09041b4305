// What noisy sums cost together. A client is added or removed where everybody takes part in a round with one probability
// by itself (Poisson), and replaced by another where a round's number is fixed: such a sum moves twice as far.
import { pldEpsilon } from "./pld.ts";
import { fixedSizeRdp, ORDERS, poissonRdp, rdpEpsilon } from "./rdp.ts";

export type Sampling = "poisson" | "fixed";

/** `rounds` sums of clipped updates. */
export interface Noisy {
  /** The share of the clients in a round, or a client's probability. */
  readonly share: number;
  /** Standard deviation of the sum's noise over the longest update. */
  readonly multiplier: number;
  readonly rounds: number;
  readonly sampling: Sampling;
}

/** "pld" is tight and for Poisson sampling alone; "rdp" is an upper bound for both. */
export type Accountant = "pld" | "rdp";

function check({ share, multiplier, rounds }: Noisy): void {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`privacy: share, got ${share}, expected a number from 0 to 1`);
  if (!(multiplier > 0 && multiplier < Infinity))
    throw new RangeError(`privacy: noise multiplier, got ${multiplier}, expected a finite number above 0`);
  if (!(Number.isSafeInteger(rounds) && rounds >= 0))
    throw new RangeError(`privacy: rounds, got ${rounds}, expected a whole number from 0`);
}

/** The tightest accountant for these sums. */
export function accountantFor(spent: readonly Noisy[]): Accountant {
  return spent.every(({ sampling }) => sampling === "poisson") ? "pld" : "rdp";
}

/**
 * Epsilon at `delta` of everything in `spent`, never below the true one; Infinity where no epsilon holds. RangeError for
 * numbers that are none, and for "pld" where a round's number is fixed.
 */
export function epsilonOf(
  spent: readonly Noisy[],
  delta: number,
  accountant: Accountant = accountantFor(spent),
): number {
  if (!(delta > 0 && delta < 1))
    throw new RangeError(`privacy: delta, got ${delta}, expected a number between 0 and 1`);
  spent.forEach(check);
  if (accountant === "pld") {
    const fixed = spent.find(({ sampling }) => sampling === "fixed");
    if (fixed) throw new RangeError(`privacy: accountant, got pld for rounds of a fixed size, expected rdp`);
    return pldEpsilon(
      spent.map(({ share, multiplier, rounds }) => ({ q: share, sigma: multiplier, rounds })),
      delta,
    );
  }
  const divergences = ORDERS.map((order) =>
    spent.reduce((sum, { share, multiplier, rounds, sampling }) => {
      if (rounds === 0) return sum;
      const one =
        sampling === "poisson" ? poissonRdp(share, multiplier, order) : fixedSizeRdp(share, multiplier / 2, order);
      return sum + rounds * one;
    }, 0),
  );
  return rdpEpsilon(divergences, delta);
}

/** The least noise multiplier, to 0.1 %, with which such rounds cost at most `epsilon` at `delta`; rounded up. */
export function multiplierFor(
  { share, rounds, sampling }: Omit<Noisy, "multiplier">,
  epsilon: number,
  delta: number,
): number {
  if (!(epsilon > 0 && epsilon < Infinity))
    throw new RangeError(`privacy: epsilon, got ${epsilon}, expected a finite number above 0`);
  const holds = (multiplier: number): boolean => epsilonOf([{ share, multiplier, rounds, sampling }], delta) <= epsilon;
  let [low, high] = [0, 1];
  while (!holds(high)) {
    low = high;
    high *= 2;
    if (high > 1e6)
      throw new RangeError(`privacy: no noise gives epsilon ${epsilon} at delta ${delta} in ${rounds} rounds`);
  }
  // so little noise is of no use in accounting
  while (high - low > 1e-3 * high && high > 0.05) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** How many of such rounds cost at most `budget` at `delta`; at most `most`. */
export function roundsWithin(
  { share, multiplier, sampling }: Omit<Noisy, "rounds">,
  budget: number,
  { delta, most }: { delta: number; most: number },
): number {
  const holds = (rounds: number): boolean => epsilonOf([{ share, multiplier, rounds, sampling }], delta) <= budget;
  let [low, high] = [0, most];
  if (holds(most)) return most;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}
