// Central differential privacy of a federation, for any method whose server averages (McMahan et al. 2018, arXiv 1710.06963):
// the sum of a round's clipped updates gets noise, and everything that the server makes of it is made after that. The unit
// that is hidden is a client with all of its rows; who is trusted is the server. Scalars beside the updates (losses) are
// what a simulation looks at, and are not protected.
import type { ServerSide, Update, Vector, Vectors } from "../method.ts";
import { covers } from "../outgoing.ts";
import { without } from "../servers.ts";
import { exp } from "../../runtime/scalar.ts";

/** Adds independent normal numbers of this standard deviation; `what` and `round` name them. */
export type Noise = (
  values: Float64Array,
  sigma: number,
  at: { readonly what: string; readonly round: number },
) => void;

export interface CentralPrivacy {
  /** The largest L2 norm of a client's whole update, all its vectors together; the first one, where it adapts. */
  readonly clip: number;
  /** Standard deviation of the noise of a round's sum, over the clip. */
  readonly multiplier: number;
  /** How many clients a round has, or is expected to have: what the noisy sum is divided by. */
  readonly expected: number;
  /** The method's: see Method.sends. Each of these vectors gets noise in every round, whoever sent it. */
  readonly sends: readonly string[];
  /** Where given, the clip follows this quantile of the updates' norms (Andrew et al. 2021, arXiv 1905.03871). */
  readonly quantile?: number | undefined;
  readonly noise: Noise;
}

/** What the server remembers of it, as state that is never sent: rounds charged, the clip of the next one. */
const LEDGER = "privacy.ledger";
const RATE = 0.2;

const isOurs = (name: string): boolean => name === LEDGER;

/** Rounds that a state has been charged for, and the clip of the next one; undefined without privacy. */
export function ledgerOf(state: Vectors): { readonly rounds: number; readonly clip: number } | undefined {
  const ledger = state[LEDGER];
  return ledger && { rounds: ledger[0]!, clip: ledger[1]! };
}

/** A state that has been charged for so many rounds more: for what was shown of a round that is made again. */
export function chargedFor(state: Vectors, rounds: number): Vectors {
  const { rounds: before, clip } = ledgerOf(state)!;
  return { ...state, [LEDGER]: Float64Array.of(before + rounds, clip) };
}

/**
 * The noise that is left for the updates when the count of the short ones has noise of its own (Andrew et al. 2021,
 * theorem 1): both together cost what `multiplier` alone would.
 */
export function updateMultiplier({ multiplier, expected, quantile }: CentralPrivacy): number {
  if (quantile === undefined) return multiplier;
  const counts = expected / 20;
  const left = 1 / (multiplier * multiplier) - 1 / (4 * counts * counts);
  if (!(left > 0))
    throw new RangeError(
      `privacy: noise multiplier, got ${multiplier}, expected less than ${2 * counts} with an adaptive clip and ${expected} clients a round`,
    );
  return 1 / Math.sqrt(left);
}

/** A method's server behind noise. RangeError for one that does not average, as its sums would not be what was noised. */
export function privately(inner: ServerSide, privacy: CentralPrivacy): ServerSide {
  if (!inner.additive)
    throw new RangeError(
      "privacy: this method's server does not average what it is sent, so noise on a sum hides nobody",
    );
  const { clip: first, expected, quantile, noise, sends } = privacy;
  const sigma = updateMultiplier(privacy);
  const rest = (state: Vectors): Vectors => without(state, isOurs);
  return {
    ...inner,
    begin: (initial) => ({ ...inner.begin(initial), [LEDGER]: Float64Array.of(0, first) }),
    down: (state, to) => inner.down?.(rest(state), to) ?? rest(state),
    gather: (state, { round, ...where }) => {
      const { rounds, clip } = ledgerOf(state)!;
      const names = Object.keys(state).filter((name) => sends.some((declared) => covers(declared, name)));
      const sums = new Map(names.map((name) => [name, new Float64Array(state[name]!.length)]));
      let short = 0;
      return {
        add: (update) => {
          const scale = scaleOf(update, state, clip);
          if (scale === 1) short++;
          // nothing of it, rather than nothing times infinity
          if (scale === 0) return;
          for (const [name, values] of Object.entries(update.up)) {
            const sum = sumOf(sums, name);
            const base = state[name]!;
            for (let i = 0; i < sum.length; i++) sum[i]! += scale * (values[i]! - base[i]!);
          }
        },
        result: () => {
          const up: Record<string, Vector> = {};
          for (const [name, sum] of sums) {
            noise(sum, sigma * clip, { what: name, round });
            const base = state[name]!;
            up[name] = base.map((value, i) => value + sum[i]! / expected);
          }
          const gathering = inner.gather(rest(state), { round, ...where });
          // one update that stands for all: what follows sees nothing else
          gathering.add({ client: -1, up, examples: 1, metrics: {} });
          const next = quantile === undefined ? clip : adapted(clip, short, round);
          return { ...gathering.result(), [LEDGER]: Float64Array.of(rounds + 1, next) };
        },
      };
    },
  };

  function adapted(clip: number, short: number, round: number): number {
    // counted from the middle, so that a client moves it by a half
    const counted = Float64Array.of(short - expected / 2);
    noise(counted, expected / 20, { what: "short", round });
    const share = counted[0]! / expected + 1 / 2;
    return clip * exp(-RATE * (share - quantile!));
  }
}

function sumOf(sums: ReadonlyMap<string, Float64Array>, name: string): Float64Array {
  const sum = sums.get(name);
  if (!sum)
    throw new RangeError(`privacy: ${name} is sent and is no vector of the server's, so it cannot be clipped about it`);
  return sum;
}

// by what an update's distance from what was sent is multiplied; written so that what is no number is not let through
function scaleOf({ up }: Update, state: Vectors, clip: number): number {
  let squares = 0;
  for (const [name, values] of Object.entries(up)) {
    const base = state[name]!;
    for (let i = 0; i < values.length; i++) squares += (values[i]! - base[i]!) ** 2;
  }
  const norm = Math.sqrt(squares);
  return norm <= clip ? 1 : norm < Infinity ? clip / norm : 0;
}
