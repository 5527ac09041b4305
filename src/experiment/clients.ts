// The clients of an experiment, made when they are needed: a worker stages one client's rows, runs it and lets go, so
// memory does not grow with their number.
import type { Bench } from "../federated/hosts/bench.ts";
import { type ClientCalls, clientCalls } from "../federated/hosts/pool.ts";
import { taken } from "../federated/taken.ts";
import { predictAll } from "../nn/index.ts";
import { answersOf } from "./answers.ts";
import { clockOf, type HeldOf, type Tick } from "./clock.ts";
import { benchOf, federationsOf, followersOf } from "./federations.ts";
import { type PersonalCall, personalizing } from "./personalize.ts";
import type { Setup } from "./setup.ts";
import { staging } from "./staging.ts";
import { Watch, type WatchOptions } from "./watch.ts";

/** The calls a worker of an experiment answers. */
export type ExperimentCalls = ClientCalls & {
  personalize: PersonalCall;
  tick: (call: { client: number; federation: string; of: HeldOf }) => Tick;
};

/** Makes the calls from a setup; the same in a worker and in this thread. `watch` lets somebody look on. */
export function experimentCalls(setup: Setup, watch?: WatchOptions): ExperimentCalls {
  const seen = watch && new Watch(setup, watch);
  const federations = federationsOf(setup.config);
  const benches = new Map<string, Bench>();
  const benchFor = (name: string): Bench => {
    let bench = benches.get(name);
    if (!bench) {
      const all = federations.flatMap((one) => [one, ...Object.values(followersOf(one.name))]);
      const found = all.find((one) => one.name === name);
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

  const clock = clockOf(setup, federations, benchFor, staging(setup.config, setup.dataset));
  return {
    ...clientCalls(benchFor),
    tick: ({ client, federation, of }) => clock.tick(client, federation, of),
    personalize: personalizing(setup, benchFor, clock, seen),
  };
}

// a client's model at the end of its turn, as if the server had taken all of it
function watching(seen: Watch, { side, classes }: Bench, name: string): NonNullable<Bench["watch"]> {
  return {
    begins: ({ client }) => seen.tell({ kind: "begins", client, part: "federation" }),
    ends: (turn, reply) => {
      seen.look(turn.client, name, (rows) => {
        return predictAll(rows, classes, answersOf(side, taken(side, turn, reply)).own);
      });
    },
  };
}
