// Data of one's own, in files of the usual forms under names of one's own: what a config can say about them, and one loader.
import type { TensorData } from "../io/dtype.ts";
import { decodeNpy } from "../io/npy.ts";
import { fromArrays } from "./arrays.ts";
import { loadCifar } from "./cifar.ts";
import { centred, type ImageDataset } from "./dataset.ts";
import { type FeatureDataset, fromFeatures } from "./features.ts";
import { unpack } from "./gzip.ts";
import { parseIdx } from "./idx.ts";
import { type DataSource, locate, type NamedFile } from "./source.ts";
import { loadTable, type TableOptions } from "./table.ts";

/** Where the rows are, by form. File names are found with `.gz`, too. */
export type OwnData =
  | ({ readonly kind: "csv" } & Omit<TableOptions, "name">)
  /** x_train.npy, y_train.npy, x_test.npy, y_test.npy: bytes [rows, (channels,) height, width], or any other numbers. */
  | { readonly kind: "npy"; readonly classes?: readonly string[] | undefined }
  /** Pairs of images and labels in the form of MNIST. */
  | {
      readonly kind: "idx";
      readonly train: readonly [images: string, labels: string];
      readonly test: readonly [images: string, labels: string];
      readonly classes?: readonly string[] | undefined;
    }
  /** Records of one or two label bytes and 3 x 32 x 32 pixel bytes in the form of CIFAR. */
  | {
      readonly kind: "cifar";
      readonly train: readonly string[];
      readonly test: readonly string[];
      readonly labelBytes: 1 | 2;
      readonly classes: readonly string[];
    };

async function find(source: DataSource, name: string): Promise<NamedFile> {
  const file = await locate(source, [""], name);
  if (!file) throw new RangeError(`data: ${source.where}, got no ${name}; give the folder that holds it`);
  return file;
}

/** Names for classes that have none: their numbers. */
function numbered(...labels: readonly ArrayLike<number>[]): string[] {
  let most = 0;
  for (const some of labels) for (let i = 0; i < some.length; i++) most = Math.max(most, some[i]!);
  return Array.from({ length: most + 1 }, (_, c) => String(c));
}

async function fromIdx(
  name: string,
  source: DataSource,
  { train, test, classes }: Extract<OwnData, { kind: "idx" }>,
): Promise<ImageDataset> {
  const read = async ([images, labels]: readonly [string, string]) => {
    const [pixels, marks] = [await find(source, images), await find(source, labels)];
    const { shape, data } = parseIdx(await unpack(pixels.bytes, pixels.name), pixels.name, 3);
    return { shape, x: data, labels: parseIdx(await unpack(marks.bytes, marks.name), marks.name, 1).data };
  };
  const [training, testing] = [await read(train), await read(test)];
  const [, height, width] = training.shape as [number, number, number];
  const names = classes ?? numbered(training.labels, testing.labels);
  return fromArrays({ name, classes: names, shape: [1, height, width], train: training, test: testing });
}

async function fromCifar(
  name: string,
  source: DataSource,
  { train, test, classes, labelBytes }: Extract<OwnData, { kind: "cifar" }>,
): Promise<ImageDataset> {
  const load = async (names: readonly string[]) => {
    const files: NamedFile[] = [];
    for (const file of names) files.push(await find(source, file));
    return loadCifar(files, { classes: classes.length, labelBytes });
  };
  const splits = { train: await load(train), test: await load(test) };
  return { kind: "image", name, classes, shape: [3, 32, 32], ...splits, normalization: centred(3) };
}

async function readNpy({ bytes, name }: NamedFile): Promise<TensorData> {
  try {
    return decodeNpy(await unpack(bytes, name));
  } catch (error) {
    if (error instanceof Error) error.message = `${name}: ${error.message}`;
    throw error;
  }
}

async function fromNpy(
  name: string,
  source: DataSource,
  { classes }: Extract<OwnData, { kind: "npy" }>,
): Promise<ImageDataset | FeatureDataset> {
  const read = async (part: string) => {
    const [inputs, marks] = [await find(source, `x_${part}.npy`), await find(source, `y_${part}.npy`)];
    const [x, y] = [await readNpy(inputs), await readNpy(marks)];
    const [rows = 0, ...shape] = x.shape;
    if (y.shape.length !== 1 || y.shape[0] !== rows)
      throw new RangeError(`npy: ${marks.name}, got [${y.shape}], expected [${rows}], one class number per row of x`);
    return { x: x.data, labels: Float64Array.from(y.data, Number), shape };
  };
  const [train, test] = [await read("train"), await read("test")];
  if (test.shape.join() !== train.shape.join())
    throw new RangeError(`npy: x_test.npy, got rows of [${test.shape}], expected [${train.shape}] as in x_train.npy`);
  const names = classes ?? numbered(train.labels, test.labels);
  const { shape } = train;
  if (train.x instanceof Uint8Array && test.x instanceof Uint8Array && (shape.length === 2 || shape.length === 3)) {
    const image = (shape.length === 2 ? [1, ...shape] : shape) as [number, number, number];
    const parts = { train: { x: train.x, labels: train.labels }, test: { x: test.x, labels: test.labels } };
    return fromArrays({ name, classes: names, shape: image, ...parts });
  }
  const floats = ({ x, labels }: typeof train) => ({ x: Float32Array.from(x, Number), labels });
  return fromFeatures({ name, classes: names, shape, train: floats(train), test: floats(test) });
}

/** Loads data of one's own. What is missing, damaged or does not fit is a RangeError that says which file and what. */
export async function loadOwn(name: string, source: DataSource, own: OwnData): Promise<ImageDataset | FeatureDataset> {
  switch (own.kind) {
    case "csv":
      return loadTable(source, { ...own, name });
    case "npy":
      return fromNpy(name, source, own);
    case "idx":
      return fromIdx(name, source, own);
    case "cifar":
      return fromCifar(name, source, own);
  }
}
