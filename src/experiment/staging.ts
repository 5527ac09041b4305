// Rows of a dataset as examples in linear memory. Here, and nowhere else, is decided what kind of examples the data make
// and how the authors' code would batch them.
import { type Dataset, PADDING } from "../data/index.ts";
import {
  type Batching,
  bucketed,
  type Examples,
  FeatureExamples,
  ImageExamples,
  inOrder,
  PaddedTextExamples,
  sorted,
  TextExamples,
} from "../nn/index.ts";
import type { Key } from "../runtime/random.ts";
import { behaviour, type Config } from "./config.ts";

/** A client's two tests: examples, and which of them belong to which. */
export interface Tests {
  readonly examples: Examples;
  readonly local: Int32Array;
  readonly global: Int32Array;
  dispose(): void;
}

export interface Staging {
  /** Rows of the train split to train on; what there is to draw of their batches is drawn by `key`. */
  train(rows: Int32Array, key: Key): Examples;
  /** Rows of the train split to validate on. */
  validation(rows: Int32Array): Examples;
  /** Rows of the test split. */
  tests(local: Int32Array, global: Int32Array): Tests;
}

/** `batching` is for data whose batches matter; the others have none of their own. */
type Hold = (part: "train" | "test", rows: Int32Array | undefined, batching: Batching) => Examples;

function holder(config: Config, dataset: Dataset): Hold {
  if (dataset.kind === "image") {
    const { shape, normalization } = dataset;
    return (part, rows) => new ImageExamples({ ...dataset[part], shape, normalization }, rows);
  }
  if (dataset.kind === "features") {
    const { shape } = dataset;
    return (part, rows) => new FeatureExamples({ ...dataset[part], shape }, rows);
  }
  if (behaviour(config).padding === "none") return (part, rows) => new TextExamples(dataset[part], rows);
  return (part, rows, batching) => new PaddedTextExamples(dataset[part], rows, PADDING, batching);
}

/** Stages rows of a dataset; `batchSize` is that of the authors' code, which also validates and tests in such batches. */
export function staging(config: Config, dataset: Dataset): Staging {
  const hold = holder(config, dataset);
  const { batchSize } = config.federation;
  // where all of the test split is wanted, it is staged once
  let whole: Examples | undefined;
  return {
    train: (rows, key) => hold("train", rows, bucketed(batchSize, key)),
    validation: (rows) => hold("train", rows, sorted(batchSize)),
    tests: (local, global) => {
      if (global.length === dataset.test.rows) {
        const examples = (whole ??= hold("test", undefined, sorted(batchSize)));
        return { examples, local, global, dispose: () => {} };
      }
      const rows = Int32Array.of(...local, ...global);
      const examples = hold("test", rows, inTwo(local.length, batchSize));
      const numbers = rows.map((_, i) => i);
      return {
        examples,
        local: numbers.subarray(0, local.length),
        global: numbers.subarray(local.length),
        dispose: () => examples.dispose(),
      };
    },
  };
}

// the authors batch a local test as its rows come, the global test by length
function inTwo(local: number, size: number): Batching {
  return (lengths) => [
    ...inOrder(size)(lengths.subarray(0, local)),
    ...sorted(size)(lengths.subarray(local)).map((batch) => batch.map((i) => local + i)),
  ];
}
