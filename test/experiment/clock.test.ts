// The clock of a comparison: which model is asked when, and that it is the model it is said to be.
import { type Config, MemoryStore } from "../../src/experiment/index.ts";
import { setUp } from "../../src/experiment/setup.ts";
import type { ClientMetric, ClockMetric, Metric, Model, Moment, TickMetric } from "../../src/report/metrics.ts";
import { floors } from "../../src/report/methods.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";
import { config as tiny, dataset, leftIn, metricsOf, recordsOf, runTiny } from "../support/tiny.ts";

const config: Config = {
  ...tiny,
  // client 3 never takes part
  optOut: 0.25,
  methods: { local: {}, fedavg: {}, ditto: {}, fedrep: {}, ifca: { k: 2 }, cfl: { from: 0, eps1: 100, eps2: 0 } },
  federation: { ...tiny.federation, rounds: 4, lr: 1e-2 },
  clock: { every: 1 },
  personal: { ...tiny.personal, clients: 4 },
};

const whole = await runTiny({ config });
const metrics = metricsOf(whole.store);
const clients = metrics.filter((one): one is ClientMetric => one.kind === "client");
const ticks = metrics.filter((one): one is TickMetric => one.kind === "tick");
const isClock = (one: Metric): one is ClockMetric => one.kind === "clock";

function reading(method: string, moment: Moment, model: Model, client: number): ClockMetric {
  const found = metrics
    .filter(isClock)
    .find((one) => one.method === method && one.moment === moment && one.model === model && one.client === client);
  if (!found) throw new Error(`no ${model} of ${method} at ${moment} for client ${client}`);
  return found;
}

const figures = ({ localTest, globalTest, localNll, globalNll }: Omit<ClientMetric, "kind" | "optedOut">): number[] => [
  localTest,
  globalTest,
  localNll,
  globalNll,
];

test("what a method is told by is its own model at the validated moment, before a turn", () => {
  for (const method of Object.keys(config.methods!))
    for (const one of clients.filter((other) => other.method === method))
      assert.equal(figures(reading(method, "validated", "before", one.client)), figures(one), method);
});

test("the model that is everybody's is FedAvg's own, and the same for methods whose federation is FedAvg's", () => {
  for (const client of [0, 1, 2, 3])
    for (const moment of ["validated", "last"] as const) {
      const fedavg = figures(reading("fedavg", moment, "before", client));
      assert.equal(figures(reading("fedavg", moment, "global", client)), fedavg);
      // ditto's validation is of its own models, so that its moment may be another one
      if (moment === "last") assert.equal(figures(reading("ditto", moment, "global", client)), fedavg);
    }
  assert.not(metrics.some((one) => isClock(one) && one.method === "local" && one.model === "global"));
});

test("a turn of training changes a client's model, also of one that never took part, and of a cluster's", () => {
  for (const method of Object.keys(config.methods!))
    for (const client of [0, 1, 2, 3])
      assert.not.equal(
        figures(reading(method, "last", "after", client)),
        figures(reading(method, "last", "before", client)),
        `${method}, client ${client}`,
      );
});

test("a mixed model's loss is no more than the mean of its two parts' (Jensen)", () => {
  for (const one of metrics.filter(isClock).filter(({ model }) => model === "mixed")) {
    const parts = (["after", "global"] as const).map((model) => reading(one.method, one.moment, model, one.client));
    for (const figure of ["localNll", "globalNll"] as const)
      assert.ok(one[figure] <= (parts[0]![figure] + parts[1]![figure]) / 2 + 1e-9, `${one.method}, ${figure}`);
  }
});

test("the last tick is the last moment, and ticks are after every round", () => {
  for (const method of Object.keys(config.methods!)) {
    const own = ticks.filter((one) => one.method === method);
    assert.equal(
      own.map(({ round }) => round),
      [0, 1, 2, 3],
    );
    const { clients: asked, localTest, globalTest } = own.at(-1)!;
    const last = asked.map((client) => reading(method, "last", "before", client));
    assert.equal([localTest, globalTest], [last.map((one) => one.localTest), last.map((one) => one.globalTest)]);
  }
});

test("floors are what counting a client's labels gives", () => {
  const { clients: parts } = setUp(config, dataset);
  const of = (labels: Uint8Array, rows: Int32Array): number[] => Array.from(rows, (row) => labels[row]!);
  for (const one of clients.filter(({ method }) => method === "majorityClass")) {
    const { train, validation, test: own } = parts[one.client]!.rows;
    const seen = [train, validation].flatMap((rows) => of(dataset.train.labels, rows));
    const counts = dataset.classes.map((_, c) => seen.filter((label) => label === c).length);
    const most = counts.indexOf(Math.max(...counts));
    const labels = of(dataset.test.labels, own);
    near([one.localTest], [(100 * labels.filter((label) => label === most).length) / labels.length]);
    const loss = labels.map((label) => -Math.log((counts[label]! + 1) / (seen.length + counts.length)));
    near([one.localNll], [loss.reduce((a, b) => a + b, 0) / loss.length]);
  }
  assert.equal(
    floors.map((name) => clients.filter(({ method }) => method === name).length),
    [4, 4],
  );
});

test("rounds say what they sent, and clusters which client is in which", () => {
  const { summary } = recordsOf(whole.result);
  for (const [method, { down, up, rounds }] of Object.entries(summary.federations!)) {
    const last = metrics.find((one) => one.kind === "round" && one.method === method && one.round === rounds - 1);
    assert.ok(last?.kind === "round" && last.down === down && last.up === up, method);
  }
  const clusters = clients.filter(({ cluster }) => cluster !== undefined);
  assert.equal([...new Set(clusters.map(({ method }) => method))].toSorted(), ["cfl", "ifca"]);
  assert.is(clusters.length, 8);
  assert.ok(clusters.every(({ method, cluster }) => method === "cfl" || cluster === 0 || cluster === 1));
});

test("a comparison stopped anywhere ends as if it had not been, ticks and readings too", async () => {
  for (const stop of [2, 5, 9, 14, 24]) {
    const abort = new AbortController();
    let heard = 0;
    const store = new MemoryStore();
    await runTiny({ config, store, signal: abort.signal, onEvent: () => void (++heard === stop && abort.abort()) });
    const again = await runTiny({ config, store, resume: true });
    assert.equal(leftIn(again.store), leftIn(whole.store), `stopped after event ${stop}`);
  }
});

test.run();
