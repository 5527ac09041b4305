// Experiments on texts: invented sentences whose first words tell their class, through the whole pipeline.
import { fromTexts, PADDING, type TextDataset } from "../../src/data/index.ts";
import { type Config, MemoryStore, parseConfig, preset, setUp } from "../../src/experiment/index.ts";
import { networks } from "../../src/experiment/networks.ts";
import { staging } from "../../src/experiment/staging.ts";
import { PaddedTextExamples, TextExamples } from "../../src/nn/index.ts";
import { scope, tensor } from "../../src/autograd/index.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { refuses, refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { dataset as images, leftIn, recordsOf, runTiny } from "../support/tiny.ts";

const CLASSES = ["sun", "rain", "snow", "wind"];

/** Row r is of class r mod 4: its class' word twice, then words that say nothing. */
function rows(count: number, seed: number): { texts: string[]; labels: number[] } {
  const stream = new Stream(key(seed));
  const labels = Array.from({ length: count }, (_, r) => r % 4);
  const noise = (): string => `w${stream.below(6)}`;
  const texts = labels.map((c) =>
    [CLASSES[c], CLASSES[c], ...Array.from({ length: stream.below(4) }, noise)].join(" "),
  );
  return { texts, labels };
}

const dataset: TextDataset = fromTexts({ name: "ag-news", classes: CLASSES, train: rows(480, 1), test: rows(1200, 2) });

const news = preset("ag-news");
const config: Config = {
  ...news,
  clients: 6,
  rows: { train: 40, validation: 10, test: 12 },
  federation: { ...news.federation, rounds: 3, cohort: 3, lr: 0.02, validateEvery: 1, validationClients: 2 },
  personal: { ...news.personal, clients: 2, epochs: 2, validateEvery: 1, lr: 0.01 },
  mixture: { ...news.mixture, lr: 0.01 },
};
const authors: Config = { ...config, fidelity: "authors-code" };

for (const [name, wanted] of Object.entries({ paper: config, "authors-code": authors })) {
  const first = await runTiny({ config: wanted, dataset });

  test(`a federation on texts learns them (${name})`, async () => {
    const { summary } = recordsOf(first.result);
    assert.ok(summary.methods["fedavg"]!.globalTest.mean > 80, `${summary.methods["fedavg"]!.globalTest.mean} %`);
    assert.ok(summary.methods["mixture"]!.localTest.mean > 80, `${summary.methods["mixture"]!.localTest.mean} %`);
  });

  test(`a run on texts is stopped and resumed without a trace (${name})`, async () => {
    const store = new MemoryStore();
    const stop = new AbortController();
    const stopped = await runTiny({
      config: wanted,
      dataset,
      store,
      signal: stop.signal,
      onEvent: (event) => event.kind === "round" && event.round === 1 && stop.abort(),
    });
    assert.is(stopped.result.finished, false);
    const { result } = await runTiny({ config: wanted, dataset, store, resume: true });
    assert.is(recordsOf(result).summary.weightsSha256, recordsOf(first.result).summary.weightsSha256);
    assert.equal(leftIn(store), leftIn(first.store));
  });
}

test("a run is not resumed on texts with other words", async () => {
  const store = new MemoryStore();
  const stop = new AbortController();
  await runTiny({
    config,
    dataset,
    store,
    signal: stop.signal,
    onEvent: ({ kind }) => kind === "round" && stop.abort(),
  });
  const other = fromTexts({
    name: "ag-news",
    classes: CLASSES,
    train: { ...rows(480, 1), texts: rows(480, 1).texts.map((text) => `${text} more`) },
    test: rows(1200, 2),
  });
  await refusesLater(
    () => runTiny({ config, dataset: other, store, resume: true }).then(() => {}),
    /the data found now/,
  );
});

test("a transformer learns texts, and what stands beside its layers goes on where FedAvg has left it", async () => {
  const names = ["fedavg", "fedlora", "fedms", "comigs", "fedamole", "fedmoe", "hetlora", "pfedmoap"];
  const warm = (name: string): Record<string, number> => (name === "fedavg" ? {} : { warm: 5 });
  const { result } = await runTiny({
    config: {
      ...config,
      model: "transformer",
      federation: { ...config.federation, rounds: 8, cohort: 6, lr: 0.01, validateEvery: 2, patience: 9 },
      clock: { turn: false },
      methods: Object.fromEntries(names.map((name) => [name, warm(name)])),
    },
    dataset,
  });
  const { summary, metrics } = recordsOf(result);
  const loads = metrics.flatMap((one) => (one.kind === "client" && one.load ? [[one.method, one.load] as const] : []));
  assert.equal([...new Set(loads.map(([name]) => name))], ["comigs", "fedamole", "fedmoe"]);
  for (const [name, load] of loads) {
    assert.ok(Math.abs(load.reduce((sum, one) => sum + one, 0) - 1) < 1e-9);
    assert.is(load.length, { comigs: 2, fedamole: 8, fedmoe: 4 }[name]);
  }
  for (const name of names) {
    const { globalTest } = summary.methods[name]!;
    assert.ok(globalTest.mean > 80, `${name}: ${globalTest.mean} %`);
  }
});

test("the presets of adapters are complete configs", () => {
  for (const name of ["ag-news-lora", "ag-news-scaling"]) assert.equal(parseConfig(preset(name)), preset(name));
});

test("texts want a network for texts, and images one for images", () => {
  const { expert, gate } = networks(config, dataset);
  assert.equal(
    [expert.specs[0]!.shape, gate.specs[0]!.shape],
    [
      [12, 100],
      [12, 100],
    ],
  );
  refuses(
    () => networks({ ...config, model: "lenet" }, dataset),
    /model lenet takes images, got texts \(ag-news\); use bilstm/,
  );
  for (const model of ["bilstm", "transformer"])
    refuses(() => networks({ ...config, model }, images), new RegExp(`model ${model} takes texts, got 1x28x28`));
  const small = networks({ ...config, model: "transformer" }, dataset);
  assert.equal([small.expert.specs[0]!.shape, small.gate.specs.at(-1)!.shape], [[12, 32], [1]]); // prettier-ignore
});

function pairs({ clients }: ReturnType<typeof setUp>): string[] {
  return clients.map(({ rows: own }) => own.classes!.join());
}

test("the authors' clients have majority classes at random, those of the paper share them evenly", () => {
  assert.equal(pairs(setUp(config, dataset)), ["0,1", "1,2", "2,3", "3,0", "0,2", "1,3"]);
  const drawn = [1, 2].map((seed) => pairs(setUp({ ...authors, seed }, dataset)));
  assert.not.equal(drawn[0], drawn[1]);
  assert.equal(drawn[0], pairs(setUp({ ...authors, seed: 1 }, dataset)));
});

const own = Int32Array.of(3, 1, 8, 0);

test("paper: sentences are staged as they are, and one staged test split serves all clients", () => {
  const stage = staging(config, dataset);
  const train = stage.train(own, key(1));
  assert.instance(train, TextExamples);
  assert.not.instance(train, PaddedTextExamples);
  const all = Int32Array.from({ length: dataset.test.rows }, (_, i) => i);
  const [one, two] = [stage.tests(own, all), stage.tests(all.slice(0, 5), all)];
  assert.is(one.examples, two.examples);
  assert.equal([one.local, two.global], [own, all]);
  one.dispose();
  assert.equal(one.examples.count, dataset.test.rows);
});

test("authors' code: batches are padded with a word, buckets are the key's, local tests come in order, global by length", () => {
  const stage = staging({ ...authors, federation: { ...authors.federation, batchSize: 2 } }, dataset);
  const numbers = Int32Array.from({ length: 40 }, (_, i) => i);
  const batches = (seed: number): number[][] =>
    stage.train(numbers, key(seed)).epoch!().map((batch) => Array.from(batch));
  assert.equal(batches(1), batches(1));
  assert.not.equal(batches(1), batches(2));

  const { examples, local, global } = stage.tests(
    own,
    Int32Array.from({ length: 1000 }, (_, i) => 1000 - i),
  );
  assert.equal([examples.count, local, global[0]], [1004, Int32Array.of(0, 1, 2, 3), 4]);
  const answered = examples.answering!().map((batch) => Array.from(batch));
  assert.equal(answered.slice(0, 2), [
    [0, 1],
    [2, 3],
  ]);
  const { lengths } = examples as TextExamples;
  const inTurn = answered
    .slice(2)
    .flat()
    .map((row) => lengths[row]!);
  assert.equal(
    inTurn,
    inTurn.toSorted((a, b) => a - b),
  );
  scope(() => {
    const widest = Int32Array.from(local).toSorted((a, b) => lengths[a]! - lengths[b]!);
    const { x } = examples.batch(tensor([widest[0]!, widest.at(-1)!], [2], "i32"));
    const short = Array.from(x.toArray()).slice(0, x.shape[1]);
    assert.equal(
      short.slice(lengths[widest[0]!]),
      Array.from({ length: x.shape[1]! - lengths[widest[0]!]! }, () => PADDING),
    );
  });
});

test("the preset is a complete config, and fits the part of AG News at hand for every p", () => {
  assert.equal(parseConfig(news), news);
  // labels alone make a partition: as many of each class as the part has
  const labels = [10_264, 10_314, 10_261, 10_315].flatMap((count, c) => Array.from({ length: count }, () => c));
  const texts = labels.map(() => "");
  const heldLabels = Array.from({ length: 7600 }, (_, r) => r % 4);
  const held = { texts: heldLabels.map(() => ""), labels: heldLabels };
  const like = fromTexts({ name: "ag-news", classes: CLASSES, train: { texts, labels }, test: held });
  for (const fidelity of ["paper", "authors-code"] as const)
    for (const p of [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
      const { clients } = setUp({ ...news, fidelity, partition: { kind: "majority", p, overlap: true } }, like);
      assert.is(clients.length, 200);
      // at 0.8 and 0.9 the authors' truncation loses a row
      for (const { rows: own } of clients) assert.ok(own.train.length >= 99 && own.train.length <= 100);
    }
});

test.run();
