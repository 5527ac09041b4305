// What a client's labels alone are worth. Where clients differ in their labels and not in what a class looks like, the best
// answer for a client is the generalist's times the client's law of labels over the federation's (Saerens et al. 2002,
// doi 10.1162/089976602753284446): a specialist that nobody trained, and that every trained one is to be held against.
import { noGrad } from "../autograd/op.ts";
import { add } from "../autograd/ops/add.ts";
import { copy } from "../autograd/ops/copy.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import { scope, type Tensor, tensor } from "../autograd/tensor.ts";
import type { Examples } from "../nn/examples.ts";
import { countsOf } from "../federated/statistics.ts";
import { log } from "../runtime/scalar.ts";

/** A client's labels. */
export interface Labelled {
  readonly train: Pick<Examples, "labels">;
  readonly validation: Pick<Examples, "labels">;
  readonly classes: number;
}

/** Shares of classes [classes] among labels, (n_y + 1) / (n + classes): a class that was not seen is rare, not impossible. */
export function labelLaw(labels: ArrayLike<number>, classes: number): Float64Array {
  return Float64Array.from(countsOf(labels, classes), (count) => (count + 1) / (labels.length + classes));
}

/** The law of all labels that a client has, those that it trains on and those that it validates on [classes]. */
export function ownLaw({ train, validation, classes }: Labelled): Float64Array {
  return labelLaw([...Array.from(train.labels), ...Array.from(validation.labels)], classes);
}

/** ln of a client's law over one of equal classes [classes]. */
export function ownRatio(own: Labelled): Float64Array {
  return logRatio(ownLaw(own));
}

/** What a law alone answers: its logarithms for every row [rows, classes]. */
export function lawAnswers(law: ArrayLike<number>, rows: number): Float32Array {
  const answer = Array.from(law, log);
  return Float32Array.from({ length: rows * law.length }, (_, i) => answer[i % law.length]!);
}

/**
 * ln r_y [classes], r = a client's law of labels over that of the generalist.
 * @param general the law that the generalist's answers stand for; balanced unless said, as those of one that was calibrated
 */
export function logRatio(own: ArrayLike<number>, general?: ArrayLike<number>): Float64Array {
  return Float64Array.from(own, (share, y) => log(share) - log(general?.[y] ?? 1 / own.length));
}

/**
 * ln of p_g(y|x) r_y^t, normalised, [rows, classes]; the caller disposes of it. t = 0 is the generalist bit for bit, t = 1
 * the client's law in full.
 * @param lg the generalist's log-probabilities [rows, classes]
 * @param ratio ln r_y [classes]
 */
export function labelLawAnswers(lg: Tensor, ratio: ArrayLike<number>, t = 1): Tensor {
  return scope(() =>
    noGrad(() => {
      if (t === 0) return copy(lg);
      const shift = tensor(
        Float32Array.from(ratio, (value) => t * value),
        [1, ratio.length],
      );
      return logSoftmax(add(lg, shift));
    }),
  );
}
