// What methods need of the data: public rows and groups of rows, from a config to its records, and refused by name where there are none.
import { fileURLToPath } from "node:url";
import { configOf } from "../../src/cli/configOf.ts";
import { openDataset } from "../../src/cli/dataset.ts";
import { type Dataset, loadOwn, memorySource, pooled } from "../../src/data/index.ts";
import { complete } from "../../src/experiment/complete.ts";
import {
  type Config,
  experimentCalls,
  InThread,
  MemoryStore,
  override,
  parseConfig,
  run,
} from "../../src/experiment/index.ts";
import { dataHash } from "../../src/experiment/origin.ts";
import { parseMetric, parseSummary } from "../../src/experiment/recordSchema.ts";
import { setUp } from "../../src/experiment/setup.ts";
import { methodTable, openDocument, renderRunReport, type RunRecords } from "../../src/report/index.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("needs");

async function recordsOf(config: Config, dataset: Dataset): Promise<RunRecords> {
  const pool = async (setup: Parameters<typeof experimentCalls>[0]) => new InThread(experimentCalls(setup));
  const result = await run({ config, dataset, store: new MemoryStore(), pool });
  if (!result.finished) throw new Error(result.at);
  return result.records;
}

async function refusal(act: () => Promise<unknown>): Promise<string> {
  return act().then(
    () => "nothing was refused",
    (error: Error) => error.message,
  );
}

const again = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const stream = new Stream(key(9));
const lines = Array.from({ length: 300 }, () => {
  const [a, b] = [2 * stream.uniform() - 1, 2 * stream.uniform() - 1];
  return [a, b, a + 0.2 * b > 0.3 ? "hot" : a < -0.3 ? "cold" : "mild", b > 0 ? "day" : "night"].join();
});
const source = memorySource({ "a.csv": new TextEncoder().encode(["a,b,felt,time", ...lines].join("\n")) });
const small = {
  dataset: "felt",
  files: { kind: "csv", folder: "/somewhere", train: "a.csv", label: "felt", group: "time", positive: "mild" },
  model: "mlp",
  clients: 4,
  partition: { kind: "iid" },
  rows: { train: 20, validation: 10, test: 30 },
  federation: { rounds: 6, cohort: 3, localEpochs: 1, lr: 0.01, validationClients: 4 },
  personal: { clients: 3 },
  methods: { "fed-moe": { experts: 2, k: 2 } },
  publicRows: 40,
};
const config = parseConfig(complete(small));
const dataset = (await loadOwn("felt", source, config.files!)) as Extract<Dataset, { kind: "features" }>;

test("a group's column is no input, and goes with its rows", () => {
  assert.equal([dataset.shape, dataset.groups!.names, dataset.groups!.positive], [[2], ["day", "night"], 2]);
  assert.equal(dataset.classes, ["cold", "hot", "mild"]);
  for (const part of ["train", "test"] as const) {
    const { x, rows } = dataset[part];
    assert.is(dataset.groups![part].length, rows);
    // the second column says it, standardised though it is
    const [day, night] = [0, 1].map(
      (group) =>
      Array.from({ length: rows }, (_, row) => row).filter((row) => dataset.groups![part][row] === group).map((row) => x[2 * row + 1]!), // prettier-ignore
    );
    assert.ok(Math.min(...day!) > Math.max(...night!));
  }
  const both = pooled(dataset);
  assert.equal(Array.from(both.groups!.train), [...dataset.groups!.train, ...dataset.groups!.test]);
  const { groups, ...plain } = dataset;
  const other = { ...plain, groups: { ...groups!, positive: 0 } };
  assert.is(new Set([dataset, plain, other].map((one) => dataHash(one))).size, 3);
});

test("a run with public rows: nobody's, the same in every run, the server's mixture beside the client's own in its records", async () => {
  const { clients, publicRows } = setUp(config, dataset);
  assert.is(publicRows!.length, 40);
  const owned = new Set(clients.flatMap(({ rows }) => [...rows.train, ...rows.validation]));
  assert.ok(publicRows!.every((row) => !owned.has(row)));
  const { summary, metrics } = await recordsOf(config, dataset);
  const own = summary.methods["fed-moe"]!;
  assert.ok(own.globalTest.mean > 50 && summary.methods["fed-moe-shared"]!.globalTest.mean > 50, methodTable(summary));
  assert.is(parseSummary(again(summary), "summary").methods["fed-moe"]!.localParity!.mean, own.localParity!.mean);
  for (const metric of metrics) parseMetric(again(metric), "metrics");
});

test("public rows and groups that are not there are refused by the method that needs them, before anything runs", async () => {
  const { publicRows: _, ...without } = config;
  const said = await refusal(() => recordsOf(without, dataset));
  assert.match(said, /publicRows: got none, expected a number of rows, on which fed-moe learns; --set publicRows=500/);
  const many = await refusal(() => recordsOf({ ...config, publicRows: 400 }, dataset));
  assert.match(
    many,
    /public: rows, got 400, expected at most 120, as clients own 120 of 240 training rows; lower them/,
  );
  assert.throws(() => parseConfig(override(config, "publicRows", 0)), /publicRows: got 0/);
  const { groups: _groups, ...plain } = dataset;
  const odd = await refusal(() => recordsOf({ ...config, methods: { "fair-fca": {} } }, plain));
  assert.match(odd, /files.group: got none, expected the column of groups, by which fair-fca goes; felt has no groups/);
});

test("groups are told wrongly in one sentence", async () => {
  const read = (files: object, text = "a,b,y,g\n1,2,u,x\n2,1,v,z\n3,3,u,x\n", task?: "regression") => () =>
    loadOwn("t", memorySource({ "a.csv": new TextEncoder().encode(text) }), { kind: "csv", train: "a.csv", label: "y", ...files }, task); // prettier-ignore
  assert.match(await refusal(read({ group: "h" })), /a\.csv, line 1, got columns a, b, y, g, expected one called h/);
  assert.match(await refusal(read({ group: "g", positive: "w" })), /positive, got w, expected one of u, v/);
  assert.match(
    await refusal(read({ group: "g" }, "a,b,y,g\n1,2,u,x\n2,1,v,\n")),
    /line 3, got no group in column g; name it/,
  );
  assert.match(
    await refusal(read({ group: "g" }, "a,y,g\n1,2,x\n2,1,z\n3,3,x\n", "regression")),
    /group, got g in a regression, expected none: gaps are of classes/,
  );
});

test("examples/fair: gaps between the sides of a river, smaller for who chooses by them, in every record and page", async () => {
  const fair = await configOf(fileURLToPath(new URL("../../examples/fair/config.json", import.meta.url)), {});
  const { dataset } = await openDataset(fair, undefined);
  const records = await recordsOf(fair, dataset);
  const { methods } = records.summary;
  assert.equal(Object.keys(methods).slice(0, 5), ["local", "fedavg", "ifca", "fair-fca", "fair-flhc"]);
  const parity = (name: string): number => methods[name]!.localParity!.mean;
  const table = methodTable(records.summary);
  // what a town does to one side its own model learns, and everybody's does not
  assert.ok(parity("local") > parity("fedavg"), table);
  assert.match(table, /method .*global test +± +local parity gap, % +global parity gap, % +local opportunity gap, %/);
  assert.ok(renderRunReport(records, await openDocument()).includes("Gaps between groups"));
});

test.run();
