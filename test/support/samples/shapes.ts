// Samples of ops about shapes and axes.
import fc from "fast-check";
import { broadcastShapes } from "../../../src/autograd/shape.ts";
import { broadcastable, point, shape } from "../../../src/testing/index.ts";
import { int, lattice, op, points, type Sample } from "./sample.ts";

const spans = shape({ minRank: 1, maxRank: 6, maxSize: 4 }).chain((of) =>
  int(0, of.length - 1).chain((axis) =>
    fc
      .tuple(int(0, of[axis]!), int(0, of[axis]!), int(1, 3))
      .map(([a, b, step]) => ({ of, attrs: { axis, from: Math.min(a, b), to: Math.max(a, b), step } })),
  ),
);

export const shapes: Readonly<Record<string, Sample>> = {
  expand: {
    cases: broadcastable().chain(([a, b]) =>
      points(point(a)).map((points) => ({ f: (x) => op("expand", [x!], broadcastShapes("sample", a, b)), points })),
    ),
  },
  sum: {
    cases: shape().chain((of) =>
      fc
        .tuple(fc.subarray(of.map((_, i) => i)), fc.boolean(), point(of))
        .map(([axes, keep, x]) => ({ f: (x) => op("sum", [x!], { axes, keep }), points: [x] })),
    ),
    tolerance: 2e-5,
  },
  permute: {
    cases: shape().chain((of) =>
      fc
        .tuple(
          fc.shuffledSubarray(
            of.map((_, i) => i),
            { minLength: of.length },
          ),
          point(of),
        )
        .map(([order, x]) => ({ f: (x) => op("permute", [x!], order), points: [x] })),
    ),
  },
  reshape: {
    cases: shape().chain((of) =>
      fc
        .tuple(fc.shuffledSubarray([...of], { minLength: of.length }), point(of))
        .map(([to, x]) => ({ f: (x) => op("reshape", [x!], [...to, 1]), points: [x] })),
    ),
  },
  slice: {
    cases: spans.chain(({ of, attrs }) =>
      points(point(of)).map((points) => ({ f: (x) => op("slice", [x!], attrs), points })),
    ),
  },
  concat: {
    cases: fc
      .tuple(shape({ minRank: 1 }), fc.array(int(0, 4), { minLength: 1, maxLength: 4 }), fc.nat())
      .chain(([of, lengths, number]) => {
        const axis = number % of.length;
        const parts = lengths.map((length) => point(of.map((size, i) => (i === axis ? length : size))));
        return points(...parts).map((points) => ({ f: (...x) => op("concat", x, axis), points }));
      }),
  },
  argmax: {
    cases: shape({ minRank: 1 }).chain((of) =>
      fc
        .tuple(int(0, of.length - 1), lattice(of, 0.25))
        .map(([axis, x]) => ({ f: (x) => op("argmax", [x!], axis), points: [x] })),
    ),
    order: 0,
    reason: "a position does not move with its values",
  },
};
