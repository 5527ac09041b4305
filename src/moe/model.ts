// What a federation's networks are and what goes into them: modules, the shape of an input, the names of the classes. Turns
// rows as applications have them (bytes, floats, nested arrays, class names) into examples, and refuses what does not fit.
import { shown } from "../runtime/options.ts";
import { sizeOf } from "../autograd/shape.ts";
import { scope, tensor } from "../autograd/tensor.ts";
import { type Examples, ImageExamples, type Images } from "../nn/examples.ts";
import { FeatureExamples } from "../nn/features.ts";
import type { Module } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import { TargetExamples } from "../nn/targets.ts";
import { type TaskName, taskOf } from "../nn/task.ts";
import { fold, key, Stream } from "../runtime/random.ts";
import { exp } from "../runtime/scalar.ts";

/** Two networks over the same inputs, and what those inputs are. */
export interface Model {
  /**
   * From [rows, ...shape] to log-probabilities [rows, classes]: the generalist's and the specialist's form. In a regression to as
   * many numbers as there are targets, of several labels at once to a logit for each.
   */
  readonly expert: Module;
  /** From [rows, ...shape] to one logit a row: how far the specialist is trusted. */
  readonly gate: Module;
  /** The shape of one input: [features], or [channels, height, width]. */
  readonly shape: readonly number[];
  /** Class names in label order; names of the targets, or of the labels that a row may have at once. */
  readonly classes: readonly string[];
  /** What the networks are asked for: one class of several, unless said. */
  readonly task?: TaskName;
  /** How bytes become numbers, per channel; 0.5 and 0.5 unless said. Floats are taken as they are. */
  readonly normalization?: Images["normalization"];
}

/** Inputs: all of them in one array, or an array each. `Uint8Array`s are bytes to be normalised, all others are floats. */
export type Inputs = Uint8Array | Float32Array | readonly ArrayLike<number>[];

/**
 * Labelled inputs. A label is a class number or a class name; in a regression a number for each target, of several labels at once a 0
 * or 1 for each (or a probability): an array a row, or all of them in one.
 */
export interface Rows {
  /** The inputs. */
  readonly x: Inputs;
  /** What each of them is. */
  readonly labels: ArrayLike<number> | readonly string[] | readonly ArrayLike<number>[];
}

/** Runs both networks once: a RangeError if what they put out is not what the model says. */
export function checkModel({ expert, gate, shape, classes, task }: Model): void {
  const { name } = taskOf(task);
  const least = name === "classification" ? 2 : 1;
  if (classes.length < least) throw new RangeError(`model: classes, got ${classes.length}, expected at least ${least}`);
  const labels = onTwoRows(expert, shape);
  if (labels.shape.join() !== `2,${classes.length}`)
    throw new RangeError(
      `model: the expert's output for 2 rows, got [${labels.shape}], expected [2,${classes.length}], a column for each class`,
    );
  for (let row = name === "classification" ? 0 : 2; row < 2; row++) {
    let total = 0;
    for (let c = 0; c < classes.length; c++) total += exp(labels.values[row * classes.length + c]!);
    if (Math.abs(total - 1) > 1e-3)
      throw new RangeError(
        `model: the expert's output, got numbers whose exponentials sum to ${total.toFixed(3)}, expected log-probabilities; ` +
          `end in logSoftmax`,
      );
  }
  checkGate(gate, shape, 1);
}

/** Runs a gate once: a RangeError if it does not put out so many logits a row. */
export function checkGate(gate: Module, shape: readonly number[], outputs: 1 | 3): void {
  const found = onTwoRows(gate, shape);
  const [rows, logits] = outputs === 1 ? [2, "one logit a row"] : [6, "three logits a row"];
  if (found.values.length !== rows)
    throw new RangeError(
      `model: the gate's output for 2 rows, got [${found.shape}], expected [2,${outputs}], ${logits}`,
    );
}

// what a module puts out for inputs of zeros
function onTwoRows(module: Module, shape: readonly number[]): { shape: readonly number[]; values: ArrayLike<number> } {
  const net = new Net(module, { group: "private", trainable: false }).init(0);
  try {
    return scope(() => {
      const y = net.predict(tensor(new Float32Array(2 * sizeOf(shape)), [2, ...shape]));
      return { shape: y.shape.slice(), values: y.toArray() };
    });
  } finally {
    net.dispose();
  }
}

function isNested(x: Inputs): x is readonly ArrayLike<number>[] {
  return Array.isArray(x);
}

function isNumbers(x: unknown): boolean {
  return ArrayBuffer.isView(x) && !(x instanceof DataView || x instanceof BigInt64Array || x instanceof BigUint64Array);
}

function kindOf(x: unknown): string {
  return typeof x === "object" && x !== null ? (x.constructor?.name ?? "an object") : String(x).slice(0, 20);
}

/** How many inputs there are; a TypeError if they are no numbers, a RangeError if they are not of the model's shape. */
export function countInputs({ shape }: Model, x: Inputs): number {
  const size = sizeOf(shape);
  if (isNested(x)) {
    const odd = x.findIndex((row: ArrayLike<number> | null | undefined) => row?.length !== size);
    if (odd >= 0)
      throw new RangeError(
        `inputs: row ${odd}, got ${x[odd]?.length ?? "no"} values, expected ${shape.join(" x ")} = ${size}`,
      );
    return x.length;
  }
  if (!isNumbers(x))
    throw new TypeError(`inputs: got ${kindOf(x)}, expected a Uint8Array, a Float32Array, or an array for each input`);
  if (x.length % size !== 0)
    throw new RangeError(`inputs: got ${x.length} values, expected a multiple of ${shape.join(" x ")} = ${size}`);
  return x.length / size;
}

/** A RangeError that names the first input which is not finite as a single float: what no training comes back from. */
export function checkNumbers(x: Inputs): void {
  if (x instanceof Uint8Array) return;
  const look = (values: ArrayLike<number>, where: (i: number) => string): void => {
    for (let i = 0; i < values.length; i++) {
      const got: unknown = values[i];
      if (typeof got === "number" && Math.abs(Math.fround(got)) < Infinity) continue;
      throw new RangeError(`inputs: ${where(i)}, got ${shown(got)}, expected a finite number`);
    }
  };
  if (isNested(x)) for (const [row, values] of x.entries()) look(values, (i) => `row ${row}, value ${i}`);
  else look(x, (i) => `value ${i}`);
}

/** Class numbers from numbers or names; a RangeError for a label that is no class. */
export function classNumbers({ classes }: Model, labels: Rows["labels"], count: number): Int32Array {
  if (!isNumbers(labels) && !Array.isArray(labels))
    throw new TypeError(`labels: got ${kindOf(labels)}, expected a class number or a class name for each input`);
  if (labels.length !== count)
    throw new RangeError(`labels: got ${labels.length}, expected ${count}, one for each input`);
  return Int32Array.from({ length: count }, (_, row) => {
    const label: unknown = labels[row];
    const number = typeof label === "string" ? classes.indexOf(label) : (label as number);
    if (!(Number.isInteger(number) && number >= 0 && number < classes.length))
      throw new RangeError(
        `labels: row ${row}, got ${String(label)}, expected ${typeof label === "string" ? classes.join(", ") : `0 to ${classes.length - 1}`}`,
      );
    return number;
  });
}

/** Class numbers, or targets row by row, [count, outputs] in single precision; a RangeError that names what is neither. */
export function labelNumbers(model: Model, labels: Rows["labels"], count: number): Int32Array | Float32Array {
  const { name } = taskOf(model.task);
  if (name === "classification") return classNumbers(model, labels, count);
  const width = model.classes.length;
  const nested = Array.isArray(labels) && typeof labels[0] === "object";
  if (!isNumbers(labels) && !Array.isArray(labels))
    throw new TypeError(`labels: got ${kindOf(labels)}, expected ${width} numbers for each input`);
  const rows = nested ? (labels as readonly ArrayLike<number>[]) : [labels as ArrayLike<number>];
  const odd = nested ? rows.findIndex((row) => row?.length !== width) : -1;
  if (odd >= 0) throw new RangeError(`labels: row ${odd}, got ${rows[odd]?.length ?? "none"}, expected ${width}`);
  const values = rows.flatMap((row): unknown[] => Array.from(row));
  if (values.length !== count * width)
    throw new RangeError(`labels: got ${values.length}, expected ${count * width}, ${width} for each input`);
  values.forEach((value, i) => {
    const fits =
      name === "regression"
        ? Math.abs(Math.fround(value as number)) < Infinity
        : Number(value) >= 0 && Number(value) <= 1;
    if (typeof value !== "number" || !fits)
      throw new RangeError(
        `labels: row ${Math.floor(i / width)}, got ${String(value)}, expected ${name === "regression" ? "a finite number" : "0 to 1"}`,
      );
  });
  return Float32Array.from(values as number[]);
}

/** Staged inputs, with labels or targets where there are any (else class 0); the caller disposes of them. */
export function stage(model: Model, x: Inputs, labels?: Int32Array | Float32Array, rows?: Int32Array): Examples {
  const { shape, normalization = centred(shape[0]!) } = model;
  const count = countInputs(model, x);
  if (labels instanceof Float32Array) {
    const floats = x instanceof Uint8Array ? normalized(x, shape, normalization) : x;
    const all = isNested(floats) ? flat(floats, sizeOf(shape)) : floats;
    return new TargetExamples({ x: all, targets: labels, shape, outputs: model.classes.length }, rows);
  }
  const numbers = labels ?? new Int32Array(count);
  if (x instanceof Uint8Array) return new ImageExamples({ x, labels: numbers, shape, normalization }, rows);
  return new FeatureExamples({ x: isNested(x) ? flat(x, sizeOf(shape)) : x, labels: numbers, shape }, rows);
}

function flat(x: readonly ArrayLike<number>[], size: number): Float32Array {
  const values = new Float32Array(x.length * size);
  for (const [i, row] of x.entries()) values.set(row, i * size);
  return values;
}

function normalized(x: Uint8Array, shape: readonly number[], { mean, std }: Images["normalization"]): Float32Array {
  const plane = sizeOf(shape.slice(1));
  return Float32Array.from(x, (byte, i) => {
    const channel = Math.floor(i / plane) % shape[0]!;
    return (byte / 255 - mean[channel]!) / std[channel]!;
  });
}

function centred(channels: number): Images["normalization"] {
  const halves = Array.from({ length: channels }, () => 0.5);
  return { mean: halves, std: halves };
}

/**
 * Which of a client's rows train and which are held out to stop early by. Depends on their number and the seed alone, so a
 * client that takes part in a federation and is personalised later holds out the same rows.
 */
export function holdOut(count: number, share: number, seed: number): { train: Int32Array; held: Int32Array } {
  if (!(share > 0 && share < 1)) throw new RangeError(`heldOut: got ${share}, expected a share above 0 and below 1`);
  if (count < 2) throw new RangeError(`rows: got ${count}, expected at least 2, one to train on and one to hold out`);
  const held = Math.min(count - 1, Math.max(1, Math.round(share * count)));
  const order = new Stream(fold(key(seed), "held out", count)).choose(count, count);
  return { train: order.slice(held), held: order.slice(0, held) };
}
