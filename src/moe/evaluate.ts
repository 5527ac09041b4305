// How a client's models do on its local test (its own distribution) and on the global test (balanced), from one pass over
// the test split per network: the mixture, its baselines and the gate's answers are all read off stored outputs.
import { sigmoid } from "../autograd/ops/activation.ts";
import { affine } from "../autograd/ops/arithmetic.ts";
import { noGrad } from "../autograd/op.ts";
import { mixture } from "../autograd/ops/mixture.ts";
import { slice } from "../autograd/ops/slice.ts";
import { softmax } from "../autograd/ops/softmax.ts";
import { scope, type Tensor, tensor } from "../autograd/tensor.ts";
import { logit } from "../runtime/scalar.ts";
import type { Examples } from "../nn/examples.ts";
import { groupGaps, type RowGroups } from "../nn/groupGaps.ts";
import {
  accuracy,
  accuracyUnder,
  type Answers,
  areaUnderCurve,
  calibrationError,
  macroF1,
  negativeLogLikelihood,
} from "../nn/metrics.ts";
import type { Net } from "../nn/net.ts";
import { predictAll } from "../nn/predict.ts";
import type { Metrics, Task } from "../nn/task.ts";
import {
  asTwo,
  type ExpertOutput,
  type ExpertOutputs,
  type MixingSpace,
  mixtureScores,
  toLogProbabilities,
} from "./mixture.ts";

/**
 * One method on one client; accuracies, F1, areas and calibration errors in percent, losses in nats. In a regression the test is R2,
 * the share of the targets' variance that answers explain, in percent, and the loss the mean squared error; of several labels the
 * share of them that is told right, and their mean cross-entropy. What a task does not have is NaN.
 */
export interface Scores {
  /** Of the local test. */
  readonly localTest: number;
  /** Of the global test. */
  readonly globalTest: number;
  /** Mean loss on the local test. */
  readonly localNll: number;
  /** Mean loss on the global test. */
  readonly globalNll: number;
  /** Of a regression, in units of the targets. */
  readonly localRmse?: number;
  /** On the global test. */
  readonly globalRmse?: number;
  /** Mean absolute error on the local test. */
  readonly localMae?: number;
  /** And on the global test. */
  readonly globalMae?: number;
  /** Expected calibration error on the local test. */
  readonly localEce: number;
  /** And on the global test. */
  readonly globalEce: number;
  /** Means over classes: see macroF1 and areaUnderCurve. NaN where the rows do not suffice. */
  readonly localF1: number;
  /** Macro-F1 on the global test. */
  readonly globalF1: number;
  /** Area under the ROC curve on the local test. */
  readonly localAuc: number;
  /** And on the global test. */
  readonly globalAuc: number;
  /** Accuracy by class on the global test, weighted by the client's law of labels, where that is known. */
  readonly lawTest?: number;
  /** Gaps between groups of rows, where there are groups, percent (see groupGaps): statistical parity on the local test. */
  readonly localParity?: number;
  /** And on the global test. */
  readonly globalParity?: number;
  /** Equal opportunity on the local test. */
  readonly localOpportunity?: number;
  /** And on the global test. */
  readonly globalOpportunity?: number;
}

/** The test split and which of its rows count. */
export interface TestSet {
  /** All rows of both tests. */
  readonly examples: Examples;
  /** How many classes there are, or outputs. */
  readonly classes: number;
  /** Rows of the client's own distribution. */
  readonly local: Int32Array;
  /** Rows of the balanced test. */
  readonly global: Int32Array;
  /** The client's shares of classes. Where clients differ in these alone, all rows tell of its own distribution. */
  readonly law?: ArrayLike<number> | undefined;
  /** What rows are asked for, where that is no class. */
  readonly task?: Task | undefined;
}

/** Scores of log-probabilities [count, classes], or of a task's answers, over the whole test split. */
export function score(logp: Tensor, { examples, classes, local, global, law, task }: TestSet): Scores {
  if (task) {
    const of = (rows: Int32Array): Metrics => task.metrics(logp.toArray(), examples.labels, classes, rows);
    return taskScores(task, of(local), of(global));
  }
  const { labels, groups } = examples;
  return scoreOf({ logp: logp.toArray(), classes }, { labels, groups, local, global, law });
}

/** The same of answers that are out of the kernels' memory. */
export function scoreOf(
  answers: Answers,
  { labels, groups, local, global, law }: Omit<TestSet, "examples" | "classes"> & Pick<Examples, "labels" | "groups">,
): Scores {
  return {
    localTest: 100 * accuracy(answers, labels, local),
    globalTest: 100 * accuracy(answers, labels, global),
    localNll: negativeLogLikelihood(answers, labels, local),
    globalNll: negativeLogLikelihood(answers, labels, global),
    localEce: 100 * calibrationError(answers, labels, local),
    globalEce: 100 * calibrationError(answers, labels, global),
    localF1: 100 * macroF1(answers, labels, local),
    globalF1: 100 * macroF1(answers, labels, global),
    localAuc: 100 * areaUnderCurve(answers, labels, local),
    globalAuc: 100 * areaUnderCurve(answers, labels, global),
    ...(law && { lawTest: 100 * accuracyUnder(law, answers, labels, global) }),
    ...(groups && gapsOf(answers, labels, groups, { local, global })),
  };
}

type GapScores = Required<Pick<Scores, "localParity" | "globalParity" | "localOpportunity" | "globalOpportunity">>;

function gapsOf(
  answers: Answers,
  labels: ArrayLike<number>,
  groups: RowGroups,
  { local, global }: Pick<TestSet, "local" | "global">,
): GapScores {
  const [own, all] = [groupGaps(answers, labels, groups, local), groupGaps(answers, labels, groups, global)];
  return {
    localParity: 100 * own.parity,
    globalParity: 100 * all.parity,
    localOpportunity: 100 * own.opportunity,
    globalOpportunity: 100 * all.opportunity,
  };
}

function taskScores({ fit }: Task, local: Metrics, global: Metrics): Scores {
  const percent = (found: Metrics, metric: string): number => 100 * (found[metric] ?? NaN);
  return {
    localTest: percent(local, fit),
    globalTest: percent(global, fit),
    localNll: local["loss"]!,
    globalNll: global["loss"]!,
    ...(local["rmse"] !== undefined && {
      localRmse: local["rmse"],
      globalRmse: global["rmse"]!,
      localMae: local["mae"]!,
      globalMae: global["mae"]!,
    }),
    localEce: NaN,
    globalEce: NaN,
    localF1: percent(local, "f1"),
    globalF1: percent(global, "f1"),
    localAuc: percent(local, "auc"),
    globalAuc: percent(global, "auc"),
  };
}

/** What a net puts out for every example, [count, width]; the caller disposes of it. */
export function outputs(net: { predict(x: Tensor): Tensor }, examples: Examples, width: number): Tensor {
  return predictAll(examples, width, (x) => net.predict(x));
}

/** Log-probabilities of an expert's outputs. */
export function expertAnswers(raw: Tensor, output: ExpertOutput): Tensor {
  return scope(() => noGrad(() => toLogProbabilities(raw, output, false)));
}

/** Log-probabilities of an expert for every example, [count, classes]; the caller disposes of them. */
export function expertOn(net: Net, examples: Examples, classes: number, output: ExpertOutput): Tensor {
  const raw = outputs(net, examples, classes);
  const logp = expertAnswers(raw, output);
  // log-probabilities already, or new ones
  if (logp !== raw) raw.dispose();
  return logp;
}

/** Log-probabilities of the mixture of experts' outputs under gate logits [count, 1], or [count, 3] of three experts. */
export function mixedAnswers(space: MixingSpace, output: ExpertOutput, experts: ExpertOutputs, z: Tensor): Tensor {
  return scope(() =>
    noGrad(() => {
      // the likelihood mixes log-probabilities whatever the experts end in
      const put = (raw: Tensor): Tensor => (space === "probability" ? toLogProbabilities(raw, output, false) : raw);
      const { specialist, generalist, alone } = experts;
      const answers = { specialist: put(specialist), generalist: put(generalist), alone: alone && put(alone) };
      const mixed = mixtureScores(space, ...asTwo(space, answers, z));
      return space === "probability" ? mixed : toLogProbabilities(mixed, output, true);
    }),
  );
}

/** Log-probabilities of h p_s + (1-h) p_g for one weight h in (0, 1) over log-probabilities; of a task its answers, so mixed. */
export function constantAnswers(ls: Tensor, lg: Tensor, h: number, task?: Task): Tensor {
  const { mix } = task ?? { mix: mixture };
  return scope(() => noGrad(() => mix(ls, lg, tensor(new Float32Array(ls.shape[0]!).fill(logit(h))))));
}

/** What gate logits [count, 1] or [count, 3] give the client's own experts together, against the generalist: [count]. */
export function gateWeights(z: Tensor): ArrayLike<number> {
  return scope(() =>
    noGrad(() => {
      if (z.shape[1] !== 3) return sigmoid(z).toArray();
      return affine(slice(softmax(z), { axis: 1, from: 2, to: 3 }), -1, 1).toArray();
    }),
  );
}
