// What answers cost nothing: a client's own class frequencies, alone and over a generalist. Where a method is not above these
// rows, it has learnt who its clients are and nothing of what they see.
import { persistent } from "../autograd/tensor.ts";
import { scoreOf, type Scores } from "../moe/evaluate.ts";
import { labelLaw, labelLawAnswers, logRatio } from "../moe/labelLaw.ts";
import { Kept } from "../runtime/kept.ts";
import { log } from "../runtime/scalar.ts";
import type { Tests } from "./staging.ts";

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
  const shares = law.map(log);
  const alone = Float64Array.from({ length: count * classes }, (_, i) => shares[i % classes]!);
  const bin = new Kept();
  try {
    const lg = generalist && bin.add(persistent([count, classes])).set(generalist);
    const under = lg && bin.add(labelLawAnswers(lg, logRatio(law)));
    return {
      majorityClass: scoreOf({ logp: alone, classes }, tests),
      ...(under && { labelLaw: scoreOf({ logp: under.toArray(), classes }, tests) }),
    };
  } finally {
    bin.dispose();
  }
}
