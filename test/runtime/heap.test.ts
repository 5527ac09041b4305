import fc from "fast-check";
import { Arena } from "../../src/runtime/arena.ts";
import { Heap } from "../../src/runtime/heap.ts";
import { Memory } from "../../src/runtime/memory.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

function heapOf(maximum: number): { memory: Memory; heap: Heap } {
  const memory = new Memory(64 * KIB, maximum);
  return { memory, heap: new Heap(memory, 100) };
}

test("blocks are aligned, apart, and have slack behind them", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 0, max: 200_000 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(sizes, (sizes) => {
      const { heap, memory } = heapOf(64 * MIB);
      const blocks = sizes.map((size) => ({ at: heap.alloc(size), size }));
      blocks.sort((a, b) => a.at - b.at);
      for (const [i, { at, size }] of blocks.entries()) {
        assert.is(at % 64, 0);
        assert.ok(at >= 100);
        assert.ok(at + size + 16 <= (blocks[i + 1]?.at ?? memory.u8.length));
      }
    }),
  );
});

test("whatever is taken and given back, no two live blocks overlap and the books balance", () => {
  // numbers above 0 take so many bytes, the others give back the block that has been held longest
  const moves = fc.array(fc.integer({ min: -20_000, max: 40_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(moves, (moves) => {
      const { heap } = heapOf(64 * MIB);
      const live: { at: number; size: number }[] = [];
      for (const move of moves) {
        if (move > 0) {
          const block = { at: heap.alloc(move), size: move };
          for (const other of live) assert.ok(block.at + move <= other.at || other.at + other.size <= block.at);
          live.push(block);
        } else {
          const oldest = live.shift();
          if (oldest) heap.free(oldest.at);
        }
      }
      assert.is(heap.stats.blocks, live.length);
      for (const { at } of live) heap.free(at);
      assert.equal([heap.stats.used, heap.stats.blocks], [0, 0]);
    }),
    { numRuns: 50 },
  );
});

test("a freed block is handed out again", () => {
  const { heap } = heapOf(MIB);
  const [a, b] = [heap.alloc(1000), heap.alloc(1000)];
  heap.free(a);
  assert.is(heap.alloc(1005), a);
  heap.free(b);
  assert.is(heap.alloc(5000), b);
});

test("freed neighbours are one block, whatever the order, and what is left of a block can be had", () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [0, 2, 1],
    [1, 0, 2],
  ]) {
    const { heap } = heapOf(MIB);
    const blocks = [0, 0, 0].map(() => heap.alloc(100 * KIB));
    const guard = heap.alloc(1);
    for (const i of order) heap.free(blocks[i]!);
    assert.is(heap.alloc(290 * KIB), blocks[0]);
    assert.ok(heap.alloc(9 * KIB) < guard);
  }
});

// 10^5 operations, sizes over six orders of magnitude, in waves that fill and empty
test("memory taken at the most is at most twice what was used at the most, and all of it can be had again", () => {
  const waves = fc.record({
    seed: fc.nat(),
    largest: fc.integer({ min: 2, max: 20 }),
    full: fc.integer({ min: 50, max: 2000 }),
  });
  fc.assert(
    fc.property(waves, ({ seed, largest, full }) => {
      const { heap } = heapOf(2048 * MIB);
      const random = new Stream(key(seed));
      const empty = heap.stats.reserved;
      const live: { at: number; bytes: number }[] = [];
      let most = 0;
      for (let i = 0; i < 100_000; i++) {
        const filling = random.uniform() < (Math.floor(i / 10_000) % 2 === 0 ? 0.7 : 0.4);
        if (live.length === 0 || (filling && live.length < full)) {
          const bytes = Math.floor(2 ** (random.uniform() * largest));
          live.push({ at: heap.alloc(bytes), bytes });
          most = Math.max(most, heap.stats.used);
        } else {
          const at = random.below(live.length);
          heap.free(live[at]!.at);
          live[at] = live[live.length - 1]!;
          live.pop();
        }
        if (i % 10_000 > 0) continue;
        live.sort((a, b) => a.at - b.at);
        live.forEach(({ at, bytes }, k) => assert.ok(k + 1 === live.length || at + bytes + 16 <= live[k + 1]!.at));
      }
      const { reserved } = heap.stats;
      assert.ok(reserved - empty <= 2 * most, `${reserved} reserved, ${most} used`);
      for (const { at } of live) heap.free(at);
      assert.equal(heap.stats, { used: 0, reserved, blocks: 0 });
      heap.alloc(reserved - empty - 64);
      assert.is(heap.stats.reserved, reserved, "one block as large as everything before");
    }),
    { numRuns: 6 },
  );
});

test("freeing the same memory for ever takes no more of it", () => {
  const { heap } = heapOf(MIB);
  for (let i = 0; i < 10_000; i++) heap.free(heap.alloc(1 + (i % 3000)));
  assert.is(heap.stats.used, 0);
  assert.ok(heap.stats.reserved < 64 * KIB, `${heap.stats.reserved}`);
});

test("a block freed twice, or never handed out, is refused", () => {
  const { heap } = heapOf(MIB);
  const a = heap.alloc(10);
  heap.free(a);
  refuses(() => heap.free(a), `heap: free of ${a}, which is not an allocated block`);
  refuses(() => heap.free(64), "heap: free of 64, which is not an allocated block");
});

test("at the limit the error says how much was needed and what to do, and the heap is as before", () => {
  const { heap } = heapOf(MIB);
  const a = heap.alloc(300 * KIB);
  const before = heap.stats;
  refuses(
    () => heap.alloc(900 * KIB),
    /^memory: 2 MiB needed, 1 MiB maximum; wrap each step in scope\(\), dispose of .*, or configure\(\{ maximumBytes \}\)$/,
  );
  assert.equal(heap.stats, before);
  heap.free(a);
  assert.is(heap.alloc(300 * KIB), a);
});

test("a system that gives no more is an error that says so", () => {
  const { heap, memory } = heapOf(64 * MIB);
  // as a browser does when its tab has had enough
  Object.defineProperty(memory.wasm, "grow", {
    value: () => {
      throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
    },
  });
  const before = heap.stats;
  refuses(() => heap.alloc(2 * MIB), /^memory: \d+ MiB needed, the system gives no more than 1 MiB; wrap each step/);
  assert.equal(heap.stats, before);
});

test("growing keeps what is in memory, and everybody sees the new views", () => {
  const { heap, memory } = heapOf(8 * MIB);
  const a = heap.alloc(64);
  memory.f[a >> 2] = 1.5;
  memory.i32[(a >> 2) + 1] = -7;
  heap.alloc(4 * MIB);
  assert.equal([memory.f[a >> 2], memory.i32[(a >> 2) + 1]], [1.5, -7]);
  assert.is(memory.f.buffer, memory.wasm.buffer);
  assert.ok(memory.u8.length >= 4 * MIB && memory.u8.length <= 8 * MIB);
});

test("memory in double precision keeps its floats apart from its bytes", () => {
  const memory = new Memory(64 * KIB, MIB, true);
  memory.f[3] = 0.1;
  memory.i32[3] = 5;
  memory.ensure(512 * KIB);
  assert.equal([memory.f[3], memory.i32[3]], [0.1, 5]);
  assert.is(memory.f.length, memory.u8.length / 4);
});

test("the arena gives the same memory to every step, and takes it back at once", () => {
  const { heap } = heapOf(16 * MIB);
  const arena = new Arena(heap);
  const step = (): number[] => {
    const scope = arena.begin();
    const found = [
      arena.alloc(100),
      arena.alloc(300_000),
      arena.alloc(900_000),
      arena.alloc(3_000_000),
      arena.alloc(1),
    ];
    arena.end(scope);
    return found;
  };
  const first = step();
  const { used } = heap.stats;
  for (let i = 0; i < 1000; i++) assert.equal(step(), first);
  assert.is(heap.stats.used, used);
});

test("steps that grow a little each time take no more than the largest of them", () => {
  const { heap } = heapOf(1024 * MIB);
  const arena = new Arena(heap);
  let most = 0;
  for (let size = MIB / 8; size < 24 * MIB; size += MIB / 3) {
    const scope = arena.begin();
    arena.alloc(Math.floor(size));
    arena.alloc(Math.floor(size));
    most = 2 * size;
    arena.end(scope);
    assert.ok(heap.stats.reserved <= most + 2 * MIB, `${heap.stats.reserved / MIB} MiB for ${most / MIB}`);
  }
});

test("steps of any size, however they grow and shrink, take at most twice what the largest of them needs", () => {
  const steps = fc.array(fc.array(fc.integer({ min: 0, max: 150 * MIB }), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(steps, (steps) => {
      // nobody touches it
      const memory = { ensure: (bytes: number) => assert.ok(bytes < 2048 * MIB) } as Memory;
      const heap = new Heap(memory, 100);
      const arena = new Arena(heap);
      let most = 0;
      for (const sizes of steps) {
        const scope = arena.begin();
        for (const size of sizes) arena.alloc(size);
        assert.is(heap.stats.used, arena.reserved);
        arena.end(scope);
        most = Math.max(
          most,
          sizes.reduce((sum, size) => sum + size, 0),
        );
        assert.is(heap.stats.used, arena.reserved);
        assert.ok(arena.reserved <= MIB, `${arena.reserved / MIB} MiB are held for nobody`);
        assert.ok(
          heap.stats.reserved <= 2 * most + 2 * MIB,
          `${heap.stats.reserved / MIB} MiB, steps of ${most / MIB}`,
        );
      }
    }),
    { numRuns: 200 },
  );
});

test("before memory grows the arena's empty chunks serve whoever asks", () => {
  const { heap } = heapOf(8 * MIB);
  const arena = new Arena(heap);
  const outer = arena.begin();
  const held = arena.alloc(MIB / 8);
  const inner = arena.begin();
  for (let i = 0; i < 40; i++) arena.alloc(MIB / 8);
  arena.end(inner);
  assert.is(arena.reserved, 6 * MIB);
  const { reserved } = heap.stats;
  const a = heap.alloc(5 * MIB - 64);
  assert.ok(a >= held + MIB / 8);
  assert.is(arena.reserved, MIB);
  assert.is(heap.stats.reserved, reserved);
  refuses(() => arena.alloc(2 * MIB), /8 MiB maximum/);
  arena.end(outer);
  const again = arena.begin();
  assert.is(arena.alloc(MIB / 8), held);
  arena.end(again);
});

test("a request that is no number of bytes is refused before anything moves", () => {
  const { heap } = heapOf(MIB);
  const arena = new Arena(heap);
  const bad = fc.oneof(
    fc.integer({ max: -1 }),
    fc.double({ noInteger: true }),
    fc.constantFrom(NaN, Infinity, 2 ** 53, undefined as unknown as number),
  );
  fc.assert(
    fc.property(bad, (bytes) => {
      const before = heap.stats;
      for (const from of [heap, arena])
        refuses(() => from.alloc(bytes), `memory: bytes, got ${bytes}, expected a whole number of at least 0`);
      assert.equal(heap.stats, before);
    }),
  );
});

test("inner scopes give back their part only", () => {
  const { heap } = heapOf(16 * MIB);
  const arena = new Arena(heap);
  const outer = arena.begin();
  const a = arena.alloc(1000);
  const inner = arena.begin();
  const b = arena.alloc(1000);
  arena.end(inner);
  assert.is(arena.alloc(10), b);
  arena.end(outer);
  assert.equal([outer.open, inner.open], [false, false]);
  const again = arena.begin();
  assert.is(arena.alloc(1), a);
  arena.end(again);
});

test("the arena's blocks are aligned, apart, and have slack behind them", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1_000_000, max: 1_100_000 })), {
    maxLength: 20,
  });
  const { heap } = heapOf(256 * MIB);
  const arena = new Arena(heap);
  fc.assert(
    fc.property(sizes, (sizes) => {
      const scope = arena.begin();
      const blocks = sizes.map((size) => ({ at: arena.alloc(size), size })).toSorted((a, b) => a.at - b.at);
      for (const [i, { at, size }] of blocks.entries()) {
        assert.is(at % 64, 0);
        if (blocks[i + 1]) assert.ok(at + size + 16 <= blocks[i + 1]!.at);
      }
      arena.end(scope);
    }),
    { numRuns: 50 },
  );
});

test("a request for gigabytes meets the limit, in the heap and in the arena", () => {
  const { heap } = heapOf(16 * MIB);
  const arena = new Arena(heap);
  for (const bytes of [2 ** 31 - 64, 2 ** 31, 2 ** 32, 2 ** 33 + 8]) {
    refuses(() => heap.alloc(bytes), /MiB needed, 16 MiB maximum/);
    refuses(() => arena.alloc(bytes), /MiB needed, 16 MiB maximum/);
  }
});

test.run();
