// The nodes of an experiment in this process, which mask what they send or do not, on a grid without Flower.
import { coordinate, type Coordinated, type CoordinateOptions } from "../../../src/experiment/coordinate.ts";
import { flowerCalls } from "../../../src/experiment/flower.ts";
import { type Config, MemoryStore, setUp } from "../../../src/experiment/index.ts";
import { optedIn } from "../../../src/experiment/setup.ts";
import type { Dataset } from "../../../src/data/index.ts";
import { KeptStates, pooledTrainer, type Trainer } from "../../../src/federated/backends/flower/index.ts";
import { flatten } from "../../../src/federated/backends/flower/objects.ts";
import { FAREWELL } from "../../../src/federated/backends/flower/node.ts";
import { metricsObject, readContent, recordObject } from "../../../src/federated/backends/flower/records.ts";
import { InThread } from "../../../src/runtime/pool.ts";
import { Grid } from "./relay.ts";

/** When a client fails: asked for this, every time, or only the so-manyth from 0. */
export interface Failing {
  readonly type: string;
  readonly nth?: number;
}

/** Nodes that mask, or do not, and what each of them sent. */
export class Nodes {
  readonly #secure: boolean;
  readonly #dataset: Dataset;
  readonly config: Config;
  readonly sent: { readonly client: number; readonly type: string; readonly names: readonly string[] }[] = [];
  grid: Grid | undefined;
  readonly fails: Map<number, Failing> = new Map();
  readonly #asked = new Map<number, number>();
  readonly #pool: InThread<ReturnType<typeof flowerCalls>>;
  readonly #disks = new Map<number, KeptStates>();

  constructor(of: Config, dataset: Dataset, secure: boolean) {
    this.#secure = secure;
    this.#dataset = dataset;
    this.config = of;
    this.#pool = new InThread(flowerCalls({ setup: setUp(of, dataset), secure }));
    for (const client of optedIn(setUp(of, dataset))) this.#disks.set(client, new KeptStates());
  }

  trainer(client: number): Trainer {
    const own = pooledTrainer(this.#pool, client, { states: this.#disks.get(client)! });
    return {
      answer: async (task) => {
        if (task.messageType === FAREWELL) {
          const metrics = await metricsObject({ "num-examples": 0 });
          return { content: await recordObject("RecordDict", [["metrics", metrics]]), round: 0 };
        }
        if (this.#isGone(client, task.messageType)) throw new Error("the node was switched off");
        const answer = await own.answer(task);
        const objects = new Map(flatten(answer.content).map(({ id, content }) => [id, content]));
        const { arrays, metrics } = readContent(answer.content.id, objects);
        const scalars = [...metrics.values()].flatMap((record) => [...record.keys()]);
        const names = [...arrays.values()].flatMap((record) => [...record.keys()]);
        this.sent.push({ client, type: task.messageType, names: [...names, ...scalars] });
        return answer;
      },
    };
  }

  coordinate(options: Partial<CoordinateOptions> & { trouble?: number } = {}): Promise<Coordinated> {
    const { trouble = 0, ...rest } = options;
    const relay = (this.grid = new Grid({
      trainer: (client) => this.trainer(client),
      clients: optedIn(setUp(this.config, this.#dataset)),
      trouble,
    }));
    const own = { config: this.config, dataset: this.#dataset, store: new MemoryStore(), relay, pollSeconds: 0.001 };
    return coordinate({ ...own, secure: this.#secure, ...rest });
  }

  #isGone(client: number, type: string): boolean {
    const fails = this.fails.get(client);
    if (fails?.type !== type) return false;
    const nth = this.#asked.get(client) ?? 0;
    this.#asked.set(client, nth + 1);
    return fails.nth === undefined || fails.nth === nth;
  }
}

/** What a federation that is over has for everybody. */
export function modelOf(done: Coordinated, name = "model"): Float32Array {
  if (!done.finished) throw new Error(`stopped at ${done.at}`);
  return done.servers[0]![name] as Float32Array;
}

/** The largest difference of two vectors. */
export const distance = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
