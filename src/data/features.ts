// Rows of floats with one class each, or with targets: tables, measurements, features of another network. As with images, nothing is a
// tensor.
import { classNumbers, exampleSize } from "./labels.ts";
import { type OwnerNames, type Owners, ownersOf } from "./owners.ts";
import type { Labels } from "./partition/partition.ts";
import { shared } from "./share.ts";

/** `rows` examples of prod(shape) floats each, and a class number per row. */
export interface FeatureSplit {
  /** Floats, prod(shape) a row. */
  readonly x: Float32Array;
  /** Class numbers, one a row. */
  readonly labels: Uint8Array;
  /** How many rows there are. */
  readonly rows: number;
}

/** What is asked of a row beside one class of several: numbers, or any of several labels. */
export type TargetKind = "regression" | "multi-label";

/** Targets of both splits, row by row, as many a row as the dataset has names in `classes`; labels are 0 and 1. */
export interface Targets {
  /** What the targets are. */
  readonly kind: TargetKind;
  /** Of the training rows, [rows, outputs]. */
  readonly train: Float32Array;
  /** Of the test rows, [rows, outputs]. */
  readonly test: Float32Array;
}

/** Which group of people rows are of, and which class is to their good. */
export interface Grouping extends Owners {
  /** The class that is to one's good, by its number. */
  readonly positive: number;
}

/** Numbers with one class each; `shape` is that of one example, [columns] for a table. */
export interface FeatureDataset {
  /** What its rows are. */
  readonly kind: "features";
  /** What the dataset is called. */
  readonly name: string;
  /** What classes are called, in the order of their numbers; with targets what those are. */
  readonly classes: readonly string[];
  /** Of one example. */
  readonly shape: readonly number[];
  /** What the numbers of a row are called, where the data say so; of words in a column `column=word`. */
  readonly columns?: readonly string[] | undefined;
  /** Rows to train and validate on. */
  readonly train: FeatureSplit;
  /** Rows to test on. */
  readonly test: FeatureSplit;
  /** What rows have instead of a class: then `classes` are the targets' names, and the label of every row is 0. */
  readonly targets?: Targets | undefined;
  /** Whose each row is, where the data say so. */
  readonly owners?: Owners | undefined;
  /** Which group of people each row is of, where the data say so; what `Owners` calls owners are groups here. */
  readonly groups?: Grouping | undefined;
}

/** Floats, prod(shape) for each label. */
export interface Features {
  /** Floats, prod(shape) a row. */
  readonly x: ArrayLike<number>;
  /** Class numbers, one a row. */
  readonly labels: Labels;
  /** Whose each row is: a name or a number for each. */
  readonly owners?: OwnerNames | undefined;
  /** Which group each row is of: a name or a number for each. */
  readonly groups?: OwnerNames | undefined;
}

/** What numbers in memory are. */
export interface FeaturesOptions {
  /** What the dataset is called. */
  readonly name: string;
  /** Class names in label order; labels are numbers from 0. */
  readonly classes: readonly string[];
  /** Of one example. */
  readonly shape: readonly number[];
  /** What the numbers of a row are called. */
  readonly columns?: readonly string[];
  /** Rows to train and validate on. */
  readonly train: Features;
  /** Rows to test on. */
  readonly test: Features;
  /** Instead of classes: `classes` are then the targets' names, and all labels 0. */
  readonly targets?: { readonly kind: TargetKind; readonly train: ArrayLike<number>; readonly test: ArrayLike<number> };
  /** Of rows with groups, the class that is to one's good; the last one unless said. */
  readonly positive?: number;
}

// where the first number is that is none, -1 without one
function oddIn(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]!) < Infinity)) return i;
  return -1;
}

function split(part: string, { x, labels }: Features, { shape, classes }: FeaturesOptions): FeatureSplit {
  const size = exampleSize("fromFeatures", shape);
  const rows = labels.length;
  if (rows === 0) throw new RangeError(`fromFeatures: ${part} labels, got none, expected at least 1`);
  if (x.length !== rows * size)
    throw new RangeError(
      `fromFeatures: ${part} x, got ${x.length} numbers, expected ${rows} labels x ${shape.join(" x ")} = ${rows * size}`,
    );
  const values = new Float32Array(shared(4 * x.length).buffer);
  values.set(x);
  const odd = oddIn(values);
  if (odd >= 0)
    throw new RangeError(
      `fromFeatures: ${part} x, got ${values[odd]} in row ${Math.floor(odd / size)}, expected finite numbers`,
    );
  return { x: values, labels: classNumbers(labels, `fromFeatures: ${part} labels`, classes.length), rows };
}

function targetsOf(
  part: string,
  values: ArrayLike<number>,
  kind: TargetKind,
  rows: number,
  width: number,
): Float32Array {
  if (values.length !== rows * width)
    throw new RangeError(
      `fromFeatures: ${part} targets, got ${values.length}, expected ${rows} rows x ${width} = ${rows * width}`,
    );
  const targets = new Float32Array(shared(4 * values.length).buffer);
  targets.set(values);
  const fits = (value: number): boolean =>
    kind === "regression" ? Math.abs(value) < Infinity : value === 0 || value === 1;
  const odd = targets.findIndex((value) => !fits(value));
  if (odd >= 0)
    throw new RangeError(
      `fromFeatures: ${part} targets, got ${values[odd]} in row ${Math.floor(odd / width)}, expected ${kind === "regression" ? "finite numbers" : "0 or 1"}`,
    );
  return targets;
}

/** A dataset of numbers in memory; they are copied into memory that workers share, where there is such. */
export function fromFeatures(options: FeaturesOptions): FeatureDataset {
  const { name, classes, shape, columns } = options;
  const [train, test] = [split("train", options.train, options), split("test", options.test, options)];
  const owners = ownersOf("fromFeatures", { ...options.train, rows: train.rows }, { ...options.test, rows: test.rows });
  const sides = ownersOf(
    "fromFeatures: groups",
    { owners: options.train.groups, rows: train.rows },
    { owners: options.test.groups, rows: test.rows },
  );
  const { targets, positive = classes.length - 1 } = options;
  if (sides && !(Number.isInteger(positive) && positive >= 0 && positive < classes.length))
    throw new RangeError(`fromFeatures: positive, got ${positive}, expected a class from 0 to ${classes.length - 1}`);
  const own = targets && {
    targets: {
      kind: targets.kind,
      train: targetsOf("train", targets.train, targets.kind, train.rows, classes.length),
      test: targetsOf("test", targets.test, targets.kind, test.rows, classes.length),
    },
  };
  return {
    kind: "features",
    name,
    classes,
    shape,
    ...(columns && { columns }),
    train,
    test,
    ...own,
    ...(owners && { owners }),
    ...(sides && { groups: { ...sides, positive } }),
  };
}
