// Where clients run. A host gives them their rows and what they kept, and hands on only what they send.
import type { Rejection } from "../admission.ts";
import type { Evaluation, Update, Vectors } from "../method.ts";

/** What a client is asked in a round. */
export interface Order {
  /** The client, by its number. */
  readonly client: number;
  /** What it is sent, by name. */
  readonly down: Vectors;
  /** How much of its work it will get done in time; all of it unless said. */
  readonly effort?: number;
}

/** So many clients' vectors are held at once, whatever the cohort, unless a host says otherwise. */
export const AT_ONCE = 64;

/** The loop asks for a round's work and gets an answer to each order, in their order: what was asked for, or why not. */
export interface Host {
  /** A turn of training of each client, in any order. */
  train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]>;
  /** How well each of them does, in any order. */
  evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Rejection)[]>;
  /**
   * How many orders of so many bytes it is best asked for at a time; 64 unless said.
   * @param orders how many there are in all
   */
  atOnce?(bytes: number, orders: number): number;
  /** Whether others do the work, so that the next orders are best given before the answers to these are taken in. */
  readonly apart?: boolean;
  /** Told of an update that the round has taken in and needs no more. */
  spent?(update: Update): void;
}
