// What follows a federation, where a config asks for it: the model stays, and all clients that take part send sums over their
// held-out rows, which fit a temperature and class biases to it, or tell how inputs look in its features. It is a few rounds of a
// few numbers, so a run that was killed does it again.
import type { Host } from "../federated/hosts/host.ts";
import { type ClientCalls, PoolHost } from "../federated/hosts/pool.ts";
import type { Vector, Vectors } from "../federated/method.ts";
import { downOf, firstState, runRounds } from "../federated/rounds.ts";
import { without } from "../federated/servers.ts";
import { States } from "../federated/states.ts";
import type { Pool } from "../runtime/pool.ts";
import { audited } from "./auditLog.ts";
import type { Over } from "./begun.ts";
import type { ExperimentCalls } from "./clients.ts";
import type { HeldOf } from "./clock.ts";
import { federationKey, type Follower, followersOf, initialOf, serverOf } from "./federations.ts";
import { answering } from "./moments.ts";
import type { RunOptions } from "./runOptions.ts";
import { optedIn, type Setup } from "./setup.ts";

interface Following {
  readonly setup: Setup;
  readonly pool: Pool<ClientCalls>;
  readonly follower: Follower;
  /** What stays. */
  readonly model: Vector;
  /** The host that the clients are asked through, around that of the pool. */
  readonly host: (own: Host) => Host;
  readonly signal?: AbortSignal | undefined;
}

/** What the server has in the end, but for the model; undefined where it was interrupted. */
async function follow(order: Following): Promise<Vectors | undefined> {
  const { setup, pool, follower, model, host, signal } = order;
  const server = serverOf(setup, follower);
  const states = new States();
  const clients = optedIn(setup);
  const key = federationKey(setup.config);
  const end = await runRounds(
    {
      host: host(new PoolHost(pool, states, follower.name)),
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

/** What the federations' followers found, by federation. */
export type Followed = Readonly<Record<string, Pick<HeldOf, "calibration" | "gaussians">>>;

/** Runs the followers that a config asks for; undefined where they were interrupted. */
export async function runFollowers(
  { config: { posterior }, store, signal, audit }: Pick<RunOptions, "config" | "store" | "signal" | "audit">,
  setup: Setup,
  pool: Pool<ExperimentCalls>,
  federations: readonly Over[],
): Promise<Followed | undefined> {
  const found: Record<string, Followed[string]> = {};
  for (const { federation, server, state } of posterior ? federations : []) {
    const { model } = answering(setup, server, state, -1);
    if (!model || federation.rows.length === 0) continue;
    const of: { calibration?: Vectors; gaussians?: Vectors } = {};
    for (const [name, follower] of Object.entries(followersOf(federation.name))) {
      if (!(name === "calibration" ? posterior?.calibrate : posterior?.features)) continue;
      const host = (own: Host): Host => (audit ? audited(own, follower, store) : own);
      const left = await follow({ setup, pool, follower, model, host, signal });
      if (!left) return undefined;
      of[name as keyof typeof of] = left;
    }
    found[federation.name] = of;
  }
  return found;
}
