// The calibration that follows a federation, where a config asks for it: its model stays, and all clients that take part fit a
// temperature and class biases to it by sums over their held-out rows. It is a few rounds of a few numbers, so a run that was
// killed does it again.
import type { Host } from "../federated/hosts/host.ts";
import { type ClientCalls, PoolHost } from "../federated/hosts/pool.ts";
import type { Vector } from "../federated/method.ts";
import { downOf, firstState, runRounds } from "../federated/rounds.ts";
import { States } from "../federated/states.ts";
import { CALIBRATION_ROUNDS } from "../moe/methods/calibration.ts";
import type { Pool } from "../runtime/pool.ts";
import type { Federation } from "./chosenMethods.ts";
import { federationKey, initialOf, serverOf } from "./federations.ts";
import { optedIn, type Setup } from "./setup.ts";

export interface Calibrating {
  readonly setup: Setup;
  readonly pool: Pool<ClientCalls>;
  readonly calibrating: Federation;
  /** What is calibrated. */
  readonly model: Vector;
  /** The host that the clients are asked through, around that of the pool. */
  readonly host: (own: Host) => Host;
  readonly signal?: AbortSignal | undefined;
}

/** Temperature and class biases [1 + classes] of a model; undefined where it was interrupted. */
export async function calibrate(order: Calibrating): Promise<Vector | undefined> {
  const { setup, pool, calibrating, model, host, signal } = order;
  const server = serverOf(setup, calibrating);
  const states = new States();
  const clients = optedIn(setup);
  const key = federationKey(setup.config);
  const end = await runRounds(
    {
      host: host(new PoolHost(pool, states, calibrating.name)),
      server,
      sends: calibrating.method.sends,
      states,
      clients,
      rounds: CALIBRATION_ROUNDS,
      cohort: clients.length,
      key,
      ...(signal && { signal }),
    },
    firstState(server, { ...initialOf(setup, calibrating), model }),
  );
  if (!end.done) return undefined;
  const to = { client: -1, round: end.round, purpose: "answers", key } as const;
  return downOf(server, end.best.server, to)["calibration"]!;
}
