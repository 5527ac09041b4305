// The datasets known by name: which files they are made of, what is in them, who reads them. A new image dataset is an
// entry here. Knows nothing of where to look; a source is handed in.
import { countCifar, loadCifar } from "./cifar.ts";
import { centred, type ImageDataset, type Split } from "./dataset.ts";
import { countIdx, loadIdx } from "./idx.ts";
import { cifar100Classes, cifar10Classes, fashionClasses } from "./classes.ts";
import { type DataSource, locate, type NamedFile } from "./source.ts";

/** A dataset as its publishers distribute it. */
export interface CatalogueEntry {
  readonly classes: readonly string[];
  readonly shape: ImageDataset["shape"];
  /** Rows of the whole distribution. */
  readonly rows: { readonly train: number; readonly test: number };
  /** The files of each split, without `.gz`; any of `folders` may hold them. */
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
  readonly folders: readonly string[];
  count(files: readonly NamedFile[]): Promise<number>;
  load(files: readonly NamedFile[]): Promise<Split>;
}

/** The names of the datasets that can be loaded. */
export type DatasetName = "fashion-mnist" | "cifar10" | "cifar100";

/** Every dataset that can be loaded, by name. */
export const catalogue: Readonly<Record<DatasetName, CatalogueEntry>> = {
  "fashion-mnist": {
    classes: fashionClasses,
    shape: [1, 28, 28],
    rows: { train: 60_000, test: 10_000 },
    files: {
      train: ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
      test: ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
    },
    folders: ["", "fashion-mnist/", "FashionMNIST/raw/"],
    count: (files) => countIdx(files[0]!, files[1]!),
    load: (files) => loadIdx(files[0]!, files[1]!, { classes: 10, height: 28, width: 28 }),
  },
  cifar10: {
    classes: cifar10Classes,
    shape: [3, 32, 32],
    rows: { train: 50_000, test: 10_000 },
    files: { train: [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`), test: ["test_batch.bin"] },
    folders: ["", "cifar-10-batches-bin/", "cifar10/"],
    count: async (files) => countCifar(files, 1),
    load: (files) => loadCifar(files, { classes: 10, labelBytes: 1 }),
  },
  cifar100: {
    classes: cifar100Classes,
    shape: [3, 32, 32],
    rows: { train: 50_000, test: 10_000 },
    files: { train: ["train.bin"], test: ["test.bin"] },
    folders: ["", "cifar-100-binary/", "cifar100/"],
    count: async (files) => countCifar(files, 2),
    load: (files) => loadCifar(files, { classes: 100, labelBytes: 2 }),
  },
};

/** The files of a split that the source has, and the names of those it lacks. */
export async function gather(
  source: DataSource,
  { folders }: CatalogueEntry,
  stems: readonly string[],
): Promise<{ files: NamedFile[]; missing: string[] }> {
  const files: NamedFile[] = [];
  const missing: string[] = [];
  for (const stem of stems) {
    const file = await locate(source, folders, stem);
    if (file) files.push(file);
    else missing.push(stem);
  }
  return { files, missing };
}

/** The error for a place that lacks files of a dataset. */
export function absent(name: DatasetName, { where }: DataSource, missing: readonly string[]): RangeError {
  const { train, test } = catalogue[name].files;
  return new RangeError(
    `${name}: ${where}, got no ${missing.join(", no ")}, expected ${[...train, ...test].join(", ")} with or without .gz; ` +
      `give the folder that holds them all`,
  );
}

/** Loads a dataset by name. Missing, damaged or mismatched files are a RangeError that says which file and what to do. */
export async function loadDataset(name: DatasetName, source: DataSource): Promise<ImageDataset> {
  const entry = catalogue[name];
  const load = async (stems: readonly string[]): Promise<Split> => {
    const { files, missing } = await gather(source, entry, stems);
    if (missing.length > 0) throw absent(name, source, missing);
    return entry.load(files);
  };
  const { classes, shape } = entry;
  const [train, test] = [await load(entry.files.train), await load(entry.files.test)];
  return { kind: "image", name, classes, shape, train, test, normalization: centred(shape[0]) };
}

/** Fashion-MNIST (Xiao, Rasul, Vollgraf 2017) or a part of it, from its four idx files. */
export function loadFashionMnist(source: DataSource): Promise<ImageDataset> {
  return loadDataset("fashion-mnist", source);
}

/** CIFAR-10 (Krizhevsky 2009), binary version, five training batches and a test batch. */
export function loadCifar10(source: DataSource): Promise<ImageDataset> {
  return loadDataset("cifar10", source);
}

/** CIFAR-100 (Krizhevsky 2009), binary version, with its 100 fine labels. */
export function loadCifar100(source: DataSource): Promise<ImageDataset> {
  return loadDataset("cifar100", source);
}
