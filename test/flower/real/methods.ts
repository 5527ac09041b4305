// Any method behind a real SuperLink: the round loop in this process, the clients as nodes, the relay between them as Flower
// runs it; and the weights of a run in one process, bit for bit.
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { coordinate, type Coordinated } from "../../../src/experiment/coordinate.ts";
import { experimentCalls } from "../../../src/experiment/clients.ts";
import { farewellOf } from "../../../src/experiment/farewell.ts";
import { weightsHash } from "../../../src/experiment/files.ts";
import { flowerCalls } from "../../../src/experiment/flower.ts";
import { type Config, MemoryStore, parseConfig, preset, run, setUp } from "../../../src/experiment/index.ts";
import { stateFiles } from "../../../src/experiment/progress.ts";
import { KeptStates, pooledTrainer } from "../../../src/federated/backends/flower/index.ts";
import { HttpRelay } from "../../../src/federated/backends/flower/httpRelay.ts";
import type { Measured } from "../../../src/experiment/measured.ts";
import type { RoundMetric } from "../../../src/report/metrics.ts";
import { InThread } from "../../../src/runtime/pool.ts";
import { suite, assert } from "../../support/suite.ts";
import { fashion } from "../support/fashion.ts";
import { project } from "../support/python.ts";
import type { SuperLink } from "../support/superlink.ts";
import { type Member, member, withSuperLink } from "./federation.ts";

/** A small experiment of these methods. */
export function small(methods: readonly string[], rounds: number): Config {
  const base = preset("quick");
  return parseConfig({
    ...base,
    clients: 3,
    rows: { train: 80, validation: 20, test: 40 },
    federation: { ...base.federation, rounds, cohort: 2, localEpochs: 1, validationClients: 3, validateEvery: 1 },
    personal: { ...base.personal, clients: 3, epochs: 1 },
    methods: Object.fromEntries(methods.map((name) => [name, {}])),
  });
}

export const roundsOf = (events: readonly { readonly kind: string }[]): object[] =>
  events.flatMap((event) => {
    if (event.kind !== "round") return [];
    const { seconds: _, ...rest } = event as RoundMetric;
    return [rest];
  });

/** What a run in one process ends with. */
export async function inProcess(config: Config): Promise<{ weights: string; rounds: object[]; store: MemoryStore }> {
  const events: { kind: string }[] = [];
  const store = new MemoryStore();
  const result = await run({
    config,
    dataset: await fashion(),
    store,
    pool: async (setup) => new InThread(experimentCalls(setup)),
    onEvent: (event) => events.push(event),
  });
  if (!result.finished) throw new Error(`the run in one process stopped at ${result.at}`);
  return { weights: result.records.summary.weightsSha256, rounds: roundsOf(events), store };
}

/** Has a SuperLink run the relay; resolves when that run has ended. */
export function relayOn(link: SuperLink, folder: string): (driver: { url: string; token: string }) => Promise<void> {
  return async ({ url, token }) => {
    const settings = `${folder}/relay.toml`;
    rmSync(settings, { force: true });
    writeFileSync(settings, `driver = "${url}"\ndriver-token = "${token}"\n`, { mode: 0o600 });
    const args = ["run", project, "local", "--stream", "--run-config", settings];
    const child = spawn(`${link.bin}/flwr`, args, { env: link.environment, cwd: folder, stdio: "ignore" });
    await new Promise((resolve) => child.once("exit", resolve));
  };
}

/** The clients of an experiment as nodes of this process, each with a disk of its own. */
export class Nodes {
  readonly #config: Config;
  readonly #link: SuperLink;
  readonly #disks = new Map<number, KeptStates>();
  readonly members: Map<number, Member> = new Map();

  constructor(config: Config, link: SuperLink) {
    this.#config = config;
    this.#link = link;
  }

  /** Joins as a client, or again as one that was killed: its memory is gone, its disk is not. */
  async join(client: number): Promise<void> {
    const setup = setUp(this.#config, await fashion());
    const disk = this.#disks.get(client) ?? new KeptStates(files());
    this.#disks.set(client, disk);
    const pool = new InThread(flowerCalls({ setup }));
    const trainer = pooledTrainer(pool, client, { states: disk });
    this.members.set(client, await member(this.#link.address, { trainer, pollSeconds: [0.1, 0.3] }));
  }

  /** A client whose process is killed, and started again with what is on its disk. */
  async again(client: number): Promise<void> {
    this.members.get(client)!.leave();
    await this.join(client);
  }

  /** The clients' own ends, from what they were told and what they kept. */
  async measured(): Promise<Measured[]> {
    const setup = setUp(this.#config, await fashion());
    const { personalize } = experimentCalls(setup);
    const all: Measured[] = [];
    for (const [client, { summary }] of [...this.members].toSorted(([a], [b]) => a - b)) {
      const { farewell } = await summary;
      const end = await farewellOf(farewell!, this.#disks.get(client)!, client);
      all.push(personalize({ client, held: end!.held }));
    }
    return all;
  }
}

function files(): ConstructorParameters<typeof KeptStates>[0] {
  const store = new MemoryStore();
  return ({ federation, method }) => stateFiles(store, `states/${federation}/${method}`);
}

/** Whether a federation that is over gave the bits of a run in one process. */
export async function compare(
  ended: Coordinated,
  { weights, rounds }: { weights: string; rounds: object[] },
  store: MemoryStore,
  nodes: Nodes,
): Promise<void> {
  if (!ended.finished) throw new Error(`the federation stopped at ${ended.at}`);
  const lines = new TextDecoder()
    .decode((await store.read("metrics.jsonl"))!)
    .trimEnd()
    .split("\n");
  assert.equal(roundsOf(lines.map((line) => JSON.parse(line) as { kind: string })), rounds);
  const done = await nodes.measured();
  assert.equal(ended.unheard, []);
  assert.is(weightsHash(ended.servers, done), weights, "the weights of server and clients");
}

/** Runs methods behind a SuperLink, and compares. */
function behind(name: string, methods: readonly string[], rounds: number): Promise<void> {
  return withSuperLink(name, {}, async (link, folder) => {
    const config = small(methods, rounds);
    const nodes = new Nodes(config, link);
    const store = new MemoryStore();
    const relay = await HttpRelay.listen({ start: relayOn(link, folder) });
    const [ended, here] = await Promise.all([
      coordinate({
        config,
        dataset: await fashion(),
        store,
        relay,
        pollSeconds: 0.1,
        farewellSeconds: 20,
      }),
      inProcess(config),
      ...[0, 1, 2].map((client) => nodes.join(client)),
    ]);
    await compare(ended, here, store, nodes);
    // what left the nodes has the names that the methods declare, and nothing has those of what they keep
    const sent = new Set(
      [...nodes.members.values()].flatMap(({ events }) =>
        events.flatMap((event) => (event.type === "sent" ? event.tensors.map((tensor) => tensor.name) : [])),
      ),
    );
    for (const one of sent) assert.match(one, /^(model|control|shared|body|head)$/);
  });
}

export const methods: ReturnType<typeof suite> = suite("real flower, methods");

methods("Ditto and SCAFFOLD give the bits of a run in one process", () => behind("methods", ["ditto", "scaffold"], 2));

export const sixMethods: ReturnType<typeof suite> = suite("real flower, six methods");

sixMethods("Ditto, SCAFFOLD, FedRep, IFCA, Fed-RoD and FedAMP give the bits of a run in one process", () =>
  behind("six", ["ditto", "scaffold", "fedrep", "ifca", "fedrod", "fedamp"], 4),
);

export const methodsFaults: ReturnType<typeof suite> = suite("real flower, methods and faults");

methodsFaults(
  "a killed node, a killed relay and a killed SuperLink lose nothing: the bits are those of a quiet run",
  () =>
    withSuperLink("methods-faults", { limitSeconds: 600 }, async (link, folder) => {
      const config = small(["ditto"], 6);
      const nodes = new Nodes(config, link);
      const store = new MemoryStore();
      const relay = await HttpRelay.listen({ start: relayOn(link, folder), silenceSeconds: 30 });
      const disasters = new Map<number, () => Promise<void>>([
        // gone without a word, and back with what is on its disk
        [1, async () => nodes.again(0)],
        [2, async () => link.killApps()],
        [
          3,
          async () => {
            await link.stop("SIGKILL");
            await link.restart();
          },
        ],
      ]);
      const pending: Promise<void>[] = [];
      const [ended, here] = await Promise.all([
        coordinate({
          config,
          dataset: await fashion(),
          store,
          relay,
          pollSeconds: 0.1,
          pingSeconds: 3,
          farewellSeconds: 60,
          onEvent: (event) => {
            if (event.kind === "round") pending.push(disasters.get(event.round)?.() ?? Promise.resolve());
          },
        }),
        inProcess(config),
        ...[0, 1, 2].map((client) => nodes.join(client)),
      ]);
      await Promise.all(pending);
      await compare(ended, here, store, nodes);
    }),
);
