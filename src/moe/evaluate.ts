// How a client's models do on its local test (its own distribution) and on the global test (balanced), from one pass over
// the test split per network: the mixture, its baselines and the gate's answers are all read off stored outputs.
import { sigmoid } from "../autograd/ops/activation.ts";
import { noGrad } from "../autograd/op.ts";
import { mixture } from "../autograd/ops/mixture.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { scope, type Tensor, tensor } from "../autograd/tensor.ts";
import { logit } from "../runtime/scalar.ts";
import type { Examples } from "../nn/examples.ts";
import { accuracy, type Answers, calibrationError, negativeLogLikelihood } from "../nn/metrics.ts";
import type { Net } from "../nn/net.ts";
import { predictAll } from "../nn/predict.ts";
import { type ExpertOutput, type MixingSpace, mixtureScores, toLogProbabilities } from "./mixture.ts";

/** One method on one client; accuracies and calibration errors in percent, losses in nats. */
export interface Scores {
  readonly localTest: number;
  readonly globalTest: number;
  readonly localNll: number;
  readonly globalNll: number;
  readonly localEce: number;
  readonly globalEce: number;
}

/** The test split and which of its rows count. */
export interface TestSet {
  readonly examples: Examples;
  readonly classes: number;
  /** Rows of the client's own distribution. */
  readonly local: Int32Array;
  /** Rows of the balanced test. */
  readonly global: Int32Array;
}

/** Scores of log-probabilities [count, classes] over the whole test split. */
export function score(logp: Tensor, { examples, classes, local, global }: TestSet): Scores {
  const answers: Answers = { logp: logp.toArray(), classes };
  const { labels } = examples;
  return {
    localTest: 100 * accuracy(answers, labels, local),
    globalTest: 100 * accuracy(answers, labels, global),
    localNll: negativeLogLikelihood(answers, labels, local),
    globalNll: negativeLogLikelihood(answers, labels, global),
    localEce: 100 * calibrationError(answers, labels, local),
    globalEce: 100 * calibrationError(answers, labels, global),
  };
}

/** What a net puts out for every example, [count, width]; the caller disposes of it. */
export function outputs(net: Net, examples: Examples, width: number): Tensor {
  return predictAll(examples, width, (x) => net.predict(x));
}

/** Log-probabilities of an expert's outputs. */
export function expertAnswers(raw: Tensor, output: ExpertOutput): Tensor {
  return scope(() => noGrad(() => toLogProbabilities(raw, output, false)));
}

/** Log-probabilities of the mixture of two experts' outputs under gate logits [count, 1]. */
export function mixedAnswers(space: MixingSpace, output: ExpertOutput, ls: Tensor, lg: Tensor, z: Tensor): Tensor {
  return scope(() =>
    noGrad(() => {
      const logits = reshape(z, [z.size]);
      // the likelihood mixes log-probabilities whatever the experts end in
      if (space === "probability")
        return mixtureScores(
          space,
          toLogProbabilities(ls, output, false),
          toLogProbabilities(lg, output, false),
          logits,
        );
      return toLogProbabilities(mixtureScores(space, ls, lg, logits), output, true);
    }),
  );
}

/** Log-probabilities of h p_s + (1-h) p_g for one weight h in (0, 1) over log-probabilities. */
export function constantAnswers(ls: Tensor, lg: Tensor, h: number): Tensor {
  return scope(() => noGrad(() => mixture(ls, lg, tensor(new Float32Array(ls.shape[0]!).fill(logit(h))))));
}

/** The gate's weights h(x) of the specialist, [count]. */
export function gateWeights(z: Tensor): ArrayLike<number> {
  return scope(() => noGrad(() => sigmoid(z).toArray()));
}
