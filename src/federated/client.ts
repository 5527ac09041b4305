// The seam between a federation and whoever trains in it. A backend decides where clients run; the same client object
// serves this process, worker threads and a Flower federation.
import type { SharedVector, TensorSpec } from "./shared.ts";

/** What a client answers to a round: its shared vector, the number of examples behind it (its weight), and scalars. */
export interface TrainReply {
  readonly shared: SharedVector;
  readonly examples: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Scalars of an evaluation; `examples` is their weight. */
export interface EvaluateReply {
  readonly examples: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A client of a federation. It sees the generalist as one flat vector; only what it returns leaves it. */
export interface FederatedClient {
  readonly id: number;
  /** The shared tensors, in the order in which they lie in the flat vector. */
  readonly specs: readonly TensorSpec[];
  /**
   * The scalars that its answers hold, by name, at most 16 for each; `trainLoss`, and `loss` and `accuracy`, unless said.
   * Nothing else is sent.
   */
  readonly metrics?: { readonly train: readonly string[]; readonly evaluate: readonly string[] };
  train(generalist: Float32Array, round: number): Promise<TrainReply> | TrainReply;
  evaluate(generalist: Float32Array, round: number): Promise<EvaluateReply> | EvaluateReply;
}
