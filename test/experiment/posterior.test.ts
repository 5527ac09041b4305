// A run with the gate that theory asks for: what it tells, what leaves a client for it, and that it changes nothing else.
import { type Config, MemoryStore, parseConfig, setUp } from "../../src/experiment/index.ts";
import { gateRows } from "../../src/experiment/personal.ts";
import { parseJsonLines } from "../../src/io/index.ts";
import { CALIBRATION_ROUNDS } from "../../src/moe/methods/calibration.ts";
import { coursesOf } from "../../src/moe/courses.ts";
import { paperRows } from "../../src/moe/personalized.ts";
import type { CurveMetric } from "../../src/report/metrics.ts";
import { key } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { config, dataset, leftIn, metricsOf, recordsOf, runTiny, textOf } from "../support/tiny.ts";

const gate: Config = { ...config, posterior: { rho: 0.8, hazard: 0.05, calibrate: true } };
const plain = await runTiny();
const whole = await runTiny({ config: gate, audit: true });
const { summary } = recordsOf(whole.result);

test("the gate's rows stand beside the paper's, which stay what they were", () => {
  const [before, after] = [recordsOf(plain.result).summary.methods, summary.methods];
  assert.equal(
    Object.keys(before),
    paperRows.map(({ name }) => name),
  );
  assert.equal(Object.keys(after), [...Object.keys(before), ...gateRows.filter((name) => name !== "featureGate")]);
  for (const [name, result] of Object.entries(before)) assert.equal(after[name], result, name);
  // what clients keep is what they kept
  for (const client of ["0", "1", "2"]) {
    const kept = (store: MemoryStore): Uint8Array => store.files.get(`clients/${client}.safetensors`)!.slice(-5000);
    assert.equal(kept(whole.store), kept(plain.store));
  }
});

test("what leaves a client for it is counts of labels and sums over rows, in every one of its rounds, and no more", () => {
  const sent = parseJsonLines(textOf(whole.store, "audit.jsonl")).rows as {
    method: string;
    round: number;
    client: number;
    scalars: string[];
    vectors: { name: string; size: number }[];
  }[];
  const own = sent.filter(({ method }) => method === "fedavg-calibration");
  assert.is(own.length, CALIBRATION_ROUNDS * config.clients);
  for (const { round, scalars, vectors } of own) {
    assert.equal(scalars, ["trainLoss"]);
    assert.equal(
      vectors.map(({ name, size }) => `${name} ${size}`),
      round === 0 ? ["counts 10"] : ["loss 1", "gradient 11", "curvature 66"],
    );
  }
});

test("clients that opted out send nothing for it, and apply it all the same", async () => {
  const half: Config = { ...gate, optOut: 0.5 };
  const { store, result } = await runTiny({ config: half, audit: true });
  const out = setUp(half, dataset).clients.flatMap(({ optedOut }, i) => (optedOut ? [i] : []));
  const sent = parseJsonLines(textOf(store, "audit.jsonl")).rows as { client: number; method: string }[];
  assert.ok(sent.some(({ method }) => method === "fedavg-calibration"));
  assert.ok(sent.every(({ client }) => !out.includes(client)));
  const lines = recordsOf(result).metrics;
  const calibrated = lines.find((at) => at.kind === "client" && out.includes(at.client) && at.method === "calibrated");
  const fedavg = lines.find((at) => at.kind === "client" && out.includes(at.client) && at.method === "fedavg");
  assert.ok(calibrated?.kind === "client" && fedavg?.kind === "client" && calibrated.globalNll < fedavg.globalNll);
});

test("a gate in features sends sums of features by class, once, and is a row of its own", async () => {
  const { store, result } = await runTiny({
    config: { ...gate, posterior: { ...gate.posterior!, features: true } },
    audit: true,
  });
  const sent = parseJsonLines(textOf(store, "audit.jsonl")).rows as {
    method: string;
    client: number;
    vectors: { name: string; size: number }[];
  }[];
  const own = sent.filter(({ method }) => method === "fedavg-gaussians");
  assert.is(own.length, config.clients);
  for (const { vectors } of own)
    assert.equal(vectors.map(({ name, size }) => `${name} ${size}`), ["counts 10", "sums 420", "squares 42"]); // prettier-ignore
  const { methods, gates } = recordsOf(result).summary;
  assert.equal(Object.keys(methods).filter((name) => gateRows.includes(name)), [...gateRows]); // prettier-ignore
  assert.ok(gates!["featureGate"]!.spread.mean > 0);
});

test("without a calibration the generalist is as it is, and so is what stands on it", async () => {
  const { result } = await runTiny({ config: { ...gate, posterior: { ...gate.posterior!, calibrate: false } } });
  const { methods, weightsSha256 } = recordsOf(result).summary;
  assert.equal(methods["calibrated"], methods["fedavg"]);
  assert.is(weightsSha256, recordsOf(plain.result).summary.weightsSha256);
  assert.is.not(weightsSha256, summary.weightsSha256);
});

test("curves end where their experts stand, and the gate's default lies on its curve", () => {
  const lines = metricsOf(whole.store);
  const of = (method: string, client: number): { localTest: number; globalTest: number } => {
    const found = lines.find((at) => at.kind === "client" && at.method === method && at.client === client);
    assert.ok(found?.kind === "client");
    return found;
  };
  const curves = lines.filter((at): at is CurveMetric => at.kind === "curve");
  const dialled = ["ensemble", "labelLaw", "constantBlend", "permuted", "posterior", "pooledGate"];
  assert.equal([...new Set(curves.map(({ method }) => method))], dialled);
  assert.is(curves.length, 3 * dialled.length);
  const ends: Record<string, [string, string]> = {
    ensemble: ["fedavg", "finetuned"],
    labelLaw: ["fedavg", "labelLaw"],
    constantBlend: ["calibrated", "blend"],
    posterior: ["calibrated", "blend"],
    pooledGate: ["calibrated", "pooled"],
  };
  for (const { method, client, localTest, globalTest, at } of curves) {
    const point = (i: number): number[] => [localTest[i]!, globalTest[i]!];
    const stands = (name: string): number[] => {
      const { localTest: local, globalTest: global } = of(name, client);
      return [local, global];
    };
    const [from, to] = ends[method] ?? ["calibrated", "blend"];
    near(point(0), stands(from), 1e-9);
    near(point(at.length - 1), stands(to), 1e-9);
    if (method === "posterior") near(point(at.indexOf(0.8)), stands("posterior"), 1e-9);
  }
});

test("at the ends of their dials rows are what they turn between, to the last bit: t = 0 is FedAvg, rho = 1 and 0 the gate's experts", async () => {
  const rowsOf = async (methods: NonNullable<Config["methods"]>): Promise<Map<string, unknown>> => {
    const { store } = await runTiny({ config: parseConfig({ ...gate, methods: { fedavg: {}, ...methods } }) });
    const found = metricsOf(store).flatMap((at) => {
      if (at.kind !== "client") return [];
      const { kind: _kind, method, epochs: _epochs, bestEpoch: _bestEpoch, bestLoss: _bestLoss, ...told } = at;
      return [[`${method} of ${at.client}`, told] as const];
    });
    return new Map(found);
  };
  const experts = { "fedavg+blend": {}, "fedavg+calibrated": {}, "fedavg+labelLaw": { t: 0 } };
  const own = await rowsOf({ ...experts, "fedavg+posterior": { rho: 1 } });
  const all = await rowsOf({ ...experts, "fedavg+posterior": { rho: 0 } });
  for (const client of ["0", "1", "2"]) {
    assert.equal(own.get(`fedavg+labelLaw of ${client}`), own.get(`fedavg of ${client}`));
    assert.equal(own.get(`fedavg+posterior of ${client}`), own.get(`fedavg+blend of ${client}`));
    assert.equal(all.get(`fedavg+posterior of ${client}`), all.get(`fedavg+calibrated of ${client}`));
  }
});

test("with a hazard of 1/2 streams are the posterior gate, input by input, in whatever order they come", async () => {
  const { result } = await runTiny({ config: { ...gate, posterior: { rho: 0.8, hazard: 0.5, calibrate: true } } });
  const compared = parseConfig({ ...gate, methods: { "fedavg+posterior": { rho: 0.5 } } });
  const { methods: gated } = recordsOf((await runTiny({ config: compared })).result).summary;
  const { methods } = recordsOf(result).summary;
  const { localTest, globalTest, globalNll } = gated["fedavg+posterior"]!;
  // own rows come as often as foreign ones in the others, so some count twice there
  assert.equal(methods["stream"]!.localTest, localTest);
  for (const name of ["stream", "streamBlocks", "streamAlternating"]) {
    assert.equal(methods[name]!.globalTest, globalTest);
    near([methods[name]!.globalNll!.mean], [globalNll!.mean], 1e-5);
  }
});

test("the model of any method that has one for all is calibrated on demand, and its clients send sums for it", async () => {
  const compared = parseConfig({ ...gate, methods: { fedprox: {}, "fedprox+calibrated": {}, "ditto+calibrated": {} } });
  const { store, result } = await runTiny({ config: compared, audit: true });
  const { methods } = recordsOf(result).summary;
  assert.ok(methods["fedprox+calibrated"]!.globalNll!.mean < methods["fedprox"]!.globalNll!.mean);
  assert.ok(methods["ditto+calibrated"]);
  const sent = parseJsonLines(textOf(store, "audit.jsonl")).rows as { method: string }[];
  for (const name of ["fedprox-calibration", "ditto-calibration"])
    assert.is(sent.filter(({ method }) => method === name).length, CALIBRATION_ROUNDS * config.clients);
});

test("a run that was killed amid its clients ends as if it had not been", async () => {
  const store = new MemoryStore();
  const abort = new AbortController();
  await runTiny({
    config: gate,
    store,
    signal: abort.signal,
    onEvent: (event) => event.kind === "personalized" && event.done === 1 && abort.abort(),
  });
  const { store: resumed } = await runTiny({ config: gate, store, resume: true });
  const fresh = await runTiny({ config: gate });
  assert.equal(leftIn(resumed), leftIn(fresh.store));
});

test("a hazard is a number or chosen on held-out rows, which moves streams and nothing else", async () => {
  const { result } = await runTiny({ config: { ...gate, posterior: { ...gate.posterior!, hazard: "held-out" } } });
  const { methods } = recordsOf(result).summary;
  const moved = Object.keys(methods).filter((name) => name.startsWith("stream"));
  assert.is(moved.length, 3);
  for (const [name, found] of Object.entries(summary.methods))
    if (!moved.includes(name)) assert.equal(methods[name], found, name);
  const wrong = { ...gate, posterior: { ...gate.posterior!, hazard: 0.7 } };
  refuses(() => parseConfig(wrong), "config: posterior.hazard: got 0.7, expected a number from 0 to 0.5, or held-out");
});

test("streams have every foreign row once and only own rows for own ones", () => {
  const set = { local: Int32Array.of(3, 5, 8), global: Int32Array.from({ length: 50 }, (_, i) => i) };
  for (const turn of [0, 1, 20]) {
    const courses = coursesOf(set, turn, key(3));
    assert.is(courses.length, turn === 0 ? 2 : 1);
    const rows = courses.flatMap((course) => course.rows);
    const own = courses.flatMap((course) => course.own);
    assert.equal(
      rows.filter((_, i) => !own[i]).toSorted((a, b) => a - b),
      [...set.global],
    );
    assert.ok(rows.every((row, i) => !own[i] || set.local.includes(row)));
    // never longer from one source than a turn
    if (turn > 0) for (let i = turn; i < own.length; i++) assert.ok(own.slice(i - turn, i + 1).includes(!own[i]));
  }
});

test.run();
