// Where clients run. The loop asks for a round's work and gets answers in the order of the clients it named.
import type { Evaluation, Update } from "../update.ts";

export interface Backend {
  train(clients: readonly number[], generalist: Float32Array, round: number): Promise<Update[]>;
  evaluate(clients: readonly number[], generalist: Float32Array, round: number): Promise<Evaluation[]>;
}
