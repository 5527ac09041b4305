// A client that trains the generalist on its own rows: local epochs from the federation's weights with a fresh optimiser.
import { mean } from "../autograd/ops/sum.ts";
import { nll } from "../autograd/ops/nll.ts";
import { type Examples } from "../nn/examples.ts";
import { epochSteps, type Loss, type Validation } from "../nn/fit.ts";
import { accuracy, negativeLogLikelihood } from "../nn/metrics.ts";
import type { Net } from "../nn/net.ts";
import type { Optimizer } from "../nn/optimizers.ts";
import { predictSteps } from "../nn/predict.ts";
import { fold, type Key } from "../runtime/random.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import type { EvaluateReply, FederatedClient, TrainReply } from "./client.ts";
import { SharedVector, type TensorSpec } from "./shared.ts";

/** Mean negative log-likelihood of a net that puts out log-probabilities. */
export function likelihood(net: Net): Loss {
  return ({ x, labels }, mode) => mean(nll(net.forward(x, mode), labels));
}

/** Loss and accuracy of a net on examples, in evaluation mode. */
export function validateNet(net: Net, examples: Examples, classes: number): Validation {
  return finish(validationSteps(net, examples, classes));
}

/** `validateNet`, resting after every batch. */
export function* validationSteps(net: Net, examples: Examples, classes: number): Steps<Validation> {
  const answers = yield* predictSteps(examples, classes, (x) => net.predict(x));
  const found = validation(answers.toArray(), examples.labels, classes);
  answers.dispose();
  return found;
}

/** Loss and accuracy of log-probabilities [count, classes] row by row, over all rows unless said. */
export function validation(
  logp: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  rows: Int32Array = Int32Array.from({ length: labels.length }, (_, i) => i),
): Validation {
  const answers = { logp, classes };
  return { loss: negativeLogLikelihood(answers, labels, rows), accuracy: accuracy(answers, labels, rows) };
}

export interface LocalClientOptions {
  readonly id: number;
  /** The generalist's net; its parameters are overwritten every round, so clients of one thread can use the same. */
  readonly net: Net<"shared">;
  /** Fresh at every round, as `reset()` makes it. */
  readonly optimizer: Optimizer;
  readonly train: Examples;
  readonly validation: Examples;
  readonly classes: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Root of the federation's random numbers; client and round are folded in here. */
  readonly key: Key;
}

export class LocalClient implements FederatedClient {
  readonly id: number;
  readonly specs: readonly TensorSpec[];
  readonly #options: LocalClientOptions;

  constructor(options: LocalClientOptions) {
    this.id = options.id;
    this.specs = options.net.parameters.specs.map(({ name, shape }) => ({ name, shape }));
    this.#options = options;
  }

  train(generalist: Float32Array, round: number): TrainReply {
    return finish(this.trainSteps(generalist, round));
  }

  /** `train`, resting after every batch. */
  *trainSteps(generalist: Float32Array, round: number): Steps<TrainReply> {
    const { net, optimizer, train, epochs, batchSize, key } = this.#options;
    net.parameters.copyFrom(generalist);
    optimizer.reset();
    const root = fold(key, "train", this.id, round);
    const loss = likelihood(net);
    let trainLoss = 0;
    for (let epoch = 0; epoch < epochs; epoch++)
      trainLoss = yield* epochSteps({ examples: train, loss, optimizer, batchSize, key: fold(root, epoch) });
    return { shared: SharedVector.of(net.parameters), examples: train.count, metrics: { trainLoss } };
  }

  evaluate(generalist: Float32Array, round: number): EvaluateReply {
    return finish(this.evaluateSteps(generalist, round));
  }

  /** `evaluate`, resting after every batch. */
  *evaluateSteps(generalist: Float32Array, _round: number): Steps<EvaluateReply> {
    const { net, validation: examples, classes } = this.#options;
    net.parameters.copyFrom(generalist);
    const { loss, accuracy } = yield* validationSteps(net, examples, classes);
    return { examples: examples.count, metrics: { loss, accuracy } };
  }
}
