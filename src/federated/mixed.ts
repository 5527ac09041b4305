// Several answers as one, log sum_k w_k p_k(y | x), at weights that are the same for all inputs or each input's own; and how far
// each of several models is responsible for a row, which is how an EM step weighs them.
import { noGrad } from "../autograd/op.ts";
import { add } from "../autograd/ops/add.ts";
import { logSumExp } from "../autograd/ops/reduce.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { stack } from "../autograd/ops/slice.ts";
import { type Tensor, tensor } from "../autograd/tensor.ts";
import type { Examples } from "../nn/examples.ts";
import { predictSteps } from "../nn/predict.ts";
import { exp, log } from "../runtime/scalar.ts";
import type { Steps } from "../runtime/steps.ts";
import type { Answer } from "./turn.ts";

/**
 * Log-probabilities [rows, classes] of a mixture, with history.
 * @param parts log-probabilities [rows, classes] each
 * @param logWeights [rows, parts], or [1, parts] for weights that are the same for all rows
 */
export function mixedLogp(parts: readonly Tensor[], logWeights: Tensor): Tensor {
  const [rows = 0, width = 0] = logWeights.shape;
  if (width !== parts.length)
    throw new RangeError(`mixed: weights, got ${width} a row, expected ${parts.length}, one for each part`);
  return logSumExp(add(stack(parts, 1), reshape(logWeights, [rows, width, 1])), { axis: 1 });
}

/** Answers weighed alike for all inputs; those of weight 0 are not asked, and one that is alone is what it was. */
export function mixedAnswer(parts: readonly Answer[], weights: ArrayLike<number>): Answer {
  const asked = parts.flatMap((part, k) => (weights[k]! > 0 ? [{ part, weight: log(weights[k]!) }] : []));
  if (asked.length === 0) throw new RangeError("mixed: weights, got none above 0, expected one at least");
  if (asked.length === 1) return asked[0]!.part;
  const at = asked.map(({ weight }) => weight);
  return Object.assign(
    (x: Tensor): Tensor =>
      noGrad(() =>
        mixedLogp(
          asked.map(({ part }) => part(x)),
          tensor(at, [1, at.length]),
        ),
      ),
    { parts: asked.map(({ part }) => part) },
  );
}

/** -log p(y | x) of whoever answers, row by row. */
export function* rowLosses(answer: Answer, rows: Examples, classes: number): Steps<Float64Array> {
  const logp = yield* predictSteps(rows, classes, (x) => answer(x));
  const values = logp.toArray();
  logp.dispose();
  return Float64Array.from({ length: rows.count }, (_, i) => -values[i * classes + rows.labels[i]!]!);
}

/** e^(z / temperature) over its sum. */
export function softmaxAt(z: ArrayLike<number>, temperature: number): number[] {
  const top = Math.max(...Array.from(z));
  const raised = Array.from(z, (one) => exp((one - top) / temperature));
  const total = raised.reduce((sum, one) => sum + one, 0);
  return raised.map((one) => one / total);
}

/** w_k e^-loss_k over its sum, row by row. @param losses of each model on the rows. @param weights not all of them 0 */
export function responsibilities(losses: readonly Float64Array[], weights: ArrayLike<number>): Float64Array[] {
  const logs = Array.from(weights, (weight) => log(weight));
  const found = losses.map(({ length }) => new Float64Array(length));
  for (let i = 0; i < (losses[0]?.length ?? 0); i++) {
    const scores = losses.map((of, k) => logs[k]! - of[i]!);
    softmaxAt(scores, 1).forEach((share, k) => (found[k]![i] = share));
  }
  return found;
}

/** The mean of values, or what there was where there are none. */
export function meanOr(values: Float64Array, before: number): number {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : before;
}
