// Trainers that the page makes at the conductor's order: their ports come, or what has broken.
import type { Order } from "../messages.ts";
import { endOf } from "../wire.ts";
import type { Port } from "../../src/runtime/pool.ts";

interface Team {
  readonly come: (ports: readonly MessagePort[]) => void;
  readonly onError: Set<(error: Error) => void>;
}

export class Agency {
  readonly #order: (order: Order) => void;
  readonly #teams = new Map<number, Team>();
  #last = 0;

  /** @param order tells the page */
  constructor(order: (order: Order) => void) {
    this.#order = order;
  }

  /** So many trainers, each as a port; terminating one of them ends them all. */
  async start(count: number): Promise<Port[]> {
    const number = ++this.#last;
    const onError = new Set<(error: Error) => void>();
    const ports = await new Promise<readonly MessagePort[]>((come) => {
      this.#teams.set(number, { come, onError });
      this.#order({ order: "start", number, count });
    });
    return ports.map((port) => ({
      ...endOf(port),
      onError: (listener) => void onError.add(listener),
      terminate: () => {
        port.close();
        if (this.#teams.delete(number)) this.#order({ order: "end", number });
      },
    }));
  }

  /** Ports that were ordered have come. */
  started(number: number, ports: readonly MessagePort[]): void {
    this.#teams.get(number)?.come(ports);
  }

  /** One of those that were ordered has broken. */
  broken(number: number, message: string): void {
    for (const listener of this.#teams.get(number)?.onError ?? []) listener(new Error(message));
  }
}
