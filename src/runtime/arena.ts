// Memory in scopes: what a training step makes is gone when its scope ends. Small blocks lie one behind another in chunks, at
// the cost of moving one number; large ones are blocks of the heap, so that neither wastes the rest of a chunk. Chunks are
// kept for the next step until the heap would have to grow.
import type { Heap } from "./heap.ts";
import { footprint, SLACK } from "./memory.ts";

const CHUNK = 2 ** 20;
// at most this much of a chunk stays empty at its end
const SMALL = CHUNK / 4;

/** Where the arena stood when a scope began. `open` ends with the scope, which is how use after the end is noticed. */
export interface Scope {
  readonly chunk: number;
  readonly offset: number;
  readonly large: number;
  open: boolean;
}

export class Arena {
  readonly #heap: Heap;
  /** Those up to #chunk hold something, those behind it are empty. */
  readonly #chunks: number[] = [];
  /** What is too large for a chunk, in the order of its making. */
  readonly #large: { readonly start: number; readonly size: number }[] = [];
  #chunk = -1;
  #offset = 0;

  /** @param heap gives the memory, and asks for empty chunks back before it grows */
  constructor(heap: Heap) {
    this.#heap = heap;
    heap.relief = () => this.#trim();
  }

  get reserved(): number {
    return this.#large.reduce((sum, { size }) => sum + size, this.#chunks.length * CHUNK);
  }

  begin(): Scope {
    return { chunk: this.#chunk, offset: this.#offset, large: this.#large.length, open: true };
  }

  end(scope: Scope): void {
    scope.open = false;
    this.#chunk = scope.chunk;
    this.#offset = scope.offset;
    while (this.#large.length > scope.large) this.#heap.free(this.#large.pop()!.start);
  }

  /** `bytes` of scratch, 64-byte aligned with 16 bytes of slack behind, valid until the scope ends. */
  alloc(bytes: number): number {
    const size = footprint(bytes);
    if (size > SMALL) {
      const start = this.#heap.alloc(bytes);
      this.#large.push({ start, size });
      return start;
    }
    if (this.#chunk < 0 || this.#offset + size > CHUNK) this.#advance();
    const pointer = this.#chunks[this.#chunk]! + this.#offset;
    this.#offset += size;
    return pointer;
  }

  #advance(): void {
    const next = this.#chunk + 1;
    if (next === this.#chunks.length) this.#chunks.push(this.#heap.alloc(CHUNK - SLACK));
    this.#chunk = next;
    this.#offset = 0;
  }

  /** Gives empty chunks back to the heap; whether there were any. */
  #trim(): boolean {
    const empty = this.#chunks.splice(this.#chunk + 1);
    for (const start of empty) this.#heap.free(start);
    return empty.length > 0;
  }
}
