// An instruction and its answer, as they go between a node and whoever trains for it.
import type { Vectors } from "../../method.ts";
import type { Account } from "../../privacy/account.ts";
import type { FlowerObject } from "./objects.ts";
import type { PrivacySpent } from "../../privacy/local.ts";

/** An instruction as it was pulled. */
export interface Task {
  /** `train`, `evaluate`, `query` or one of them with a dot and a name. */
  readonly messageType: string;
  /** The message's id, by its content. */
  readonly rootId: string;
  /** Objects of the message that have been fetched, by id. */
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** What the client has spent so far, if it is kept by who asks; the answer says what it has spent then. */
  readonly account?: Account | undefined;
  /** What the client kept, if who asks has it; the answer says what it keeps then. */
  readonly kept?: Vectors | undefined;
}

/** What goes back to the server. */
export interface Answer {
  /** A RecordDict, ready to be pushed below a message. */
  readonly content: FlowerObject;
  /** The round, which counts from 0. */
  readonly round: number;
  /** What it cost of the client's privacy, where noise was added. */
  readonly spent?: PrivacySpent | undefined;
  /** The client's account after this answer, where the answer was hidden by noise. */
  readonly account?: Account | undefined;
  /** What the client keeps from this turn on, where that is said. */
  readonly kept?: Vectors | undefined;
}

/** Answers instructions. A rejection becomes an error reply whose reason is the error's message. */
export interface Trainer {
  /** Answers one message. */
  answer(task: Task): Promise<Answer>;
}
