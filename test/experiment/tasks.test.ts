// Rows that are asked for numbers or for several labels: an example's config to its end, what needs classes refused, and every method
// that does not say that it needs them at a turn.
import { fileURLToPath } from "node:url";
import { configOf } from "../../src/cli/configOf.ts";
import { openDataset } from "../../src/cli/dataset.ts";
import { loadOwn, memorySource, type TargetKind } from "../../src/data/index.ts";
import { complete } from "../../src/experiment/complete.ts";
import {
  type Config,
  ConfigError,
  experimentCalls,
  InThread,
  MemoryStore,
  override,
  parseConfig,
  run,
} from "../../src/experiment/index.ts";
import { parseMetric, parseSummary } from "../../src/experiment/recordSchema.ts";
import { Kit, methods } from "../../src/federated/index.ts";
import { personals } from "../../src/moe/index.ts";
import { everyOptimizer, mlpGate, Net, optimizerKinds, TargetExamples, taskOf } from "../../src/nn/index.ts";
import { methodTable, openDocument, renderRunReport, type RunRecords } from "../../src/report/index.ts";
import { tensor } from "../../src/autograd/index.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { finish } from "../../src/runtime/steps.ts";
import fc from "fast-check";
import { assert, suite } from "../support/suite.ts";

const test = suite("tasks");

const folder = fileURLToPath(new URL("../../examples/hourly/", import.meta.url));
const hourly = await configOf(`${folder}config.json`, {});

async function recordsOf(config: Config, dataset: Awaited<ReturnType<typeof loadOwn>>): Promise<RunRecords> {
  const pool = async (setup: Parameters<typeof experimentCalls>[0]) => new InThread(experimentCalls(setup));
  const result = await run({ config, dataset, store: new MemoryStore(), pool });
  if (!result.finished) throw new Error(result.at);
  return result.records;
}

test("examples/hourly: kilowatts by the hour, the mixture closer than the generalist, in every record and page", async () => {
  const { dataset } = await openDataset(hourly, undefined);
  const records = await recordsOf(hourly, dataset as Awaited<ReturnType<typeof loadOwn>>);
  const { summary, metrics } = records;
  const { fedavg, mixture, local } = summary.methods;
  assert.is(summary.task, "regression");
  assert.equal(Object.keys(summary.methods), ["local", "fedavg", "finetuned", "mixture", "ensemble", "constantWeight"]);
  assert.ok(mixture!.localRmse!.mean < 0.8 * fedavg!.localRmse!.mean, methodTable(summary));
  assert.ok(mixture!.localTest.mean > 70 && local!.localTest.mean > 50, methodTable(summary));
  assert.ok(mixture!.localMae!.mean < mixture!.localRmse!.mean);
  assert.is(mixture!.localF1, undefined);
  assert.match(methodTable(summary), /local R2, % +global R2, % +local RMSE +global RMSE +local MAE/);
  const report = renderRunReport(records, await openDocument());
  assert.ok(report.includes("Local RMSE") && report.includes("Squared error") && !report.includes("balanced over all"));
  // what is written is read again
  const again = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  assert.is(parseSummary(again(summary), "summary").task, "regression");
  for (const metric of metrics) parseMetric(again(metric), "metrics");
});

const stream = new Stream(key(3));
const table = Array.from({ length: 240 }, () => {
  const [a, b] = [2 * stream.uniform() - 1, 2 * stream.uniform() - 1];
  return [a, b, Number(a > 0), Number(a + b > 0), Number(b > 0.5)].join();
});
const labelled = memorySource({ "a.csv": new TextEncoder().encode(["a,b,warm,wet,windy", ...table].join("\n")) });
const several = {
  dataset: "weather",
  task: "multi-label",
  files: { kind: "csv", folder: "/somewhere", train: "a.csv", label: ["warm", "wet", "windy"] },
  model: "mlp",
  clients: 3,
  partition: { kind: "iid" },
  rows: { train: 30, validation: 10, test: 30 },
  federation: { rounds: 30, cohort: 3, lr: 0.01 },
  personal: { clients: 2, epochs: 6 },
};
const load = (config: Config): ReturnType<typeof loadOwn> => loadOwn("weather", labelled, config.files!, config.task);

test("several labels of a row: accuracy, F1 and AUC over labels, by the paper's methods and by compared ones", async () => {
  const config = parseConfig(complete(several));
  const dataset = await load(config);
  assert.equal(dataset.classes, ["warm", "wet", "windy"]);
  const { summary } = await recordsOf(config, dataset);
  for (const method of ["fedavg", "mixture"]) {
    const { globalTest, globalF1, globalAuc, globalRmse } = summary.methods[method]!;
    assert.ok(globalTest.mean > 80 && globalF1!.mean > 70 && globalAuc!.mean > 85, methodTable(summary));
    assert.is(globalRmse, undefined);
  }
  const compared = await recordsOf(
    parseConfig({ ...config, methods: { ditto: {}, "fedavg+finetuned": {} }, clock: { every: 10 } }),
    dataset,
  );
  const names = Object.keys(compared.summary.methods);
  for (const method of ["ditto", "fedavg", "fedavg+finetuned"])
    assert.ok(compared.summary.methods[method]!.globalAuc!.mean > 80, names.join());
  assert.not(names.includes("labelLaw") || names.includes("majorityClass"));
});

test("what needs classes is refused by its field or its name before anything runs", async () => {
  const config = parseConfig(complete(several));
  const wrong: readonly (readonly [field: string, value: unknown, message: RegExp])[] = [
    ["partition", { kind: "dirichlet-labels", alpha: 1 }, /task multi-label: partition.kind: got dirichlet-labels/],
    ["fidelity", "authors-code", /fidelity: got authors-code, expected paper/],
    ["mixture.space", "output", /mixture.space: got output, expected probability/],
    ["mixture.variants", { three: { threeWay: true } }, /variants.three.threeWay: got true/],
    ["posterior", { rho: 0.5, hazard: 0.1, calibrate: false }, /posterior: got a gate by laws of labels/],
    ["stream", { by: "label", width: 0.5 }, /stream.by: got label, expected row/],
    ["shift", { kind: "labels", clusters: 2 }, /shift.kind: got labels/],
    ["model", "lenet", /model: got lenet, expected mlp/],
    [
      "files",
      { kind: "cifar", folder: "/x", train: ["a"], test: ["a"], labelBytes: 1, classes: ["a"] },
      /files: got cifar/,
    ],
    ["task", "ranking", /task: got "ranking"/],
  ];
  for (const [field, value, message] of wrong) {
    const changed =
      field.startsWith("partition") ||
      field === "shift" ||
      field === "posterior" ||
      field === "stream" ||
      field === "files";
    const asked = changed ? { ...config, [field]: value } : override(config, field, value);
    assert.throws(
      () => parseConfig(asked),
      (error: Error) => error instanceof ConfigError && message.test(error.message),
      field,
    );
  }
  const dataset = await load(config);
  for (const [name, said] of [
    ["fedproto", /got fedproto, which needs classes/],
    ["fedavg+labelLaw", /got labelLaw, which needs classes/],
  ] as const)
    await refuses(recordsOf(parseConfig({ ...config, methods: { [name]: {} } }), dataset), said);
  // data of one task in a run of another
  const { task: _, ...plain } = config;
  await refuses(recordsOf({ ...plain, partition: { kind: "iid" } }, dataset), /task: got none, expected multi-label/);
});

async function refuses(act: Promise<unknown>, message: RegExp): Promise<void> {
  const reason = await act.then(
    () => new Error("nothing was refused"),
    (error: Error) => error,
  );
  assert.match(reason.message, message);
}

test("cells that are no targets are refused in their line", async () => {
  const own = { kind: "csv", train: "a.csv", label: ["y", "z"] } as const;
  const read = (text: string, task?: TargetKind, label: string | readonly string[] = own.label) =>
    loadOwn("t", memorySource({ "a.csv": new TextEncoder().encode(text) }), { ...own, label }, task);
  await refuses(
    read("x,y,z\n1,2,3\n1,2,\n", "regression"),
    /a\.csv, line 3, column z, got "", expected a decimal number/,
  );
  await refuses(read("x,y,z\n1,0,1\n1,2,1\n", "multi-label"), /a\.csv, line 3, column y, got "2", expected 0 or 1/);
  await refuses(read("x,y,z\n1,1e39,1\n1,2,1\n", "regression"), /line 2, column y, got "1e39"/);
  await refuses(read("x,y,z\n1,0,1\n"), /got columns y, z, expected one with a class/);
  await refuses(read("x,y,z\n1,0,1\n", "regression", []), /label, got no column/);
  await refuses(
    loadOwn("t", memorySource({}), { kind: "idx", train: ["a", "b"], test: ["a", "b"] }, "regression"),
    /files of kind idx, got the task regression, expected csv or npy/,
  );
});

const rows = (outputs: number): TargetExamples => {
  const x = Float32Array.from({ length: 24 }, () => 2 * stream.uniform() - 1);
  const targets = Float32Array.from({ length: 8 * outputs }, () => Number(stream.uniform() > 0.5));
  return new TargetExamples({ x, targets, shape: [3], outputs });
};

test("every method that does not say it needs classes takes a turn at targets, and answers with a number for each", () => {
  const names = [...methods.values()].filter(({ needsClasses }) => !needsClasses).map(({ name }) => name);
  assert.ok(names.length > 25, `${names.length} methods`);
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom("regression", "multi-label"),
      fc.integer({ min: 1, max: 3 }),
      (name, task, outputs) => {
        const { client, server, options } = methods.get(name)!;
        const model = mlpGate(3, outputs);
        const first = new Net(model, { group: "private" }).init(1);
        const kit = new Kit({
          model,
          classes: outputs,
          task: taskOf(task as TargetKind),
          key: key(1),
          initial: first.parameters.toArray(),
          optimizer: { kind: "adam", lr: 1e-3 },
          epochs: 1,
          batchSize: 4,
        });
        try {
          const side = client(kit, options);
          const begun = server(options, kit);
          const state = begun.begin(side.initial());
          const to = { client: 0, round: 0, purpose: "turn", key: key(2) } as const;
          const down = begun.down?.(state, to) ?? state;
          const turn = {
            client: 0,
            round: 0,
            down,
            kept: {},
            own: { train: rows(outputs), validation: rows(outputs) },
            effort: 1,
            key: key(4),
          };
          const reply = finish(side.train(turn));
          assert.ok(Number.isFinite(reply.metrics.trainLoss), name);
          const answers = side.answers({ ...turn, kept: reply.kept ?? {} });
          const { own } = "own" in answers ? answers : finish(answers);
          const y = own(tensor(new Float32Array(24), [8, 3]));
          assert.equal(y.shape, [8, outputs], name);
        } finally {
          kit.dispose();
        }
      },
    ),
    { numRuns: 120 },
  );
});

test("optimisers of all kinds step a net, and a rule without their maker names what it lacks", () => {
  for (const kind of optimizerKinds) {
    const net = new Net(mlpGate(3, 1), { group: "private" }).init(1);
    const rule = { kind, lr: 0.01, clip: 1, clipValue: 0.5, make: everyOptimizer } as const;
    const before = net.parameters.toArray();
    const kit = new Kit({
      model: net.module,
      classes: 1,
      task: taskOf("regression"),
      key: key(1),
      initial: before,
      optimizer: rule,
      epochs: 1,
      batchSize: 4,
    });
    const loss = kit.loss(net);
    const optimizer = kit.optimizer(net.parameters);
    finish(
      kit.train({
        turn: { own: { train: rows(1), validation: rows(1) }, key: key(2), effort: 1, round: 0 },
        loss,
        optimizer,
      }),
    );
    assert.not.equal(net.parameters.toArray(), before, kind);
    kit.dispose();
  }
  assert.throws(
    () => everyOptimizer({ kind: "newton" as "adam", lr: 1 }, []),
    /optimizer: kind, got "newton", expected adam, sgd, rmsprop, adagrad, amsgrad, lion/,
  );
});

test("values that need classes say so", () => {
  const needs = [...personals.values()].filter(({ needsClasses }) => needsClasses).map(({ name }) => name);
  for (const name of ["labelLaw", "stackedGate", "knn", "calibrated"]) assert.ok(needs.includes(name), name);
  for (const name of ["local", "finetuned", "mixture", "ensemble"]) assert.not(needs.includes(name), name);
});

test.run();
