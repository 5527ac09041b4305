import fc from "fast-check";
import type { RoundMetric } from "../../src/report/metrics.ts";
import { adjustedRand, clustersOf, places, reached, spread } from "../../src/report/measures.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

test("a spread has plain and weighted means, tenths, the median and the ends", () => {
  const values = Array.from({ length: 20 }, (_, i) => i);
  const found = spread(
    values.toReversed(),
    values.map((value) => (value === 19 ? 1 : 0)),
  );
  // the last of the reversed values is 0
  assert.equal([found.weighted, found.plain.mean, found.median], [0, 9.5, 9.5]);
  assert.equal([found.worstTenth, found.bestTenth, found.least, found.most], [0.5, 18.5, 0, 19]);
  const one = spread([7]);
  assert.equal([one.weighted, one.median, one.worstTenth, one.bestTenth], [7, 7, 7, 7]);
  assert.throws(() => spread([]), /no values/);
  assert.throws(() => spread([1, 2], [1]), /got 1, expected one for each of 2/);
});

test("doubling a client is giving it twice the weight, on any values", () => {
  const some = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(some, fc.nat(), (values, at) => {
      const twice = at % values.length;
      const doubled = spread([...values, values[twice]!]).plain.mean;
      near(
        [
          spread(
            values,
            values.map((_, i) => (i === twice ? 2 : 1)),
          ).weighted,
        ],
        [doubled],
        1e-9,
      );
      const { least, worstTenth, median, bestTenth, most } = spread(values);
      assert.ok(least <= worstTenth && worstTenth <= median && median <= bestTenth && bestTenth <= most);
    }),
  );
});

test("places begin at the best, share ties, and sum to what they must", () => {
  assert.equal(places([3, 9, 3, 1]), [2.5, 1, 2.5, 4]);
  assert.equal(places([1, NaN]), [1, NaN]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 }), (values) => {
      near([places(values).reduce((a, b) => a + b, 0)], [(values.length * (values.length + 1)) / 2]);
    }),
  );
});

const groups = fc
  .integer({ min: 2, max: 12 })
  .chain((n) =>
    fc.tuple(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: n, maxLength: n }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: n, maxLength: n }),
    ),
  );

test("the adjusted Rand index is what counting pairs of pairs gives, whatever groups are called", () => {
  // a textbook's: two of three and three of three together
  near([adjustedRand([0, 0, 1, 1], [0, 0, 1, 2])], [0.5714285714], 1e-9);
  assert.is(adjustedRand([0, 0, 1, 1], [5, 5, 2, 2]), 1);
  fc.assert(
    fc.property(groups, ([a, b]) => {
      // pairs together in both, in one, in the other, in none (Hubert and Arabie's other form)
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < a.length; i++)
        for (let j = 0; j < i; j++) counts[2 * Number(a[i] === a[j]) + Number(b[i] === b[j])]!++;
      const [none, onlyB, onlyA, both] = counts as [number, number, number, number];
      const below = (both + onlyA) * (onlyA + none) + (both + onlyB) * (onlyB + none);
      near([adjustedRand(a, b)], [(2 * (both * none - onlyA * onlyB)) / below], 1e-9);
      near([adjustedRand(a.map((name) => 3 - name), b)], [adjustedRand(a, b)], 1e-9); // prettier-ignore
    }),
  );
  assert.throws(() => adjustedRand([1], [1, 2]), /got 1 and 2/);
});

test("a target is reached in the first round that validates so well, with what was sent up to there", () => {
  const round = (at: number, validationAccuracy?: number): RoundMetric => ({
    kind: "round",
    round: at,
    clients: [],
    trainLoss: 1,
    ...(validationAccuracy !== undefined && { validationAccuracy }),
    down: 10 * (at + 1),
    up: at + 1,
    seconds: 0,
  });
  const rounds = [round(0, 20), round(1), round(2, 60), round(3, 55)];
  assert.equal(reached(rounds, 55), { rounds: 3, down: 30, up: 3 });
  assert.is(reached(rounds, 61), undefined);
});

test("true clusters are those of a shift that stays, or of the partition", () => {
  assert.equal([0, 1, 5].map(clustersOf({ shift: { kind: "rotation", clusters: 4 } })!), [0, 1, 1]);
  assert.equal([2, 3].map(clustersOf({ partition: { kind: "clusters", clusters: 3 } })!), [2, 0]);
  assert.is(clustersOf({ shift: { kind: "noise", level: 1 }, partition: { kind: "iid" } }), undefined);
  assert.is(clustersOf({ shift: { kind: "rotation", clusters: 4, drift: { kind: "sudden", at: 3 } } }), undefined);
});

test.run();
