// Data that are in memory already, as a dataset.
import { centred, checkNormalization, type ImageDataset, type Normalization, type Split } from "./dataset.ts";
import { classNumbers, exampleSize } from "./labels.ts";
import { type OwnerNames, ownersOf } from "./owners.ts";
import { share } from "./share.ts";

/** Images as bytes, prod(shape) for each label. */
export interface Arrays {
  /** Bytes, prod(shape) for each label, channel by channel. */
  readonly x: Uint8Array;
  /** Class numbers, one a row. */
  readonly labels: ArrayLike<number>;
  /** Whose each row is: a name or a number for each. */
  readonly owners?: OwnerNames | undefined;
}

/** What images in memory are. */
export interface ArraysOptions {
  /** What the dataset is called. */
  readonly name: string;
  /** Class names in label order; labels are numbers from 0. */
  readonly classes: readonly string[];
  /** [channels, height, width] of one example. */
  readonly shape: ImageDataset["shape"];
  /** Without it, 0.5 and 0.5 in every channel. */
  readonly normalization?: Normalization;
  /** Rows to train and validate on. */
  readonly train: Arrays;
  /** Rows to test on. */
  readonly test: Arrays;
}

function split(part: string, { x, labels }: Arrays, { shape, classes }: ArraysOptions): Split {
  const size = exampleSize("fromArrays", shape);
  const rows = labels.length;
  if (rows === 0) throw new RangeError(`fromArrays: ${part} labels, got none, expected at least 1`);
  if (x.length !== rows * size)
    throw new RangeError(
      `fromArrays: ${part} x, got ${x.length} bytes, expected ${rows} labels x ${shape.join(" x ")} = ${rows * size}`,
    );
  return { x: share(x), labels: classNumbers(labels, `fromArrays: ${part} labels`, classes.length), rows };
}

/** A dataset of images in memory; pixels and labels are copied into memory that workers share, where there is such. */
export function fromArrays(options: ArraysOptions): ImageDataset {
  const { name, classes, shape, normalization = centred(shape[0]) } = options;
  checkNormalization("fromArrays", normalization, shape[0]);
  const train = split("train", options.train, options);
  const test = split("test", options.test, options);
  const owners = ownersOf("fromArrays", { ...options.train, rows: train.rows }, { ...options.test, rows: test.rows });
  return {
    kind: "image",
    name,
    classes,
    shape,
    train,
    test,
    normalization,
    ...(owners && { owners }),
  };
}
