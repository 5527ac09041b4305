// Samples of element-wise functions beyond those of the first networks, of comparisons and of choices.
import fc from "fast-check";
import { type Shape, sizeOf } from "../../../src/autograd/shape.ts";
import { tensor } from "../../../src/autograd/tensor.ts";
import { broadcastable, point, shape } from "../../../src/testing/index.ts";
import { lattice, op, points, type Sample } from "./sample.ts";

type Range = Parameters<typeof point>[1];

const wide: fc.Arbitrary<Shape> = shape({ maxRank: 6, maxSize: 3 });

const unary = (name: string, range: Range = {}, attrs?: unknown): Sample => ({
  cases: wide.chain((of) => points(point(of, range))).map((points) => ({ f: (x) => op(name, [x!], attrs), points })),
});

/** The gradient of an activation from its input and the gradient behind it. */
const behind = (name: string, range: Range = {}, attrs?: unknown): Sample => ({
  cases: wide
    .chain((of) => points(point(of, range), point(of)))
    .map((points) => ({ f: (x, g) => op(name, [x!, g!], attrs), points })),
});

const limits = { low: -0.75, high: 1.25 };
const between = { gaps: [limits.low, limits.high] };

export const smooth: Readonly<Record<string, Sample>> = {
  erf: unary("erf"),
  gelu: unary("gelu", { low: -4, high: 4 }),
  geluTanh: unary("geluTanh", { low: -4, high: 4 }),
  silu: unary("silu", { low: -4, high: 4 }),
  expm1: unary("expm1"),
  log1p: unary("log1p", { low: -0.6 }),
  sin: unary("sin", { low: -7, high: 7 }),
  cos: unary("cos", { low: -7, high: 7 }),
  elu: unary("elu", { gaps: [0] }, 0.7),
  leakyRelu: unary("leakyRelu", { gaps: [0] }, 0.2),
  clip: unary("clip", between, limits),
  geluGrad: behind("geluGrad"),
  geluTanhGrad: behind("geluTanhGrad"),
  siluGrad: behind("siluGrad"),
  eluGrad: behind("eluGrad", { gaps: [0] }, 0.7),
  leakyReluGrad: behind("leakyReluGrad", { gaps: [0] }, 0.2),
  clipGrad: behind("clipGrad", between, limits),
  pow: {
    cases: broadcastable({ maxRank: 6, maxSize: 3 })
      .chain(([a, b]) => points(point(a, { low: 0.4, high: 2.5 }), point(b)))
      .map((points) => ({ f: (a, b) => op("pow", [a!, b!]), points })),
    tolerance: 4e-6,
  },
  where: {
    cases: wide
      .chain((of) => {
        const n = sizeOf(of);
        return fc.tuple(fc.array(fc.constantFrom(0, 1, -2), { minLength: n, maxLength: n }), point(of), point(of));
      })
      .map(([mask, a, b]) => ({ f: (a, b) => op("where", [tensor(mask, a!.shape), a!, b!]), points: [a, b] })),
  },
  compare: {
    cases: fc.tuple(broadcastable({ maxRank: 6, maxSize: 3 }), fc.constantFrom(0, 1, 2)).chain(([[a, b], kind]) =>
      points(lattice(a, 0.25), lattice(b, 0.25)).map((points) => ({
        f: (a, b) => op("compare", [a!, b!], kind),
        points,
      })),
    ),
    order: 0,
    reason: "a comparison jumps",
  },
};
