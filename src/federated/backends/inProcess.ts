// Clients in this thread, one after another.
import type { FederatedClient } from "../client.ts";
import { SharedVector } from "../shared.ts";
import type { Evaluation, Update } from "../update.ts";
import type { Backend } from "./backend.ts";

export class InProcess implements Backend {
  readonly #client: (id: number) => FederatedClient;

  /** @param client gives the client of an id; called at each use, so clients need not stay in memory */
  constructor(client: (id: number) => FederatedClient) {
    this.#client = client;
  }

  async train(clients: readonly number[], generalist: Float32Array, round: number): Promise<Update[]> {
    const updates: Update[] = [];
    for (const id of clients) {
      const { shared, examples, metrics } = await this.#client(id).train(generalist, round);
      if (!SharedVector.made(shared)) throw new TypeError(`client ${id}: sent something else than a SharedVector`);
      updates.push({ client: id, values: shared.values, examples, metrics });
    }
    return updates;
  }

  async evaluate(clients: readonly number[], generalist: Float32Array, round: number): Promise<Evaluation[]> {
    const evaluations: Evaluation[] = [];
    for (const id of clients) evaluations.push({ client: id, ...(await this.#client(id).evaluate(generalist, round)) });
    return evaluations;
  }
}
