// Rows of a dataset as examples in linear memory. Here, and nowhere else, is decided what kind of examples the data make
// and how the authors' code would batch them.
import { type ClientRows, type Dataset, PADDING, take, type TextSplit, windowOf } from "../data/index.ts";
import {
  type Batching,
  bucketed,
  type Examples,
  FeatureExamples,
  type RowGroups,
  ImageExamples,
  inOrder,
  PaddedTextExamples,
  sorted,
  TargetExamples,
  TextExamples,
} from "../nn/index.ts";
import type { Own } from "../federated/turn.ts";
import type { Key } from "../runtime/random.ts";
import { type Config, ConfigError } from "./config.ts";
import { behaviour } from "./fidelity.ts";
import { throughLenses } from "./everybody.ts";
import { type Lens, lensOf } from "./lens.ts";

/** A client's two tests: examples, and which of them belong to which. */
export interface Tests {
  readonly examples: Examples;
  readonly local: Int32Array;
  readonly global: Int32Array;
  dispose(): void;
}

export interface Staging {
  /** The same as a client sees it in a round, or after all: under a shift rows look otherwise, and of a stream only some have come. */
  of(client: number, round?: number): Staging;
  /** Rows of the train split to train on; what there is to draw of their batches is drawn by `key`. */
  train(rows: Int32Array, key: Key): Examples;
  /** Rows of the train split to validate on. */
  validation(rows: Int32Array): Examples;
  /** Rows of the test split. */
  tests(local: Int32Array, global: Int32Array): Tests;
}

type Part = "train" | "test";

/** `batching` is for data whose batches matter; the others have none of their own. */
type Hold = (part: Part, rows: Int32Array | undefined, batching: Batching) => Examples;

/** The groups of some rows. */
function chosen(groups: RowGroups | undefined, rows: Int32Array): RowGroups | undefined {
  return groups && { ...groups, of: rows.map((row) => groups.of[row]!) };
}

function holder(config: Config, dataset: Dataset, lens: Lens | undefined): Hold {
  const everything = (part: Part): Int32Array => Int32Array.from({ length: dataset[part].rows }, (_, i) => i);
  if (dataset.kind === "image") {
    const { shape, normalization } = dataset;
    if (!lens) return (part, rows) => new ImageExamples({ ...dataset[part], shape, normalization }, rows);
    return (part, rows = everything(part)) =>
      new ImageExamples({ ...lens.see({ ...take(dataset[part], rows), rows }, shape, part), shape, normalization });
  }
  if (dataset.kind === "features") {
    const { shape, targets, classes, groups } = dataset;
    const seen = (part: Part, rows: Int32Array) => lens!.see({ ...take(dataset[part], rows), rows }, shape, part);
    if (targets) {
      const outputs = classes.length;
      if (!lens)
        return (part, rows) => new TargetExamples({ ...dataset[part], targets: targets[part], shape, outputs }, rows);
      return (part, rows = everything(part)) => {
        const own = Float32Array.from(
          { length: rows.length * outputs },
          (_, i) => targets[part][rows[Math.floor(i / outputs)]! * outputs + (i % outputs)]!,
        );
        return new TargetExamples({ ...seen(part, rows), targets: own, shape, outputs });
      };
    }
    const sides = (part: Part): RowGroups | undefined => groups && { of: groups[part], positive: groups.positive };
    if (!lens) return (part, rows) => new FeatureExamples({ ...dataset[part], shape, groups: sides(part) }, rows);
    return (part, rows = everything(part)) =>
      new FeatureExamples({ ...seen(part, rows), shape, groups: chosen(sides(part), rows) });
  }
  if (lens) return (part, rows, batching) => textsOf(lens.text(dataset[part]), rows, batching);
  return (part, rows, batching) => textsOf(dataset[part], rows, batching);

  function textsOf(texts: TextSplit, rows: Int32Array | undefined, batching: Batching): Examples {
    if (behaviour(config).padding === "none") return new TextExamples(texts, rows);
    return new PaddedTextExamples(texts, rows, PADDING, batching);
  }
}

/** A client's own rows in one call, each kind staged when somebody first looks at it, and let go all at once. */
export function ownRows(
  { rows }: Pick<Config, "rows">,
  seen: Staging,
  own: Pick<ClientRows, "train" | "validation">,
  key: Key,
): Own & { dispose(): void } {
  let train: Examples | undefined;
  let validation: Examples | undefined;
  return {
    get train() {
      return (train ??= seen.train(own.train, key));
    },
    get validation() {
      if (rows.validation === 0)
        throw new ConfigError(
          "config: rows.validation: got 0, expected 1 at least, as what is asked for looks at validation rows",
        );
      return (validation ??= seen.validation(own.validation));
    },
    dispose: () => {
      train?.dispose();
      validation?.dispose();
    },
  };
}

/** Stages rows of a dataset; `batchSize` is that of the authors' code, which also validates and tests in such batches. */
export function staging(config: Config, dataset: Dataset): Staging {
  const plain = stagingThrough(config, dataset, undefined, (rows) => rows);
  const { shift, stream, federation } = config;
  return {
    ...plain,
    of: (client, round) => {
      const lens = shift && lensOf(config, dataset, client, round);
      const streams = stream !== undefined && round !== undefined;
      const others = everybodysTest(config, dataset, lens);
      if (!lens && !streams && !others) return plain;
      const come = (rows: Int32Array): Int32Array =>
        streams ? windowOf(rows, dataset.train.labels, stream, round, federation.rounds) : rows;
      const own = stagingThrough(config, dataset, lens, come);
      return others ? { ...own, tests: others } : own;
    },
  };
}

/** Tests whose global rows are seen as all clients see them, one after another, where a config asks for that. */
function everybodysTest(config: Config, dataset: Dataset, own: Lens | undefined): Staging["tests"] | undefined {
  if (config.shift?.globalTest !== "federation") return undefined;
  if (dataset.kind === "text")
    throw new ConfigError("config: shift.globalTest: got federation with texts, expected own, as texts look alike");
  return (local, global) => {
    const lenses = Array.from({ length: config.clients }, (_, client) => lensOf(config, dataset, client));
    const [rows, first] = [Int32Array.of(...local, ...global), local.length];
    const lensAt = (i: number): Lens | undefined => (i < first ? own : lenses[(i - first) % lenses.length]);
    const { shape } = dataset;
    const examples =
      dataset.kind === "image"
        ? new ImageExamples({
            ...throughLenses(dataset.test, rows, lensAt, shape),
            shape,
            normalization: dataset.normalization,
          })
        : new FeatureExamples({
            ...throughLenses(dataset.test, rows, lensAt, shape),
            shape,
            groups: dataset.groups && chosen({ of: dataset.groups.test, positive: dataset.groups.positive }, rows),
          });
    const numbers = rows.map((_, i) => i);
    return {
      examples,
      local: numbers.subarray(0, first),
      global: numbers.subarray(first),
      dispose: () => examples.dispose(),
    };
  };
}

function stagingThrough(
  config: Config,
  dataset: Dataset,
  lens: Lens | undefined,
  come: (rows: Int32Array) => Int32Array,
): Staging {
  const hold = holder(config, dataset, lens);
  const { batchSize } = config.federation;
  // where all of the test split is wanted, it is staged once
  let whole: Examples | undefined;
  const self: Staging = {
    of: () => self,
    train: (rows, key) => hold("train", come(rows), bucketed(batchSize, key)),
    validation: (rows) => hold("train", rows, sorted(batchSize)),
    tests: (local, global) => {
      if (!lens && global.length === dataset.test.rows) {
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
  return self;
}

// the authors batch a local test as its rows come, the global test by length
function inTwo(local: number, size: number): Batching {
  return (lengths) => [
    ...inOrder(size)(lengths.subarray(0, local)),
    ...sorted(size)(lengths.subarray(local)).map((batch) => batch.map((i) => local + i)),
  ];
}
