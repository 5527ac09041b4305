// Data of one's own, in files of the usual forms under names of one's own: what a config can say about them, and one loader.
import type { TensorData } from "../io/dtype.ts";
import { decodeNpy, npyHeadSize, npySize } from "../io/npy.ts";
import { fromArrays } from "./arrays.ts";
import { loadCifar } from "./cifar.ts";
import { centred, type ImageDataset } from "./dataset.ts";
import { type FeatureDataset, fromFeatures, type TargetKind } from "./features.ts";
import { unpack, unpackHead } from "./gzip.ts";
import { checkPair, readIdx } from "./idx.ts";
import { classNumbers } from "./labels.ts";
import { type DataSource, locate, type NamedFile } from "./source.ts";
import { loadTable, type TableOptions } from "./table.ts";

/** Where the rows are, by form. File names are found with `.gz`, too. */
export type OwnData =
  | ({ readonly kind: "csv" } & Omit<TableOptions, "name" | "task">)
  /**
   * x_train.npy, y_train.npy, x_test.npy, y_test.npy: bytes [rows, (channels,) height, width], or any other numbers; y are class numbers
   * [rows], or with a task targets [rows, outputs] or [rows], whose names are `classes`.
   */
  | {
      readonly kind: "npy";
      readonly classes?: readonly string[] | undefined;
      /** The name of arrays that say whose a row is: "writer" is writer_train.npy and writer_test.npy, a number for each row. */
      readonly client?: string | undefined;
    }
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
function numbered(...labels: readonly Uint8Array[]): string[] {
  const most = labels.reduce((most, some) => some.reduce((a, b) => Math.max(a, b), most), 0);
  return Array.from({ length: most + 1 }, (_, c) => String(c));
}

/** Refuses test rows of another shape, as many numbers though they may have. */
function checkShapes(test: string, got: readonly number[], train: string, expected: readonly number[]): void {
  if (got.join() !== expected.join())
    throw new RangeError(`data: ${test}, got rows of [${got}], expected [${expected}] as in ${train}`);
}

async function fromIdx(
  name: string,
  source: DataSource,
  { train, test, classes }: Extract<OwnData, { kind: "idx" }>,
): Promise<ImageDataset> {
  const read = async (names: readonly [images: string, labels: string]) => {
    const [pixels, marks] = [await find(source, names[0]), await find(source, names[1])];
    const { shape, data } = readIdx(pixels, 3);
    const { shape: rows, data: numbers } = readIdx(marks, 1);
    checkPair(pixels, marks, shape, rows[0]!);
    const labels = classNumbers(numbers, `labels: ${marks.name}`, classes?.length);
    return { name: pixels.name, shape: shape.slice(1), x: data, labels };
  };
  const [training, testing] = [await read(train), await read(test)];
  checkShapes(testing.name, testing.shape, training.name, training.shape);
  const [height, width] = training.shape as [number, number];
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

/** An npy file, packed or not; no more of it is unpacked than its header says. What it is not is a RangeError that names it. */
function readNpy({ bytes, name }: NamedFile): TensorData {
  try {
    const head = unpackHead(bytes, name, npyHeadSize(unpackHead(bytes, name, 12)));
    return decodeNpy(unpack(bytes, name, npySize(head)));
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof TypeError)) throw cause;
    throw new RangeError(`${name}: ${cause.message}`, { cause });
  }
}

// as they are, but for integers of 64 bits, which are no numbers
function inNumbers(data: TensorData["data"]): ArrayLike<number> {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return data;
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) numbers[i] = Number(data[i]);
  return numbers;
}

/** What the rows of y are: class numbers, or targets. */
interface Asked {
  readonly labels: Uint8Array;
  readonly targets: ArrayLike<number> | undefined;
  readonly outputs: number;
}

function askedOf(
  name: string,
  y: TensorData,
  rows: number,
  classes: number | undefined,
  task: TargetKind | undefined,
): Asked {
  const outputs = y.shape[1] ?? 1;
  const fits = y.shape[0] === rows && (y.shape.length === 1 || (task && y.shape.length === 2 && outputs > 0));
  if (!fits)
    throw new RangeError(
      `npy: ${name}, got [${y.shape}], expected ${task ? `[${rows}] or [${rows},outputs], the targets of each` : `[${rows}], one class number per`} row of x`,
    );
  if (task) return { labels: new Uint8Array(rows), targets: inNumbers(y.data), outputs };
  return { labels: classNumbers(inNumbers(y.data), `labels: ${name}`, classes), targets: undefined, outputs };
}

/** What targets are called; their places where nothing says it. */
function targetNames(name: string, outputs: number, given: readonly string[] | undefined): readonly string[] {
  if (given && given.length !== outputs)
    throw new RangeError(
      `npy: ${name}, got ${outputs} targets a row, expected ${given.length}, one for each of classes`,
    );
  return given ?? Array.from({ length: outputs }, (_, i) => String(i));
}

async function fromNpy(
  name: string,
  source: DataSource,
  { classes, client }: Extract<OwnData, { kind: "npy" }>,
  task: TargetKind | undefined,
): Promise<ImageDataset | FeatureDataset> {
  const read = async (part: string) => {
    const [inputs, marks] = [await find(source, `x_${part}.npy`), await find(source, `y_${part}.npy`)];
    const [x, y] = [readNpy(inputs), readNpy(marks)];
    const [rows = 0, ...shape] = x.shape;
    const asked = askedOf(marks.name, y, rows, classes?.length, task);
    const own = client === undefined ? undefined : await find(source, `${client}_${part}.npy`);
    const owners = own && readNpy(own);
    if (own && owners && (owners.shape.length !== 1 || owners.shape[0] !== rows))
      throw new RangeError(`npy: ${own.name}, got [${owners.shape}], expected [${rows}], one client per row of x`);
    const whose = owners && Array.from(owners.data, String);
    return { name: inputs.name, marks: marks.name, x: x.data, ...asked, shape, owners: whose };
  };
  const [train, test] = [await read("train"), await read("test")];
  checkShapes(test.name, test.shape, train.name, train.shape);
  const { shape } = train;
  const floats = ({ x, labels, owners }: typeof train) => ({ x: inNumbers(x), labels, owners });
  const parts = { name, shape, train: floats(train), test: floats(test) };
  if (task) {
    const names = targetNames(train.marks, train.outputs, classes);
    targetNames(test.marks, test.outputs, names);
    const targets = { kind: task, train: train.targets!, test: test.targets! };
    return fromFeatures({ ...parts, classes: names, targets });
  }
  const names = classes ?? numbered(train.labels, test.labels);
  if (train.x instanceof Uint8Array && test.x instanceof Uint8Array && (shape.length === 2 || shape.length === 3)) {
    const image = (shape.length === 2 ? [1, ...shape] : shape) as [number, number, number];
    const pixels = { train: { ...train, x: train.x }, test: { ...test, x: test.x } };
    return fromArrays({ name, classes: names, shape: image, ...pixels });
  }
  return fromFeatures({ ...parts, classes: names });
}

/**
 * Loads data of one's own. What is missing, damaged or does not fit is a RangeError that says which file and what.
 * @param task what rows have instead of a class; of csv and npy files
 */
export async function loadOwn(
  name: string,
  source: DataSource,
  own: OwnData,
  task?: TargetKind,
): Promise<ImageDataset | FeatureDataset> {
  if (task !== undefined && own.kind !== "csv" && own.kind !== "npy")
    throw new RangeError(
      `data: files of kind ${own.kind}, got the task ${task}, expected csv or npy, which have targets`,
    );
  switch (own.kind) {
    case "csv":
      return loadTable(source, { ...own, name, task });
    case "npy":
      return fromNpy(name, source, own, task);
    case "idx":
      return fromIdx(name, source, own);
    case "cifar":
      return fromCifar(name, source, own);
  }
}
