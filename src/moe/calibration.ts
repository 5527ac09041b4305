// A generalist whose probabilities mean what they say, for a balanced law of labels: softmax(a ln p + b) with one inverse
// temperature and a bias for each class (bias-corrected temperature scaling, Alexandari et al. 2020, arXiv 1901.06852),
// fitted by maximum likelihood on rows held out, every class counting alike. The loss is convex and its sums over rows are
// all that Newton's method needs, so clients can fit it together and send nothing but sums.
import { noGrad } from "../autograd/op.ts";
import { add } from "../autograd/ops/add.ts";
import { affine } from "../autograd/ops/arithmetic.ts";
import { copy } from "../autograd/ops/copy.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import { scope, type Tensor, tensor } from "../autograd/tensor.ts";
import { exp, log } from "../runtime/scalar.ts";

/** [a, b_1 .. b_classes], which changes nothing. */
export function uncalibrated(classes: number): Float64Array {
  const values = new Float64Array(1 + classes);
  values[0] = 1;
  return values;
}

/** ln softmax(a lg + b) [rows, classes]; the caller disposes of it. What changes nothing leaves every bit. */
export function calibratedAnswers(lg: Tensor, calibration: ArrayLike<number>): Tensor {
  const classes = calibration.length - 1;
  return scope(() =>
    noGrad(() => {
      const b = Float32Array.from({ length: classes }, (_, y) => calibration[y + 1]!);
      if (calibration[0] === 1 && b.every((bias) => bias === 0)) return copy(lg);
      return logSoftmax(add(affine(lg, calibration[0]!, 0), tensor(b, [1, classes])));
    }),
  );
}

/** Sums over rows of the weighted loss of a calibration, of its gradient and of its curvature. */
export interface CalibrationSums {
  readonly loss: number;
  /** [1 + classes]. */
  readonly gradient: Float64Array;
  /** The upper triangle of a symmetric matrix [1 + classes, 1 + classes], row by row. */
  readonly curvature: Float64Array;
}

/**
 * What a client's rows add to the fit.
 * @param logp the generalist's log-probabilities [rows, classes]
 * @param labels [rows]
 * @param weights of a row by its class [classes]
 */
export function calibrationSums(
  logp: ArrayLike<number>,
  labels: ArrayLike<number>,
  calibration: ArrayLike<number>,
  weights: ArrayLike<number>,
): CalibrationSums {
  const classes = weights.length;
  const size = classes + 1;
  const gradient = new Float64Array(size);
  const curvature = new Float64Array((size * (size + 1)) / 2);
  const p = new Float64Array(classes);
  let loss = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    const weight = weights[label]!;
    const x = (y: number): number => logp[row * classes + y]!;
    let most = -Infinity;
    for (let y = 0; y < classes; y++) most = Math.max(most, (p[y] = calibration[0]! * x(y) + calibration[y + 1]!));
    const wanted = p[label]! - most;
    let total = 0;
    for (let y = 0; y < classes; y++) total += p[y] = exp(p[y]! - most);
    loss += weight * (log(total) - wanted);
    // moments of ln p over the answer
    let [mean, square] = [0, 0];
    for (let y = 0; y < classes; y++) {
      p[y]! /= total;
      mean += p[y]! * x(y);
      square += p[y]! * x(y) * x(y);
    }
    gradient[0]! += weight * (mean - x(label));
    curvature[0]! += weight * (square - mean * mean);
    let at = size;
    for (let y = 0; y < classes; y++) {
      gradient[y + 1]! += weight * (p[y]! - (y === label ? 1 : 0));
      curvature[y + 1]! += weight * p[y]! * (x(y) - mean);
      curvature[at++]! += weight * p[y]! * (1 - p[y]!);
      for (let other = y + 1; other < classes; other++) curvature[at++]! -= weight * p[y]! * p[other]!;
    }
  }
  return { loss, gradient, curvature };
}

/** Weights by class under which every class counts alike, and all of them 1 together; 0 for a class without rows. */
export function alikeByClass(counts: ArrayLike<number>): Float64Array {
  const present = Array.from(counts).filter((count) => count > 0).length;
  return Float64Array.from(counts, (count) => (count > 0 ? 1 / (present * count) : 0));
}

/**
 * What the fit minimises besides the loss: half of `prior` times the squared distance from what changes nothing. It is worth
 * one row, keeps a class that nobody has in its place, and picks one of the biases that differ by a constant.
 */
export function priorSums(calibration: ArrayLike<number>, prior: number): Omit<CalibrationSums, "curvature"> {
  const away = Float64Array.from(calibration, (value, i) => value - (i === 0 ? 1 : 0));
  return {
    loss: away.reduce((sum, d) => sum + (prior / 2) * d * d, 0),
    gradient: away.map((d) => prior * d),
  };
}

/** Newton's step from sums that have the prior in them, but for their curvature. Solved by Cholesky's factors. */
export function newtonStep(gradient: ArrayLike<number>, curvature: ArrayLike<number>, prior: number): Float64Array {
  const n = gradient.length;
  const factor = Array.from({ length: n }, () => new Float64Array(n));
  const at = (i: number, j: number): number => curvature[i * n - (i * (i - 1)) / 2 + (j - i)]!;
  for (let j = 0; j < n; j++)
    for (let i = j; i < n; i++) {
      let sum = at(j, i) + (i === j ? prior : 0);
      for (let k = 0; k < j; k++) sum -= factor[i]![k]! * factor[j]![k]!;
      // rounding alone can take a diagonal below the prior
      factor[i]![j] = i === j ? Math.sqrt(Math.max(sum, prior * 1e-3)) : sum / factor[j]![j]!;
    }
  const step = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = -gradient[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i]![k]! * step[k]!;
    step[i] = sum / factor[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = step[i]!;
    for (let k = i + 1; k < n; k++) sum -= factor[k]![i]! * step[k]!;
    step[i] = sum / factor[i]![i]!;
  }
  return step;
}
