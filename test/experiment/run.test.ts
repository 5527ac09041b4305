// The runner on a tiny experiment: what it leaves, and the same numbers wherever its clients run.
import { memory } from "../../src/autograd/index.ts";
import {
  type Config,
  type ExperimentCalls,
  experimentCalls,
  MemoryStore,
  preset,
  type RunEvent,
  type Setup,
  setUp,
} from "../../src/experiment/index.ts";
import { heldGeneralist } from "../../src/experiment/personalize.ts";
import { networks } from "../../src/experiment/networks.ts";
import { decodeCheckpoint } from "../../src/io/checkpoint.ts";
import { decodeSafetensors } from "../../src/io/index.ts";
import type { Summary } from "../../src/report/records.ts";
import type { ClientMetric } from "../../src/report/metrics.ts";
import { startPool } from "../../src/experiment/pool.ts";
import type { Pool } from "../../src/runtime/pool.ts";
import { refusesLater } from "../support/refuses.ts";
import { parseSummary } from "../../src/experiment/recordSchema.ts";
import { openDocument, renderRunReport } from "../../src/report/index.ts";
import { collect } from "../support/collect.ts";
import { assert, test } from "../support/suite.ts";
import { threadOf } from "../support/thread.ts";
import { bundled, config, dataset, leftIn, metricsOf, recordsOf, runTiny, textOf } from "../support/tiny.ts";

const whole = await runTiny();
const { summary } = recordsOf(whole.result);

test("a run folder has everything that a report and a repetition need", () => {
  assert.equal(
    [...whole.store.files.keys()].toSorted(),
    [
      "clients.csv",
      "clients/0.safetensors",
      "clients/1.safetensors",
      "clients/2.safetensors",
      "config.json",
      "curves.csv",
      "generalist.safetensors",
      "metrics.jsonl",
      "summary.json",
    ].toSorted(),
  );
  assert.equal(JSON.parse(textOf(whole.store, "config.json")), config);
  assert.equal(JSON.parse(textOf(whole.store, "summary.json")), JSON.parse(JSON.stringify(summary)));
});

test("the summary says what was run and how the methods did, with intervals", () => {
  const { preset, fidelity, seed, p, optOut, clients, rounds, bestRound, evaluatedClients, weightsSha256 } = summary;
  assert.equal([preset, fidelity, summary.dataset, seed, p], ["quick", "paper", "fashion-mnist", 5, 0.6]);
  assert.equal([optOut, clients, rounds, evaluatedClients], [0, 4, 5, 3]);
  assert.ok(bestRound >= 0 && bestRound < rounds);
  assert.match(weightsSha256, /^[0-9a-f]{64}$/);
  for (const method of ["local", "fedavg", "finetuned", "mixture"] as const)
    for (const test of ["localTest", "globalTest"] as const) {
      const { mean, std, ci95 } = summary.methods[method]![test];
      assert.ok(mean >= 0 && mean <= 100 && std >= 0 && ci95 >= 0, `${method} ${test}`);
    }
});

test("metrics have a line for every round, validation, method and gate, in the order of clients", () => {
  const lines = metricsOf(whole.store);
  assert.equal(
    lines.flatMap((line) => (line.kind === "round" ? [line.round] : [])),
    [0, 1, 2, 3, 4],
  );
  const clients = lines.filter((line): line is ClientMetric => line.kind === "client");
  const methods = Object.keys(summary.methods);
  assert.is(clients.length, 3 * methods.length);
  const ids = [...new Set(clients.map(({ client }) => client))];
  assert.equal(
    ids,
    ids.toSorted((a, b) => a - b),
  );
  assert.is(lines.filter(({ kind }) => kind === "gate").length, 3);
  // the summary's means are over these lines
  const own = clients.filter(({ method }) => method === "mixture").map(({ localTest }) => localTest);
  assert.ok(Math.abs(summary.methods["mixture"]!.localTest.mean - own.reduce((a, b) => a + b) / 3) < 1e-9);
});

test("the generalist is a safetensors file with PyTorch's names, and its bytes are in the hash", () => {
  const { tensors, metadata } = decodeSafetensors(whole.store.files.get("generalist.safetensors")!);
  assert.equal([...tensors].map(([name, { shape }]) => [name, shape]).slice(0, 2), [
    ["conv1.weight", [6, 1, 5, 5]],
    ["conv1.bias", [6]],
  ]);
  assert.is(tensors.size, 10);
  assert.is(metadata["rounds"], "5");
});

test("the paper's methods by name are the same bits, over one federation that they share", async () => {
  const methods = {
    "fedavg+local": {},
    fedavg: {},
    finetuned: {},
    "fedavg+mixture": {},
    ensemble: {},
    "fedavg+labelLaw": {},
  };
  const { store, result } = await runTiny({ config: { ...config, methods } });
  const { summary: named } = recordsOf(result);
  assert.equal(Object.keys(named.methods), [
    "fedavg",
    "majorityClass",
    "labelLaw",
    "fedavg+local",
    "finetuned",
    "fedavg+mixture",
    "ensemble",
    "fedavg+labelLaw",
  ]);
  assert.equal(Object.keys(named.federations!), ["fedavg"]);
  // floors too, which are there unasked
  for (const [name, found] of Object.entries(named.methods))
    assert.equal(found, summary.methods[name.replace("fedavg+", "")], name);
  const [asked, made] = [store, whole.store].map(
    ({ files }) => decodeCheckpoint(files.get("clients/1.safetensors")!).tensors,
  );
  const { specs } = networks(config, dataset).gate;
  assert.equal(
    asked!["fedavg+mixture.gate"],
    Float32Array.from(specs.flatMap(({ name }) => [...(made![`gate.${name}`] as Float32Array)])),
  );
});

test("clients.csv has a row per evaluated client", () => {
  const [header, ...rows] = textOf(whole.store, "clients.csv").trim().split(/\r?\n/);
  assert.match(header!, /^client,optedOut,classes,train,validation,test,localLocal,localGlobal,/);
  assert.is(rows.length, 3);
});

test("events tell of both phases, every round and every client", async () => {
  const events: RunEvent[] = [];
  await runTiny({ onEvent: (event) => events.push(event) });
  assert.equal(
    events.map((event) => (event.kind === "phase" ? `${event.phase} ${event.done}/${event.total}` : event.kind)),
    [
      "federation 0/5",
      "round",
      "round",
      "round",
      "round",
      "round",
      "clients 0/3",
      "personalized",
      "personalized",
      "personalized",
    ],
  );
});

test("the same seed gives the same run, bit for bit, and another seed another one", async () => {
  assert.equal(leftIn((await runTiny()).store), leftIn(whole.store));
  const other = recordsOf((await runTiny({ config: { ...config, seed: 6 } })).result);
  assert.not.equal(other.summary.weightsSha256, summary.weightsSha256);
});

test("one worker thread and two give what this thread gives, bit for bit", async () => {
  const worker = threadOf(new URL("../../src/experiment/worker.ts", import.meta.url));
  for (const size of [1, 2]) {
    const pool = (setup: Setup): Promise<Pool<ExperimentCalls>> => startPool(setup, size, worker);
    const { store, result } = await runTiny({ pool });
    assert.is(recordsOf(result).summary.weightsSha256, summary.weightsSha256);
    assert.equal(leftIn(store), leftIn(whole.store));
  }
});

test("the order in which clients are evaluated does not matter, nor who was evaluated before on the same thread", async () => {
  const calls = experimentCalls(setUp(config, dataset));
  const generalist = new Float32Array(22_180).fill(0.01);
  const held = heldGeneralist(generalist);
  const first = [0, 1].map((client) => calls.personalize({ client, held }));
  await calls.train({ federation: "fedavg", round: 3, calls: [{ client: 2, down: { model: generalist }, kept: {} }] });
  calls.personalize({ client: 3, held: heldGeneralist(new Float32Array(22_180).fill(0.02)) });
  assert.equal(
    [1, 0].map((client) => calls.personalize({ client, held })),
    first.toReversed(),
  );
});

test("clients leave no memory behind on their thread", async () => {
  const calls = experimentCalls(setUp(config, dataset));
  const generalist = new Float32Array(22_180).fill(0.01);
  const work = async (): Promise<void> => {
    for (const client of [0, 1, 2]) {
      const list = { federation: "fedavg", round: 0, calls: [{ client, down: { model: generalist }, kept: {} }] };
      await calls.train(list);
      await calls.evaluate(list);
      calls.personalize({ client, held: heldGeneralist(generalist) });
    }
  };
  // empty chunks of scopes are nobody's: the heap takes them back where it needs them, and they come again
  const held = (): object => {
    const { used, blocks, arena } = memory();
    return { used: used - arena, blocks: blocks - arena / 2 ** 20 };
  };
  await work();
  // what earlier tests dropped is not to go in between
  await collect();
  const before = held();
  await work();
  assert.equal(held(), before);
});

test("times and places can be kept apart, so that summary.json is the same wherever the run is repeated", async () => {
  const { store } = await runTiny({ circumstances: "apart", runtime: "node 20", command: "moiety run" });
  const again = await runTiny({ circumstances: "apart", runtime: "a browser", command: "click" });
  assert.is(textOf(again.store, "summary.json"), textOf(store, "summary.json"));
  const { wallSeconds, runtime, command } = JSON.parse(textOf(store, "timing.json")) as Summary;
  assert.ok(wallSeconds > 0);
  assert.equal([runtime, command], ["node 20", "moiety run"]);
  assert.is((JSON.parse(textOf(store, "summary.json")) as Summary).kernels, "plain");
});

test("a report is made from the records", async () => {
  const { store } = await runTiny({ render: ({ summary: { rounds } }) => `<p>${rounds} rounds</p>` });
  assert.is(textOf(store, "report.html"), "<p>5 rounds</p>");
});

test("clients that keep everything back are one clear error", async () => {
  await refusesLater(
    () => runTiny({ config: { ...config, ownRowsKeptBack: 1 } }),
    /round 0 has no examples; every client is empty/,
  );
});

test("the authors' code runs to its end as well, on other numbers", async () => {
  const { result, store } = await runTiny({ config: { ...config, fidelity: "authors-code" } });
  const { summary: authors } = recordsOf(result);
  assert.is(authors.fidelity, "authors-code");
  assert.not.equal(authors.weightsSha256, summary.weightsSha256);
  const cut = await runTiny({ config: { ...config, fidelity: "authors-code" } });
  assert.equal(leftIn(cut.store), leftIn(store));
});

test("every kind of partition and either model runs to its end", async () => {
  const short: Config = {
    ...config,
    federation: { ...config.federation, rounds: 1 },
    personal: { ...config.personal, clients: 1, epochs: 1 },
  };
  for (const partition of [
    { kind: "majority", p: 1, overlap: false },
    { kind: "dirichlet-labels", alpha: 0.5 },
    { kind: "dirichlet-sizes", alpha: 1 },
    { kind: "iid" },
  ] as const)
    assert.ok(recordsOf((await runTiny({ config: { ...short, partition } })).result));
  for (const gateOnly of [true, false])
    assert.ok(
      recordsOf(
        (await runTiny({ config: { ...short, model: "mlp", mixture: { ...short.mixture, gateOnly } } })).result,
      ),
    );
});

test("variants of the mixture are methods in every record, and leave the others' numbers alone", async () => {
  const variants = { quick: { gateLr: 0.01, gateOnly: true }, three: { threeWay: true }, plain: {} };
  const { result, store } = await runTiny({ config: { ...config, mixture: { ...config.mixture, variants } } });
  const { summary: found } = recordsOf(result);
  const { quick, three, plain, ...rest } = found.methods;
  assert.equal(rest, summary.methods);
  assert.equal(plain, found.methods.mixture);
  assert.ok(quick!.localTest.mean >= 0 && three!.localTest.mean >= 0);
  assert.equal(Object.keys(found.gates!), ["mixture", "stackedGate", "quick", "three", "plain"]);
  assert.match(textOf(store, "clients.csv").split("\n")[0]!, /quickLocal,quickGlobal,threeLocal/);
  assert.is(metricsOf(store).filter((line) => line.kind === "client" && line.method === "three").length, 3);
});

test("a run with one evaluated client has no intervals, and says so in JSON as null", async () => {
  const one: Config = { ...config, personal: { ...config.personal, clients: 1 } };
  const { store } = await runTiny({ config: one });
  const { methods } = JSON.parse(textOf(store, "summary.json")) as Summary;
  assert.is(methods["mixture"]!.localTest.ci95, null as unknown as number);
  assert.ok(methods["mixture"]!.localTest.mean >= 0);
});

test("a federation alone needs no rows to validate on and none to test on, and nobody is evaluated", async () => {
  const { federation } = config;
  const alone: Config = {
    ...config,
    rows: { train: 20, validation: 0, test: 0 },
    federation: { ...federation, validateEvery: 0 },
    personal: { ...config.personal, clients: 0 },
  };
  const { result, store } = await runTiny({
    config: alone,
    render: async (run) => renderRunReport(run, await openDocument()),
  });
  const { summary: found, metrics } = recordsOf(result);
  assert.equal([found.evaluatedClients, found.methods, found.bestRound], [0, {}, federation.rounds - 1]);
  assert.ok(metrics.every((metric) => metric.kind === "round" && metric.validationLoss === undefined));
  assert.equal(parseSummary(JSON.parse(textOf(store, "summary.json")), "summary").methods, {});
  assert.match(textOf(store, "report.html"), /<html/);
  // methods that look at no validation rows are measured without, and those that do say so
  const measured = { ...alone, rows: { train: 20, validation: 0, test: 8 }, personal: config.personal };
  const { summary: compared } = recordsOf(
    (await runTiny({ config: { ...measured, methods: { fedavg: {}, ditto: {} } } })).result,
  );
  assert.ok(compared.methods["ditto"] && compared.methods["majorityClass"]);
  for (const [of, said] of [
    [measured, /rows.validation: got 0, expected 1 at least, by which clients end the training of /],
    [{ ...measured, methods: { fedfomo: {} } }, /rows.validation: got 0, expected 1 at least, as what is asked for/],
  ] as const)
    await refusesLater(() => runTiny({ config: of }), said);
});

test("an error in a client's training ends the run with that error", async () => {
  await refusesLater(
    () => runTiny({ config: { ...config, federation: { ...config.federation, lr: 1e30 } } }),
    /the loss is NaN in round \d+; lower the learning rate or look at the data/,
  );
});

test("a store that cannot be written ends the run with its error", async () => {
  class Full extends MemoryStore {
    override async write(name: string, content: Uint8Array | string): Promise<void> {
      if (name.startsWith("clients/")) throw new Error("no space left on device");
      return super.write(name, content);
    }
  }
  await refusesLater(() => runTiny({ store: new Full() }), "no space left on device");
});

test("the preset of the main job runs on the bundled data", () => {
  const setup = setUp(preset("quick"), bundled);
  assert.is(setup.clients.length, 20);
  assert.is(bundled.train.rows, 10_000);
});

test.run();
