// How good answers are. Losses in nats, the rest as fractions; exp is our own, so numbers do not differ between engines.
import { exp } from "../runtime/scalar.ts";

/** Log-probabilities [count, classes] row by row, as `Tensor.toArray()` gives them. */
export interface Answers {
  /** Log-probabilities, row by row. */
  readonly logp: ArrayLike<number>;
  /** How many of them a row has. */
  readonly classes: number;
}

/** Throws a RangeError unless answers are whole rows, and every row asked for has one and a class for its label. */
function check(op: string, { logp, classes }: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): void {
  if (!(Number.isInteger(classes) && classes >= 1 && logp.length % classes === 0))
    throw new RangeError(`${op}: got ${logp.length} answers, expected a multiple of ${classes}, the classes`);
  const count = Math.min(logp.length / classes, labels.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!(Number.isInteger(row) && row >= 0 && row < count))
      throw new RangeError(`${op}: row, got ${row}, expected 0 to ${count - 1}, which have an answer and a label`);
    const label = labels[row]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes))
      throw new RangeError(`${op}: label of row ${row}, got ${label}, expected 0 to ${classes - 1}`);
  }
}

function best({ logp, classes }: Answers, row: number): number {
  let at = row * classes;
  for (let i = at + 1; i < (row + 1) * classes; i++) if (logp[i]! > logp[at]!) at = i;
  return at;
}

/** Fraction of `rows` (numbers into answers and labels) whose first largest answer is the label. */
export function accuracy(answers: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): number {
  check("accuracy", answers, labels, rows);
  let correct = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (best(answers, row) === row * answers.classes + labels[row]!) correct++;
  }
  return correct / rows.length;
}

/**
 * Accuracy by class, weighted by shares of classes: that on rows with these shares, told by all rows there are (Guo et al.
 * 2020, arXiv 2012.15589). Classes without rows are left out of the shares.
 */
export function accuracyUnder(
  law: ArrayLike<number>,
  answers: Answers,
  labels: ArrayLike<number>,
  rows: ArrayLike<number>,
): number {
  check("accuracyUnder", answers, labels, rows);
  if (law.length !== answers.classes)
    throw new RangeError(
      `accuracyUnder: law, got ${law.length} shares, expected ${answers.classes}, one for each class`,
    );
  const [hits, counts] = [new Float64Array(answers.classes), new Float64Array(answers.classes)];
  for (let i = 0; i < rows.length; i++) {
    const label = labels[rows[i]!]!;
    counts[label]!++;
    if (best(answers, rows[i]!) === rows[i]! * answers.classes + label) hits[label]!++;
  }
  let [sum, total] = [0, 0];
  for (let c = 0; c < answers.classes; c++) {
    if (counts[c] === 0) continue;
    sum += (law[c]! * hits[c]!) / counts[c]!;
    total += law[c]!;
  }
  return sum / total;
}

/** Mean negative log-likelihood of the labels. */
export function negativeLogLikelihood(answers: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): number {
  check("negativeLogLikelihood", answers, labels, rows);
  let total = 0;
  for (let i = 0; i < rows.length; i++) total -= answers.logp[rows[i]! * answers.classes + labels[rows[i]!]!]!;
  return total / rows.length;
}

/** Expected calibration error (Guo et al. 2017): |accuracy - confidence| over 15 equal bins of confidence, weighted by rows. */
export function calibrationError(answers: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): number {
  check("calibrationError", answers, labels, rows);
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

/**
 * The mean over classes of F1 = 2 TP / (2 TP + FP + FN), so that small classes count as large ones do. Over the classes that are
 * a label or an answer of these rows; NaN without rows.
 */
export function macroF1(answers: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): number {
  check("macroF1", answers, labels, rows);
  const { classes } = answers;
  const [hits, misses] = [new Float64Array(classes), new Float64Array(classes)];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const [said, label] = [best(answers, row) - row * classes, labels[row]!];
    if (said === label) hits[label]!++;
    else {
      misses[said]!++;
      misses[label]!++;
    }
  }
  let [sum, seen] = [0, 0];
  for (let c = 0; c < classes; c++) {
    const [hit, miss] = [hits[c]!, misses[c]!];
    if (hit + miss === 0) continue;
    sum += (2 * hit) / (2 * hit + miss);
    seen++;
  }
  return sum / seen;
}

/**
 * The area under the ROC curve, one class against the rest, mean over the classes that some of these rows have and some have
 * not: the share of pairs (a row of the class, another row) in which the first is given the class with more probability, ties
 * counting half. NaN where all rows are of one class.
 */
export function areaUnderCurve({ logp, classes }: Answers, labels: ArrayLike<number>, rows: ArrayLike<number>): number {
  check("areaUnderCurve", { logp, classes }, labels, rows);
  const counts = new Int32Array(classes);
  for (let i = 0; i < rows.length; i++) counts[labels[rows[i]!]!]!++;
  let [sum, seen] = [0, 0];
  for (let c = 0; c < classes; c++) {
    const of = counts[c]!;
    if (of === 0 || of === rows.length) continue;
    const [own, others] = [new Float64Array(of), new Float64Array(rows.length - of)];
    let [a, b] = [0, 0];
    for (let i = 0; i < rows.length; i++) {
      const value = logp[rows[i]! * classes + c]!;
      if (labels[rows[i]!] === c) own[a++] = value;
      else others[b++] = value;
    }
    sum += ordered(own.sort(), others.sort()) / (of * (rows.length - of));
    seen++;
  }
  return sum / seen;
}

// pairs of two ascending lists in which the first is larger, ties counting half
function ordered(a: Float64Array, b: Float64Array): number {
  let [below, notAbove, pairs] = [0, 0, 0];
  for (const value of a) {
    while (below < b.length && b[below]! < value) below++;
    while (notAbove < b.length && b[notAbove]! <= value) notAbove++;
    pairs += (below + notAbove) / 2;
  }
  return pairs;
}
