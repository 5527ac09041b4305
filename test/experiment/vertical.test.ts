// Columns to parties from a config on: whose columns are whose, what is recorded, and going on after a stop.
import { fromArrays, fromFeatures } from "../../src/data/index.ts";
import { MemoryStore } from "../../src/experiment/store.ts";
import { cutOf, examplesOf } from "../../src/experiment/vertical/columns.ts";
import { parseVertical, runColumns, type VerticalRun } from "../../src/experiment/vertical/index.ts";
import { parseJsonLines } from "../../src/io/index.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { scope, tensor } from "../../src/autograd/index.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("columns to parties");

const columns = ["age", "town=north", "town=south", "town=...", "income", "debt"];
const split = (name: string, rows: number): { x: Float32Array; labels: Uint8Array } => {
  const stream = new Stream(fold(key(2), name));
  const x = Float32Array.from({ length: rows * columns.length }, () => 2 * stream.uniform() - 1);
  return { x, labels: Uint8Array.from({ length: rows }, (_, i) => Number(x[6 * i]! + x[6 * i + 4]! > x[6 * i + 5]!)) };
};
const names = { name: "people", classes: ["no", "yes"], shape: [6], columns };
const people = fromFeatures({ ...names, train: split("train", 60), test: split("test", 40) });
const config = parseVertical({
  dataset: "people",
  seed: 3,
  active: ["age"],
  parties: { bank: ["income", "debt"], town: ["town"] },
  rounds: 3,
  batchSize: 16,
  lr: 0.02,
  vertical: { hidden: 8, width: 4 },
});

const text = ({ files }: MemoryStore, name: string): string => new TextDecoder().decode(files.get(name));

async function ran(options: Partial<VerticalRun> = {}, store = new MemoryStore()) {
  const results = await runColumns({ config, dataset: people, store, baselines: true, audit: true, ...options });
  return { results, store };
}

test("a run tells the federation and what it is measured against, with what every party was asked for", async () => {
  const { results, store } = await ran();
  assert.equal(
    results!.map(({ name }) => name),
    ["vertical", "joint", "active alone", "bank alone", "town alone"],
  );
  const [federation, ...alone] = results!;
  const asked = Object.values(federation!.asked).reduce((sum, { rows }) => sum + rows, 0);
  assert.is(asked, 3 * 60);
  assert.is(
    Object.values(federation!.answering).reduce((sum, { rows }) => sum + rows, 0),
    40,
  );
  for (const one of alone) assert.equal(one.asked, {});
  // two of three columns that the label goes by are the bank's
  assert.ok(results![1]!.accuracy > results![2]!.accuracy, JSON.stringify(results));
  const log = parseJsonLines(text(store, "audit.jsonl")).rows as {
    vectors: { name: string; size: number }[];
  }[];
  const sent = log.flatMap(({ vectors }) => vectors).filter(({ name }) => name === "embedding");
  assert.is(
    sent.reduce((sum, { size }) => sum + size, 0),
    4 * asked,
  );
  assert.equal(JSON.parse(text(store, "summary.json")).results, results);
  assert.not(store.files.has("checkpoint.safetensors"));
});

test("a run that was stopped anywhere goes on to the same records", async () => {
  const whole = await ran();
  for (const after of [1, 2, 4]) {
    const store = new MemoryStore();
    const controller = new AbortController();
    let heard = 0;
    const onRound = (): void => void (++heard === after && controller.abort());
    const stopped = await ran({ signal: controller.signal, onRound }, store);
    assert.is(stopped.results, undefined);
    assert.not(store.files.has("summary.json"));
    await ran({ resume: true }, store);
    for (const name of ["summary.json", "rounds.jsonl", "config.json"])
      assert.is(text(store, name), text(whole.store, name));
  }
});

test("a checkpoint of another config is not gone on with", async () => {
  const controller = new AbortController();
  const { store } = await ran({ signal: controller.signal, onRound: () => controller.abort() });
  const other = { ...config, lr: 0.5 };
  await ran({ resume: true, config: other }, store).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /checkpoint\.safetensors, got one of other data or another config/),
  );
});

test("a party has its own columns, and no label", () => {
  assert.equal(cutOf(people, "parties.town", ["town"]), [1, 2, 3]);
  const cut = cutOf(people, "parties.bank", ["debt", "income"]);
  assert.equal(cut, [4, 5]);
  const own = examplesOf(people, "train", { cut, labelled: false });
  assert.equal(new Set(own.labels as Int32Array), new Set([0]));
  const first = scope(() => own.batch(tensor([1], [1], "i32")).x.toArray());
  assert.equal([...first], [...people.train.x.subarray(10, 12)]);
});

test("an area of an image is cut out of every channel", () => {
  const x = Uint8Array.from({ length: 2 * 12 }, (_, i) => i);
  const part = { x, labels: [0, 1] };
  const images = fromArrays({ name: "i", classes: ["a", "b"], shape: [2, 2, 3], train: part, test: part });
  const cut = cutOf(images, "parties.right", { x: [1, 3], y: [0, 2] });
  assert.equal(cut, [1, 2, 4, 5]);
  const own = examplesOf(images, "train", { cut, labelled: true });
  const { mean, std } = images.normalization;
  const seen = scope(() => own.batch(tensor([1], [1], "i32")).x.toArray());
  const bytes = [...seen].map((value, i) => Math.round(255 * (value * std[i < 4 ? 0 : 1]! + mean[i < 4 ? 0 : 1]!)));
  assert.equal(bytes, [13, 14, 16, 17, 19, 20, 22, 23]);
});

test("a config that does not fit is refused by the field's name", async () => {
  const wrong =
    (more: object): (() => unknown) =>
    () =>
      parseVertical({ ...config, ...more });
  assert.throws(wrong({ parties: {} }), /config: parties, .*expected one party at least/);
  assert.throws(wrong({ parties: { bank: 3 } }), /config: parties\.bank, .*expected names of columns, or x and y/);
  assert.throws(wrong({ vertical: { k: 3 } }), /vertical: k, got 3, expected at most 2, the number of parties/);
  assert.throws(wrong({ vertical: { depth: 3 } }), /vertical: no option depth; there are k, width/);
  assert.throws(wrong({ rounds: 0 }), /config: rounds, .*expected a whole number from 1/);
  const refused = (more: object, message: RegExp): Promise<void> =>
    ran({ config: { ...config, ...more } }).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, message),
    );
  await refused({ active: ["height"] }, /active, got height, expected columns among age, town=north/);
  await refused({ active: { x: [0, 1], y: [0, 1] } }, /active, got x and y, expected names: people has columns/);
  await refused({ rows: { train: 61 } }, /rows\.train, got 61, expected at most 60/);
  await refused({ active: undefined, vertical: { k: 0 } }, /vertical\.k, got 0, expected 1 or more/);
});

test.run();
