// A federation of small clients, all of which train in every round, in a process of its own, so that its memory is its own:
// prints one JSON line. Run with --expose-gc; argument: how many clients.
import { type Config, experimentCalls, parseConfig, preset, setUp } from "../src/experiment/index.ts";
import { federationsOf, initialOf, serverOf } from "../src/experiment/federations.ts";
import { federationKey } from "../src/experiment/setup.ts";
import type { Host } from "../src/federated/hosts/host.ts";
import { PoolHost } from "../src/federated/hosts/pool.ts";
import { runRounds } from "../src/federated/rounds.ts";
import { firstState } from "../src/federated/roundsState.ts";
import { States } from "../src/federated/states.ts";
import { memory } from "../src/autograd/index.ts";
import { InThread } from "../src/runtime/pool.ts";
import type { ImageDataset } from "../src/data/index.ts";

/** What a simulation found. */
export interface Simulated {
  /** Wall and processor milliseconds per client and round. */
  readonly ms: number;
  readonly cpuMs: number;
  /** Bytes held between rounds, and the most held within one: JavaScript's and linear memory, without the dataset. */
  readonly held: number;
  readonly peak: number;
}

const ROWS = { train: 10, validation: 1, test: 1 };
const POOL = 10_000 * (ROWS.train + ROWS.validation);
const SIDE = 28;

// the same for every number of clients, and made of nothing: what is learnt does not matter here
function images(rows: number): ImageDataset["train"] {
  const x = new Uint8Array(rows * SIDE * SIDE);
  for (let i = 0; i < x.length; i += 7) x[i] = (i * 31) & 255;
  return { x, labels: Uint8Array.from({ length: rows }, (_, i) => i % 10), rows };
}

async function inUse(): Promise<number> {
  // buffers are given back a turn after their arrays are found dead
  for (let time = 0; time < 3; time++) {
    globalThis.gc!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers + memory().used;
}

const clients = Number(process.argv[2]);
// so many client-rounds at least, before the clock runs and while it does
const warm = Math.ceil(1000 / clients);
const rounds = Math.ceil(4000 / clients);
const dataset: ImageDataset = {
  kind: "image",
  name: "nothing",
  classes: Array.from({ length: 10 }, (_, i) => String(i)),
  shape: [1, SIDE, SIDE],
  train: images(POOL),
  test: images(1000),
  normalization: { mean: [0.5], std: [0.5] },
};
const before = await inUse();
const base = preset("quick");
const config: Config = parseConfig({
  ...base,
  clients,
  rows: ROWS,
  partition: { kind: "iid" },
  personal: { ...base.personal, clients },
  federation: { ...base.federation, rounds: warm + rounds, cohort: clients, localEpochs: 1, validateEvery: 1_000_000 },
});
const setup = setUp(config, dataset);
const calls = experimentCalls(setup);

let [started, cpu, most] = [0, process.cpuUsage(), 0];
const [federation] = federationsOf(config);
const states = new States();
const pool = new PoolHost(new InThread(calls), states, federation!.name);
const host: Host = {
  train: async (orders, round) => {
    const updates = await pool.train(orders, round);
    // collecting garbage is not part of what is timed
    if (round < warm) most = Math.max(most, await inUse());
    return updates;
  },
  atOnce: (bytes, orders) => pool.atOnce(bytes, orders),
  spent: (update) => pool.spent(update),
  evaluate: async (orders) => orders.map(({ client }) => ({ client, examples: 1, metrics: { loss: 1, accuracy: 0 } })),
};
const server = serverOf(setup, federation!);
await runRounds(
  {
    host,
    server,
    sends: federation!.method.sends,
    states,
    clients: Array.from({ length: clients }, (_, i) => i),
    rounds: warm + rounds,
    cohort: clients,
    validation: { every: 1_000_000, patience: 1, clients: 1 },
    key: federationKey(config),
    onRound: ({ round }) => {
      if (round !== warm - 1) return;
      started = performance.now();
      cpu = process.cpuUsage();
    },
  },
  firstState(server, initialOf(setup, federation!)),
);
const wall = performance.now() - started;
const { user, system } = process.cpuUsage(cpu);
const per = clients * rounds;
const found: Simulated = {
  ms: wall / per,
  cpuMs: (user + system) / 1000 / per,
  held: (await inUse()) - before,
  peak: most - before,
};
console.log(JSON.stringify(found));
