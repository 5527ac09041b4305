// Samples of matrix products, convolutions and pooling.
import fc from "fast-check";
import { conv2d, type Conv2dOptions } from "../../../src/autograd/ops/conv2d.ts";
import { linear, matmul } from "../../../src/autograd/ops/matmul.ts";
import type { Shape } from "../../../src/autograd/shape.ts";
import { point, type Point, shape } from "../../../src/testing/index.ts";
import { int, lattice, op, points, type Sample } from "./sample.ts";

interface Convolution {
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  readonly options: Required<Pick<Conv2dOptions, "stride" | "pad">>;
}

const convolution: fc.Arbitrary<Convolution> = fc
  .record({
    batch: int(1, 3),
    ic: int(1, 3),
    oc: int(1, 5),
    kh: int(1, 4),
    kw: int(1, 4),
    stride: int(1, 3),
    pad: int(0, 2),
    // what the input has beyond the smallest that fits
    extraH: int(0, 6),
    extraW: int(0, 6),
  })
  .map(({ batch, ic, oc, kh, kw, stride, pad, extraH, extraW }) => {
    const h = Math.max(1, kh - 2 * pad) + extraH;
    const w = Math.max(1, kw - 2 * pad) + extraW;
    const out = (size: number, kernel: number): number => Math.floor((size + 2 * pad - kernel) / stride) + 1;
    const y = [batch, oc, out(h, kh), out(w, kw)];
    return { x: [batch, ic, h, w], w: [oc, ic, kh, kw], y, options: { stride, pad } };
  });

const convolutionGradient = (name: string, operands: (c: Convolution) => readonly [Shape, Shape]): Sample => ({
  cases: convolution.chain((c) => {
    const attrs = { ...c.options, input: c.x, weight: c.w };
    return points(...operands(c).map((of) => point(of))).map((points) => ({
      f: (a, b) => op(name, [a!, b!], attrs),
      points,
    }));
  }),
  tolerance: 1e-5,
});

interface Pool {
  readonly x: Shape;
  readonly attrs: { readonly kernel: number; readonly stride: number; readonly relu: boolean };
}

const pool: fc.Arbitrary<Pool> = fc
  .record({
    planes: int(1, 3),
    kernel: int(1, 3),
    stride: int(1, 3),
    extraH: int(0, 6),
    extraW: int(0, 6),
    relu: fc.boolean(),
  })
  .map(({ planes, kernel, stride, extraH, extraW, relu }) => ({
    x: [1, planes, kernel + extraH, kernel + extraW],
    attrs: { kernel, stride, relu },
  }));

// no two values are equal and none is 0, so every window has one largest
const pooled = (of: Shape): fc.Arbitrary<Point> => lattice(of, 0.05, { offset: 0.025, distinct: true });

// affine layers whose values are odd multiples of 1/32 in front of the ReLU: never near its kink
const layer = (x: Shape, w: Shape, outputs: number): fc.Arbitrary<Point[]> =>
  points(lattice(x, 0.25), lattice(w, 0.25), lattice([outputs], 1 / 16, { offset: 1 / 32 }));

const flags = fc.record({ transA: fc.boolean(), transB: fc.boolean() });
const sizes = fc.record({ m: int(1, 9), n: int(1, 19), k: int(1, 9) });

export const layers: Readonly<Record<string, Sample>> = {
  matmul: {
    cases: fc.tuple(sizes, flags).chain(([{ m, n, k }, options]) =>
      points(point(options.transA ? [k, m] : [m, k]), point(options.transB ? [n, k] : [k, n])).map((points) => ({
        f: (a, b) => matmul(a!, b!, options),
        points,
      })),
    ),
  },
  linear: {
    cases: fc.tuple(sizes, fc.constantFrom("bare", "bias", "relu")).chain(([{ m, n, k }, kind]) =>
      layer([m, k], [n, k], n).map((points) => ({
        f: (x, w, b) => linear(x!, w!, b ?? null, { relu: kind === "relu" }),
        points: kind === "bare" ? points.slice(0, 2) : points,
      })),
    ),
  },
  conv2d: {
    cases: fc.tuple(convolution, fc.constantFrom("bare", "bias", "relu")).chain(([{ x, w, options }, kind]) =>
      layer(x, w, w[0]!).map((points) => ({
        f: (x, w, b) => conv2d(x!, w!, b ?? null, { ...options, relu: kind === "relu" }),
        points: kind === "bare" ? points.slice(0, 2) : points,
      })),
    ),
  },
  conv2dGradInput: convolutionGradient("conv2dGradInput", ({ y, w }) => [y, w]),
  conv2dGradWeight: convolutionGradient("conv2dGradWeight", ({ x, y }) => [x, y]),
  conv2dGradBias: {
    cases: shape({ minRank: 4, maxRank: 4 })
      .chain((of) => points(point(of)))
      .map((points) => ({ f: (g) => op("conv2dGradBias", [g!]), points })),
    tolerance: 2e-5,
  },
  maxPool2d: {
    cases: pool.chain(({ x, attrs }) =>
      points(pooled(x)).map((points) => ({ f: (x) => op("maxPool2d", [x!], attrs), points })),
    ),
    order: 1,
    reason: "its gradient kernel has no gradient",
  },
  maxPool2dGrad: {
    cases: pool.chain(({ x, attrs }) =>
      points(pooled(x), point(poolShape(x, attrs))).map((points) => ({
        f: (x, g) => op("maxPool2dGrad", [x!, op("maxPool2d", [x!], attrs), g!], attrs),
        points,
      })),
    ),
    order: 0,
    reason: "which element was largest does not change, and nobody needs the rest",
  },
};

function poolShape([n, c, h, w]: Shape, { kernel, stride }: Pool["attrs"]): Shape {
  return [n!, c!, Math.floor((h! - kernel) / stride) + 1, Math.floor((w! - kernel) / stride) + 1];
}
