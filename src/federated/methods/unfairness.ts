// How unfair a model is to groups of a client's rows.
import type { Examples } from "../../nn/examples.ts";
import { type Gaps, groupGaps, type RowGroups, positiveRates } from "../../nn/groupGaps.ts";
import type { Net } from "../../nn/net.ts";
import { predictAll } from "../../nn/predict.ts";

export type GapName = keyof Gaps;

/** The groups of some rows; a TypeError where they have none. */
function groupsOf({ groups }: Examples, op: string): RowGroups {
  if (!groups) throw new TypeError(`${op}: got rows without groups, expected some; name files.group in the config`);
  return groups;
}

function answersOf(net: Net, rows: Examples, classes: number): { logp: ArrayLike<number>; classes: number } {
  const found = predictAll(rows, classes, (x) => net.predict(x));
  const logp = found.toArray();
  found.dispose();
  return { logp, classes };
}

const all = ({ count }: Examples): number[] => Array.from({ length: count }, (_, i) => i);

/** The gap between groups of some rows, 0 to 1; 0 where fewer than two groups have rows that tell. */
export function gapOf(op: string, net: Net, rows: Examples, classes: number, gap: GapName): number {
  const groups = groupsOf(rows, op);
  const found = groupGaps(answersOf(net, rows, classes), rows.labels, groups, all(rows))[gap];
  return Number.isNaN(found) ? 0 : found;
}

/** By how much the last group that has rows is answered with the positive class more often than the first, -1 to 1; 0 for one group. */
export function signedGap(op: string, net: Net, rows: Examples, classes: number, gap: GapName): number {
  const groups = groupsOf(rows, op);
  const counts = (row: number): boolean => gap === "parity" || rows.labels[row] === groups.positive;
  const rates = positiveRates(answersOf(net, rows, classes), groups, all(rows), counts);
  const known = rates.filter((rate) => !Number.isNaN(rate));
  return known.length < 2 ? 0 : known.at(-1)! - known[0]!;
}
