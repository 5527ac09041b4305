// A client that trains the generalist on its own rows: local epochs from the federation's weights with a fresh optimiser.
import { type Examples } from "../nn/examples.ts";
import { epochSteps } from "../nn/fit.ts";
import type { Net } from "../nn/net.ts";
import type { Optimizer } from "../nn/optimizers.ts";
import { asValidation, type Task, taskLoss, taskMetricsSteps } from "../nn/task.ts";
import { likelihood, validationSteps } from "../nn/validate.ts";
import { checkOptions, COUNT } from "../runtime/options.ts";
import { fold, type Key } from "../runtime/random.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import type { EvaluateReply, FederatedClient, TrainReply } from "./client.ts";
import { SharedVector, type TensorSpec } from "./shared.ts";

export interface LocalClientOptions {
  readonly id: number;
  /** The generalist's net; its parameters are overwritten every round, so clients of one thread can use the same. */
  readonly net: Net<"shared">;
  /** Fresh at every round, as `reset()` makes it. */
  readonly optimizer: Optimizer;
  readonly train: Examples;
  readonly validation: Examples;
  /** How many classes, or outputs. */
  readonly classes: number;
  /** What the net is asked for; classes unless said. */
  readonly task?: Task | undefined;
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
    checkOptions("client", options, { epochs: COUNT, batchSize: COUNT });
    this.id = options.id;
    this.specs = options.net.parameters.specs.map(({ name, shape }) => ({ name, shape }));
    this.#options = options;
  }

  train(generalist: Float32Array, round: number): TrainReply {
    return finish(this.trainSteps(generalist, round));
  }

  /** `train`, resting after every batch. */
  *trainSteps(generalist: Float32Array, round: number): Steps<TrainReply> {
    const { net, optimizer, train, epochs, batchSize, key, task } = this.#options;
    net.parameters.copyFrom(generalist);
    optimizer.reset();
    const root = fold(key, "train", this.id, round);
    const loss = task ? taskLoss(task, net) : likelihood(net);
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
    const { net, validation: examples, classes, task } = this.#options;
    net.parameters.copyFrom(generalist);
    const { loss, accuracy } = task
      ? asValidation(task, yield* taskMetricsSteps(task, (x) => net.predict(x), examples, classes))
      : yield* validationSteps(net, examples, classes);
    return { examples: examples.count, metrics: { loss, accuracy } };
  }
}
