// What a federation is between two of its rounds: what has to be known to go on, and what is told of a round.
import { fold, type Key } from "../runtime/random.ts";
import type { Rejection } from "./admission.ts";
import type { Purpose, ServerSide, Vectors } from "./method.ts";
import type { Marks } from "./states.ts";
import type { Bytes } from "./traffic.ts";

/** What a round came to. */
export interface Report {
  /** The round, which counts from 0. */
  readonly round: number;
  /** The clients that were asked, ascending. */
  readonly clients: readonly number[];
  /** Mean over the rows that were trained on; none in a round that nobody took part in, or where clients do not tell. */
  readonly trainLoss?: number;
  /** Mean loss over validating clients, where the round validates. */
  readonly validationLoss?: number;
  /** Their accuracy, a fraction. */
  readonly validationAccuracy?: number;
  /** Whether it was the best so far. */
  readonly best?: boolean;
  /** Clients whose answers were left out of this round, and why. */
  readonly refused?: readonly Rejection[];
}

/** A server's state and the clients' that belong to it. */
export interface Moment {
  /** The method at the server. */
  readonly server: Vectors;
  readonly marks: Marks;
}

/** Everything a federation needs to go on but what its clients keep: random numbers have addresses, so there is no generator to save. */
export interface RoundsState {
  /** Rounds done. */
  readonly round: number;
  /** The server's state. */
  readonly now: Vectors;
  /** The moment whose validation was best. */
  readonly best: Moment;
  /** Its round; -1 before the first validation. */
  readonly bestRound: number;
  /** Its validation loss; Infinity before the first. */
  readonly bestLoss: number;
  /** Validations since the best. */
  readonly waited: number;
  /** Bytes of the vectors that clients were sent and that they sent, so far. */
  readonly bytes: Bytes;
  /** Whether the loop has ended by itself. */
  readonly done: boolean;
}

/** The state before the first round, with what the client side's `initial` gave. */
export function firstState(server: ServerSide, initial: Vectors): RoundsState {
  const now = server.begin(initial);
  return {
    round: 0,
    now,
    best: { server: now, marks: {} },
    bestRound: -1,
    bestLoss: Infinity,
    waited: 0,
    bytes: { down: 0, up: 0 },
    done: false,
  };
}

/** What a client is sent of a server's state. `key` is the federation's. */
export function downOf(
  server: ServerSide,
  state: Vectors,
  { client, round, purpose, key }: { client: number; round: number; purpose: Purpose; key: Key },
): Vectors {
  return server.down?.(state, { client, round, purpose, key: fold(key, "down", client, round) }) ?? state;
}
