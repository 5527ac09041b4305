// How differently groups of people are answered: gaps between them, which are 0 where an answer does not go by the group.
import type { Answers } from "./metrics.ts";

/** Which group each row is of, and which class is to one's good. */
export interface RowGroups {
  /** A group's number for each row. */
  readonly of: ArrayLike<number>;
  /** The class that is to one's good: hired, not recidivist, above a threshold. */
  readonly positive: number;
}

/** Gaps between groups, from 0 to 1; NaN where fewer than two groups have rows that tell. */
export interface Gaps {
  /** Statistical parity: how far apart groups are in the share of rows that are answered with the positive class. */
  readonly parity: number;
  /** Equal opportunity: the same over rows whose label is the positive class. */
  readonly opportunity: number;
}

/** The share of each group's rows that are answered with the positive class; NaN for a group without rows that count. */
export function positiveRates(
  { logp, classes }: Answers,
  { of, positive }: RowGroups,
  rows: ArrayLike<number>,
  counts: (row: number) => boolean = () => true,
): number[] {
  const [said, all]: [number[], number[]] = [[], []];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!counts(row)) continue;
    let best = 0;
    for (let c = 1; c < classes; c++) if (logp[row * classes + c]! > logp[row * classes + best]!) best = c;
    const group = of[row]!;
    all[group] = (all[group] ?? 0) + 1;
    said[group] = (said[group] ?? 0) + Number(best === positive);
  }
  return Array.from(all, (n, group) => (n > 0 ? said[group]! / n : NaN));
}

function gap(rates: readonly number[]): number {
  const known = rates.filter((rate) => !Number.isNaN(rate));
  return known.length < 2 ? NaN : Math.max(...known) - Math.min(...known);
}

/** Gaps between groups over some rows; the first of equally likely classes is the answer. */
export function groupGaps(
  answers: Answers,
  labels: ArrayLike<number>,
  groups: RowGroups,
  rows: ArrayLike<number>,
): Gaps {
  return {
    parity: gap(positiveRates(answers, groups, rows)),
    opportunity: gap(positiveRates(answers, groups, rows, (row) => labels[row] === groups.positive)),
  };
}
