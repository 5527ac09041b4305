import fc from "fast-check";
import { broadcastShapes } from "../../src/autograd/shape.ts";
import { broadcastable, gradcheck, point, shape } from "../../src/testing/index.ts";
import { exp } from "../../src/autograd/index.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

test("shapes keep to their constraints", () => {
  const limits = { minRank: 1, maxRank: 3, minSize: 2, maxSize: 5 };
  fc.assert(
    fc.property(shape(limits), (of) => {
      assert.ok(of.length >= 1 && of.length <= 3);
      assert.ok(of.every((size) => size >= 2 && size <= 5));
    }),
  );
});

test("pairs of shapes broadcast, and in every way there is", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(broadcastable(), ([a, b]) => {
      const full = broadcastShapes("test", a, b);
      const widens = (of: readonly number[]): boolean => of.join() !== full.join();
      seen.add(`${widens(a)} ${widens(b)}`);
      if (a.length < b.length) seen.add("first shorter");
      if (a.length > b.length) seen.add("second shorter");
    }),
    { numRuns: 500 },
  );
  assert.is(seen.size, 6, [...seen].join("; "));
});

test("points have their shape and keep away from gaps", () => {
  const points = shape({ maxSize: 5 }).chain((of) => point(of, { low: -1, high: 3, gaps: [0, 1] }));
  fc.assert(
    fc.property(points, ({ shape, values }) => {
      assert.is(
        values.length,
        shape.reduce((n, size) => n * size, 1),
      );
      for (const v of Array.from(values)) {
        assert.ok(v >= -1 && v < 3);
        assert.ok(Math.abs(v) > 0.01 && Math.abs(v - 1) > 0.01);
      }
    }),
  );
});

test("shapes shrink towards none at all", () => {
  const found = fc.check(
    fc.property(shape(), (of) => of.length < 2),
    { seed: 1 },
  );
  assert.equal(found.counterexample, [[1, 1]]);
});

test("a user's function is checked with what the entry exports", () => {
  fc.assert(
    fc.property(
      shape().chain((of) => point(of)),
      (at) => gradcheck((x) => exp(x!), [at]),
    ),
    { numRuns: 10 },
  );
  refuses(
    () => gradcheck((x) => exp(x!), [{ shape: [1], values: [1] }], { tolerance: 0, singleTolerance: 0 }),
    /gradcheck/,
  );
});

test.run();
