// The datasets known by name: which files they are made of, what is in them, who reads them. A new dataset is an entry
// here. Knows nothing of where to look; a source is handed in.
import { countAgNews, readAgNews } from "./agNews.ts";
import { countCifar, loadCifar } from "./cifar.ts";
import { centred, type Dataset, type ImageDataset, type Split, type TextDataset } from "./dataset.ts";
import { countIdx, loadIdx } from "./idx.ts";
import { agNewsClasses, cifar100Classes, cifar10Classes, fashionClasses } from "./classes.ts";
import { type DataSource, locate, type NamedFile } from "./source.ts";
import { fromTexts, type Texts } from "./texts.ts";

interface Entry {
  /** What classes are called, in the order of their numbers. */
  readonly classes: readonly string[];
  /** Rows of the whole distribution. */
  readonly rows: { readonly train: number; readonly test: number };
  /** The files of each split, without `.gz`; any of `folders` may hold them. */
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
  /** By the name of a file, that of one with a part of its rows, which does where the whole one is not there. */
  readonly parts?: Readonly<Record<string, string>>;
  /** Where its files are looked for below a data folder. */
  readonly folders: readonly string[];
  /** Where its publishers have it, and under what terms. */
  readonly source: string;
  /** Under what terms. */
  readonly licence: string;
  /** Reads how many rows a file has. */
  count(files: readonly NamedFile[]): Promise<number>;
}

/** Images as their publishers distribute them. */
export interface ImageEntry extends Entry {
  /** What its rows are. */
  readonly kind: "image";
  /** [channels, height, width]. */
  readonly shape: ImageDataset["shape"];
  /** Reads it from a source; a RangeError names a file that is missing or damaged. */
  load(files: readonly NamedFile[]): Promise<Split>;
}

/** Texts as their publishers distribute them. */
export interface TextEntry extends Entry {
  /** What its rows are. */
  readonly kind: "text";
  /** Reads it from a source; a RangeError names a file that is missing or damaged. */
  load(files: readonly NamedFile[]): Promise<Texts>;
}

/** A dataset as its publishers distribute it. */
export type CatalogueEntry = ImageEntry | TextEntry;

/** The names of the datasets of images. */
export type ImageDatasetName = "fashion-mnist" | "cifar10" | "cifar100";

/** The names of the datasets that can be loaded. */
export type DatasetName = ImageDatasetName | "ag-news";

/** Every dataset that can be loaded, by name. */
export const catalogue: Readonly<Record<ImageDatasetName, ImageEntry> & Record<"ag-news", TextEntry>> = {
  "fashion-mnist": {
    kind: "image",
    classes: fashionClasses,
    shape: [1, 28, 28],
    rows: { train: 60_000, test: 10_000 },
    files: {
      train: ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
      test: ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
    },
    folders: ["", "fashion-mnist/", "FashionMNIST/raw/"],
    source: "https://github.com/zalandoresearch/fashion-mnist",
    licence: "MIT (Zalando SE)",
    count: (files) => countIdx(files[0]!, files[1]!),
    load: (files) => loadIdx(files[0]!, files[1]!, { classes: 10, height: 28, width: 28 }),
  },
  cifar10: {
    kind: "image",
    classes: cifar10Classes,
    shape: [3, 32, 32],
    rows: { train: 50_000, test: 10_000 },
    files: { train: [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`), test: ["test_batch.bin"] },
    folders: ["", "cifar-10-batches-bin/", "cifar10/"],
    source: "https://www.cs.toronto.edu/~kriz/cifar.html, the binary version",
    licence: "none stated; cite Krizhevsky 2009",
    count: async (files) => countCifar(files, 1),
    load: (files) => loadCifar(files, { classes: 10, labelBytes: 1 }),
  },
  cifar100: {
    kind: "image",
    classes: cifar100Classes,
    shape: [3, 32, 32],
    rows: { train: 50_000, test: 10_000 },
    files: { train: ["train.bin"], test: ["test.bin"] },
    folders: ["", "cifar-100-binary/", "cifar100/"],
    source: "https://www.cs.toronto.edu/~kriz/cifar.html, the binary version",
    licence: "none stated; cite Krizhevsky 2009",
    count: async (files) => countCifar(files, 2),
    load: (files) => loadCifar(files, { classes: 100, labelBytes: 2 }),
  },
  "ag-news": {
    kind: "text",
    classes: agNewsClasses,
    rows: { train: 120_000, test: 7_600 },
    files: { train: ["train.csv"], test: ["test.csv"] },
    parts: { "train.csv": "train_part.csv" },
    folders: ["", "ag_news/", "ag_news_csv/"],
    source: "http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html, as cut by Zhang et al. 2015",
    licence: "research, not commercial",
    count: (files) => countAgNews(files[0]!),
    load: (files) => readAgNews(files[0]!),
  },
};

/** The files of a split that the source has, and the names of those it lacks. */
export async function gather(
  source: DataSource,
  { folders, parts }: CatalogueEntry,
  stems: readonly string[],
): Promise<{ files: NamedFile[]; missing: string[] }> {
  const files: NamedFile[] = [];
  const missing: string[] = [];
  for (const stem of stems) {
    const part = parts?.[stem];
    const file = (await locate(source, folders, stem)) ?? (part && (await locate(source, folders, part)));
    if (file) files.push(file);
    else missing.push(stem);
  }
  return { files, missing };
}

/** The names of all files of a dataset, for messages. */
export function fileNames(name: DatasetName): string {
  const { files, parts }: CatalogueEntry = catalogue[name];
  return [...files.train, ...files.test]
    .map((stem) => (parts?.[stem] ? `${stem} (or ${parts[stem]})` : stem))
    .join(", ");
}

/** The error for a place that lacks files of a dataset. */
export function absent(name: DatasetName, { where }: DataSource, missing: readonly string[]): RangeError {
  return new RangeError(
    `${name}: ${where}, got no ${missing.join(", no ")}, expected ${fileNames(name)} with or without .gz; ` +
      `give the folder that holds them all`,
  );
}

/** Loads a dataset by name. Missing, damaged or mismatched files are a RangeError that says which file and what to do. */
export function loadDataset(name: ImageDatasetName, source: DataSource): Promise<ImageDataset>;
export function loadDataset(name: DatasetName, source: DataSource): Promise<Dataset>;
export async function loadDataset(name: DatasetName, source: DataSource): Promise<Dataset> {
  const entry: CatalogueEntry = catalogue[name];
  const filesOf = async (stems: readonly string[]): Promise<NamedFile[]> => {
    const { files, missing } = await gather(source, entry, stems);
    if (missing.length > 0) throw absent(name, source, missing);
    return files;
  };
  const train = await filesOf(entry.files.train);
  const test = await filesOf(entry.files.test);
  const { classes } = entry;
  if (entry.kind === "text")
    return fromTexts({ name, classes, train: await entry.load(train), test: await entry.load(test) });
  const { shape } = entry;
  const splits = { train: await entry.load(train), test: await entry.load(test) };
  return { kind: "image", name, classes, shape, ...splits, normalization: centred(shape[0]) };
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

/** AG News (Zhang, Zhao, LeCun 2015) or a part of it, from train.csv (or train_part.csv) and test.csv. */
export async function loadAgNews(source: DataSource): Promise<TextDataset> {
  return (await loadDataset("ag-news", source)) as TextDataset;
}
