// A host around another one: it hands everything on, and who makes something of it changes a part.
import type { Rejection } from "../admission.ts";
import type { Evaluation, Update } from "../method.ts";
import { AT_ONCE, type Host, type Order } from "./host.ts";

export class Around implements Host {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  get apart(): boolean {
    return this.#host.apart ?? false;
  }

  atOnce(bytes: number, orders: number): number {
    return this.#host.atOnce?.(bytes, orders) ?? AT_ONCE;
  }

  spent(update: Update): void {
    this.#host.spent?.(update);
  }

  train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]> {
    return this.#host.train(orders, round);
  }

  evaluate(orders: readonly Order[], round: number): Promise<(Evaluation | Rejection)[]> {
    return this.#host.evaluate(orders, round);
  }
}
