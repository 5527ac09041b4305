// A client's own rows nearby, in a model's features, and what their labels say beside the model.
import { tensor } from "../../autograd/tensor.ts";
import type { Examples } from "../../nn/examples.ts";
import type { Net } from "../../nn/net.ts";
import { predictSteps } from "../../nn/predict.ts";
import { exp, log } from "../../runtime/scalar.ts";
import type { Steps } from "../../runtime/steps.ts";
import type { Answer, Own } from "../turn.ts";

/** Features of rows, [rows, width] flat, and their labels, [rows]. */
export interface Memory {
  readonly features: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
}

/** Probabilities [classes] at a point of features: of its k nearest remembered rows, each counting exp(-d^2 / width). */
export function nearby(
  { features, labels }: Memory,
  point: ArrayLike<number>,
  { k, width, classes }: { readonly k: number; readonly width: number; readonly classes: number },
): number[] {
  const found = Array.from({ length: labels.length }, (_, i) => {
    let square = 0;
    for (let j = 0; j < point.length; j++) square += (features[i * point.length + j]! - point[j]!) ** 2;
    return { square, label: labels[i]! };
  });
  const nearest = found.sort((a, b) => a.square - b.square).slice(0, k);
  const weights = new Array<number>(classes).fill(0);
  // over the nearest one's weight, which may be next to nothing itself
  for (const { square, label } of nearest) weights[label]! += exp((nearest[0]!.square - square) / width);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** lambda q + (1 - lambda) p as log-probabilities [classes], of 1e-30 at least. */
export function mixedLog(logp: ArrayLike<number>, q: readonly number[], lambda: number): number[] {
  return q.map((near, c) => log(Math.max(lambda * near + (1 - lambda) * exp(logp[c]!), 1e-30)));
}

/** A model as its features and its answers. */
export interface Seeing {
  readonly body: Pick<Net, "predict">;
  readonly predict: Answer;
  /** Width of what the body puts out. */
  readonly features: number;
  readonly classes: number;
}

/** What a client remembers of its rows, mixed into a model's answers; the model's own where it remembers nothing. */
export function* nearbyAnswer(
  { body, predict, features, classes }: Seeing,
  { train, validation }: Own,
  { k, scale, lambda: given, search }: { k: number; scale: number; lambda: number; search: boolean },
): Steps<Answer> {
  const options = { k, width: features * scale, classes };
  const rowOf = (values: ArrayLike<number>, i: number, width: number): number[] =>
    Array.from({ length: width }, (_, j) => values[i * width + j]!);
  function* featuresOf(rows: Examples): Steps<ArrayLike<number>> {
    const z = yield* predictSteps(rows, features, (x) => body.predict(x));
    const values = z.toArray();
    z.dispose();
    return values;
  }
  function* best(memory: Memory, rows: Examples): Steps<number> {
    const z = yield* featuresOf(rows);
    const logp = yield* predictSteps(rows, classes, predict);
    const answers = logp.toArray();
    logp.dispose();
    const near = Array.from({ length: rows.count }, (_, i) => nearby(memory, rowOf(z, i, features), options));
    const losses = Array.from({ length: 11 }, (_, tenth) =>
      near.reduce((sum, q, i) => sum - mixedLog(rowOf(answers, i, classes), q, tenth / 10)[rows.labels[i]!]!, 0),
    );
    return losses.indexOf(Math.min(...losses)) / 10;
  }
  if (train.count === 0) return predict;
  const memory = { features: yield* featuresOf(train), labels: train.labels };
  const lambda = search && validation.count > 0 ? yield* best(memory, validation) : given;
  if (lambda === 0) return predict;
  return (x) => {
    const [z, logp] = [body.predict(x).toArray(), predict(x).toArray()];
    const rows = Array.from({ length: x.shape[0]! }, (_, i) =>
      mixedLog(rowOf(logp, i, classes), nearby(memory, rowOf(z, i, features), options), lambda),
    );
    return tensor(rows.flat(), [rows.length, classes]);
  };
}
