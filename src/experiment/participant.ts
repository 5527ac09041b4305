// The clients of a setup as nodes of a Flower federation have them: their part in each of the config's methods, and in what follows. Rows are
// staged for a call and let go after it, so memory does not grow with the number of clients.
import { type Participant, participantAt } from "../federated/backends/flower/index.ts";
import { ConfigError } from "./config.ts";
import type { Bench } from "../federated/hosts/bench.ts";
import { benchOf, federationsOf } from "./federations.ts";
import { wantedFollowers } from "./following.ts";
import { networks } from "./networks.ts";
import type { Setup } from "./setup.ts";

/** The clients of a setup, by id; they share nets, so one thread runs one of them at a time. */
export function participants(setup: Setup): (client: number) => readonly Participant[] {
  const { config, dataset, clients } = setup;
  const tensors = networks(config, dataset).expert.specs.map(({ name, shape }) => ({ name, shape }));
  const benches = federationsOf(config).flatMap((federation): Bench[] => [
    benchOf(setup, federation),
    ...wantedFollowers(config, federation).map(([, follower]) => {
      const bench = benchOf(setup, follower);
      // by the name that its rounds have
      return { ...bench, method: { ...bench.method, name: follower.name } };
    }),
  ]);
  return (client) => {
    const found = clients[client];
    if (!found) throw new ConfigError(`client: got ${client}, expected 0 to ${clients.length - 1}`);
    if (found.optedOut)
      throw new ConfigError(`client ${client} has opted out and takes no part in the federation; it can only pull`);
    return benches.map((bench) => participantAt(bench, client, tensors));
  };
}
