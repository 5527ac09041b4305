// What the federation must not see: rows that stay with their client, and clients that stay out.
import {
  type Config,
  type ExperimentCalls,
  experimentCalls,
  MemoryStore,
  type RunOptions,
  setUp,
} from "../../src/experiment/index.ts";
import { isRejection } from "../../src/federated/admission.ts";
import type { ClientMetric } from "../../src/report/records.ts";
import { type Calls, InThread, type Pool } from "../../src/runtime/pool.ts";
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

/** A pool in this thread that notes which clients are called for what. */
function noting(calls: string[]): RunOptions["pool"] {
  return async (setup) => {
    const own = experimentCalls(setup) as unknown as Calls;
    const spied = Object.fromEntries(
      Object.entries(own).map(([name, call]) => [
        name,
        (argument: never) => {
          for (const { client } of (argument as { calls?: { client: number }[] }).calls ?? [
            argument as { client: number },
          ])
            calls.push(`${name} ${client}`);
          return call(argument);
        },
      ]),
    );
    return new InThread(spied) as unknown as Pool<ExperimentCalls>;
  };
}

test("clients that have opted out never train or validate for the federation, and are personalised all the same", async () => {
  const half: Config = { ...config, optOut: 0.5, personal: { ...config.personal, clients: 4 } };
  const out = setUp(half, dataset).clients.flatMap(({ optedOut }, i) => (optedOut ? [i] : []));
  assert.is(out.length, 2);
  const calls: string[] = [];
  const { result } = await runTiny({ config: half, pool: noting(calls) });
  for (const client of [0, 1, 2, 3]) {
    const asked = calls.includes(`train ${client}`) || calls.includes(`evaluate ${client}`);
    assert.is(asked, !out.includes(client), `client ${client}`);
    assert.ok(calls.includes(`personalize ${client}`));
  }
  const told = recordsOf(result).metrics.filter((line): line is ClientMetric => line.kind === "client");
  assert.equal([...new Set(told.flatMap(({ client, optedOut }) => (optedOut ? [client] : [])))], out);
});

test("a client that has opted out cannot be made to train", async () => {
  const half: Config = { ...config, optOut: 0.5 };
  const setup = setUp(half, dataset);
  const client = setup.clients.findIndex(({ optedOut }) => optedOut);
  const calls = experimentCalls(setup);
  const generalist = new Float32Array(22_180);
  for (const call of [calls.train, calls.evaluate]) {
    const list = { federation: "fedavg", round: 0, calls: [{ client, down: { model: generalist }, kept: {} }] };
    const [answer] = await call(list);
    assert.match(answer && isRejection(answer) ? answer.reason : "", new RegExp(`client ${client} has opted out`));
  }
});

/** A run over images of which these rows have been made unrecognisable. */
async function without(rows: readonly number[], changed: Config): Promise<MemoryStore> {
  const garbled = part(bundled, TRAIN_ROWS, TEST_ROWS, (x) => {
    for (const row of rows) for (let i = row * 784; i < (row + 1) * 784; i++) x[i] = 255 - x[i]!;
  });
  return (await runTiny({ config: changed, dataset: garbled })).store;
}

const generalistOf = (store: MemoryStore): number[] => Array.from(store.files.get("generalist.safetensors")!);

test("rows that a client keeps back never reach the federation, though its specialist learns from them", async () => {
  const back: Config = { ...config, ownRowsKeptBack: 0.5 };
  const { store } = await runTiny({ config: back });
  const { clients } = setUp(back, dataset);
  const kept = clients.flatMap(({ rows, shared }) => Array.from(rows.train).filter((row) => !shared.includes(row)));
  assert.is(kept.length, 40);
  const blind = await without(kept, back);
  assert.equal(generalistOf(blind), generalistOf(store));
  for (const [name, bytes] of store.files)
    if (name.startsWith("clients/")) assert.not.equal(Array.from(blind.files.get(name)!), Array.from(bytes));
  // the check can fail: a row that is shared does reach it
  assert.not.equal(generalistOf(await without([clients[0]!.shared[0]!], back)), generalistOf(store));
});

test("no row of a client that has opted out reaches the federation", async () => {
  const half: Config = { ...config, optOut: 0.5 };
  const { store } = await runTiny({ config: half });
  const own = setUp(half, dataset).clients.flatMap(({ rows, optedOut }) =>
    optedOut ? [...rows.train, ...rows.validation] : [],
  );
  assert.equal(generalistOf(await without(own, half)), generalistOf(store));
});

test("validation rows choose the generalist but do not train it, and rows of nobody do nothing", async () => {
  const { clients } = setUp(config, dataset);
  const owned = new Set(clients.flatMap(({ rows }) => [...rows.train, ...rows.validation]));
  const nobodys = Array.from({ length: TRAIN_ROWS }, (_, row) => row).filter((row) => !owned.has(row));
  const blind = await without(nobodys, config);
  // a client's file names the data that its run was on, and these are others
  const labels = /"run":"[0-9a-f]{64}"|"sha256":"[0-9a-f]{64}"/g;
  const told = (store: MemoryStore): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(leftIn(store)).map(([name, left]) => [
        name,
        name.startsWith("clients/") ? textOf(store, name).replaceAll(labels, "") : left,
      ]),
    );
  assert.equal(told(blind), told(whole.store));
});

test("the audit log names every round's clients and nothing else, and a new run begins a new one", async () => {
  const { store } = await runTiny({ audit: true });
  const lines = textOf(store, "audit.jsonl").trim().split("\n");
  const clients = new Set(lines.map((line) => (JSON.parse(line) as { client: number }).client));
  const asked = metricsOf(store).flatMap((line) => (line.kind === "round" ? line.clients : []));
  for (const client of asked) assert.ok(clients.has(client));
  assert.not(whole.store.files.has("audit.jsonl"));
  const { "audit.jsonl": _, ...rest } = leftIn(store);
  assert.equal(rest, leftIn(whole.store), "looking changes no number");
  await runTiny({ audit: true, store });
  assert.is(textOf(store, "audit.jsonl").trim().split("\n").length, lines.length);

  // stopped before anything had left a client, and not told again
  const controller = new AbortController();
  const stopped = await runTiny({ audit: true, signal: controller.signal, onEvent: () => controller.abort() });
  await runTiny({ store: stopped.store, resume: true });
  assert.is(textOf(stopped.store, "audit.jsonl"), textOf(store, "audit.jsonl"));
});

test.run();
