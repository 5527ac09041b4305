// An experiment small enough for tests: a few hundred of the bundled Fashion-MNIST images, four clients, seconds of work.
import { readFileSync } from "node:fs";
import { fromArrays, type ImageDataset, loadFashionMnist, memorySource } from "../../src/data/index.ts";
import {
  type Config,
  type ExperimentCalls,
  experimentCalls,
  MemoryStore,
  preset,
  run,
  type RunOptions,
  type RunResult,
  type Setup,
} from "../../src/experiment/index.ts";
import { parseJsonLines } from "../../src/io/index.ts";
import type { RunRecords, Summary } from "../../src/report/records.ts";
import type { Metric } from "../../src/report/metrics.ts";
import { InThread, type Pool } from "../../src/runtime/pool.ts";

const folder = new URL("../../data/fashion-mnist/", import.meta.url);
const files = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"].map(
  (stem) => `${stem}-ubyte.gz`,
);

/** The bundled part of Fashion-MNIST. */
export const bundled: ImageDataset = await loadFashionMnist(
  memorySource(Object.fromEntries(files.map((name) => [name, new Uint8Array(readFileSync(new URL(name, folder)))]))),
);

/** A dataset of the first rows of another; `change` may touch the pixels of the train split before. */
export function part(
  { classes, shape, train, test }: ImageDataset,
  trainRows: number,
  testRows: number,
  change?: (x: Uint8Array) => void,
): ImageDataset {
  const x = train.x.slice(0, trainRows * 784);
  change?.(x);
  return fromArrays({
    name: "fashion-mnist",
    classes,
    shape,
    train: { x, labels: train.labels.slice(0, trainRows) },
    test: { x: test.x.slice(0, testRows * 784), labels: test.labels.slice(0, testRows) },
  });
}

export const TRAIN_ROWS = 600;

export const TEST_ROWS = 60;

export const dataset: ImageDataset = part(bundled, TRAIN_ROWS, TEST_ROWS);

const quick = preset("quick");

/** Four clients of twenty rows, two of them a round. */
export const config: Config = {
  ...quick,
  seed: 5,
  clients: 4,
  rows: { train: 20, validation: 10, test: 8 },
  federation: { ...quick.federation, rounds: 5, cohort: 2, localEpochs: 1, validateEvery: 2, validationClients: 2 },
  personal: { ...quick.personal, clients: 3, epochs: 2, validateEvery: 1 },
  checkpointEvery: 2,
};

const inThread = async (setup: Setup): Promise<Pool<ExperimentCalls>> =>
  new InThread<ExperimentCalls>(experimentCalls(setup));

/** Runs the tiny experiment in this thread, but for `options`. */
export async function runTiny(options: Partial<RunOptions> = {}): Promise<{ result: RunResult; store: MemoryStore }> {
  const store = (options.store as MemoryStore | undefined) ?? new MemoryStore();
  return { result: await run({ config, dataset, pool: inThread, ...options, store }), store };
}

/** What a run that ended has told. */
export function recordsOf(result: RunResult): RunRecords {
  if (!result.finished) throw new Error(`the run stopped at ${result.at}`);
  return result.records;
}

export function textOf(store: MemoryStore, name: string): string {
  return new TextDecoder().decode(store.files.get(name));
}

export function metricsOf(store: MemoryStore): Metric[] {
  return parseJsonLines(textOf(store, "metrics.jsonl")).rows as Metric[];
}

/** Everything a run has left, but for times. */
export function leftIn(store: MemoryStore): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, bytes] of [...store.files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    if (name === "metrics.jsonl")
      found[name] = metricsOf(store).map((metric) => ({ ...metric, ...("seconds" in metric && { seconds: 0 }) }));
    else if (name === "summary.json")
      found[name] = { ...(JSON.parse(textOf(store, name)) as Summary), wallSeconds: 0, phases: {} };
    else found[name] = Array.from(bytes);
  return found;
}
