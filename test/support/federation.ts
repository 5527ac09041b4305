// A federation of any method, small enough for milliseconds: six clients on points of the plane, each with two classes of
// its own more often than the third.
import { logSoftmax } from "../../src/autograd/index.ts";
import type { Bench } from "../../src/federated/hosts/bench.ts";
import type { Host } from "../../src/federated/hosts/host.ts";
import { PoolHost, clientCalls } from "../../src/federated/hosts/pool.ts";
import { Kit, type KitOptions } from "../../src/federated/kit.ts";
import {
  type Answers,
  type Method,
  type Options,
  optionsOf,
  type ServerSide,
  type Turn,
} from "../../src/federated/method.ts";
import { runRounds } from "../../src/federated/rounds.ts";
import { downOf, firstState, type Report, type RoundsState } from "../../src/federated/roundsState.ts";
import { States } from "../../src/federated/states.ts";
import {
  Apply,
  Dropout,
  FeatureExamples,
  Linear,
  type Module,
  Net,
  predictAll,
  Sequential,
} from "../../src/nn/index.ts";
import { InThread, type Pool } from "../../src/runtime/pool.ts";
import { fold, key } from "../../src/runtime/random.ts";
import { finish } from "../../src/runtime/steps.ts";
import type { ClientCalls } from "../../src/federated/hosts/pool.ts";
import { classes, plane } from "./toy.ts";

export const module: Module = new Sequential({
  fc1: new Linear(2, 8, { relu: true }),
  drop: new Dropout(0.2),
  fc2: new Linear(8, 6, { relu: true }),
  fc3: new Linear(6, classes),
  output: new Apply(logSoftmax),
});

const root = key(17);

export interface Settings {
  readonly clients: number;
  readonly cohort: number;
  readonly rounds: number;
  readonly kit: Partial<KitOptions>;
  /** Training rows of each client; 12 more for each after the first unless said. */
  readonly rows: (client: number) => number;
}

export const settings: Settings = {
  clients: 6,
  cohort: 3,
  rounds: 6,
  kit: {},
  rows: (client) => 12 + 4 * client,
};

export function kitOf(wanted: Partial<KitOptions> = {}): Kit {
  const model = wanted.model ?? module;
  const net = new Net(model, { group: "private" }).init(fold(root, "init", "generalist"));
  const initial = net.parameters.toArray();
  net.dispose();
  return new Kit({
    model,
    classes,
    key: root,
    initial,
    optimizer: { kind: "sgd", lr: 0.1 },
    epochs: 2,
    batchSize: 8,
    publicRows: () => held(500, 18),
    ...wanted,
  });
}

// examples with a memory of their own
function held(seed: number, count: number, only?: readonly number[]): FeatureExamples {
  const { x, labels } = plane(seed, count, only);
  // the last class is to one's good, and groups are the sides of a line
  const groups = { of: labels.map((_, i) => Number(x[2 * i]! > 0.2)), positive: classes - 1 };
  return new FeatureExamples({ x, labels, shape: [2], groups });
}

/** A thread's part of the federation. */
export function benchOf(method: Method, options: Options, { kit: wanted, rows }: Settings): Bench & { kit: Kit } {
  const kit = kitOf(wanted);
  return {
    kit,
    method,
    side: method.client(kit, options),
    classes: kit.classes,
    key: fold(root, "federation"),
    stage: (client) => {
      // the third class is seldom
      const only = [client % 3, (client + 1) % 3];
      const train = held(client, rows(client), client % 2 ? only : undefined);
      const validation = held(1000 + client, 10, only);
      return {
        train,
        validation,
        dispose: () => {
          train.dispose();
          validation.dispose();
        },
      };
    },
  };
}

export interface Ran {
  readonly end: RoundsState;
  readonly states: States;
  readonly server: ServerSide;
  readonly bench: Bench & { kit: Kit };
  readonly reports: readonly Report[];
  /** Clients that have had a turn, ascending. */
  readonly trained: readonly number[];
  /** Log-probabilities of who answers for a client, by name, on points that are the same for everybody. */
  answersOf(client: number): Promise<Record<string, ArrayLike<number>>>;
}

/** Runs a method's federation, or goes on with one. */
export async function federation(
  method: Method,
  given: Options = {},
  wanted: Partial<Settings> & {
    readonly from?: { readonly state: RoundsState; readonly states: States };
    readonly onRound?: (report: Report, state: RoundsState, states: States) => void | Promise<void>;
    readonly pool?: (bench: Bench) => Pool<ClientCalls>;
    /** Where the clients are, if not on a pool. */
    readonly host?: (states: States, bench: Bench & { kit: Kit }) => Host;
    readonly signal?: AbortSignal;
    readonly dropout?: number;
    readonly slow?: number;
    /** False for a federation whose best moment is its last. */
    readonly validation?: false;
  } = {},
): Promise<Ran> {
  const chosen = { ...settings, ...wanted };
  const options = optionsOf(method, given);
  const bench = benchOf(method, options, chosen);
  const server = method.server(options, bench.kit);
  const states = wanted.from?.states ?? new States();
  const reports: Report[] = [];
  const pool = wanted.pool?.(bench) ?? new InThread(clientCalls(bench));
  const end = await runRounds(
    {
      host: wanted.host?.(states, bench) ?? new PoolHost(pool, states),
      server,
      sends: method.sends,
      peers: method.peers,
      states,
      clients: Array.from({ length: chosen.clients }, (_, i) => i),
      rounds: chosen.rounds,
      cohort: chosen.cohort,
      ...(wanted.validation !== false && { validation: { every: 2, patience: 9, clients: 4 } }),
      key: bench.key,
      onRound: async (report, state) => {
        reports.push(report);
        await wanted.onRound?.(report, state, states);
      },
      ...(wanted.signal && { signal: wanted.signal }),
      ...(wanted.dropout !== undefined && { dropout: wanted.dropout }),
      ...(wanted.slow !== undefined && { slow: wanted.slow }),
    },
    wanted.from?.state ?? firstState(server, bench.side.initial()),
  );
  await pool.close();
  const trained = [...new Set(reports.flatMap(({ clients }) => clients))].sort((a, b) => a - b);
  return {
    end,
    states,
    server,
    bench,
    reports,
    trained,
    async answersOf(client) {
      const own = bench.stage(client, end.round);
      const turn: Turn = {
        client,
        round: end.round,
        down: downOf(server, end.now, { client, round: end.round, purpose: "answers", key: bench.key }),
        kept: await states.get(client),
        own,
        key: fold(bench.key, "answers", client),
        effort: 1,
      };
      const made = bench.side.answers(turn);
      const answers = "own" in made ? (made as Answers) : finish(made);
      const on = held(77, 20);
      const found: Record<string, ArrayLike<number>> = {};
      for (const [name, answer] of Object.entries(answers)) {
        const logp = predictAll(on, bench.classes, answer);
        found[name] = logp.toArray();
        logp.dispose();
      }
      on.dispose();
      own.dispose();
      return found;
    },
  };
}
