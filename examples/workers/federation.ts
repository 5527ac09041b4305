// A thread's part of a federation of one's own: FedAvg's client side on rows that are made here, or read from wherever they are.
import { fold, key, logSoftmax, Stream, tensor } from "moiety";
import { type Bench, firstState, Kit, methods, PoolHost, type RoundsState, runRounds, States } from "moiety/federated";
import { Apply, FloatExamples, Linear, Net, Sequential } from "moiety/nn";

/** What every worker is given. */
export interface Setup {
  readonly initial: Float32Array;
}

const root = key(1);
const fedavg = methods.get("fedavg")!;
// 2 numbers, 2 classes
const model = (): Sequential =>
  new Sequential({ hidden: new Linear(2, 8, { relu: true }), out: new Linear(8, 2), answer: new Apply(logSoftmax) });

// client c's rows: points of the plane, and whether they lie above a line that is its own
function rows(client: number, part: string, count: number): FloatExamples {
  const stream = new Stream(fold(root, part, client));
  const x = Float32Array.from({ length: 2 * count }, () => 2 * stream.uniform() - 1);
  const labels = Array.from({ length: count }, (_, i) => Number(x[2 * i]! + x[2 * i + 1]! > client / 100));
  return new FloatExamples(tensor(x, [count, 2]), labels);
}

const optimizer = { kind: "sgd", lr: 0.5 } as const;
const settings = { model: model(), classes: 2, key: root, optimizer, epochs: 1, batchSize: 10 };

/** A thread's part of the federation. */
export function bench({ initial }: Setup): Bench {
  const kit = new Kit({ ...settings, initial });
  const stage = (client: number) => {
    const [train, validation] = [rows(client, "train", 40), rows(client, "validation", 20)];
    return { train, validation, dispose: () => [train, validation].forEach((own) => own.dispose()) };
  };
  return { method: fedavg, side: fedavg.client(kit, {}), classes: 2, key: root, stage };
}

/** First weights, the same for everybody. */
export const initial = (): Float32Array => new Net(model(), { group: "private" }).init(root).parameters.toArray();

/** Twenty rounds of twenty among a hundred clients, wherever a pool has them. */
export function federate(pool: ConstructorParameters<typeof PoolHost>[0]): Promise<RoundsState> {
  const states = new States();
  const server = fedavg.server({}, new Kit({ ...settings, initial: initial() }));
  const clients = Array.from({ length: 100 }, (_, client) => client);
  const validation = { every: 5, patience: 3, clients: 20 };
  const rounds = { clients, rounds: 20, cohort: 20, validation, key: root };
  const host = new PoolHost(pool, states);
  return runRounds({ host, server, sends: fedavg.sends, states, ...rounds }, firstState(server, { model: initial() }));
}
