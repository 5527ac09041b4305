// Where clients run. The loop asks for a round's work and gets answers in the order of the clients it named; a client that
// could not answer is answered for by the reason.
import type { Rejection } from "../admission.ts";
import type { Evaluation, Update } from "../update.ts";

export interface Backend {
  train(clients: readonly number[], generalist: Float32Array, round: number): Promise<readonly (Update | Rejection)[]>;
  evaluate(
    clients: readonly number[],
    generalist: Float32Array,
    round: number,
  ): Promise<readonly (Evaluation | Rejection)[]>;
}
