// One client on a device of its own: from a generalist and a few rows to a mixture that answers, says how far it trusted its
// specialist, and is saved and restored as bytes. Training rests every few milliseconds, so a page goes on drawing.
import { sigmoid } from "../autograd/ops/activation.ts";
import { mixture } from "../autograd/ops/mixture.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { concat } from "../autograd/ops/slice.ts";
import { exp } from "../autograd/ops/unary.ts";
import { encodeSafetensors } from "../io/safetensors.ts";
import { type Augment, Augmented } from "../nn/augment.ts";
import type { Examples } from "../nn/examples.ts";
import { Net } from "../nn/net.ts";
import { type Metrics, taskOf } from "../nn/task.ts";
import { Kept } from "../runtime/kept.ts";
import { checkOptions, COUNT, NOT_NEGATIVE, POSITIVE, SEED, SHARE } from "../runtime/options.ts";
import { fold, key } from "../runtime/random.ts";
import { inTurns, type Steps } from "../runtime/steps.ts";
import { answering } from "../federated/answering.ts";
import type { PersonalOptions } from "./alone.ts";
import {
  ask,
  asked,
  Generalist,
  largest,
  metricsOf,
  type MixedAnswer,
  netFrom,
  onlyClasses,
  perRow,
  readWeights,
  share,
  type Source,
} from "./generalist.ts";
import { finetuned } from "./methods/finetuned.ts";
import { mixture as trained } from "./methods/mixture.ts";
import { MixtureStream, type MixtureStreamOptions } from "./mixtureStream.ts";
import {
  checkNumbers,
  countInputs,
  holdOut,
  labelNumbers,
  type Inputs,
  type Model,
  type Rows,
  stage,
} from "./model.ts";
import { Desk, type Heard } from "./personal.ts";

/** How far personalisation has come, told after every validation. */
export interface DeviceProgress {
  /** What is being trained. */
  readonly phase: "specialist" | "mixture";
  /** Epochs of this phase done, and how many there are at most. */
  readonly epoch: number;
  /** Epochs of this phase at most. */
  readonly epochs: number;
  /** From 0 to 1; early stopping makes it jump. */
  readonly done: number;
  /** Mean loss of the epochs since the last validation. */
  readonly trainLoss: number;
  /** Mean loss on the rows held out. */
  readonly validationLoss: number;
  /** A fraction of the rows held out. */
  readonly validationAccuracy: number;
  /** Whether it was the best so far. */
  readonly best: boolean;
}

/** How long and how fast a client trains for itself. */
export interface DeviceOptions {
  /** Epochs at most, for the specialist and again for specialist and gate together. */
  readonly epochs?: number;
  /** The learning rate, 5e-4 unless said. */
  readonly lr?: number;
  /** Rows in a batch, 10 unless said. */
  readonly batchSize?: number;
  /** Changes inputs on their way into training, as `flipped()` of moiety/nn does; the generalist answers to them as they are. */
  readonly augment?: Augment;
  /** The share of rows that are held out to stop early by. */
  readonly heldOut?: number;
  /** The seed of everything random. */
  readonly seed?: number;
  /** Aborting frees everything and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Hears of every validation. */
  readonly onProgress?: (progress: DeviceProgress) => void;
  /** Milliseconds of work between two turns of the event loop. */
  readonly slice?: number;
}

/** A generalist, a specialist and the gate that weighs them: h p_specialist + (1 - h) p_generalist, input by input. */
export class Mixture {
  /** Everybody's model, as it was. */
  readonly generalist: Generalist;
  /** The client's own. */
  readonly specialist: Net<"private">;
  /** What weighs the two. */
  readonly gate: Net<"private">;

  constructor(generalist: Generalist, specialist: Net<"private">, gate: Net<"private">) {
    this.generalist = generalist;
    this.specialist = specialist;
    this.gate = gate;
  }

  /** Its networks and what goes into them. */
  get model(): Model {
    return this.generalist.model;
  }

  /** A mixture as `save` wrote it, or as a run folder has it for each of its clients. */
  static async load(model: Model, from: Source): Promise<Mixture> {
    const { tensors: found, metadata } = await readWeights(from);
    // the authors' code mixes what its experts put out, which `predict` does not
    const { space = "probability" } = metadata;
    if (space !== "probability")
      throw new RangeError(`load: mixing space, got ${space}, expected probability; train it with mixture.space`);
    const tensors = Object.fromEntries(found);
    const generalist = new Generalist(model);
    netFrom(generalist.net, tensors, "generalist.");
    const frozen = { group: "private", trainable: false } as const;
    const specialist = netFrom(new Net(model.expert, frozen), tensors, "specialist.");
    return new Mixture(generalist, specialist, netFrom(new Net(model.gate, frozen), tensors, "gate."));
  }

  /** The mixture's answers, one for each input; a TypeError where the model's task is not to tell classes (see values). */
  predict(x: Inputs): MixedAnswer[] {
    const { classes } = this.model;
    onlyClasses("predict", this.model);
    const n = classes.length;
    const flat = ask(this.model, x, 3 * n + 1, (inputs) => {
      const ls = this.specialist.predict(inputs);
      const lg = this.generalist.net.predict(inputs);
      const z = reshape(this.gate.predict(inputs), [-1, 1]);
      return concat([exp(mixture(ls, lg, z)), exp(ls), exp(lg), sigmoid(z)], 1);
    });
    return perRow(flat, 3 * n + 1).map((row) => ({
      label: classes[largest(row.subarray(0, n))]!,
      probabilities: row.slice(0, n),
      trust: row[3 * n]!,
      specialist: row.slice(n, 2 * n),
      generalist: row.slice(2 * n, 3 * n),
    }));
  }

  /**
   * Answers to inputs that come one after another, each weighed by what all before it say of whether they are the client's
   * own: needs no gate, but the client's labels. A TypeError where the model's task is not to tell classes.
   */
  stream(options: MixtureStreamOptions): MixtureStream {
    return new MixtureStream(this, options);
  }

  /** What the mixture reads off each input: probabilities by class or label, or the numbers of a regression. */
  values(x: Inputs): Float32Array[] {
    return perRow(this.#answers(x, true), this.model.classes.length);
  }

  /** The model's metrics on labelled rows: see `Generalist.metrics`. */
  metrics({ x, labels }: Rows): Metrics {
    return metricsOf(this.model, this.#answers(x, false), x, labels);
  }

  #answers(x: Inputs, read: boolean): Float32Array {
    const task = taskOf(this.model.task);
    return asked(this.model, x, read, (inputs) => {
      const own = task.answers(this.specialist.predict(inputs));
      const shared = task.answers(this.generalist.net.predict(inputs));
      return task.mix(own, shared, reshape(this.gate.predict(inputs), [-1, 1]));
    });
  }

  /** The fraction of rows whose most probable class is their label. */
  accuracy({ x, labels }: Rows): number {
    return share(this.predict(x), this.model, labels);
  }

  /** Safetensors of all three networks. For the client's own disk: nothing but the generalist's part is anybody else's. */
  save(): Uint8Array {
    const parts = { generalist: this.generalist.net, specialist: this.specialist, gate: this.gate };
    const tensors = Object.entries(parts).flatMap(([part, net]) =>
      Object.entries(net.parameters.toRecord()).map(([name, tensor]) => [`${part}.${name}`, tensor] as const),
    );
    return encodeSafetensors(tensors, { format: "moiety-mixture" });
  }

  /** Frees specialist and gate now rather than when they are collected; the generalist is its owner's. */
  dispose(): void {
    this.specialist.dispose();
    this.gate.dispose();
  }
}

/**
 * Trains a specialist and a gate on a client's own rows. The generalist is not changed, and nothing is sent anywhere.
 * Rejects with a RangeError when rows and model do not fit together.
 */
export async function personalize(generalist: Generalist, rows: Rows, options: DeviceOptions = {}): Promise<Mixture> {
  checkOptions(
    "personalize",
    options,
    {
      epochs: COUNT,
      lr: POSITIVE,
      batchSize: COUNT,
      heldOut: SHARE,
      seed: SEED,
      slice: NOT_NEGATIVE,
    },
    "augment signal onProgress",
  );
  return inTurns(personalizeSteps(generalist, rows, options), options);
}

function augmented(examples: Examples, augment: Augment | undefined): Examples {
  return augment ? new Augmented(examples, augment) : examples;
}

function* personalizeSteps(generalist: Generalist, rows: Rows, options: DeviceOptions): Steps<Mixture> {
  const { epochs = 60, lr = 5e-4, batchSize = 10, heldOut = 0.2, seed = 0, onProgress } = options;
  const { model } = generalist;
  const count = countInputs(model, rows.x);
  const labels = labelNumbers(model, rows.labels, count);
  checkNumbers(rows.x);
  const part = holdOut(count, heldOut, seed);
  const training: PersonalOptions = {
    lr,
    epochs,
    batchSize,
    validateEvery: 2,
    patience: 5,
    margin: 0.01,
  };
  const root = fold(key(seed), "device");
  const tell = (phase: DeviceProgress["phase"], { epoch, loss, accuracy, trainLoss, best }: Heard): void =>
    onProgress?.({
      phase,
      epoch: epoch + 1,
      epochs,
      done: ((phase === "mixture" ? 1 : 0) + (epoch + 1) / epochs) / 2,
      trainLoss,
      validationLoss: loss,
      validationAccuracy: accuracy,
      best,
    });

  const kept = new Kept();
  try {
    const own = {
      train: augmented(kept.add(stage(model, rows.x, labels, part.train)), options.augment),
      validation: kept.add(stage(model, rows.x, labels, part.held)),
      classes: model.classes.length,
      task: model.task && model.task !== "classification" ? taskOf(model.task) : undefined,
    };
    const desk = kept.add(
      new Desk({
        answers: { own: answering(generalist.net) },
        own,
        expert: model.expert,
        gate: model.gate,
        output: "logSoftmax",
        settings: { training, mixture: { ...training, gateOnly: false } },
        entries: { specialist: { value: finetuned }, mixture: { value: trained, options: { begin: "specialist" } } },
        init: { local: fold(root, "init", "local"), gate: fold(root, "init", "gate") },
        key: root,
        hear: (entry, at) => tell(entry === "mixture" ? "mixture" : "specialist", at),
      }),
    );
    const { nets = {} } = yield* desk.of("mixture");
    // what is kept needs no gradients
    const frozen = { group: "private", trainable: false } as const;
    return new Mixture(generalist, nets["specialist"]!.clone(frozen), nets["gate"]!.clone(frozen));
  } finally {
    kept.dispose();
  }
}
