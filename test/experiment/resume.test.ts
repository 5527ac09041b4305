// A run that is stopped, killed or begun anew, at any instant, ends as if nothing had happened.
import { getEventListeners } from "node:events";
import fc from "fast-check";
import type { FeatureDataset } from "../../src/data/index.ts";
import { networks } from "../../src/experiment/networks.ts";
import { dataHash } from "../../src/experiment/origin.ts";
import { decodeSafetensors } from "../../src/io/index.ts";
import { Mixture } from "../../src/moe/index.ts";
import type { ClientMetric, RoundMetric } from "../../src/report/metrics.ts";
import {
  type Config,
  type ExperimentCalls,
  experimentCalls,
  MemoryStore,
  type RunEvent,
  type RunOptions,
  type RunResult,
} from "../../src/experiment/index.ts";
import { loadFederation, saveFederation, statesIn } from "../../src/experiment/progress.ts";
import { firstState } from "../../src/federated/roundsState.ts";
import { averaging } from "../../src/federated/servers.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import {
  bundled,
  config,
  dataset,
  leftIn,
  metricsOf,
  part,
  recordsOf,
  runTiny,
  TEST_ROWS,
  textOf,
  TRAIN_ROWS,
} from "../support/tiny.ts";

const whole = await runTiny();
const { summary } = recordsOf(whole.result);

test("a run stopped by its signal goes on to the same end, wherever it was stopped", async () => {
  // after so many events
  for (const stop of [1, 2, 3, 4, 5, 7, 8, 9]) {
    const controller = new AbortController();
    let heard = 0;
    const { result, store } = await runTiny({
      signal: controller.signal,
      onEvent: () => {
        if (++heard === stop) controller.abort();
      },
    });
    assert.not(result.finished, `stopped after event ${stop}`);
    assert.not(store.files.has("summary.json"));
    const again = await runTiny({ store, resume: true });
    assert.is(recordsOf(again.result).summary.weightsSha256, summary.weightsSha256, `stopped after event ${stop}`);
    assert.equal(leftIn(store), leftIn(whole.store), `stopped after event ${stop}`);
  }
});

test("a run stopped again and again comes to the same end", async () => {
  const store = new MemoryStore();
  let result: RunResult = { finished: false, at: "the beginning" };
  let starts = 0;
  while (!result.finished) {
    const controller = new AbortController();
    let heard = 0;
    const onEvent = (): void => {
      // a round or a client, and the phase in front of it
      if (++heard === 2) controller.abort();
    };
    ({ result } = await runTiny({ store, resume: starts++ > 0, signal: controller.signal, onEvent }));
    assert.ok(starts < 30, "it gets on");
  }
  assert.equal(leftIn(store), leftIn(whole.store));
});

test("after it was stopped a run writes nothing any more", async () => {
  const controller = new AbortController();
  const { store, result } = await runTiny({
    signal: controller.signal,
    onEvent: (event) => {
      if (event.kind === "personalized") controller.abort();
    },
  });
  assert.not(result.finished);
  const before = leftIn(store);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(leftIn(store), before);
});

/** A store that keeps what it was after every change, as a kill at that instant would have left it. */
class Witness extends MemoryStore {
  readonly moments: Map<string, Uint8Array>[] = [];

  override async write(name: string, content: Uint8Array | string): Promise<void> {
    await super.write(name, content);
    this.moments.push(new Map(this.files));
  }

  override async append(name: string, text: string): Promise<void> {
    // a kill in the middle of an append leaves half a line
    const before = new Map(this.files);
    await super.append(name, text);
    const bytes = this.files.get(name)!;
    this.moments.push(before.set(name, bytes.slice(0, bytes.length - (text.length >> 1))));
    this.moments.push(new Map(this.files));
  }

  override async remove(name: string): Promise<void> {
    await super.remove(name);
    this.moments.push(new Map(this.files));
  }
}

function storeOf(files: ReadonlyMap<string, Uint8Array>): MemoryStore {
  const store = new MemoryStore();
  for (const [name, bytes] of files) store.files.set(name, bytes.slice());
  return store;
}

test("a run killed at any instant and resumed is the run that was not", async () => {
  const witness = new Witness();
  await runTiny({ store: witness });
  const moments = witness.moments.filter((files) => files.has("config.json") && !files.has("summary.json"));
  assert.ok(moments.length >= 12, `${moments.length} moments`);
  for (const [i, files] of moments.entries()) {
    const store = storeOf(files);
    const { result } = await runTiny({ store, resume: true });
    assert.is(recordsOf(result).summary.weightsSha256, summary.weightsSha256, `moment ${i}`);
    assert.equal(leftIn(store), leftIn(whole.store), `moment ${i}`);
  }
});

test("a run begun anew in a used folder takes nothing from what was there, even when it is killed at once", async () => {
  const witness = new Witness();
  for (const [name, bytes] of whole.store.files) witness.files.set(name, bytes);
  const controller = new AbortController();
  const half = await runTiny({ signal: AbortSignal.any([controller.signal]), onEvent: () => controller.abort() });
  for (const [name, bytes] of half.store.files) if (name.startsWith("checkpoint")) witness.files.set(name, bytes);

  const other: Config = { ...config, seed: 77 };
  const { result } = await runTiny({ config: other, store: witness });
  const hash = recordsOf(result).summary.weightsSha256;
  assert.is(hash, recordsOf((await runTiny({ config: other })).result).summary.weightsSha256);
  const begun = witness.moments.findIndex((files) => new TextDecoder().decode(files.get("config.json")).includes("77"));
  for (const at of [begun, begun + 1, begun + 2]) {
    const store = storeOf(witness.moments[at]!);
    const again = await runTiny({ config: other, store, resume: true });
    assert.is(recordsOf(again.result).summary.weightsSha256, hash);
  }
});

test("a checkpoint is the state that was saved, before the first validation as well", async () => {
  const store = new MemoryStore();
  const origin = { data: "d", config: "c", kernels: "plain" } as const;
  const states = statesIn(store, "ditto");
  assert.is(await loadFederation(store, "ditto", states, origin), undefined);
  const first = firstState(averaging(), { model: Float32Array.of(1, -0, 1e-40), "c.1": Float32Array.of(2) });
  await states.put(3, 1, { own: Float32Array.of(5) });
  const best = { server: { model: Float32Array.of(7) }, marks: await states.pin("best") };
  await states.put(3, 2, { own: Float32Array.of(6) });
  const state = { ...first, best, round: 3, waited: 1 };
  for (const bestLoss of [Infinity, 0.1]) {
    await saveFederation(store, "ditto", states, { state: { ...state, bestLoss }, seconds: 1.5 }, origin);
    const again = statesIn(store, "ditto");
    assert.equal(await loadFederation(store, "ditto", again, origin), { state: { ...state, bestLoss }, seconds: 1.5 });
    assert.equal(await again.get(3), { own: Float32Array.of(6) });
    assert.equal(await again.get(3, best.marks), { own: Float32Array.of(5) });
  }
  await refusesLater(
    () => loadFederation(store, "ditto", statesIn(store, "ditto"), { ...origin, kernels: "relaxed" }),
    "resume: the run began with plain kernels, these are relaxed; configure the same",
  );
});

async function stopped(): Promise<MemoryStore> {
  const controller = new AbortController();
  const onEvent = ({ kind }: RunEvent): void => {
    if (kind === "round") controller.abort();
  };
  return (await runTiny({ signal: controller.signal, onEvent })).store;
}

test("to go on with other data is refused", async () => {
  const other = part(bundled, TRAIN_ROWS - 1, TEST_ROWS);
  await refusesLater(
    async () => runTiny({ store: await stopped(), resume: true, dataset: other }),
    "resume: the data found now is not the data the run began with; give the same --data",
  );
});

test("to go on with other features under the same labels is refused", async () => {
  // one pixel of one image
  const other = part(bundled, TRAIN_ROWS, TEST_ROWS, (x) => {
    x[784 * 100 + 300]! ^= 1;
  });
  await refusesLater(
    async () => runTiny({ store: await stopped(), resume: true, dataset: other }),
    "resume: the data found now is not the data the run began with; give the same --data",
  );
});

test("any change of small data is another name, whatever its type and wherever it is", () => {
  const shape = [3];
  const data = (x: Float32Array): FeatureDataset => {
    const labels = Uint8Array.from({ length: x.length / 3 }, (_, i) => i % 2);
    const rows = { x, labels, rows: labels.length };
    return { kind: "features", name: "n", classes: ["a", "b"], shape, train: rows, test: rows };
  };
  const rows = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(rows, fc.nat(), fc.integer({ min: 0, max: 31 }), fc.integer(), (count, at, bit, seed) => {
      const x = Float32Array.from({ length: 3 * count }, (_, i) => (i * seed) % 997);
      const changed = x.slice();
      new Int32Array(changed.buffer)[at % x.length]! ^= 1 << bit;
      assert.is(dataHash(data(x.slice())), dataHash(data(x)));
      assert.is.not(dataHash(data(changed)), dataHash(data(x)));
      const negative = x.map((value) => -value);
      if (x.some((value) => value !== 0)) assert.is.not(dataHash(data(negative)), dataHash(data(x)));
    }),
  );
});

/** A run that was stopped when two of its three clients were done. */
async function half(): Promise<MemoryStore> {
  const controller = new AbortController();
  const onEvent = (event: RunEvent): void => {
    if (event.kind === "personalized" && event.done === 2) controller.abort();
  };
  return (await runTiny({ signal: controller.signal, onEvent })).store;
}

const clientsOf = (store: MemoryStore): string[] =>
  [...store.files.keys()].filter((name) => name.startsWith("clients/"));

test("a torn client's file is done again to the same bytes, and the run says so", async () => {
  const store = await half();
  const [name] = clientsOf(store);
  const bytes = store.files.get(name!)!;
  for (const torn of [new Uint8Array(), bytes.slice(0, 1000)]) {
    const again = storeOf(store.files);
    again.files.set(name!, torn);
    const notes: string[] = [];
    await runTiny({ store: again, resume: true, onNote: (note) => notes.push(note) });
    assert.equal(leftIn(again), leftIn(whole.store));
    assert.is(notes.length, 1);
    assert.match(notes[0]!, new RegExp(`^${name} cannot be read .*; client \\d+ is done again$`));
  }
});

test("a client's file of another client or run is refused by name", async () => {
  const store = await half();
  const [one, two] = clientsOf(store) as [string, string];
  const swapped = storeOf(store.files);
  swapped.files.set(one, store.files.get(two)!);
  await refusesLater(
    () => runTiny({ store: swapped, resume: true }),
    /^resume: clients\/\d\.safetensors, got client \d of this run, expected client \d of this one; remove it/,
  );
  const other = (await runTiny({ config: { ...config, seed: 6 } })).store;
  const foreign = storeOf(store.files);
  foreign.files.set(one, other.files.get(one) ?? other.files.get(clientsOf(other)[0]!)!);
  await refusesLater(() => runTiny({ store: foreign, resume: true }), /got a file of another run, expected client/);
});

test("a client's file is a mixture that an application loads", async () => {
  const { store } = whole;
  const model = { ...networks(config, dataset), shape: dataset.shape, classes: dataset.classes };
  for (const name of clientsOf(store)) {
    const mixture = await Mixture.load(model, store.files.get(name)!);
    const { metadata } = decodeSafetensors(store.files.get(name)!);
    assert.is(`clients/${metadata["client"]}.safetensors`, name);
    assert.match(metadata["run"]!, /^[0-9a-f]{64}$/);
    // it scores what the run says it does
    const { test: rows } = dataset;
    const told = metricsOf(store).find(
      (metric) =>
        metric.kind === "client" && metric.method === "mixture" && String(metric.client) === metadata["client"],
    ) as ClientMetric;
    const found = mixture.accuracy({ x: rows.x, labels: Array.from(rows.labels) });
    assert.ok(Math.abs(100 * found - told.globalTest) < 1e-9, `${100 * found} and ${told.globalTest}`);
    mixture.dispose();
  }
});

test("a client's file of the authors' own mixing is no mixture that an application could ask", async () => {
  const { store } = await runTiny({ config: { ...config, mixture: { ...config.mixture, space: "output" } } });
  const model = { ...networks(config, dataset), shape: dataset.shape, classes: dataset.classes };
  await refusesLater(
    () => Mixture.load(model, store.files.get(clientsOf(store)[0]!)!),
    "load: mixing space, got output, expected probability; train it with mixture.space",
  );
});

test("rounds that the metrics lost are not lost without a word", async () => {
  const store = await half();
  const text = textOf(store, "metrics.jsonl");
  const encoder = new TextEncoder();
  const lines = text.split("\n");
  const damaged = [lines.slice(0, 2).join("\n"), [...lines.slice(0, 1), ...lines.slice(2)].join("\n")];
  for (const left of damaged) {
    const again = storeOf(store.files);
    again.files.set("metrics.jsonl", encoder.encode(left));
    await refusesLater(
      () => runTiny({ store: again, resume: true }),
      /^resume: metrics\.jsonl, got \d of the \d rounds that are done \(no round \d\); restore it, or remove checkpoint/,
    );
    // as it says
    again.files.delete("checkpoint.safetensors");
    await runTiny({ store: again, resume: true });
    assert.equal(leftIn(again), leftIn(whole.store));
  }
});

test("a checkpoint that is empty, torn or of something else is refused by name", async () => {
  const store = await stopped();
  const bytes = store.files.get("checkpoint.safetensors")!;
  const other = [...(await half()).files].find(([name]) => name.startsWith("clients/"))![1];
  for (const torn of [new Uint8Array(), bytes.slice(0, 500), new Uint8Array(bytes.length), other]) {
    const again = storeOf(store.files);
    again.files.set("checkpoint.safetensors", torn);
    await refusesLater(
      () => runTiny({ store: again, resume: true }),
      /^resume: checkpoint\.safetensors.*; restore it, or remove it and the federation runs again, to the same numbers$/,
    );
  }
});

test("to go on with another config is refused", async () => {
  await refusesLater(
    async () => runTiny({ store: await stopped(), resume: true, config: { ...config, seed: 8 } }),
    "resume: the config is not the one the run began with; begin a new run for another one",
  );
  // the order of its fields is no difference
  const turned = Object.fromEntries(Object.entries(config).toReversed()) as unknown as Config;
  const { result } = await runTiny({ store: await stopped(), resume: true, config: turned });
  assert.is(recordsOf(result).summary.weightsSha256, summary.weightsSha256);
});

test("a run leaves nothing listening at the signal it was given", async () => {
  const controller = new AbortController();
  await runTiny({ signal: controller.signal });
  assert.is(getEventListeners(controller.signal, "abort").length, 0);
});

test("a client that fails is left out of its rounds and named in the record, also in rounds from before a resume", async () => {
  const seen: number[][] = [];
  const failing: RunOptions["pool"] = async (setup) => {
    const calls = experimentCalls(setup);
    const train: ExperimentCalls["train"] = async (list) =>
      (await calls.train(list)).map((answer) =>
        answer.client === 1 ? { client: 1, fault: "failed", reason: "the disk is full" } : answer,
      );
    return new InThread<ExperimentCalls>({ ...calls, train });
  };
  const controller = new AbortController();
  const options = {
    // all of them train: the one that fails is in every round
    config: { ...config, federation: { ...config.federation, cohort: 4 } },
    pool: failing,
    onEvent: (event: RunEvent): void => {
      if (event.kind !== "round") return;
      seen.push(event.refused?.map(({ client }) => client) ?? []);
      if (event.round === 2) controller.abort();
    },
  };
  const { store } = await runTiny({ ...options, signal: controller.signal });
  await runTiny({ ...options, store, resume: true });
  assert.equal(seen, [[1], [1], [1], [1], [1]]);
  const rounds = metricsOf(store).filter((line): line is RoundMetric => line.kind === "round");
  assert.is(rounds.length, 5);
  for (const { refused, trainLoss } of rounds) {
    assert.equal(refused, [{ client: 1, fault: "failed", reason: "the disk is full" }]);
    assert.ok(trainLoss! > 0);
  }
});

test.run();
