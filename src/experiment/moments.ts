// What clients have of a federation: at its best moment, and at its end or on the way.
import type { ServerSide, Vector, Vectors } from "../federated/method.ts";
import { withoutAccount } from "../federated/privacy/hiding.ts";
import { downOf, type RoundsState } from "../federated/roundsState.ts";
import type { Over, Plan } from "./begun.ts";
import type { Standing } from "./clock.ts";
import type { Federation } from "./chosenMethods.ts";
import { federationKey, type Setup } from "./setup.ts";

/** What a client is sent of a federation's best moment, to answer with; -1 is nobody in particular. */
export function answering(setup: Setup, server: ServerSide, { best, round }: RoundsState, client: number): Vectors {
  return sentOf(setup, server, best.server, client, round);
}

/** What a client is sent of a server's state to answer with. */
export function sentOf({ config }: Setup, server: ServerSide, state: Vectors, client: number, round: number): Vectors {
  return downOf(server, state, { client, round, purpose: "answers", key: federationKey(config) });
}

/** What a client has of a federation at its end, or on the way. */
export async function standing(
  setup: Setup,
  { server, states }: Plan,
  at: RoundsState,
  client: number,
): Promise<Standing> {
  return { down: sentOf(setup, server, at.now, client, at.round), kept: withoutAccount(await states.get(client)) };
}

/** A federation that is over, and the model that it left everybody, if it did. */
export interface Ended {
  readonly federation: Federation;
  readonly model: Vector | undefined;
}

/** Federations that are over, with what everybody has of them. */
export function endedOf(setup: Setup, over: readonly Over[]): Ended[] {
  return over.map(({ federation, server, state }) => ({
    federation,
    model: answering(setup, server, state, -1)["model"],
  }));
}

/** The model that everybody is sent to answer with, where the first federation that has one trains one for all. */
export function generalistOf(setup: Setup, federations: readonly Over[]): Vector | undefined {
  for (const { server, state } of federations) {
    const { model } = answering(setup, server, state, -1);
    if (model) return model;
  }
  return undefined;
}

/** So many clients' states are held at once, whatever their number. */
export const AT_ONCE = 256;
