// Bump allocation in scopes: what a training step makes is gone when its scope ends, at the cost of resetting one number.
// Chunks come from the heap and are kept for the next step.
import type { Heap } from "./heap.ts";

// a power of two with the heap's slack, or the heap rounds it up by a quarter
const CHUNK = (1 << 20) - 16;
const LARGEST = 1 << 26;

// larger requests get the next power of two: steps that grow a little each time find room in what the last ones left
function chunkFor(size: number): number {
  if (size > LARGEST) return size;
  let chunk = CHUNK;
  while (chunk < size) chunk = 2 * chunk + 16;
  return chunk;
}

/** Where the arena stood when a scope began. `open` ends with the scope, which is how use after the end is noticed. */
export interface Scope {
  readonly chunk: number;
  readonly offset: number;
  open: boolean;
}

export class Arena {
  readonly #heap: Heap;
  readonly #starts: number[] = [];
  readonly #sizes: number[] = [];
  #chunk = -1;
  #offset = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get reserved(): number {
    return this.#sizes.reduce((sum, size) => sum + size, 0);
  }

  begin(): Scope {
    return { chunk: this.#chunk, offset: this.#offset, open: true };
  }

  end(scope: Scope): void {
    scope.open = false;
    this.#chunk = scope.chunk;
    this.#offset = scope.offset;
  }

  /** `bytes` of scratch, 64-byte aligned with 16 bytes of slack behind, valid until the scope ends. */
  alloc(bytes: number): number {
    // no bit operations: a request beyond 2 GiB is to meet the memory limit, not to wrap around
    const size = Math.ceil((bytes + 16) / 64) * 64;
    while (this.#chunk < 0 || this.#offset + size > this.#sizes[this.#chunk]!) {
      if (this.#chunk === this.#starts.length - 1) {
        const chunk = chunkFor(size);
        this.#starts.push(this.#heap.alloc(chunk));
        this.#sizes.push(chunk);
      }
      this.#chunk++;
      this.#offset = 0;
    }
    const pointer = this.#starts[this.#chunk]! + this.#offset;
    this.#offset += size;
    return pointer;
  }
}
