// Parties of one thread as a host has clients: what leaves one is held against the declaration, so that it can be logged and counted
// as any other client's message is.
import type { Rejection } from "../admission.ts";
import type { Host, Order } from "../hosts/host.ts";
import type { Evaluation, Update } from "../method.ts";
import { outgoing } from "../outgoing.ts";
import { vertical } from "./declaration.ts";
import type { Party } from "./party.ts";

/**
 * Exchanges come one after another, as each depends on what the one before taught, and a batch of embeddings takes less time than handing
 * it to another thread; so parties share one thread, and their number of workers is 1.
 */
export class Parties implements Host {
  readonly #parties: readonly Party[];

  constructor(parties: readonly Party[]) {
    this.#parties = parties;
  }

  /** An exchange of each party that is asked. Errors: what a party was asked for that it has not, or numbers that are none. */
  async train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]> {
    return orders.map(({ client, down }) => {
      const up = this.#parties[client]!.exchange(down, round);
      const rows = Object.entries(down).find(([name]) => name.startsWith("rows."))?.[1].length ?? 0;
      return { client, ...outgoing(vertical, client, { up, metrics: {} }, rows) };
    });
  }

  /** Nobody: parties have no labels. */
  async evaluate(orders: readonly Order[]): Promise<(Evaluation | Rejection)[]> {
    return orders.map(({ client }) => ({ client, fault: "failed", reason: "a party has no labels to evaluate by" }));
  }
}
