// Clients on worker threads. Every client's numbers depend on its address alone and answers come back in the order asked
// for, so the number of workers changes nothing but the time.
import type { Pool } from "../../runtime/pool.ts";
import type { Rejection } from "../admission.ts";
import type { Evaluation, Update } from "../update.ts";
import type { Backend } from "./backend.ts";

type Answer<T> = T | Rejection | Promise<T | Rejection>;

/** The calls a worker of this backend answers. A call that throws ends the round; a client's own failure is an answer. */
export type ClientCalls = {
  train: (call: { client: number; generalist: Float32Array; round: number }) => Answer<Update>;
  evaluate: (call: { client: number; generalist: Float32Array; round: number }) => Answer<Evaluation>;
};

export class Workers implements Backend {
  readonly #pool: Pool<ClientCalls>;

  constructor(pool: Pool<ClientCalls>) {
    this.#pool = pool;
  }

  train(clients: readonly number[], generalist: Float32Array, round: number): Promise<(Update | Rejection)[]> {
    return this.#pool.map(
      "train",
      clients.map((client) => ({ client, generalist, round })),
    );
  }

  evaluate(clients: readonly number[], generalist: Float32Array, round: number): Promise<(Evaluation | Rejection)[]> {
    return this.#pool.map(
      "evaluate",
      clients.map((client) => ({ client, generalist, round })),
    );
  }
}
