// Who has most, while one after another is taken from: the largest of many sizes without a look at all of them for each.

/**
 * Sizes of which one is taken at a time, always of the largest, of equals the first. Sizes that grow meanwhile must stay below the largest:
 * rows go from clients that have many to those with too few.
 */
export class Richest {
  readonly #sizes: { readonly length: number; [i: number]: number };
  // a heap: parents come before their children
  readonly #heap: Int32Array;

  /** @param sizes are changed as they are taken from */
  constructor(sizes: { readonly length: number; [i: number]: number }) {
    this.#sizes = sizes;
    this.#heap = Int32Array.from({ length: sizes.length }, (_, i) => i);
    for (let at = (sizes.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** Takes one of the largest and says which that was. */
  take(): number {
    const richest = this.#heap[0]!;
    this.#sizes[richest]!--;
    this.#sink(0);
    return richest;
  }

  #before(a: number, b: number): boolean {
    const more = this.#sizes[a]! - this.#sizes[b]!;
    return more > 0 || (more === 0 && a < b);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const own = heap[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, own)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = own;
  }
}
