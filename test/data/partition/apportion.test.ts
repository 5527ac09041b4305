import fc from "fast-check";
import { apportion, largest } from "../../../src/data/partition/apportion.ts";
import { Richest } from "../../../src/data/partition/richest.ts";
import { assert, test } from "../../support/suite.ts";

test("counts sum to the total, and each is its exact share rounded up or down", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }),
      fc.nat(100_000),
      (weights, total) => {
        const whole = weights.reduce((a, b) => a + b);
        fc.pre(whole > 0);
        const counts = apportion(weights, total);
        assert.is(
          counts.reduce((a, b) => a + b),
          total,
        );
        weights.forEach((weight, i) => assert.ok(Math.abs(counts[i]! - (weight / whole) * total) < 1 + 1e-6));
      },
    ),
  );
});

test("equal remainders go to the earlier, and weight 0 gets nothing of a whole share", () => {
  assert.equal([...apportion([1, 1, 2], 6)], [2, 1, 3]);
  assert.equal([...apportion([0.4, 0.4, 1 - 0.8], 100)], [40, 40, 20]);
  assert.equal([...apportion([0, 3], 7)], [0, 7]);
  assert.throws(() => apportion([0, 0], 1), /weights, got a sum of 0/);
});

test("largest is the place of the first of the largest values", () => {
  assert.is(largest([1, 5, 5, 2]), 1);
});

test("the richest is always the first of the largest, whoever is given what was taken", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 12 }), fc.nat(9), (sizes, wanted) => {
      const least = Math.min(wanted, Math.floor(sizes.reduce((sum, n) => sum + n, 0) / sizes.length));
      const [fast, slow] = [sizes.slice(), sizes.slice()];
      const richest = new Richest(fast);
      for (let poor = 0; poor < sizes.length; poor++)
        while (slow[poor]! < least) {
          const rich = largest(slow);
          slow[rich]!--;
          slow[poor]!++;
          assert.is(richest.take(), rich);
          fast[poor]!++;
        }
      assert.equal(fast, slow);
    }),
  );
});

test.run();
