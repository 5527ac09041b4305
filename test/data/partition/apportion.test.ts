import fc from "fast-check";
import { apportion, largest } from "../../../src/data/partition/apportion.ts";
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

test.run();
