// A federation of clients that are all in this process: rows in, a generalist out. For trying things and for tests; where
// clients really are elsewhere, see moiety/flower, and for experiments on worker threads moiety/experiment.
import type { Bench } from "../federated/hosts/bench.ts";
import { clientCalls, PoolHost } from "../federated/hosts/pool.ts";
import { Kit } from "../federated/kit.ts";
import type { Vector } from "../federated/method.ts";
import { fedavg } from "../federated/methods/fedavg.ts";
import { runRounds } from "../federated/rounds.ts";
import { firstState, type Report } from "../federated/roundsState.ts";
import { States } from "../federated/states.ts";
import { type Augment, Augmented } from "../nn/augment.ts";
import type { Module } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import { taskOf } from "../nn/task.ts";
import { checkOptions, COUNT, COUNT_OR_ENDLESS, NOT_NEGATIVE, POSITIVE, SEED, SHARE } from "../runtime/options.ts";
import { InThread } from "../runtime/pool.ts";
import { fold, type Key, key } from "../runtime/random.ts";
import { inTurns } from "../runtime/steps.ts";
import { Generalist } from "./generalist.ts";
import { checkModel, checkNumbers, countInputs, holdOut, labelNumbers, type Model, type Rows, stage } from "./model.ts";

/** A client's rows, and whether they take part. */
export interface Participant extends Rows {
  /** A client that opts out sends nothing; it can still be personalised. */
  readonly optOut?: boolean;
}

/** How long and how fast a federation trains. */
export interface GeneralistOptions {
  /** Rounds at most. */
  readonly rounds?: number;
  /** Clients trained in a round; all of them unless there are more than ten. */
  readonly cohort?: number;
  /** Epochs of a client's turn. */
  readonly localEpochs?: number;
  /** Rows in a batch; the last one of an epoch may be smaller. */
  readonly batchSize?: number;
  /** The learning rate. */
  readonly lr?: number;
  /** Changes inputs on their way into training, as `flipped()` of moiety/nn does. */
  readonly augment?: Augment;
  /** The share of each client's rows that are held out to validate on. */
  readonly heldOut?: number;
  /**
   * Rounds from one validation to the next, beginning with the first: rounds 0, n, 2n ... The best of those is returned, and a
   * round between them never is, so that the last one can be only where n divides rounds - 1: 3 rounds with n = 5 give what round 0
   * left.
   */
  readonly validateEvery?: number;
  /** Validations without improvement after which the federation ends. */
  readonly patience?: number;
  /** The seed of everything random. */
  readonly seed?: number;
  /** Aborting frees everything and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Hears of every round. */
  readonly onRound?: (report: Report) => void;
  /** Milliseconds of work between two turns of the event loop. */
  readonly slice?: number;
}

/**
 * Trains a generalist by FedAvg over the clients that have not opted out, and returns the best average found. Rejects with
 * a RangeError when rows and model do not fit together.
 */
export async function trainGeneralist(
  model: Model,
  clients: readonly Participant[],
  options: GeneralistOptions = {},
): Promise<Generalist> {
  const { rounds = 50, localEpochs = 3, batchSize = 10, lr = 1e-3, heldOut = 0.2, seed = 0, onRound } = options;
  const { validateEvery = 5, patience = 6 } = options;
  checkOptions(
    "trainGeneralist",
    options,
    {
      rounds: COUNT,
      cohort: COUNT,
      localEpochs: COUNT,
      batchSize: COUNT,
      lr: POSITIVE,
      heldOut: SHARE,
      validateEvery: COUNT,
      patience: COUNT_OR_ENDLESS,
      seed: SEED,
      slice: NOT_NEGATIVE,
    },
    "augment signal onRound",
  );
  checkModel(model);
  const parts = clients.map(({ x, labels }, id) => {
    try {
      const numbers = labelNumbers(model, labels, countInputs(model, x));
      checkNumbers(x);
      return { x, labels: numbers, ...holdOut(countInputs(model, x), heldOut, seed) };
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) error.message = `client ${id}: ${error.message}`;
      throw error;
    }
  });
  const taking = clients.flatMap(({ optOut }, id) => (optOut ? [] : [id]));
  if (taking.length === 0)
    throw new RangeError(
      `trainGeneralist: got ${clients.length} clients, expected one at least that has not opted out`,
    );
  const root = key(seed);
  const task = model.task && model.task !== "classification" ? taskOf(model.task) : undefined;
  const kit = new Kit({
    model: model.expert,
    task,
    classes: model.classes.length,
    key: root,
    initial: firstValues(model.expert, fold(root, "init", "generalist")),
    optimizer: { kind: "adam", lr },
    epochs: localEpochs,
    batchSize,
  });
  const server = fedavg.server({}, kit);
  const bench: Bench = {
    method: fedavg,
    side: fedavg.client(kit, {}),
    classes: model.classes.length,
    task,
    key: fold(root, "federation"),
    // a client's rows are staged while it works, so memory does not grow with the number of clients
    stage(id) {
      const { x, labels, train: own, held } = parts[id]!;
      const staged = stage(model, x, labels, own);
      const train = options.augment ? new Augmented(staged, options.augment) : staged;
      const validation = stage(model, x, labels, held);
      const dispose = (): void => {
        train.dispose();
        validation.dispose();
      };
      return { train, validation, dispose };
    },
    run: (steps) => inTurns(steps, options),
  };
  const states = new States();
  const { signal } = options;
  try {
    const { best } = await runRounds(
      {
        host: new PoolHost(new InThread(clientCalls(bench)), states),
        server,
        sends: fedavg.sends,
        states,
        clients: taking,
        rounds,
        cohort: options.cohort ?? Math.min(10, taking.length),
        validation: { every: validateEvery, patience, clients: 20 },
        key: bench.key,
        // these clients are slow at most, never silent
        onSilence: null,
        onRound: (report) => {
          // an abort is no client's failure
          signal?.throwIfAborted();
          onRound?.(report);
        },
      },
      firstState(server, bench.side.initial()),
    );
    return new Generalist(model, best.server["model"]!);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    kit.dispose();
  }
}

function firstValues(module: Module, at: Key): Vector {
  const net = new Net(module, { group: "private" }).init(at);
  const values = net.parameters.toArray();
  net.dispose();
  return values;
}
