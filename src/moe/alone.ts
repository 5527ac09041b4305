// Training of one model that stays at the client: the generalist fine-tuned, or a model from random weights.
import { likelihood, validationSteps } from "../nn/validate.ts";
import type { Examples } from "../nn/examples.ts";
import { type Fit, type FitOptions, fitSteps } from "../nn/fit.ts";
import type { Net } from "../nn/net.ts";
import type { Parameters, Part } from "../nn/parameters.ts";
import { optimizerOf, type OptimizerRule } from "../nn/rule.ts";
import { asValidation, type Task, taskLoss, taskMetricsSteps } from "../nn/task.ts";
import type { Key } from "../runtime/random.ts";
import { finish, type Steps } from "../runtime/steps.ts";

/** How long and how fast a client trains alone. */
export interface PersonalOptions {
  /** The learning rate. */
  readonly lr: number;
  /** How it steps, at that rate; Adam unless said. */
  readonly rule?: Omit<Partial<OptimizerRule>, "lr" | "schedule"> | undefined;
  /** Epochs at most. */
  readonly epochs: number;
  /** Rows in a batch; the last one of an epoch may be smaller. */
  readonly batchSize: number;
  /** Epochs from one validation to the next. */
  readonly validateEvery: number;
  /** Validations without improvement after which it ends. */
  readonly patience: number;
  /** How much lower a loss must be to be an improvement. */
  readonly margin: number;
  /** Which weights early stopping leaves: the best unless said, or (the authors' code, Q2) the last. */
  readonly keep?: "best" | "last";
}

/** What else may be asked of a training. */
export interface Tuning {
  /** The parameters that move; all of them unless said. */
  readonly only?: Part | undefined;
  /** Changes the gradient between backward and step: see Parameters.addGradient. */
  readonly correct?: (() => void) | undefined;
  /** Which training rows it learns from; all of them unless said. */
  readonly rows?: Int32Array<ArrayBuffer> | undefined;
}

/** A client's own rows: what it trains on and what it validates on. */
export interface OwnExamples {
  /** Rows to train on. */
  readonly train: Examples;
  /** Rows to stop early by. */
  readonly validation: Examples;
  /** How many classes, or outputs. */
  readonly classes: number;
  /** What the networks are asked for; classes unless said. */
  readonly task?: Task | undefined;
}

export type OnValidation = NonNullable<FitOptions["onValidation"]>;

/** The rule of a training's optimiser. */
export function ruleOf({ lr, rule = {} }: PersonalOptions): OptimizerRule {
  return { ...rule, kind: rule.kind ?? "adam", lr };
}

/** Early stopping over a set of blocks: snapshots are copies, and the best comes back at the end. */
export function* fitBlocks(
  blocks: readonly Parameters[],
  options: PersonalOptions,
  rest: Omit<FitOptions, keyof PersonalOptions>,
): Steps<Fit> {
  let snapshots: Float32Array[] = [];
  const keep = (): void => {
    if (options.keep !== "last") snapshots = blocks.map((block) => block.toArray());
  };
  const { epochs, batchSize, validateEvery, patience, margin } = options;
  const result = yield* fitSteps({ epochs, batchSize, validateEvery, patience, margin, ...rest, keep });
  snapshots.forEach((snapshot, i) => blocks[i]!.copyFrom(snapshot));
  return result;
}

/** Trains one net on a client's own rows: from the generalist it is fine-tuning, from random weights local training. */
export function trainAlone(
  net: Net<"private">,
  own: OwnExamples,
  options: PersonalOptions,
  key: Key,
  onValidation?: OnValidation,
  tuning?: Tuning,
): Fit {
  return finish(trainAloneSteps(net, own, options, key, onValidation, tuning));
}

/** `trainAlone`, resting after every batch. */
export function* trainAloneSteps(
  net: Net<"private">,
  own: OwnExamples,
  options: PersonalOptions,
  key: Key,
  onValidation?: OnValidation,
  { only, correct, rows }: Tuning = {},
): Steps<Fit> {
  const { task } = own;
  const optimizer = optimizerOf(ruleOf(options), [net.parameters], only);
  try {
    return yield* fitBlocks([net.parameters], options, {
      examples: own.train,
      ...(rows && { rows }),
      loss: task ? taskLoss(task, net) : likelihood(net),
      optimizer,
      correct,
      key,
      validate: function* () {
        if (!task) return yield* validationSteps(net, own.validation, own.classes);
        return asValidation(task, yield* taskMetricsSteps(task, (x) => net.predict(x), own.validation, own.classes));
      },
      ...(onValidation && { onValidation }),
    });
  } finally {
    optimizer.dispose();
  }
}
