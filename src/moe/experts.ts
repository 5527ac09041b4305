// Training that stays at the client: the fine-tuned generalist, the model trained alone, the specialist with its gate.
import { noGrad } from "../autograd/op.ts";
import { nll } from "../autograd/ops/nll.ts";
import { gather } from "../autograd/ops/rows.ts";
import { mean } from "../autograd/ops/sum.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { validation, validationSteps } from "../federated/local.ts";
import type { Examples } from "../nn/examples.ts";
import { type Fit, type FitOptions, fitSteps } from "../nn/fit.ts";
import { EVALUATE, type Mode } from "../nn/module.ts";
import type { Net } from "../nn/net.ts";
import { Adam, Together } from "../nn/optimizers.ts";
import type { Parameters } from "../nn/parameters.ts";
import { predictSteps } from "../nn/predict.ts";
import { fold, type Key } from "../runtime/random.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import { type ExpertOutput, type MixingSpace, mixtureLoss, mixtureScores, toLogProbabilities } from "./mixture.ts";

/** How long and how fast a client trains alone. */
export interface PersonalOptions {
  readonly lr: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly validateEvery: number;
  readonly patience: number;
  readonly margin: number;
  /** Which weights early stopping leaves: the best, or (the authors' code, Q2) the last. */
  readonly keep: "best" | "last";
}

/** A client's own rows: what it trains on and what it validates on. */
export interface OwnExamples {
  readonly train: Examples;
  readonly validation: Examples;
  readonly classes: number;
}

export type OnValidation = NonNullable<FitOptions["onValidation"]>;

// early stopping over a set of blocks: snapshots are copies, and the best comes back at the end
function* fitBlocks(
  blocks: readonly Parameters[],
  options: PersonalOptions,
  rest: Omit<FitOptions, keyof PersonalOptions>,
): Steps<Fit> {
  let snapshots: Float32Array[] = [];
  const keep = (): void => {
    if (options.keep === "best") snapshots = blocks.map((block) => block.toArray());
  };
  const result = yield* fitSteps({ ...options, ...rest, keep });
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
): Fit {
  return finish(trainAloneSteps(net, own, options, key, onValidation));
}

/** `trainAlone`, resting after every batch. */
export function* trainAloneSteps(
  net: Net<"private">,
  own: OwnExamples,
  options: PersonalOptions,
  key: Key,
  onValidation?: OnValidation,
): Steps<Fit> {
  const optimizer = new Adam(net.parameters, { lr: options.lr });
  try {
    return yield* fitBlocks([net.parameters], options, {
      examples: own.train,
      loss: ({ x, labels }, mode) => mean(nll(net.forward(x, mode), labels)),
      optimizer,
      key,
      validate: () => validationSteps(net, own.validation, own.classes),
      ...(onValidation && { onValidation }),
    });
  } finally {
    optimizer.dispose();
  }
}

export interface MixtureOptions extends PersonalOptions {
  readonly space: MixingSpace;
  /** What the experts put out; log-probabilities unless said. */
  readonly output?: ExpertOutput;
  /** The gate's own learning rate; the specialist's if not given. */
  readonly gateLr?: number;
  /** Train the gate alone and leave the specialist as it is. */
  readonly gateOnly: boolean;
  /** Whether the frozen generalist's dropout stays active while the mixture trains (the authors' code, Q8). */
  readonly generalistDropout: boolean;
}

/** The three networks of a client. The generalist is frozen: it has no gradient, so its backward is never computed. */
export interface Experts {
  readonly specialist: Net<"private">;
  readonly generalist: Net;
  readonly gate: Net<"private">;
}

/** Trains specialist and gate together on a client's own rows. */
export function trainMixture(
  experts: Experts,
  own: OwnExamples,
  options: MixtureOptions,
  key: Key,
  onValidation?: OnValidation,
): Fit {
  return finish(trainMixtureSteps(experts, own, options, key, onValidation));
}

/** `trainMixture`, resting after every batch. */
export function* trainMixtureSteps(
  { specialist, generalist, gate }: Experts,
  own: OwnExamples,
  options: MixtureOptions,
  key: Key,
  onValidation?: OnValidation,
): Steps<Fit> {
  const { train, validation: held, classes } = own;
  const { space, output = "logSoftmax", gateOnly, generalistDropout, lr, gateLr = lr } = options;
  // the likelihood mixes log-probabilities whatever the experts end in
  const mixed = (answers: Tensor): Tensor =>
    space === "probability" ? toLogProbabilities(answers, output, false) : answers;
  const trained = gateOnly ? [gate.parameters] : [specialist.parameters, gate.parameters];
  const made: { dispose(): void }[] = [];
  // in evaluation mode the generalist's answers never change, so they are computed once
  const fixed = function* (examples: Examples): Steps<Tensor> {
    const answers = yield* predictSteps(examples, classes, (x) => mixed(generalist.predict(x)));
    made.push(answers);
    return answers;
  };
  try {
    const optimizer = new Together(
      trained.map((block) => new Adam(block, { lr: block === gate.parameters ? gateLr : lr })),
    );
    made.push(optimizer);
    const onTrain = generalistDropout ? null : yield* fixed(train);
    const onHeld = yield* fixed(held);
    return yield* fitBlocks(trained, options, {
      examples: train,
      loss: ({ x, labels, rows }, mode) => {
        const lg = noGrad(() =>
          onTrain ? gather(onTrain, rows) : mixed(generalist.forward(x, withinGeneralist(mode))),
        );
        const ls = mixed(gateOnly ? noGrad(() => specialist.forward(x, EVALUATE)) : specialist.forward(x, mode));
        return mixtureLoss(space, ls, lg, gate.forward(x, withinGate(mode)), labels);
      },
      optimizer,
      key,
      validate: function* () {
        const scores = yield* predictSteps(held, classes, (x, rows) =>
          mixtureScores(space, mixed(specialist.predict(x)), gather(onHeld, rows), gate.predict(x)),
        );
        const found = validation(scores.toArray(), held.labels, classes);
        scores.dispose();
        return found;
      },
      ...(onValidation && { onValidation }),
    });
  } finally {
    for (const thing of made) thing.dispose();
  }
}

// the three nets of a step draw their masks from addresses of their own
function withinGeneralist(mode: Mode): Mode {
  return mode.train ? { train: true, key: fold(mode.key, "generalist") } : mode;
}

function withinGate(mode: Mode): Mode {
  return mode.train ? { train: true, key: fold(mode.key, "gate") } : mode;
}
