// What goes between the active party and the others: row numbers down, embeddings up, gradients down; counted in bytes by party.
import { admitVectors, isRejection } from "../admission.ts";
import type { Host, Order } from "../hosts/host.ts";
import { type Bytes, Traffic } from "../traffic.ts";
import type { Vector } from "../turn.ts";
import { vertical } from "./declaration.ts";
import type { Split } from "./party.ts";

/** For every party, the places in a batch of the rows that it is asked for. */
export type Places = readonly Int32Array[];

/** Embeddings, or their gradients, by party: [places, width]; none of a party that is not asked. */
export type Embeddings = readonly (Vector | undefined)[];

/** What one party was asked for and what that took. */
export interface Asked extends Bytes {
  /** How many embeddings it sent. */
  readonly rows: number;
}

// row numbers travel as floats, which hold whole numbers up to here
const MOST_ROWS = 2 ** 24;

export class Exchange {
  readonly #host: Host;
  readonly #width: number;
  readonly #traffic: readonly Traffic[];
  readonly #rows: number[];

  /** @param before what each party was asked for already */
  constructor(host: Host, width: number, before: readonly Asked[]) {
    [this.#host, this.#width] = [host, width];
    this.#traffic = before.map((bytes) => new Traffic(bytes));
    this.#rows = before.map(({ rows }) => rows);
  }

  /** What every party was asked for so far. */
  get asked(): Asked[] {
    return this.#traffic.map(({ bytes }, p) => ({ ...bytes, rows: this.#rows[p]! }));
  }

  /**
   * Embeddings [places, width] of a batch's rows, from the parties that have a place in it alone.
   * @param at the number of the exchange
   */
  async ask(split: Split, rows: ArrayLike<number>, places: Places, at: number): Promise<Embeddings> {
    const wanted = places.flatMap((mine, client) => {
      if (mine.length === 0) return [];
      const numbers = Float32Array.from(mine, (i) => rows[i]!);
      if (numbers.some((row) => row >= MOST_ROWS))
        throw new RangeError(`vertical: rows, got more than ${MOST_ROWS}, expected numbers that a float holds`);
      return [{ client, down: { [`rows.${split}`]: numbers } }];
    });
    const name = split === "train" ? "embedding" : "answer";
    const found: (Vector | undefined)[] = places.map(() => undefined);
    for (const [client, up] of await this.#send(wanted, at, (client) => [
      [name, places[client]!.length * this.#width],
    ])) {
      found[client] = up[name];
      this.#rows[client]! += places[client]!.length;
    }
    return found;
  }

  /** Gives parties the gradients of what they have sent. */
  async tell(gradients: Embeddings, at: number): Promise<void> {
    const orders = gradients.flatMap((gradient, client) => (gradient ? [{ client, down: { gradient } }] : []));
    await this.#send(orders, at, () => []);
  }

  async #send(
    orders: readonly Order[],
    at: number,
    expected: (client: number) => readonly (readonly [name: string, size: number])[],
  ): Promise<(readonly [client: number, up: Readonly<Record<string, Vector>>])[]> {
    if (orders.length === 0) return [];
    for (const { client, down } of orders) this.#traffic[client]!.sent(down);
    const answers = await this.#host.train(orders, at);
    return orders.map(({ client }, i) => {
      const sizes = new Map(expected(client));
      const sends = [...sizes.keys()];
      const answer = admitVectors(answers[i], { client, sends, sizes, metrics: [] });
      // a batch cannot be learnt from without a party that its gate counts on
      if (isRejection(answer))
        throw new RangeError(`${vertical.name}: party ${client}, got ${answer.reason}, expected its answer; resume when it is back`); // prettier-ignore
      this.#traffic[client]!.received(answer.up);
      return [client, answer.up] as const;
    });
  }
}
