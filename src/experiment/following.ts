// What follows a federation, where a config asks for it: the model stays, and all clients that take part send sums over their
// held-out rows, which fit a temperature and class biases to it, or tell how inputs look in its features. It is a few rounds of a
// few numbers, so a run that was killed does it again.
import type { Host } from "../federated/hosts/host.ts";
import type { Vector, Vectors } from "../federated/method.ts";
import { runRounds } from "../federated/rounds.ts";
import { downOf, firstState } from "../federated/roundsState.ts";
import { without } from "../federated/servers.ts";
import { States } from "../federated/states.ts";
import type { Federation } from "./chosenMethods.ts";
import type { HeldOf } from "./clock.ts";
import type { Config } from "./config.ts";
import { type Follower, followersOf, initialOf, serverOf } from "./federations.ts";
import type { Ended } from "./moments.ts";
import { federationKey, optedIn, type Setup } from "./setup.ts";

/** What a federation's followers found. */
export type Found = Pick<HeldOf, "calibration" | "gaussians">;

/** By federation. */
export type Followed = Readonly<Record<string, Found>>;

export interface Followers {
  readonly setup: Setup;
  readonly ended: readonly Ended[];
  /** Where a follower's clients are; what they keep lies in these states, or with them. */
  readonly host: (follower: Follower, states: States) => Host;
  readonly signal?: AbortSignal | undefined;
}

/** Followers of a federation that a config asks for. */
export function wantedFollowers(
  { posterior }: Pick<Config, "posterior">,
  { name, rows }: Federation,
): [keyof Found, Follower][] {
  const all = Object.entries(followersOf(name)) as [keyof Found, Follower][];
  return rows.length === 0
    ? []
    : all.filter(([kind]) => posterior?.[kind === "calibration" ? "calibrate" : "features"]);
}

/** Runs what follows federations; undefined where it was interrupted. */
export async function runFollowers({ setup, ended, host, signal }: Followers): Promise<Followed | undefined> {
  const found: Record<string, Found> = {};
  for (const { federation, model } of ended) {
    if (!model || !setup.config.posterior || federation.rows.length === 0) continue;
    const of: { -readonly [K in keyof Found]: Found[K] } = {};
    for (const [kind, follower] of wantedFollowers(setup.config, federation)) {
      const left = await follow({ setup, follower, model, host: (states) => host(follower, states), signal });
      if (!left) return undefined;
      of[kind] = left;
    }
    found[federation.name] = of;
  }
  return found;
}

interface Following {
  readonly setup: Setup;
  readonly follower: Follower;
  /** What stays. */
  readonly model: Vector;
  readonly host: (states: States) => Host;
  readonly signal?: AbortSignal | undefined;
}

// what the server has in the end, but for the model; undefined where it was interrupted
async function follow(order: Following): Promise<Vectors | undefined> {
  const { setup, follower, model, host, signal } = order;
  const server = serverOf(setup, follower);
  const states = new States();
  const clients = optedIn(setup);
  const key = federationKey(setup.config);
  const end = await runRounds(
    {
      host: host(states),
      server,
      sends: follower.method.sends,
      states,
      clients,
      rounds: follower.rounds,
      cohort: clients.length,
      key,
      onSilence: null,
      ...(signal && { signal }),
    },
    firstState(server, { ...initialOf(setup, follower), model }),
  );
  if (!end.done) return undefined;
  const to = { client: -1, round: end.round, purpose: "answers", key } as const;
  return without(downOf(server, end.best.server, to), (name) => name === "model");
}
