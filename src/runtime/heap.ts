// Blocks of linear memory that live until they are freed: segregated free lists over blocks that split and merge (Masmano et
// al. 2004, "TLSF: a new dynamic memory allocator for real-time systems"), below a growing top that falls again.
// Knows nothing of tensors; the arena takes its chunks from here.
import { ALIGNMENT, footprint, type Memory } from "./memory.ts";

// of the blocks that may or may not fit, so many are looked at before larger ones are split
const CANDIDATES = 16;

/** A run of bytes between two others; those that are free also hang in a list of blocks of about their size. */
interface Block {
  at: number;
  size: number;
  free: boolean;
  below: Block | undefined;
  above: Block | undefined;
  previous: Block | undefined;
  next: Block | undefined;
}

/** Which list a free block is in: one per multiple of 64 below 1 KiB, then four per power of two. */
function listOf(size: number): number {
  const units = size / ALIGNMENT;
  if (units < 16) return units;
  const exponent = 31 - Math.clz32(units);
  return 4 * exponent + Math.floor(units / 2 ** (exponent - 2)) - 4;
}

export class Heap {
  /** Asked before memory grows: true if something was freed, and looking again is worth while. */
  relief: (() => boolean) | undefined;
  readonly #memory: Memory;
  readonly #lists: (Block | undefined)[] = [];
  readonly #live = new Map<number, Block>();
  /** The block under the top, never a free one. */
  #last: Block | undefined;
  #top: number;
  #reserved: number;
  #used = 0;

  constructor(memory: Memory, base: number) {
    this.#memory = memory;
    this.#top = Math.ceil(base / ALIGNMENT) * ALIGNMENT;
    this.#reserved = this.#top;
  }

  /** Bytes in blocks handed out and not freed, and bytes taken from memory at most so far. */
  get stats(): { used: number; reserved: number; blocks: number } {
    return { used: this.#used, reserved: this.#reserved, blocks: this.#live.size };
  }

  /** A block of at least `bytes`, 64-byte aligned, contents undefined. Throws RangeError at the memory limit. */
  alloc(bytes: number): number {
    const size = footprint(bytes);
    let block = this.#find(size);
    if (!block && this.relief?.()) block = this.#find(size);
    block ??= this.#raise(size);
    block.free = false;
    this.#live.set(block.at, block);
    this.#used += block.size;
    return block.at;
  }

  free(pointer: number): void {
    const block = this.#live.get(pointer);
    if (!block) throw new RangeError(`heap: free of ${pointer}, which is not an allocated block`);
    this.#live.delete(pointer);
    this.#used -= block.size;
    const { above, below } = block;
    if (above?.free) {
      this.#unlist(above);
      this.#absorb(block, above);
    }
    let whole = block;
    if (below?.free) {
      this.#unlist(below);
      this.#absorb(below, block);
      whole = below;
    }
    if (whole === this.#last) {
      this.#last = whole.below;
      if (this.#last) this.#last.above = undefined;
      this.#top = whole.at;
    } else this.#list(whole);
  }

  // the smallest of a few that may fit, else a part of a larger one, else any of those that may fit
  #find(size: number): Block | undefined {
    const own = listOf(size);
    let found = smallest(this.#lists[own], size, CANDIDATES);
    for (let list = own + 1; !found && list < this.#lists.length; list++) found = this.#lists[list];
    found ??= smallest(this.#lists[own], size, Infinity);
    if (!found) return undefined;
    this.#unlist(found);
    if (found.size > size) this.#list(this.#split(found, size));
    return found;
  }

  /** A new block at the top, which moves only after growth has succeeded. */
  #raise(size: number): Block {
    const at = this.#top;
    this.#memory.ensure(at + size);
    const block: Block = {
      at,
      size,
      free: false,
      below: this.#last,
      above: undefined,
      previous: undefined,
      next: undefined,
    };
    if (this.#last) this.#last.above = block;
    this.#last = block;
    this.#top = at + size;
    this.#reserved = Math.max(this.#reserved, this.#top);
    return block;
  }

  /** Cuts a block down to `size` and returns the rest, in no list yet. A block that can be split is never the last. */
  #split(block: Block, size: number): Block {
    const { at, above } = block;
    const rest: Block = {
      at: at + size,
      size: block.size - size,
      free: true,
      below: block,
      above,
      previous: undefined,
      next: undefined,
    };
    above!.below = rest;
    block.above = rest;
    block.size = size;
    return rest;
  }

  /** Makes one block of two neighbours. */
  #absorb(block: Block, above: Block): void {
    block.size += above.size;
    block.above = above.above;
    if (above.above) above.above.below = block;
    else this.#last = block;
  }

  #list(block: Block): void {
    const list = listOf(block.size);
    while (this.#lists.length <= list) this.#lists.push(undefined);
    const head = this.#lists[list];
    block.free = true;
    block.previous = undefined;
    block.next = head;
    if (head) head.previous = block;
    this.#lists[list] = block;
  }

  #unlist(block: Block): void {
    const { previous, next } = block;
    if (previous) previous.next = next;
    else this.#lists[listOf(block.size)] = next;
    if (next) next.previous = previous;
    block.previous = block.next = undefined;
  }
}

function smallest(head: Block | undefined, size: number, candidates: number): Block | undefined {
  let found: Block | undefined;
  for (let block = head, seen = 0; block && seen < candidates; block = block.next, seen++) {
    if (block.size === size) return block;
    if (block.size > size && !(found && found.size <= block.size)) found = block;
  }
  return found;
}
