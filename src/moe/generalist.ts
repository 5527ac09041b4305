// The model that a federation trained, as an application holds it: loaded from safetensors, asked, saved.
import { exp } from "../autograd/ops/unary.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { TensorData } from "../io/dtype.ts";
import { decodeSafetensors, encodeSafetensors, type Safetensors } from "../io/safetensors.ts";
import { checkFinite } from "../nn/finite.ts";
import { Net } from "../nn/net.ts";
import { predictAll } from "../nn/predict.ts";
import { type Metrics, taskOf } from "../nn/task.ts";
import { fetchBytes } from "../runtime/platform.ts";
import {
  checkModel,
  classNumbers,
  checkNumbers,
  countInputs,
  labelNumbers,
  type Inputs,
  type Model,
  type Rows,
  stage,
} from "./model.ts";

/** An answer to one input. */
export interface Answer {
  /** The name of the most probable class. */
  readonly label: string;
  /** By class, in the order of the model's classes. */
  readonly probabilities: Float32Array;
}

/** An answer of a mixture, and of its two experts alone. */
export interface MixedAnswer extends Answer {
  /** How much the specialist was trusted on this input, from 0 to 1. */
  readonly trust: number;
  /** Probabilities of the specialist and of the generalist by class. */
  readonly specialist: Float32Array;
  /** Probabilities by class of the generalist alone. */
  readonly generalist: Float32Array;
}

/** A saved model: its bytes, or where they are. */
export type Source = Uint8Array | ArrayBuffer | URL | string;

/** A safetensors file, wherever it is. */
export async function readWeights(from: Source): Promise<Safetensors> {
  return decodeSafetensors(
    from instanceof Uint8Array ? from : from instanceof ArrayBuffer ? new Uint8Array(from) : await fetchBytes(from),
  );
}

/** The tensors of a safetensors file by name, wherever it is. */
export async function readTensors(from: Source): Promise<Record<string, TensorData>> {
  return Object.fromEntries((await readWeights(from)).tensors);
}

/** A net with the weights of a file; every tensor must be there with its shape and floats in it. */
export function netFrom<G extends "shared" | "private">(
  net: Net<G>,
  tensors: Readonly<Record<string, TensorData>>,
  prefix = "",
): Net<G> {
  const named = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  const record = named.map(([name, { shape, data }]) => {
    if (!(data instanceof Float32Array))
      throw new TypeError(`load: ${name}, got elements of ${data.constructor.name}, expected single floats`);
    return [name.slice(prefix.length), { shape, data }] as const;
  });
  net.parameters.fromRecord(Object.fromEntries(record));
  return net;
}

/** A federation's model: answers, and is saved and loaded as bytes. */
export class Generalist {
  /** Its networks and what goes into them. */
  readonly model: Model;
  /** Frozen: it has no gradients. */
  readonly net: Net<"shared">;

  /** @param values the flat vector of the expert's parameters; a RangeError unless model and values fit together and are finite */
  constructor(model: Model, values?: ArrayLike<number>) {
    checkModel(model);
    this.model = model;
    this.net = new Net(model.expert, { group: "shared", trainable: false });
    if (values) {
      checkFinite("generalist", "values", values);
      this.net.parameters.copyFrom(values);
    }
  }

  /** A generalist from safetensors as `save`, a run folder or a Flower server writes them. */
  static async load(model: Model, from: Source): Promise<Generalist> {
    const tensors = await readTensors(from);
    const generalist = new Generalist(model);
    netFrom(generalist.net, tensors);
    return generalist;
  }

  /** The generalist's answers, one for each input; a TypeError where the model's task is not to tell classes (see values). */
  predict(x: Inputs): Answer[] {
    const { classes } = this.model;
    onlyClasses("predict", this.model);
    const flat = ask(this.model, x, classes.length, (inputs) => exp(this.net.predict(inputs)));
    return perRow(flat, classes.length).map((probabilities) => ({
      label: classes[largest(probabilities)]!,
      probabilities,
    }));
  }

  /** What it reads off each input: probabilities by class or label, or the numbers of a regression. */
  values(x: Inputs): Float32Array[] {
    return perRow(this.#answers(x, true), this.model.classes.length);
  }

  /**
   * How good it is on labelled rows, by the model's task: `loss`, `accuracy`, `f1` (mean over classes) and `auc` for classes and labels;
   * `loss`, `rmse`, `mae` and `r2` of a regression.
   */
  metrics({ x, labels }: Rows): Metrics {
    return metricsOf(this.model, this.#answers(x, false), x, labels);
  }

  #answers(x: Inputs, read: boolean): Float32Array {
    const { answers } = taskOf(this.model.task);
    return asked(this.model, x, read, (inputs) => answers(this.net.predict(inputs)));
  }

  /** The fraction of rows whose most probable class is their label. */
  accuracy({ x, labels }: Rows): number {
    return share(this.predict(x), this.model, labels);
  }

  /** Safetensors: the expert's tensors by name. */
  save(): Uint8Array {
    return encodeSafetensors(Object.entries(this.net.parameters.toRecord()));
  }

  /** Frees the memory now rather than when it is collected. */
  dispose(): void {
    this.net.dispose();
  }
}

/**
 * What `answer` gives for every input, [inputs, width] as one array. A RangeError if one is not finite: weights that are may
 * be so large that what they give is not.
 */
export function ask(model: Model, x: Inputs, width: number, answer: (x: Tensor) => Tensor): Float32Array {
  if (countInputs(model, x) === 0) return new Float32Array();
  checkNumbers(x);
  const examples = stage(model, x);
  const answers = predictAll(examples, width, answer);
  try {
    const values = answers.toArray();
    checkFinite("predict", "answers", values);
    return values;
  } finally {
    answers.dispose();
    examples.dispose();
  }
}

/** A task's answers for every input, or what is read off them. */
export function asked(model: Model, x: Inputs, read: boolean, answer: (x: Tensor) => Tensor): Float32Array {
  const { width, readings } = taskOf(model.task);
  const outputs = model.classes.length;
  return ask(model, x, read ? outputs : width(outputs), (inputs) => {
    const answers = answer(inputs);
    return read ? readings(answers) : answers;
  });
}

/** Metrics of answers as `asked` gives them. */
export function metricsOf(model: Model, answers: Float32Array, x: Inputs, labels: Rows["labels"]): Metrics {
  const count = countInputs(model, x);
  const rows = Int32Array.from({ length: count }, (_, i) => i);
  return taskOf(model.task).metrics(answers, labelNumbers(model, labels, count), model.classes.length, rows);
}

/** A TypeError where answers are no classes. */
export function onlyClasses(op: string, { task = "classification" }: Model): void {
  if (task !== "classification")
    throw new TypeError(`${op}: task, got ${task}, expected classification; ask values() and metrics()`);
}

/** Rows of `width` numbers each. */
export function perRow(flat: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: flat.length / width }, (_, row) => flat.slice(row * width, (row + 1) * width));
}

/** Where the first largest number is. */
export function largest(values: ArrayLike<number>): number {
  let at = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[at]!) at = i;
  return at;
}

/** The fraction of answers that name the label. */
export function share(answers: readonly Answer[], model: Model, labels: Rows["labels"]): number {
  const wanted = classNumbers(model, labels, answers.length);
  const right = answers.filter(({ label }, row) => label === model.classes[wanted[row]!]).length;
  return right / answers.length;
}
