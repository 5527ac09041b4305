// What a network is asked for: its loss, how two answers are mixed, and what says how good answers are.
import { logSigmoid, sigmoid } from "../autograd/ops/activation.ts";
import { add } from "../autograd/ops/add.ts";
import { affine, mul, neg } from "../autograd/ops/arithmetic.ts";
import { mixture } from "../autograd/ops/mixture.ts";
import { nll } from "../autograd/ops/nll.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { concat, slice } from "../autograd/ops/slice.ts";
import { mean } from "../autograd/ops/sum.ts";
import { exp } from "../autograd/ops/unary.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import type { Examples } from "./examples.ts";
import type { Loss, Validation } from "./fit.ts";
import { accuracy, areaUnderCurve, macroF1, negativeLogLikelihood } from "./metrics.ts";
import { alike, meanSquaredError } from "./losses.ts";
import type { Mode } from "./module.ts";
import { predictSteps } from "./predict.ts";
import { labelScores, regressionScores } from "./scores.ts";

/** Tasks by name. */
export type TaskName = "classification" | "regression" | "multi-label";

/** Metrics by name: fractions, or in units of the targets. */
export type Metrics = Readonly<Record<string, number>>;

/** What rows are asked for. */
export interface Task {
  /** As configs and models call it. */
  readonly name: TaskName;
  /** From what a network puts out [rows, outputs] to answers that can be mixed and judged [rows, width(outputs)]. */
  readonly answers: (raw: Tensor) => Tensor;
  /** Numbers of an answer, of so many outputs. */
  readonly width: (outputs: number) => number;
  /** The mean loss of answers against class numbers i32 [rows], or targets f32 [rows, outputs]. */
  readonly loss: (answers: Tensor, labels: Tensor) => Tensor;
  /** Answers of two, the first trusted by s(z), the logistic function of z [rows, 1]. */
  readonly mix: (a: Tensor, b: Tensor, z: Tensor) => Tensor;
  /** From answers to what a caller reads: probabilities, or values. */
  readonly readings: (answers: Tensor) => Tensor;
  /** Metrics of answers, row by row, on those rows. */
  readonly metrics: (
    answers: ArrayLike<number>,
    labels: ArrayLike<number>,
    outputs: number,
    rows: Int32Array,
  ) => Metrics;
  /** Which of the metrics is best at 1 and says how right answers are. */
  readonly fit: string;
}

/** One class of several; networks end in log-probabilities. */
const classification: Task = {
  name: "classification",
  answers: (raw) => raw,
  width: (outputs) => outputs,
  loss: (answers, labels) => mean(nll(answers, labels)),
  mix: (a, b, z) => mixture(a, b, z),
  readings: (answers) => exp(answers),
  metrics: (logp, labels, classes, rows) => {
    const answers = { logp, classes };
    return {
      loss: negativeLogLikelihood(answers, labels, rows),
      accuracy: accuracy(answers, labels, rows),
      f1: macroF1(answers, labels, rows),
      auc: areaUnderCurve(answers, labels, rows),
    };
  },
  fit: "accuracy",
};

/** Numbers; networks end in as many as there are targets, and learn by squared error. */
const regression: Task = {
  name: "regression",
  answers: (raw) => raw,
  width: (outputs) => outputs,
  loss: (answers, targets) => {
    return meanSquaredError(answers, targets);
  },
  mix: (a, b, z) => {
    const trust = sigmoid(reshape(z, [-1, 1]));
    return add(mul(trust, a), mul(affine(trust, -1, 1), b));
  },
  readings: (answers) => answers,
  metrics: regressionScores,
  fit: "r2",
};

/** Any number of labels at once; networks end in a logit for each. Answers are ln p and ln (1 - p) of all of them. */
const multiLabel: Task = {
  name: "multi-label",
  answers: (raw) => concat([logSigmoid(raw), logSigmoid(neg(raw))], 1),
  width: (outputs) => 2 * outputs,
  loss: (answers, targets) => {
    // -t ln p - (1 - t) ln (1 - p), over rows and labels
    const shares = concat([targets, affine(targets, -1, 1)], 1);
    alike("multi-label", answers, shares);
    return affine(mean(mul(shares, answers)), -2, 0);
  },
  mix: (a, b, z) => mixture(a, b, z),
  readings: (answers) => exp(slice(answers, { axis: 1, from: 0, to: answers.shape[1]! / 2 })),
  metrics: labelScores,
  fit: "accuracy",
};

const tasks: Readonly<Record<TaskName, Task>> = { classification, regression, "multi-label": multiLabel };

/** A task by its name; a RangeError for one that there is not. */
export function taskOf(name: TaskName = "classification"): Task {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (!task) throw new RangeError(`task: got ${String(name)}, expected ${Object.keys(tasks).join(", ")}`);
  return task;
}

/** The mean loss of a network by its task: what `fit` and `trainEpoch` take. */
export function taskLoss(task: Task | TaskName, of: { forward(x: Tensor, mode: Mode): Tensor }): Loss {
  const { answers, loss } = typeof task === "string" ? taskOf(task) : task;
  return ({ x, labels }, mode) => loss(answers(of.forward(x, mode)), labels);
}

/** Metrics of a network on examples, in evaluation mode; `loss` is among them. */
export function taskMetrics(
  task: Task | TaskName,
  of: { predict(x: Tensor): Tensor },
  examples: Examples,
  outputs: number,
): Metrics {
  return finish(
    taskMetricsSteps(typeof task === "string" ? taskOf(task) : task, (x) => of.predict(x), examples, outputs),
  );
}

/** `taskMetrics` of whatever puts out raw outputs, or `mixed` answers, resting after every batch. */
export function* taskMetricsSteps(
  task: Task,
  put: (x: Tensor, rows: Tensor) => Tensor,
  examples: Examples,
  outputs: number,
  { mixed = false, rows = all(examples.count) }: { mixed?: boolean; rows?: Int32Array | undefined } = {},
): Steps<Metrics> {
  const width = task.width(outputs);
  const found = yield* predictSteps(examples, width, (x, of) => (mixed ? put(x, of) : task.answers(put(x, of))));
  const metrics = task.metrics(found.toArray(), examples.labels, outputs, rows);
  found.dispose();
  return metrics;
}

/** Metrics as `fit` stops by them: the loss, and how right answers are (accuracy, or R2). */
export function asValidation({ fit }: Task, metrics: Metrics): Validation {
  return { loss: metrics["loss"]!, accuracy: metrics[fit]! };
}

function all(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
