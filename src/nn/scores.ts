// How good numbers are, and labels of which a row may have several. In double precision; what is taken over outputs is their mean.
import { areaUnderCurve } from "./metrics.ts";

/**
 * Squared error (the loss), its root RMSE, mean absolute error MAE, and R2 = 1 - squared error / variance of the targets (the
 * coefficient of determination: 1 at best, 0 for answering the mean; NaN where a target does not vary), over `rows` of [count, outputs].
 */
export function regressionScores(
  answers: ArrayLike<number>,
  targets: ArrayLike<number>,
  outputs: number,
  rows: Int32Array,
): { loss: number; rmse: number; mae: number; r2: number } {
  let [squares, sizes, r2] = [0, 0, 0];
  for (let c = 0; c < outputs; c++) {
    let [middle, error, spread] = [0, 0, 0];
    for (const row of rows) middle += targets[row * outputs + c]! / rows.length;
    for (const row of rows) {
      const target = targets[row * outputs + c]!;
      const apart = answers[row * outputs + c]! - target;
      error += apart * apart;
      sizes += Math.abs(apart);
      spread += (target - middle) * (target - middle);
    }
    squares += error;
    r2 += (spread === 0 ? NaN : 1 - error / spread) / outputs;
  }
  const count = rows.length * outputs;
  const loss = squares / count;
  return { loss, rmse: Math.sqrt(loss), mae: sizes / count, r2 };
}

/**
 * Of labels that a row has or not: binary cross-entropy (the loss), the fraction that is told right at p = 1/2, F1 of each label and
 * area under its ROC curve, both as means over the labels for which they are defined.
 * @param answers ln p and ln (1 - p) of all labels, [count, 2 outputs]
 * @param targets [count, outputs]; what is above 1/2 counts as had
 */
export function labelScores(
  answers: ArrayLike<number>,
  targets: ArrayLike<number>,
  outputs: number,
  rows: Int32Array,
): { loss: number; accuracy: number; f1: number; auc: number } {
  let [loss, right, f1, f1s, auc, aucs] = [0, 0, 0, 0, 0, 0];
  for (let c = 0; c < outputs; c++) {
    let [hits, misses] = [0, 0];
    const had = new Int32Array(rows.length);
    const logp = new Float64Array(2 * rows.length);
    for (const [i, row] of rows.entries()) {
      const target = targets[row * outputs + c]!;
      const [yes, no] = [answers[row * 2 * outputs + c]!, answers[row * 2 * outputs + outputs + c]!];
      // a target of 0 has no part in an infinite term
      loss -= (target === 0 ? 0 : target * yes) + (target === 1 ? 0 : (1 - target) * no);
      had[i] = target > 0.5 ? 1 : 0;
      const said = yes > no ? 1 : 0;
      if (said === had[i]) right++;
      if (said === 1 && had[i] === 1) hits++;
      else if (said !== had[i]) misses++;
      [logp[2 * i], logp[2 * i + 1]] = [no, yes];
    }
    if (hits + misses > 0) {
      f1 += (2 * hits) / (2 * hits + misses);
      f1s++;
    }
    const area = areaUnderCurve(
      { logp, classes: 2 },
      had,
      had.map((_, i) => i),
    );
    if (!Number.isNaN(area)) {
      auc += area;
      aucs++;
    }
  }
  const count = rows.length * outputs;
  return { loss: loss / count, accuracy: right / count, f1: f1 / f1s, auc: auc / aucs };
}
