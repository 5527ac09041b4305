// Clients on worker threads. Every client's numbers depend on its address alone and answers come back in the order asked
// for, so the number of workers changes nothing but the time.
import type { Pool } from "../../runtime/pool.ts";
import type { Evaluation, Update } from "../update.ts";
import type { Backend } from "./backend.ts";

/** The calls a worker of this backend answers. */
export type ClientCalls = {
  train: (call: { client: number; generalist: Float32Array; round: number }) => Update | Promise<Update>;
  evaluate: (call: { client: number; generalist: Float32Array; round: number }) => Evaluation | Promise<Evaluation>;
};

export class Workers implements Backend {
  readonly #pool: Pool<ClientCalls>;

  constructor(pool: Pool<ClientCalls>) {
    this.#pool = pool;
  }

  train(clients: readonly number[], generalist: Float32Array, round: number): Promise<Update[]> {
    return this.#pool.map(
      "train",
      clients.map((client) => ({ client, generalist, round })),
    );
  }

  evaluate(clients: readonly number[], generalist: Float32Array, round: number): Promise<Evaluation[]> {
    return this.#pool.map(
      "evaluate",
      clients.map((client) => ({ client, generalist, round })),
    );
  }
}
