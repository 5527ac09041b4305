// How good answers are. Losses in nats, the rest as fractions; exp is our own, so numbers do not differ between engines.
import { exp } from "../runtime/scalar.ts";

/** Log-probabilities [count, classes] row by row, as `Tensor.toArray()` gives them. */
export interface Answers {
  readonly logp: ArrayLike<number>;
  readonly classes: number;
}

function best({ logp, classes }: Answers, row: number): number {
  let at = row * classes;
  for (let i = at + 1; i < (row + 1) * classes; i++) if (logp[i]! > logp[at]!) at = i;
  return at;
}

/** Fraction of `rows` (numbers into answers and labels) whose first largest answer is the label. */
export function accuracy(answers: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): number {
  let correct = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (best(answers, row) === row * answers.classes + labels[row]!) correct++;
  }
  return correct / rows.length;
}

/** Mean negative log-likelihood of the labels. */
export function negativeLogLikelihood(answers: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < rows.length; i++) total -= answers.logp[rows[i]! * answers.classes + labels[rows[i]!]!]!;
  return total / rows.length;
}

/** Expected calibration error (Guo et al. 2017): |accuracy - confidence| over 15 equal bins of confidence, weighted by rows. */
export function calibrationError(answers: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): number {
  const bins = 15;
  const gaps = new Float64Array(bins);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const at = best(answers, row);
    const confidence = exp(answers.logp[at]!);
    const hit = at === row * answers.classes + labels[row]! ? 1 : 0;
    gaps[Math.min(bins - 1, Math.floor(confidence * bins))]! += hit - confidence;
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / rows.length;
}
