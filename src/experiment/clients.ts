// The clients of an experiment, made when they are needed: a worker stages one client's rows, runs it and lets go, so
// memory does not grow with their number.
import { attempt, type Rejection } from "../federated/admission.ts";
import { LocalClient } from "../federated/local.ts";
import { declarationOf, outgoingScores, outgoingUpdate } from "../federated/outgoing.ts";
import type { ClientCalls } from "../federated/backends/workers.ts";
import type { Evaluation, Update } from "../federated/update.ts";
import { outputs } from "../moe/evaluate.ts";
import { compareMethods, type Personalized } from "../moe/compare.ts";
import { Adam, type Examples, Net } from "../nn/index.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { fold } from "../runtime/random.ts";
import { behaviour } from "./config.ts";
import { naming } from "./diverged.ts";
import { networks } from "./networks.ts";
import { rootKey, type Setup } from "./setup.ts";
import { staging } from "./staging.ts";
import { Watch, type WatchOptions } from "./watch.ts";

/** The calls a worker of an experiment answers. */
export type ExperimentCalls = ClientCalls & {
  personalize: (call: { client: number; generalist: Float32Array }) => Personalized;
};

/** Makes the calls from a setup; the same in a worker and in this thread. `watch` lets somebody look on. */
export function experimentCalls(setup: Setup, watch?: WatchOptions): ExperimentCalls {
  const { config, dataset, clients } = setup;
  const { federation, personal, mixture } = config;
  const { expert, gate, threeGate } = networks(config, dataset);
  const { keep, space, generalistDropout, expertOutput } = behaviour(config);
  const root = rootKey(config);
  const classes = dataset.classes.length;
  const net = new Net(expert, { group: "shared" });
  const optimizer = new Adam(net.parameters, { lr: federation.lr });
  const seen = watch && new Watch(setup, watch);

  const { train: stage, validation: stageHeld, tests: stageTests } = staging(config, dataset);

  // a client for one call: opted-out clients have no way in
  const withClient = <T>(id: number, round: number, use: (client: LocalClient) => T): T => {
    const { shared, rows, optedOut } = clients[id]!;
    if (optedOut) throw new Error(`client ${id} has opted out and takes no part in the federation`);
    const train = stage(shared, fold(root, "batches", id, round));
    const validation = stageHeld(rows.validation);
    try {
      const { localEpochs: epochs, batchSize } = federation;
      const key = fold(root, "federation");
      return use(new LocalClient({ id, net, optimizer, train, validation, classes, epochs, batchSize, key }));
    } finally {
      train.dispose();
      validation.dispose();
    }
  };

  // the generalist's answers serve every client of this worker that has the same tests
  let answers: { of: Float32Array; on: Examples; tensor: Tensor } | undefined;
  const frozen = new Net(expert, { group: "shared", trainable: false });
  const generalistOn = (generalist: Float32Array, on: Examples): Tensor => {
    if (answers?.on === on && same(answers.of, generalist)) return answers.tensor;
    answers?.tensor.dispose();
    frozen.parameters.copyFrom(generalist);
    answers = { of: generalist, on, tensor: outputs(frozen, on, classes) };
    return answers.tensor;
  };

  return {
    train: ({ client, generalist, round }): Update | Rejection =>
      withClient(client, round, (local) =>
        attempt(client, () => {
          seen?.tell({ kind: "begins", client, part: "federation" });
          const reply = local.train(generalist, round);
          seen?.look(client, "fedavg", (rows) => outputs(net, rows, classes));
          return outgoingUpdate(declarationOf(local), reply);
        }),
      ),
    evaluate: ({ client, generalist, round }): Evaluation | Rejection =>
      withClient(client, round, (local) =>
        attempt(client, () => outgoingScores(declarationOf(local), local.evaluate(generalist, round))),
      ),
    personalize: ({ client, generalist }): Personalized => {
      seen?.tell({ kind: "begins", client, part: "private" });
      const { rows, globalTest } = clients[client]!;
      const tests = stageTests(rows.test, globalTest);
      const generalistOnTest = generalistOn(generalist, tests.examples);
      const train = stage(rows.train, fold(root, "batches", client));
      const validation = stageHeld(rows.validation);
      const { clients: _, ...alone } = personal;
      const { variants, space: _space, ...mixing } = defined(mixture);
      try {
        return compareMethods({
          client,
          expert,
          gate,
          threeGate,
          output: expertOutput,
          generalist: frozen,
          generalistOnTest,
          own: { train, validation, classes },
          test: { ...tests, classes },
          classes: rows.classes ?? [],
          alone: { ...alone, keep },
          mixture: { ...alone, keep, ...mixing, space, generalistDropout },
          ...(variants && {
            variants: Object.fromEntries(Object.entries(variants).map(([name, own]) => [name, defined(own)])),
          }),
          init: { local: fold(root, "init", "local"), gate: fold(root, "init", "gate") },
          key: fold(root, "personal", client),
          ...(seen && {
            onValidation: (at, answers) => {
              seen.tell({ kind: "epoch", client, ...at });
              seen.look(client, at.method, answers);
            },
          }),
        });
      } catch (error) {
        const rates = { "personal.lr": personal.lr, "mixture.lr": mixture.lr };
        throw naming(error, `client ${client}: `, rates);
      } finally {
        train.dispose();
        validation.dispose();
        tests.dispose();
      }
    },
  };
}

// a config's fields may be there and undefined, which is not to hide a default
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function same(a: Float32Array, b: Float32Array): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
}

/** First weights of the generalist. */
export function initialGeneralist(setup: Setup): Float32Array {
  const net = new Net(networks(setup.config, setup.dataset).expert, { group: "shared" });
  const values = net.init(fold(rootKey(setup.config), "init", "generalist")).parameters.toArray();
  net.dispose();
  return values;
}
