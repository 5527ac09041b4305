import fc from "fast-check";
import { block, fold, type Key, key, Stream } from "../../src/runtime/random.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

// the known answers published with Random123 for threefry2x32, 20 rounds
const known: [number, number, number, number, number, number][] = [
  [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
  [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
];

test("the block function gives the published answers of Threefry-2x32-20", () => {
  for (const [k0, k1, c0, c1, r0, r1] of known) assert.equal(block([k0, k1], c0, c1), [r0, r1]);
});

function draw(k: Key): number[] {
  const stream = new Stream(k);
  return Array.from({ length: 4 }, () => stream.next());
}

test("streams repeat, and different addresses give different streams", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(), fc.nat(), (seed, a, b) => {
      const first = draw(fold(key(seed), "dropout", a));
      assert.equal(draw(fold(key(seed), "dropout", a)), first);
      assert.not.equal(draw(fold(key(seed), "batch", a)), first);
      if (a !== b) assert.not.equal(draw(fold(key(seed), "dropout", b)), first);
    }),
  );
});

test("an address does not collide with the draws of its parent", () => {
  const parent = key(7);
  assert.not.equal([...fold(parent, 0)], [...block(parent, 0, 0)]);
});

test("below is uniform and unbiased at awkward sizes", () => {
  const counts = [0, 0, 0, 0, 0, 0];
  const stream = new Stream(key(1));
  for (let i = 0; i < 60_000; i++) counts[stream.below(6)]!++;
  // six cells of 10,000: five standard deviations are 456
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 456, `${counts}`);
});

test("choose draws distinct integers below n, and all of them when k is n", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.nat(), (a, b, seed) => {
      const n = Math.max(a, b);
      const k = Math.min(a, b);
      const chosen = new Stream(key(seed)).choose(n, k);
      assert.is(new Set(chosen).size, k);
      assert.ok(chosen.every((i) => i >= 0 && i < n));
    }),
  );
  assert.throws(() => new Stream(key(0)).choose(2, 3), /cannot draw 3 of 2/);
});

test("few are drawn as the first of all are, without a place for everyone", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (n, part, seed) => {
        // mostly few: that is where the draws are written down in another way
        const k = Math.floor(n * part ** 8);
        assert.equal(new Stream(key(seed)).choose(n, k), new Stream(key(seed)).choose(n, n).slice(0, k));
      },
    ),
  );
  const began = performance.now();
  for (let client = 0; client < 1000; client++) new Stream(fold(key(1), client)).choose(10 ** 8, 5);
  assert.ok(performance.now() - began < 5000, "an array of all would take minutes, and 400 GB");
});

test("seeds and addresses that are no whole numbers are refused", () => {
  refuses(() => key(0.5), "key: the seed must be an integer below 2^53, got 0.5");
  refuses(() => key(2 ** 53), /integer below 2\^53/);
  refuses(() => fold(key(1), NaN), "fold: address parts are integers or strings, got NaN");
  refuses(() => new Stream(key(1)).below(0), "below: expected an integer in [1, 2^32], got 0");
});

test("negative and large seeds have streams of their own", () => {
  const seeds = [
    0,
    1,
    -1,
    2 ** 32,
    2 ** 32 + 1,
    -(2 ** 32),
    2 ** 52,
    Number.MAX_SAFE_INTEGER,
    -Number.MAX_SAFE_INTEGER,
  ];
  assert.is(new Set(seeds.map((seed) => draw(key(seed)).join())).size, seeds.length);
});

test("numbers and strings, and an address and its parts in another order, are apart", () => {
  const root = key(1);
  const addresses = [[1], ["1"], [1, 2], [2, 1], [12], ["12"], ["1", "2"], [], [-1], [2 ** 32 + 1], ["a", 1], [1, "a"]];
  assert.is(new Set(addresses.map((address) => draw(fold(root, ...address)).join())).size, addresses.length);
});

test("an address in two steps is the address in one", () => {
  assert.equal(fold(fold(key(3), "client", 5), "round", 7), fold(key(3), "client", 5, "round", 7));
});

test("addresses mean the same numbers for ever: results, checkpoints and clients of other versions rest on them", () => {
  assert.equal([...fold(key(1), "dropout", 3)], [3487248861, 2142138913]);
  assert.equal([...fold(key(-7), 2 ** 40, "x")], [2396930662, 1247841211]);
  assert.equal(draw(fold(key(1), "order")).slice(0, 3), [589614325, 686802160, 854134415]);
  assert.equal(Array.from(new Stream(key(2)).choose(10, 4)), [0, 7, 9, 2]);
});

test("below has no bias where 2^32 is far from a multiple of n", () => {
  const stream = new Stream(key(4));
  let low = 0;
  for (let i = 0; i < 9000; i++) if (stream.below(3 * 2 ** 30) < 2 ** 30) low++;
  // a third, with standard deviation 45; without rejection it would be half
  assert.ok(Math.abs(low - 3000) < 224, `${low}`);
});

test("uniform draws lie in [0, 1) with mean 1/2 and variance 1/12", () => {
  const stream = new Stream(key(5));
  const draws = Array.from({ length: 20_000 }, () => stream.uniform());
  assert.ok(draws.every((u) => u >= 0 && u < 1));
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  const variance = draws.reduce((a, u) => a + (u - mean) ** 2, 0) / draws.length;
  // five standard deviations of each
  assert.ok(Math.abs(mean - 0.5) < 0.0103, `${mean}`);
  assert.ok(Math.abs(variance - 1 / 12) < 0.0027, `${variance}`);
});

test("a shuffle keeps every item and makes every order equally often", () => {
  const counts = new Map<string, number>();
  const stream = new Stream(key(9));
  for (let i = 0; i < 12_000; i++) {
    const order = stream.shuffle([1, 2, 3]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.is(counts.size, 6);
  // six cells of 2,000: five standard deviations are 204
  for (const [order, count] of counts) assert.ok(Math.abs(count - 2000) < 204, `${order} ${count}`);
  assert.equal(Array.from(stream.shuffle(Int32Array.from([5, 5, 6]))).toSorted(), [5, 5, 6]);
});

test.run();
