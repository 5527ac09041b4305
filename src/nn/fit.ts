// Supervised training of whatever gives a loss: epochs over shuffled batches, and early stopping on validation loss.
import { backward } from "../autograd/backward.ts";
import { persistent, scope, type Tensor } from "../autograd/tensor.ts";
import { checkOptions, COUNT, COUNT_OR_ENDLESS, COUNT_OR_NONE, NOT_NEGATIVE } from "../runtime/options.ts";
import { fold, type Key, Stream } from "../runtime/random.ts";
import { finish, type Steps } from "../runtime/steps.ts";
import { DivergenceError } from "./divergence.ts";
import { type Batch, batches, type Examples, parts } from "./examples.ts";
import type { Mode } from "./module.ts";
import type { Optimizer } from "./optimizers.ts";

/** The mean loss of a batch, a scalar. */
export type Loss = (batch: Batch, mode: Mode) => Tensor;

/** One pass over the rows. */
export interface EpochOptions {
  /** What is trained on. */
  readonly examples: Examples;
  /** The mean loss of a batch. */
  readonly loss: Loss;
  /** What steps. */
  readonly optimizer: Optimizer;
  /** Rows in a batch; the last one of an epoch may be smaller. */
  readonly batchSize: number;
  /** The address of this epoch: its order and every step's random numbers are below it. */
  readonly key: Key;
  /** Which examples, all by default. */
  readonly rows?: Int32Array | undefined;
  /** Changes the gradient between backward and step: see Parameters.addGradient. */
  readonly correct?: (() => void) | undefined;
}

/** A step's batch to be: which rows (i32, on the heap), and the address of the step's random numbers. */
export interface Drawn {
  /** Numbers of the rows, i32. */
  readonly rows: Tensor;
  /** Training, with the address of this step's random numbers. */
  readonly mode: Mode & { readonly train: true };
}

/**
 * The batches of one pass over the examples, in an order of its own unless they have one; the last may be smaller. Nothing
 * of an arena is open between them, so that work may rest there.
 */
export function* epochBatches({
  examples,
  batchSize,
  key,
  rows,
}: Pick<EpochOptions, "examples" | "batchSize" | "key" | "rows">): Generator<Drawn, void, void> {
  checkOptions("fit", { batchSize }, { batchSize: COUNT });
  // examples that have batches of their own keep them
  const fixed = rows ? undefined : examples.epoch?.();
  const numbers = fixed
    ? fixed.flatMap((batch) => Array.from(batch))
    : new Stream(fold(key, "order")).shuffle(
        rows ? rows.slice() : Int32Array.from({ length: examples.count }, (_, i) => i),
      );
  // on the heap: no scope may be open while the work rests
  const order = persistent([numbers.length], "i32").set(numbers);
  const steps = fold(key, "step");
  let step = 0;
  try {
    for (const part of fixed ? parts(order, fixed) : batches(order, batchSize))
      yield { rows: part, mode: { train: true, key: fold(steps, step++) } };
  } finally {
    order.dispose();
  }
}

/** One pass over the examples, in an order of its own unless they have one; the last batch may be smaller. Returns the mean training loss. */
export function trainEpoch(options: EpochOptions): number {
  return finish(epochSteps(options));
}

/** `trainEpoch`, resting after every batch. */
export function* epochSteps({ examples, loss, optimizer, correct, ...of }: EpochOptions): Steps<number> {
  let [total, count] = [0, 0];
  for (const { rows, mode } of epochBatches({ examples, ...of })) {
    scope(() => {
      const mean = loss(examples.batch(rows, mode), mode);
      backward(mean);
      correct?.();
      optimizer.step();
      total += mean.item() * rows.size;
    });
    count += rows.size;
    yield;
  }
  // no examples, no loss: a client may have kept all of its rows back
  return count > 0 ? total / count : 0;
}

/** What a validation found. */
export interface Validation {
  /** Mean loss. */
  readonly loss: number;
  /** How right answers are, 1 at best: the fraction of rows, or of labels, or R2 in a regression. */
  readonly accuracy: number;
}

/** Epochs with early stopping. */
export interface FitOptions extends Omit<EpochOptions, "key"> {
  /** The address of everything random. */
  readonly key: Key;
  /** Epochs at most. */
  readonly epochs: number;
  /** Validate after every so many epochs, beginning with the first. */
  readonly validateEvery: number;
  /** An improvement is a loss below the best by more than this. */
  readonly margin: number;
  /** Stop after so many validations without improvement. */
  readonly patience: number;
  /** Loss and accuracy on held-out rows, in steps. */
  readonly validate: () => Validation | Steps<Validation>;
  /** Called at an improvement: the place to keep a snapshot. */
  readonly keep: () => void;
  /** Hears of every validation. */
  readonly onValidation?: (at: Validation & { epoch: number; trainLoss: number; best: boolean }) => void;
}

/** Where training stopped, and which epoch's validation was best. */
export interface Fit {
  /** Epochs that were run. */
  readonly epochs: number;
  /** The one after which validation was best; -1 without validations. */
  readonly bestEpoch: number;
  /** That validation. */
  readonly best: Validation;
}

/** Trains with early stopping. The state afterwards is the last one; `keep` has seen the best. */
export function fit(options: FitOptions): Fit {
  return finish(fitSteps(options));
}

/** `fit`, resting after every batch, and in validations that are steps themselves. */
export function* fitSteps(options: FitOptions): Steps<Fit> {
  const { epochs, validateEvery, margin, patience, validate, keep, onValidation, key, ...epoch } = options;
  checkOptions("fit", options, {
    epochs: COUNT_OR_NONE,
    batchSize: COUNT,
    validateEvery: COUNT,
    patience: COUNT_OR_ENDLESS,
    margin: NOT_NEGATIVE,
  });
  let best: Validation = { loss: Infinity, accuracy: 0 };
  let bestEpoch = -1;
  let waited = 0;
  let done = 0;
  while (done < epochs) {
    const trainLoss = yield* epochSteps({ ...epoch, key: fold(key, "epoch", done) });
    const at = done++;
    if (at % validateEvery !== 0) continue;
    const answer = validate();
    const found = "next" in answer ? yield* answer : answer;
    if (Number.isNaN(found.loss))
      throw new DivergenceError(
        `fit: the validation loss is NaN in epoch ${at}; lower the learning rate or look at the data`,
      );
    const better = found.loss < best.loss - margin;
    if (better) {
      best = found;
      bestEpoch = at;
      waited = 0;
      keep();
    } else waited++;
    onValidation?.({ ...found, epoch: at, trainLoss, best: better });
    if (waited >= patience) break;
  }
  return { epochs: done, bestEpoch, best };
}
