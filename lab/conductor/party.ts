// A tab's part in a federation of several tabs: its clients, each a node behind a port, and what they make of the federation for themselves
// once it is over. Rows, specialists and gates stay in it.
import { GENERALIST } from "../../src/experiment/chosenMethods.ts";
import { ClientFiles } from "../../src/experiment/clientFile.ts";
import { farewellOf } from "../../src/experiment/farewell.ts";
import { weightsHash } from "../../src/experiment/files.ts";
import type { FlowerCalls } from "../../src/experiment/flower.ts";
import type { Measured } from "../../src/experiment/measured.ts";
import { pack } from "../../src/experiment/packed.ts";
import type { Held } from "../../src/experiment/personalize.ts";
import { methodResults } from "../../src/experiment/records.ts";
import { evaluatedClients, optedIn, type Setup } from "../../src/experiment/setup.ts";
import { MemoryStore } from "../../src/experiment/store.ts";
import { KeptStates } from "../../src/federated/backends/flower/keptStates.ts";
import type { Leaving } from "../../src/federated/backends/flower/leaving.ts";
import { serveNodes } from "../../src/federated/backends/flower/portNodes.ts";
import type { NodePort } from "../../src/federated/backends/flower/portRelay.ts";
import { type Content, readContent } from "../../src/federated/backends/flower/records.ts";
import { pooledTrainer } from "../../src/federated/backends/flower/threads.ts";
import type { Vectors } from "../../src/federated/method.ts";
import { type Port, Threads } from "../../src/runtime/pool.ts";
import type { Ending, LabEvent } from "../messages.ts";
import type { LabDataset } from "./datasets.ts";
import { labEvents } from "./events.ts";
import { Onlooker } from "./onlooker.ts";
import { Oracle } from "./oracle.ts";
import { ownShare } from "./shares.ts";

export interface PartyOptions {
  readonly setup: Setup<LabDataset>;
  /** The clients that are in this tab. */
  readonly own: readonly number[];
  readonly trainers: readonly Port[];
  readonly tell: (event: LabEvent) => void;
  /** Hears of every message to a client of this tab. */
  readonly onTask?: () => void;
  /** Hears of a round that asks clients of this tab for something. */
  readonly onRound?: (round: number) => void;
  /** Hears of everything that leaves clients of this tab, before it does. */
  readonly onLeaving?: (client: number, leaving: Leaving) => void;
}

/** How a node is called: by its client. */
export const nodeOf = (client: number): string => `client ${client}`;
/** The client that a node is. */
export const clientOf = (node: string): number => Number(node.slice("client ".length));

export class Party {
  readonly oracle: Oracle;
  /** Resolves when every client of this tab has its own models. */
  readonly ended: Promise<Ending>;
  readonly #options: PartyOptions;
  readonly #setup: Setup<LabDataset>;
  readonly #pool: Threads<FlowerCalls>;
  readonly #store = new MemoryStore();
  readonly #onlooker: Onlooker;
  readonly #states = new KeptStates();
  readonly #held = new Map<number, Held>();
  #resolve: (ending: Ending) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #round = -1;
  readonly #began = performance.now();

  constructor(options: PartyOptions) {
    const { setup, own, trainers, tell } = options;
    this.#options = options;
    this.#setup = ownShare(setup, own);
    this.#pool = new Threads<FlowerCalls>(trainers, pack(this.#setup), (event) => tell(event as LabEvent));
    this.oracle = new Oracle(this.#setup, this.#store);
    this.#onlooker = new Onlooker(this.#setup, tell);
    this.ended = new Promise((resolve, reject) => ([this.#resolve, this.#reject] = [resolve, reject]));
    // whoever waits for it hears of it; nobody may, where the other tab has gone
    this.ended.catch(() => {});
  }

  /** Answers for its clients over a port. */
  serve(port: NodePort): void {
    const trainers = new Map(
      optedIn(this.#setup).map((client) => [client, pooledTrainer(this.#pool, client, { states: this.#states })]),
    );
    serveNodes({
      port,
      trainerOf: (node) => {
        const trainer = trainers.get(clientOf(node));
        if (!trainer) throw new RangeError(`lab: ${node.slice(0, 40)} is not in this tab`);
        return trainer;
      },
      onTask: (_, task, round) => {
        this.#options.onTask?.();
        if (task.messageType !== "train" || round === this.#round) return;
        this.#round = round;
        this.#options.onRound?.(round);
        const [arrays] = readContent(task.rootId, task.objects).arrays.values();
        const model = arrays?.get("model")?.data;
        if (!(model instanceof Float32Array)) return;
        this.oracle.believe(model);
        this.#onlooker.see(model, "federation");
      },
      onLeaving: (node, leaving) => this.#options.onLeaving?.(clientOf(node), leaving),
      onFarewell: (node, content) => void this.#heed(clientOf(node), content).catch((error) => this.#reject(error)),
    });
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  // the last client to hear of the end begins what follows
  async #heed(client: number, content: Content): Promise<void> {
    const found = await farewellOf(content, this.#states, client);
    if (!found) throw new RangeError(`lab: client ${client} got a farewell that names no models`);
    const before = this.#held.size;
    this.#held.set(client, found.held);
    if (this.#held.size === optedIn(this.#setup).length && this.#held.size > before) this.#resolve(await this.#apart());
  }

  async #apart(): Promise<Ending> {
    const { own, tell } = this.#options;
    const { config } = this.#setup;
    const [everybody] = this.#held.values();
    const { down, calibration = {}, gaussians = {} } = everybody![GENERALIST]!;
    const generalist = down["model"] as Float32Array;
    this.oracle.believe(generalist);
    this.#onlooker.see(generalist, "private");
    const wanted = evaluatedClients(config).filter((client) => own.includes(client));
    tell({ kind: "phase", phase: "clients", done: 0, total: wanted.length });
    // who has opted out is sent the same, and has kept nothing
    const heldBy = (client: number): Held =>
      this.#held.get(client) ?? { [GENERALIST]: { ...everybody![GENERALIST]!, kept: {} } };
    const calls = wanted.map((client) => ({ client, held: heldBy(client) }));
    const files = new ClientFiles(this.#store, this.#setup);
    let done = 0;
    const found: Measured[] = await this.#pool.map("personalize", calls, (result) => {
      const event = {
        kind: "personalized",
        client: result.client,
        done: ++done,
        total: wanted.length,
        result,
      } as const;
      labEvents(event, this.#setup).forEach(tell);
    });
    for (const result of found) await files.save(generalist, result);
    const servers: Vectors[] = [down, calibration, gaussians];
    const summary = {
      methods: methodResults(found, config),
      ...(config.task && { task: config.task }),
      wallSeconds: (performance.now() - this.#began) / 1000,
      weightsSha256: weightsHash(servers, found),
    };
    return { finished: true, summary, generalist: weightsHash([down], []) };
  }
}
