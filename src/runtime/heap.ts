// Blocks of linear memory that live until they are freed: size classes with free lists over a growing top.
// Knows nothing of tensors; the arena takes its chunks from here.
import type { Memory } from "./memory.ts";

// tensors start on cache lines, and kernels may read (never write) up to 16 bytes past a tensor's end
const ALIGNMENT = 64;
const SLACK = 16;

/** Rounds up to the next size class: multiples of 64 below 512, then four classes per power of two. */
function sizeClass(bytes: number): number {
  const wanted = bytes + SLACK;
  if (wanted <= 512) return Math.ceil(wanted / ALIGNMENT) * ALIGNMENT;
  const step = 2 ** (Math.floor(Math.log2(wanted - 1)) - 2);
  return Math.ceil(wanted / step) * step;
}

export class Heap {
  readonly #memory: Memory;
  readonly #free = new Map<number, number[]>();
  readonly #sizes = new Map<number, number>();
  #top: number;
  #used = 0;

  constructor(memory: Memory, base: number) {
    this.#memory = memory;
    this.#top = Math.ceil(base / ALIGNMENT) * ALIGNMENT;
  }

  /** Bytes in blocks handed out and not freed, and bytes ever taken from memory. */
  get stats(): { used: number; reserved: number; blocks: number } {
    return { used: this.#used, reserved: this.#top, blocks: this.#sizes.size };
  }

  /** A block of at least `bytes`, 64-byte aligned, contents undefined. Throws RangeError at the memory limit. */
  alloc(bytes: number): number {
    const size = sizeClass(bytes);
    let pointer = this.#free.get(size)?.pop();
    if (pointer === undefined) {
      pointer = this.#top;
      // the top moves only after growth has succeeded
      this.#memory.ensure(pointer + size);
      this.#top = pointer + size;
    }
    this.#sizes.set(pointer, size);
    this.#used += size;
    return pointer;
  }

  free(pointer: number): void {
    const size = this.#sizes.get(pointer);
    if (size === undefined) throw new RangeError(`heap: free of ${pointer}, which is not an allocated block`);
    this.#sizes.delete(pointer);
    this.#used -= size;
    const list = this.#free.get(size);
    if (list) list.push(pointer);
    else this.#free.set(size, [pointer]);
  }
}
