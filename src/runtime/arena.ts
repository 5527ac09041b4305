// Bump allocation in scopes: what a training step makes is gone when its scope ends, at the cost of resetting one number.
// Chunks come from the heap and are kept for the next step, unless they turn out too small or memory is at its limit.
import type { Heap } from "./heap.ts";
import { footprint, SLACK } from "./memory.ts";

const CHUNK = 2 ** 20;
const LARGEST = 2 ** 26;

// larger requests get the next power of two: steps that grow a little each time find room in what the last ones left
function ampleFor(size: number): number {
  if (size > LARGEST) return size;
  let chunk = CHUNK;
  while (chunk < size) chunk *= 2;
  return chunk;
}

/** Where the arena stood when a scope began. `open` ends with the scope, which is how use after the end is noticed. */
export interface Scope {
  readonly chunk: number;
  readonly offset: number;
  open: boolean;
}

interface Chunk {
  readonly start: number;
  readonly size: number;
}

export class Arena {
  readonly #heap: Heap;
  /** Those up to #chunk hold something, those behind it are empty. */
  readonly #chunks: Chunk[] = [];
  #chunk = -1;
  #offset = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get reserved(): number {
    return this.#chunks.reduce((sum, { size }) => sum + size, 0);
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
    const size = footprint(bytes);
    if (this.#chunk < 0 || this.#offset + size > this.#chunks[this.#chunk]!.size) this.#advance(size);
    const pointer = this.#chunks[this.#chunk]!.start + this.#offset;
    this.#offset += size;
    return pointer;
  }

  /** Gives empty chunks back to the heap; whether there were any. */
  trim(): boolean {
    const empty = this.#chunks.splice(this.#chunk + 1);
    for (const { start } of empty) this.#heap.free(start);
    return empty.length > 0;
  }

  // to the first empty chunk with room; where none has, they all make way for one that has
  #advance(size: number): void {
    const next = this.#chunk + 1;
    const fitting = this.#chunks.findIndex((chunk, i) => i >= next && chunk.size >= size);
    if (fitting < 0) {
      this.trim();
      this.#chunks.push(this.#chunkFor(size));
    } else if (fitting > next) {
      const [chunk] = this.#chunks.splice(fitting, 1);
      this.#chunks.splice(next, 0, chunk!);
    }
    this.#chunk = next;
    this.#offset = 0;
  }

  #chunkFor(size: number): Chunk {
    const ample = ampleFor(size);
    try {
      return { start: this.#heap.alloc(ample - SLACK), size: ample };
    } catch (error) {
      if (ample === size) throw error;
      return { start: this.#heap.alloc(size - SLACK), size };
    }
  }
}
