// What answers cost nothing: a client's own class frequencies, alone and over a generalist. Where a method is not above these
// rows, it has learnt who its clients are and nothing of what they see.
import { scoreOf, type Scores } from "../moe/evaluate.ts";
import type { Answers } from "../nn/index.ts";
import { exp, log } from "../runtime/scalar.ts";
import type { Tests } from "./staging.ts";

/** Logarithms of class probabilities as these labels have them, every class counted once more than it is there. */
export function labelLaw(labels: ArrayLike<number>, classes: number): Float64Array {
  const counts = new Float64Array(classes).fill(1);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  return counts.map((count) => log(count / (labels.length + classes)));
}

/** Answers times a law, each row summing to one again. */
export function underLaw({ logp, classes }: Answers, law: ArrayLike<number>): Answers {
  const changed = Float64Array.from(logp, (value, i) => value + law[i % classes]!);
  for (let from = 0; from < changed.length; from += classes) {
    const row = changed.subarray(from, from + classes);
    const most = row.reduce((a, b) => Math.max(a, b));
    const total = log(row.reduce((sum, value) => sum + exp(value - most), 0)) + most;
    for (let c = 0; c < classes; c++) row[c]! -= total;
  }
  return { logp: changed, classes };
}

/**
 * The floors of a client: `majorityClass` answers every row with the frequencies of its training labels, the most frequent
 * first; `labelLaw` multiplies a generalist's answers by them.
 */
export function floors(
  trainLabels: ArrayLike<number>,
  { examples: { labels, count }, local, global }: Tests,
  classes: number,
  generalist?: ArrayLike<number>,
): Record<string, Scores> {
  const law = labelLaw(trainLabels, classes);
  const tests = { labels, local, global };
  const alone = Float64Array.from({ length: count * classes }, (_, i) => law[i % classes]!);
  return {
    majorityClass: scoreOf({ logp: alone, classes }, tests),
    ...(generalist && { labelLaw: scoreOf(underLaw({ logp: generalist, classes }, law), tests) }),
  };
}
