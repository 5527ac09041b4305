import fc from "fast-check";
import { block, fold, key, Stream } from "../../src/runtime/random.ts";
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

test("streams repeat, and different addresses give different streams", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(), fc.nat(), (seed, a, b) => {
      const draw = (k: readonly [number, number]) => Array.from({ length: 4 }, new Stream(k).next.bind(new Stream(k)));
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
  const counts = new Array<number>(6).fill(0);
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

test.run();
