// The workers that train, made and ended as the conductor orders them.
import { type Port, startWorker } from "../../src/runtime/platform.ts";
import type { Conducting, Order } from "../messages.ts";
import type { Asker } from "../wire.ts";

export class Trainers {
  readonly #ask: Asker<Conducting>;
  readonly #teams = new Map<number, readonly Port[]>();

  /** @param ask is how the conductor gets to its ends of the channels */
  constructor(ask: Asker<Conducting>) {
    this.#ask = ask;
  }

  /** Does what the conductor orders. */
  async obey(order: Order): Promise<void> {
    const { number } = order;
    if (order.order === "end") {
      for (const worker of this.#teams.get(number) ?? []) void worker.terminate();
      this.#teams.delete(number);
      return;
    }
    const module = new URL("./trainer.js", import.meta.url);
    const workers = await Promise.all(Array.from({ length: order.count }, () => startWorker(module)));
    this.#teams.set(number, workers);
    const ports = workers.map((worker) => {
      const { port1, port2 } = new MessageChannel();
      worker.onError(({ message }) => void this.#ask("broken", { number, message }));
      worker.post(port2, [port2 as unknown as ArrayBuffer]);
      return port1;
    });
    await this.#ask("started", { number, ports }, ports);
  }
}
