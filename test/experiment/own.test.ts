import { memorySource } from "../../src/data/source.ts";
import { loadOwn } from "../../src/data/own.ts";
import { complete } from "../../src/experiment/complete.ts";
import {
  type Config,
  ConfigError,
  experimentCalls,
  InThread,
  loadNetworks,
  MemoryStore,
  parseConfig,
  run,
} from "../../src/experiment/index.ts";
import { networks } from "../../src/experiment/networks.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("files and networks of one's own");

const module = new URL("../support/networks.ts", import.meta.url).href;
const short = {
  dataset: "machines",
  files: { kind: "csv", folder: "/somewhere", train: "a.csv", label: "state" },
  model: module,
  clients: 3,
  partition: { kind: "iid" },
  rows: { train: 30, validation: 10, test: 10 },
  federation: { rounds: 20, cohort: 2 },
  personal: { clients: 2, epochs: 3 },
};

function readings(): Uint8Array {
  const stream = new Stream(key(1));
  const lines = Array.from({ length: 200 }, () => {
    const state = stream.below(3);
    return [state + stream.uniform() / 2, stream.uniform(), ["idle", "jammed", "working"][state]].join(",");
  });
  return new TextEncoder().encode(["a,b,state", ...lines].join("\n"));
}

const config = parseConfig(complete(short));
const dataset = loadOwn("machines", memorySource({ "a.csv": readings() }), config.files!);

async function refuses(act: () => unknown, message: RegExp): Promise<void> {
  let reason: unknown;
  try {
    await act();
  } catch (error) {
    reason = error;
  }
  assert.instance(reason, ConfigError);
  assert.match((reason as Error).message, message);
}

test("a short config has the rest of its preset", () => {
  assert.is(config.preset, "quick");
  assert.is(config.federation.batchSize, 10);
  assert.equal(config.partition, { kind: "iid" });
  assert.equal(parseConfig(complete(config)), config);
});

test("a table and networks of one's own run to the end, and learn", async () => {
  const result = await run({
    config,
    dataset: await dataset,
    store: new MemoryStore(),
    pool: async (setup) => new InThread(experimentCalls(setup)),
  });
  if (!result.finished) throw new Error(result.at);
  const { summary, config: shown } = result.records;
  assert.equal(summary.classNames, ["idle", "jammed", "working"]);
  assert.equal(shown.classNames, summary.classNames);
  assert.ok(summary.methods["finetuned"]!.globalTest.mean > 60);
});

const named = (model: string): Config => ({ ...config, model });

test("a module that cannot be had, or that is none, is refused by its address", async () => {
  await refuses(() => loadNetworks(named("file:///nowhere.js")), /model: cannot import file:\/\/\/nowhere.js/);
  await refuses(() => loadNetworks(named("data:text/javascript,export const expert = 1;")), /got number as expert/);
});

test("a three-way mixture asks a module for a gate with three outputs", async () => {
  const three = parseConfig({ ...config, mixture: { ...config.mixture, variants: { all: { threeWay: true } } } });
  await loadNetworks(three);
  const data = await dataset;
  await refuses(() => networks(three, data), /a three-way mixture, got a gate of one output, expected a function/);
  const model = new URL("../support/gates.ts", import.meta.url).href;
  await loadNetworks({ model });
  const shapes = (module: { specs: readonly { shape: readonly number[] }[] } | undefined): unknown =>
    module?.specs.map(({ shape }) => shape);
  assert.equal(shapes(networks({ ...three, model }, data).threeGate), [[3, 2], [3]]);
  assert.is(networks({ ...config, model }, data).threeGate, undefined);
});

test("networks that do not fit the data say how", async () => {
  await loadNetworks(config);
  const { train, test, ...rest } = (await dataset) as Extract<Awaited<typeof dataset>, { kind: "features" }>;
  const two = { ...rest, train, test, classes: ["idle", "jammed"], shape: [3] };
  await refuses(() => networks(config, two), /networks.ts on inputs of 3: .*\[2,3\] and \[/);
});

test("a dataset of no known name needs files, a model is a name or an address", async () => {
  const { files: _, ...without } = config;
  await refuses(() => parseConfig(without), /dataset: .*expected fashion-mnist, cifar10.* or files of your own/);
  await refuses(() => parseConfig({ ...config, model: "resnet" }), /model: .*or the path of a module/);
  await refuses(
    () => parseConfig({ ...config, files: { kind: "csv", folder: ".", train: "a.csv" } }),
    /files.label: is missing/,
  );
  await refuses(() => parseConfig({ ...config, files: { kind: "parquet", folder: "." } }), /files.kind: /);
});

test.run();
