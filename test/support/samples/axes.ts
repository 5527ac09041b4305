// Samples of stacks of products, and of reductions, picks and placements along axes, of up to six.
import fc from "fast-check";
import type { Shape } from "../../../src/autograd/shape.ts";
import { broadcastable, point, shape } from "../../../src/testing/index.ts";
import { int, lattice, op, points, type Sample, whole } from "./sample.ts";

const six = { maxRank: 6, maxSize: 3 };
const axed: fc.Arbitrary<{ of: Shape; axis: number }> = shape({ minRank: 1, ...six }).chain((of) =>
  int(0, of.length - 1).map((axis) => ({ of, axis })),
);

/** A shape and a run of its axes. */
const runs: fc.Arbitrary<{ of: Shape; run: { from: number; to: number } }> = axed.chain(({ of, axis }) =>
  int(axis + 1, of.length).map((to) => ({ of, run: { from: axis, to } })),
);

/** A shape to pick from, an axis and numbers on it. */
const picks = fc
  .tuple(axed, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }))
  .map(([{ of, axis }, numbers]) => ({ of, axis, numbers: numbers.map((n) => n % of[axis]!) }));

/** Elements at distances within a shape: where they begin, the way to the next one, and how many. */
const lattices = shape({ minRank: 1, ...six }).chain((shape) =>
  fc.tuple(...shape.map((size) => fc.tuple(int(0, size - 1), fc.constantFrom(-2, -1, 1, 2), fc.nat()))).map((axes) => ({
    shape,
    starts: axes.map(([start]) => start),
    steps: axes.map(([, step]) => step),
    counts: axes.map(([start, step, n], i) => {
      const room = step > 0 ? shape[i]! - 1 - start : start;
      return 1 + (n % (Math.floor(room / Math.abs(step)) + 1));
    }),
  })),
);

const flags = fc.record({ transA: fc.boolean(), transB: fc.boolean() });

export const axes: Readonly<Record<string, Sample>> = {
  batchMatmul: {
    cases: fc
      .tuple(broadcastable({ maxRank: 4, maxSize: 3 }), fc.tuple(int(1, 5), int(1, 6), int(1, 5)), flags)
      .chain(([[a, b], [m, n, k], attrs]) =>
        points(
          point([...a, ...(attrs.transA ? [k, m] : [m, k])]),
          point([...b, ...(attrs.transB ? [n, k] : [k, n])]),
        ).map((points) => ({ f: (a, b) => op("batchMatmul", [a!, b!], attrs), points })),
      ),
  },
  max: {
    cases: runs.chain(({ of, run }) =>
      points(lattice(of, 0.05, { distinct: true })).map((points) => ({ f: (x) => op("max", [x!], run), points })),
    ),
  },
  logSumExp: {
    cases: runs.chain(({ of, run }) =>
      points(point(of)).map((points) => ({ f: (x) => op("logSumExp", [x!], run), points })),
    ),
  },
  cumsum: {
    cases: fc
      .tuple(axed, fc.boolean())
      .chain(([{ of, axis }, reverse]) =>
        points(point(of)).map((points) => ({ f: (x) => op("cumsum", [x!], { axis, reverse }), points })),
      ),
  },
  strided: {
    cases: lattices.chain(({ shape, starts, steps, counts }) =>
      points(point(shape)).map((points) => ({
        f: (x) => op("strided", [x!], { starts, steps, shape: counts }),
        points,
      })),
    ),
  },
  place: {
    cases: lattices.chain(({ shape, starts, steps, counts }) =>
      points(point(counts)).map((points) => ({
        f: (x) => op("place", [x!], { starts, steps, shape, value: -0.5 }),
        points,
      })),
    ),
  },
  take: {
    cases: picks.chain(({ of, axis, numbers }) =>
      points(point(of)).map((points) => ({
        f: (x) => op("take", [x!, whole(numbers)], { axis, shape: of }),
        points,
      })),
    ),
  },
  put: {
    cases: picks.chain(({ of, axis, numbers }) =>
      points(point(of.map((n, i) => (i === axis ? numbers.length : n)))).map((points) => ({
        f: (g) => op("put", [g!, whole(numbers)], { axis, shape: of }),
        points,
      })),
    ),
  },
  topK: {
    cases: shape({ minRank: 1, ...six, maxSize: 4 }).chain((of) =>
      fc.tuple(int(0, of.at(-1)!), lattice(of, 0.25)).map(([k, x]) => ({ f: (x) => op("topK", [x!], k), points: [x] })),
    ),
    order: 0,
    reason: "a position does not move with its values",
  },
  oneHot: {
    cases: fc.array(int(0, 4), { minLength: 1, maxLength: 6 }).map((labels) => ({
      f: () => op("oneHot", [whole(labels)], 5),
      points: [],
    })),
    order: 0,
    reason: "whole numbers",
  },
};
