// Rates that change from round to round, from epoch to epoch, or from step to step (see Scheduled). Powers are products and
// cosines our own: Math's differ between engines.
import {
  checkOne,
  checkOptions,
  COUNT,
  COUNT_OR_NONE,
  NOT_NEGATIVE,
  type NumberRule,
  SHARE,
} from "../runtime/options.ts";
import { cosHalfTurn } from "../runtime/scalar.ts";

/** What a schedule may begin with: over so many rounds the rate rises in a line from 1/warmup of itself; then the rest begins. */
interface Warmup {
  readonly warmup?: number | undefined;
}

/**
 * How a rate goes; `rounds` counts whatever it is asked for (rounds, epochs, steps), all of it behind the warm-up.
 * constant: stays. exponential: falls by `gamma` every so many rounds (torch's ExponentialLR and StepLR). linear: falls in a line
 * to `end` times itself. cosine: falls along half a cosine to `end` times itself (Loshchilov & Hutter 2017; torch's
 * CosineAnnealingLR), and stays there. one-cycle: rises over the first `rise` of the rounds from `start` times itself and falls to
 * `end` times itself, along half cosines (Smith & Topin 2018; torch's OneCycleLR, whose max_lr is the rate).
 */
export type Schedule = Warmup &
  (
    | { readonly kind: "constant" }
    | { readonly kind: "exponential"; readonly gamma: number; readonly every?: number | undefined }
    | { readonly kind: "linear"; readonly rounds: number; readonly end: number }
    | { readonly kind: "cosine"; readonly rounds: number; readonly end?: number | undefined }
    | {
        readonly kind: "one-cycle";
        readonly rounds: number;
        readonly rise?: number | undefined;
        readonly start?: number | undefined;
        readonly end?: number | undefined;
      }
  );

const anneal = (from: number, to: number, way: number): number => to + ((from - to) / 2) * (1 + cosHalfTurn(way));

/** What a rate is multiplied by in a round, which counts from 0. */
export function factorAt(schedule: Schedule, round: number): number {
  checkOptions("schedule", { round }, { round: COUNT_OR_NONE });
  const { warmup = 0 } = schedule;
  if (round < warmup) return (round + 1) / warmup;
  const at = round - warmup;
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "linear":
      return 1 + (schedule.end - 1) * Math.min(1, at / schedule.rounds);
    case "cosine":
      return anneal(1, schedule.end ?? 0, Math.min(1, at / schedule.rounds));
    case "one-cycle": {
      const { rounds, rise = 0.3, start = 1 / 25, end = start / 1e4 } = schedule;
      const top = Math.max(0, rise * rounds - 1);
      if (at <= top && top > 0) return anneal(start, 1, at / top);
      return anneal(1, end, Math.min(1, (at - top) / Math.max(1, rounds - 1 - top)));
    }
    case "exponential": {
      let factor = 1;
      for (let i = Math.floor(at / (schedule.every ?? 1)); i > 0; i--) factor *= schedule.gamma;
      return factor;
    }
    default:
      checkSchedule(schedule);
      return NaN;
  }
}

const kinds: readonly Schedule["kind"][] = ["constant", "exponential", "linear", "cosine", "one-cycle"];

const rules: Readonly<Record<string, NumberRule>> = {
  rounds: COUNT,
  every: COUNT,
  gamma: NOT_NEGATIVE,
  rise: SHARE,
  start: NOT_NEGATIVE,
  end: NOT_NEGATIVE,
  warmup: COUNT_OR_NONE,
};

/** A RangeError that names the first number of a schedule which makes no sense. */
export function checkSchedule(schedule: Schedule): void {
  checkOne("schedule", "kind", schedule.kind, kinds);
  checkOptions<object>("schedule", schedule, rules);
}
