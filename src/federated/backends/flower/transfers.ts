// Objects on their way: so many at a time, and what was fetched before is not fetched again. Nodes of one process share
// this, so that two hundred of them fetch a generalist once and do not run a SuperLink over.

/** How objects are fetched and pushed. */
export interface TransferOptions {
  /** Objects under way at the same time. */
  readonly concurrent?: number;
  /** Memory for objects that may be asked for again: a round's generalist comes for training and for evaluation. */
  readonly cacheBytes?: number;
}

/** Objects on their way to and from a SuperLink. */
export class Transfers {
  readonly #waiting: (() => void)[] = [];
  readonly #known = new Map<string, Promise<Uint8Array>>();
  readonly #sizes = new Map<string, number>();
  readonly #cacheBytes: number;
  #free: number;
  #held = 0;

  constructor({ concurrent = 4, cacheBytes = 268_435_456 }: TransferOptions = {}) {
    this.#free = concurrent;
    this.#cacheBytes = cacheBytes;
  }

  /** Runs a transfer when it is its turn. */
  async inTurn<T>(transfer: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await transfer();
    } finally {
      // the turn is handed over, or given back
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** The content of an address: from memory, from a transfer that is under way, or by `fetch`. */
  once(address: string, fetch: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.#known.get(address);
    if (known !== undefined) {
      // most recently used last
      this.#known.delete(address);
      this.#known.set(address, known);
      // the other fetch may have failed for reasons of its own: its run is over, its node has left
      return known.catch(() => this.once(address, fetch));
    }
    const content = this.inTurn(fetch);
    this.#known.set(address, content);
    content.then(
      ({ length }) => this.#keep(address, length),
      () => this.#known.delete(address),
    );
    return content;
  }

  #keep(address: string, length: number): void {
    this.#sizes.set(address, length);
    this.#held += length;
    for (const [oldest] of this.#known) {
      if (this.#held <= this.#cacheBytes) return;
      const size = this.#sizes.get(oldest);
      // still under way: not ours to drop
      if (size === undefined) continue;
      this.#known.delete(oldest);
      this.#sizes.delete(oldest);
      this.#held -= size;
    }
  }
}
