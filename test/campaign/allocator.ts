// The heap, the arena and tensors under a hundred thousand random operations a batch: no two live blocks share a byte, what
// was written stays, and what is reserved is at most twice what was ever used at once. A batch is its seed's alone, so its
// smallest case is how many operations it takes.
import { scope, Tensor, tensor } from "../../src/autograd/index.ts";
import { persistent } from "../../src/autograd/tensor.ts";
import { Arena, type Scope } from "../../src/runtime/arena.ts";
import { type Engine, withEngine } from "../../src/runtime/engine.ts";
import { Heap } from "../../src/runtime/heap.ts";
import { Memory } from "../../src/runtime/memory.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { smallEngine } from "../support/smallEngine.ts";
import type { Batch, Kind, Part } from "./kind.ts";

const OPERATIONS = 100_000;
const MIB = 1 << 20;
/** What is allowed on top of twice the peak: the base, a block of growth. */
const SLACK = MIB;

interface Block {
  readonly at: number;
  readonly size: number;
  readonly tag: number;
}

/** Live blocks in the order of their addresses. */
class Ledger {
  readonly #blocks: Block[] = [];

  get size(): number {
    return this.#blocks.length;
  }

  #place(at: number): number {
    let [low, high] = [0, this.#blocks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]!.at < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(block: Block): void {
    const place = this.#place(block.at);
    const [before, after] = [this.#blocks[place - 1], this.#blocks[place]];
    if (before && before.at + before.size > block.at) throw new Error(`${say(block)} overlaps ${say(before)}`);
    if (after && block.at + block.size > after.at) throw new Error(`${say(block)} overlaps ${say(after)}`);
    this.#blocks.splice(place, 0, block);
  }

  /** Takes out the block in a place of the order. */
  take(place: number): Block {
    return this.#blocks.splice(place, 1)[0]!;
  }

  find(at: number): Block {
    return this.take(this.#place(at));
  }
}

const say = ({ at, size }: Block): string => `the block of ${size} bytes at ${at}`;

/** Sizes of one character: everything small, everything alike, a few huge ones among many small ones, or growing. */
function sizes(stream: Stream): (step: number) => number {
  const spread = (most: number): number => Math.floor(Math.exp(stream.uniform() * Math.log(most)));
  const kind = stream.below(5);
  const alike = 1 + spread(300_000);
  return (step) => {
    if (kind === 0) return spread(4096);
    if (kind === 1) return alike + stream.below(64);
    if (kind === 2) return stream.below(50) === 0 ? spread(32 * MIB) : spread(2000);
    if (kind === 3) return spread(MIB);
    return Math.floor((1 + step / 1000) * (1000 + stream.below(200)));
  };
}

function mark({ u8 }: Memory, { at, size, tag }: Block): void {
  if (size > 0) u8[at] = u8[at + size - 1] = tag;
}

function checkMark({ u8 }: Memory, block: Block): void {
  const { at, size, tag } = block;
  if (size > 0 && (u8[at] !== tag || u8[at + size - 1] !== tag)) throw new Error(`${say(block)} has been written over`);
}

function checkPeak(peak: number, reserved: number): void {
  if (reserved > 2 * peak + SLACK) throw new Error(`${reserved} bytes are reserved, ${peak} were used at most`);
}

/** Runs `operate` for every step, and says at which step something was wrong. */
function steps(seed: number, name: string, operate: (step: number) => void, count: number = OPERATIONS): Batch {
  for (let step = 0; step < count; step++)
    try {
      operate(step);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      return { cases: step + 1, findings: [{ what, example: `${name}: seed ${seed}, operation ${step + 1}` }] };
    }
  return { cases: count, findings: [] };
}

const heap: Part = {
  name: "heap",
  batch: async (seed) => {
    const stream = new Stream(fold(key(seed), "heap"));
    const memory = new Memory(64 * 1024, 1024 * MIB);
    const heap = new Heap(memory, 100);
    const live = new Ledger();
    const size = sizes(stream);
    const most = 1 + stream.below(2000);
    let peak = 0;
    return steps(seed, "heap", (step) => {
      // waves: mostly taking, then mostly giving back
      const giving =
        live.size > 0 && (live.size >= most || stream.below(8) < (Math.floor(step / 3000) % 2 === 0 ? 3 : 5));
      if (giving) {
        const block = live.take(stream.below(live.size));
        checkMark(memory, block);
        heap.free(block.at);
        return;
      }
      const bytes = size(step);
      if (heap.stats.used + bytes > 256 * MIB) return;
      const block = { at: heap.alloc(bytes), size: bytes, tag: stream.below(256) };
      if (block.at % 64 !== 0) throw new Error(`${say(block)} is not aligned`);
      live.add(block);
      mark(memory, block);
      peak = Math.max(peak, heap.stats.used);
      checkPeak(peak, heap.stats.reserved);
    });
  },
};

const arena: Part = {
  name: "arena",
  batch: async (seed) => {
    const stream = new Stream(fold(key(seed), "arena"));
    const memory = new Memory(64 * 1024, 1024 * MIB);
    const heap = new Heap(memory, 100);
    const arena = new Arena(heap);
    const live = new Ledger();
    const size = sizes(stream);
    const open: { scope: Scope; blocks: Block[]; bytes: number }[] = [];
    const kept: Block[] = [];
    let [peak, used] = [0, 0];
    return steps(seed, "arena", (step) => {
      const what = stream.below(10);
      if (open.length === 0 || (what === 0 && open.length < 6)) {
        open.push({ scope: arena.begin(), blocks: [], bytes: 0 });
      } else if (what === 1) {
        const { scope, blocks, bytes } = open.pop()!;
        for (const block of blocks) checkMark(memory, live.find(block.at));
        arena.end(scope);
        used -= bytes;
      } else if (what === 2 && kept.length > 0) {
        const [block] = kept.splice(stream.below(kept.length), 1);
        checkMark(memory, live.find(block!.at));
        heap.free(block!.at);
        used -= block!.size;
      } else {
        const bytes = size(step);
        if (used + bytes > 128 * MIB) return;
        const outlives = what === 3 && kept.length < 100;
        const block = { at: outlives ? heap.alloc(bytes) : arena.alloc(bytes), size: bytes, tag: stream.below(256) };
        live.add(block);
        mark(memory, block);
        used += bytes;
        peak = Math.max(peak, used);
        if (outlives) kept.push(block);
        else {
          const top = open[open.length - 1]!;
          top.blocks.push(block);
          top.bytes += bytes;
        }
        // a chunk of the arena is 1 MiB at least
        checkPeak(peak + 4 * MIB, heap.stats.reserved);
      }
    });
  },
};

// values that say whose they are
function filled(tag: number, length: number, lasting: boolean): Tensor {
  const values = Int32Array.from({ length }, (_, i) => tag + i);
  return lasting ? persistent([length], "i32").set(values) : tensor(values, undefined, "i32");
}

function checkFilled(t: Tensor, tag: number): void {
  const wrong = t.toArray().findIndex((value, i) => value !== ((tag + i) | 0));
  if (wrong >= 0) throw new Error(`${t}: element ${wrong} has been written over`);
}

const tensors: Part = {
  name: "tensors",
  batch: async (seed) => {
    const stream = new Stream(fold(key(seed), "tensors"));
    const own: Engine = smallEngine(512 * MIB).engine;
    let made = 0;
    const held: { t: Tensor; tag: number }[] = [];
    const check = ({ t, tag }: { t: Tensor; tag: number }): void => checkFilled(t, tag);
    const make = (lasting: boolean): { t: Tensor; tag: number } => {
      const tag = (7919 * ++made) & 0xffffff;
      return { t: filled(tag, stream.below(stream.below(20) === 0 ? 60_000 : 200), lasting), tag };
    };
    // what a step makes is gone, but for what it hands out
    const step = (depth: number): { t: Tensor; tag: number } => {
      const inside = Array.from({ length: 1 + stream.below(4) }, () => make(stream.below(10) === 0));
      let handed = make(false);
      if (depth > 0 && stream.below(2) === 0) {
        let tag = 0;
        const t = scope(() => {
          const found = step(depth - 1);
          tag = found.tag;
          return found.t;
        });
        handed = { t, tag };
      }
      inside.forEach(check);
      check(handed);
      return handed;
    };
    const operate = (): void => {
      const what = stream.below(4);
      if (what === 0 && held.length < 300) held.push(make(true));
      else if (what === 1 && held.length > 0) {
        const [one] = held.splice(stream.below(held.length), 1);
        check(one!);
        one!.t.dispose();
      } else {
        let tag = 0;
        const t = scope(() => {
          const found = step(2);
          tag = found.tag;
          return stream.below(50) === 0 ? null : found.t;
        });
        if (t) held.push({ t, tag });
        if (held.length > 300)
          for (const one of held.splice(0, 150)) {
            check(one);
            one.t.dispose();
          }
      }
      if (stream.below(100) === 0) held.forEach(check);
    };
    const done = withEngine(own, () => steps(seed, "tensors", operate, OPERATIONS / 5));
    return { ...done, cases: made };
  },
};

export const allocator: Kind = {
  name: "allocator",
  cases: "operations",
  share: 1,
  limitSeconds: 120,
  parts: [heap, arena, tensors],
};
