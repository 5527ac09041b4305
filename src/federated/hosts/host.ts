// Where clients run. A host gives them their rows and what they kept, and hands on only what they send.
import type { Rejection } from "../admission.ts";
import type { Metrics, Update, Vectors } from "../method.ts";

/** What a client is asked in a round. */
export interface Order {
  readonly client: number;
  readonly down: Vectors;
  /** How much of its work it will get done in time; all of it unless said. */
  readonly effort?: number;
}

/** Scalars a client measured; `examples` is their weight. */
export interface Evaluation {
  readonly client: number;
  readonly examples: number;
  readonly metrics: Metrics;
}

/** The loop asks for a round's work and gets an answer to each order, in their order: what was asked for, or why not. */
export interface Host {
  train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]>;
  evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Rejection)[]>;
}
