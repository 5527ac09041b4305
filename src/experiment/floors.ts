// What answers cost nothing: a client's own class frequencies, alone and over a generalist. Where a method is not above these
// rows, it has learnt who its clients are and nothing of what they see. In a run of the paper's methods they are rows as others.
import { persistent } from "../autograd/tensor.ts";
import { scoreOf, type Scores, type TestSet } from "../moe/evaluate.ts";
import { type Labelled, labelLawAnswers, lawAnswers, ownLaw, ownRatio } from "../moe/labelLaw.ts";
import { Kept } from "../runtime/kept.ts";

/**
 * The floors of a client: `majorityClass` answers every row with the frequencies of its labels, the most frequent first;
 * `labelLaw` multiplies a generalist's answers by them.
 */
export function floors(
  own: Labelled,
  { examples: { labels, groups, count }, classes, ...rest }: TestSet,
  generalist?: ArrayLike<number>,
): Record<string, Scores> {
  const tests = { labels, groups, ...rest };
  const bin = new Kept();
  try {
    const lg = generalist && bin.add(persistent([count, classes])).set(generalist);
    const under = lg && bin.add(labelLawAnswers(lg, ownRatio(own)));
    return {
      majorityClass: scoreOf({ logp: lawAnswers(ownLaw(own), count), classes }, tests),
      ...(under && { labelLaw: scoreOf({ logp: under.toArray(), classes }, tests) }),
    };
  } finally {
    bin.dispose();
  }
}
