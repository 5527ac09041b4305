// The clients of an experiment, made when they are needed: a worker stages one client's rows, runs it and lets go, so
// memory does not grow with their number.
import type { Bench } from "../federated/hosts/bench.ts";
import { type ClientCalls, clientCalls } from "../federated/hosts/pool.ts";
import type { Answers } from "../federated/method.ts";
import { outputs } from "../moe/evaluate.ts";
import { compareMethods } from "../moe/compare.ts";
import { type Examples, Net, predictAll } from "../nn/index.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { fold } from "../runtime/random.ts";
import { taken } from "../federated/taken.ts";
import { finish } from "../runtime/steps.ts";
import { clockOf, type HeldOf, type Tick } from "./clock.ts";
import { behaviour } from "./config.ts";
import { benchOf, federationsOf, GENERALIST } from "./federations.ts";
import { naming } from "./diverged.ts";
import type { Measured } from "./measured.ts";
import { networks } from "./networks.ts";
import { rootKey, type Setup } from "./setup.ts";
import { lensOf } from "./lens.ts";
import { staging } from "./staging.ts";
import { Watch, type WatchOptions } from "./watch.ts";

/** What a federation left for one client, by the federation's name: what it is sent, and what it keeps. */
export type Held = Readonly<Record<string, HeldOf>>;

/** What a client holds of a generalist alone. */
export function heldGeneralist(generalist: Float32Array): Held {
  return { [GENERALIST]: { down: { model: generalist }, kept: {}, round: 0 } };
}

/** The calls a worker of an experiment answers. */
export type ExperimentCalls = ClientCalls & {
  personalize: (call: { client: number; held: Held }) => Measured;
  tick: (call: { client: number; federation: string; of: HeldOf }) => Tick;
};

/** Makes the calls from a setup; the same in a worker and in this thread. `watch` lets somebody look on. */
export function experimentCalls(setup: Setup, watch?: WatchOptions): ExperimentCalls {
  const { config, dataset, clients } = setup;
  const { personal, mixture } = config;
  const { expert, gate, threeGate } = networks(config, dataset);
  const { keep, space, generalistDropout, expertOutput } = behaviour(config);
  const root = rootKey(config);
  const classes = dataset.classes.length;
  const seen = watch && new Watch(setup, watch);

  const stage = staging(config, dataset);

  const federations = federationsOf(config);
  const benches = new Map<string, Bench>();
  const benchFor = (name: string): Bench => {
    let bench = benches.get(name);
    if (!bench) {
      const found = federations.find((one) => one.name === name);
      if (!found)
        throw new Error(
          `experimentCalls: no federation ${name}; there are ${federations.map((one) => one.name).join(", ")}`,
        );
      bench = benchOf(setup, found);
      if (seen) bench = { ...bench, watch: watching(seen, bench, found.name) };
      benches.set(name, bench);
    }
    return bench;
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

  const clock = clockOf(setup, federations, benchFor, stage);

  return {
    ...clientCalls(benchFor),
    tick: ({ client, federation, of }) => clock.tick(client, federation, of),
    personalize: ({ client, held }): Measured => {
      seen?.tell({ kind: "begins", client, part: "private" });
      if (config.methods) return clock.compare(client, held);
      const { rows, globalTest } = clients[client]!;
      const own = stage.of(client);
      const tests = own.tests(rows.test, globalTest);
      const generalistOnTest = generalistOn(held[GENERALIST]!.down["model"] as Float32Array, tests.examples);
      const train = own.train(rows.train, fold(root, "batches", client));
      const validation = own.validation(rows.validation);
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
          classes: (rows.classes ?? []).map((c) => lensOf(config, dataset, client)?.view.labels?.[c] ?? c),
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

// a client's model at the end of its turn, as if the server had taken all of it
function watching(seen: Watch, { side, classes }: Bench, name: string): NonNullable<Bench["watch"]> {
  return {
    begins: ({ client }) => seen.tell({ kind: "begins", client, part: "federation" }),
    ends: (turn, reply) => {
      seen.look(turn.client, name, (rows) => {
        const made = side.answers(taken(side, turn, reply));
        return predictAll(rows, classes, ("own" in made ? (made as Answers) : finish(made)).own);
      });
    },
  };
}
