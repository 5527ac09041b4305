// Samples of normalisation, average pooling and the convolutions that have no direct kernel.
import fc from "fast-check";
import { batchNorm, groupNorm, layerNorm } from "../../../src/autograd/ops/normalize.ts";
import type { Shape } from "../../../src/autograd/shape.ts";
import { tensor } from "../../../src/autograd/tensor.ts";
import { point, shape } from "../../../src/testing/index.ts";
import { int, op, points, type Sample } from "./sample.ts";

/** A convolution's geometry: depthwise, grouped or of one group, every size of its own. */
const geometries = fc
  .record({
    batch: int(1, 2),
    groups: int(1, 3),
    ic: int(1, 2),
    oc: int(1, 2),
    kernel: fc.tuple(int(1, 3), int(1, 3)),
    stride: fc.tuple(int(1, 3), int(1, 3)),
    dilation: fc.tuple(int(1, 2), int(1, 2)),
    before: fc.tuple(int(0, 2), int(0, 2)),
    after: fc.tuple(int(0, 2), int(0, 2)),
    extra: fc.tuple(int(0, 5), int(0, 5)),
  })
  .map(({ batch, groups, ic, oc, kernel, stride, dilation, before, after, extra }) => {
    const reach = kernel.map((k, i) => (k - 1) * dilation[i]! + 1);
    const size = reach.map((r, i) => Math.max(1, r - before[i]! - after[i]!) + extra[i]!);
    const out = size.map((n, i) => Math.floor((n + before[i]! + after[i]! - reach[i]!) / stride[i]!) + 1);
    const input = [batch, groups * ic, ...size];
    const weight = [groups * oc, ic, ...kernel];
    return { stride, before, dilation, groups, input, weight, output: [batch, groups * oc, ...out] };
  });

const convolution = (name: string, a: "input" | "output", b: "weight" | "output"): Sample => ({
  cases: geometries.chain((attrs) =>
    points(point(attrs[a]), point(attrs[b])).map((points) => ({ f: (x, y) => op(name, [x!, y!], attrs), points })),
  ),
  tolerance: 1e-5,
});

/** What Winograd's kernels take, tiles with and without parts beyond the plane. */
const tiled = fc
  .record({ batch: int(1, 2), ic: int(1, 5), oc: int(1, 5), oh: int(1, 6), ow: int(1, 6), pad: int(0, 2) })
  .filter(({ oh, ow, pad }) => Math.min(oh, ow) + 2 - 2 * pad >= 1)
  .map(({ batch, ic, oc, oh, ow, pad }) => ({
    x: [batch, ic, oh + 2 - 2 * pad, ow + 2 - 2 * pad],
    w: [oc, ic, 3, 3],
    y: [batch, oc, oh, ow],
    pad,
  }));

const windows = fc
  .record({
    planes: int(1, 3),
    kernel: fc.tuple(int(1, 3), int(1, 3)),
    stride: fc.tuple(int(1, 3), int(1, 3)),
    extra: fc.tuple(int(0, 5), int(0, 5)),
    pad: fc.boolean(),
    padded: fc.boolean(),
  })
  .map(({ planes, kernel, stride, extra, pad: wide, padded }) => {
    const pad = kernel.map((k) => (wide ? Math.floor(k / 2) : 0));
    const size = kernel.map((k, i) => k + extra[i]!);
    const out = size.map((n, i) => Math.floor((n + 2 * pad[i]! - kernel[i]!) / stride[i]!) + 1);
    const input = [1, planes, ...size];
    return { input, output: [1, planes, ...out], window: { kernel, stride, pad, padded } };
  });

/** Shapes of images with two to four axes, and into how many groups their channels go. */
const images: fc.Arbitrary<{ of: Shape; groups: number; kind: "layer" | "group" | "batch" | "given" }> = fc
  .record({
    groups: int(1, 3),
    each: int(1, 3),
    batch: int(2, 4),
    rest: fc.array(int(1, 4), { maxLength: 2 }),
    kind: fc.constantFrom("layer", "group", "batch", "given"),
  })
  .map(({ groups, each, batch, rest, kind }) => ({ of: [batch, groups * each, ...rest], groups, kind }));

const ones = (n: number, first: number): number[] => Array.from({ length: n }, (_, i) => first + i / 4);

export const planes: Readonly<Record<string, Sample>> = {
  convolve: convolution("convolve", "input", "weight"),
  convolveGradInput: convolution("convolveGradInput", "output", "weight"),
  convolveGradWeight: convolution("convolveGradWeight", "input", "output"),
  winograd: {
    cases: fc.tuple(tiled, fc.boolean(), fc.boolean()).chain(([{ x, w, y, pad }, mirrored, bias]) => {
      const outputs = mirrored ? x[1]! : y[1]!;
      return points(point(mirrored ? y : x), point(w), point([outputs])).map((points) => ({
        f: (a, w, b) => op("winograd", [a!, w!, b ?? null], { pad: mirrored ? 2 - pad : pad, mirrored }),
        points: bias ? points : points.slice(0, 2),
      }));
    }),
    tolerance: 2e-5,
  },
  winogradGradWeight: {
    cases: tiled.chain(({ x, y, pad }) =>
      points(point(x), point(y)).map((points) => ({
        f: (x, g) => op("winogradGradWeight", [x!, g!], { pad }),
        points,
      })),
    ),
    tolerance: 2e-5,
  },
  avgPool2d: {
    cases: windows.chain(({ input, window }) =>
      points(point(input)).map((points) => ({ f: (x) => op("avgPool2d", [x!], window), points })),
    ),
  },
  avgPool2dGrad: {
    cases: windows.chain(({ input, output, window }) =>
      points(point(output)).map((points) => ({ f: (g) => op("avgPool2dGrad", [g!], { ...window, input }), points })),
    ),
  },
  normalize: {
    cases: images.chain(({ of, groups, kind }) => {
      const width = kind === "layer" ? of.at(-1)! : of[1]!;
      return points(point(of), point([width]), point([width])).map((points) => ({
        f: (x, w, b) => {
          // where few elements are almost alike, differences of theirs blow up: a large eps keeps checks at their tolerance
          const options = { eps: 0.5 };
          if (kind === "layer") return layerNorm(x!, w!, b!, options);
          if (kind === "group") return groupNorm(x!, groups, w!, b!, options);
          const given = { mean: tensor(ones(width, -1)), variance: tensor(ones(width, 0.5)) };
          return batchNorm(x!, w!, b!, kind === "given" ? { ...options, given } : options).y;
        },
        points,
      }));
    }),
    tolerance: 1e-5,
  },
  normalizeGrad: gradient("normalizeGrad"),
  normalizeGradScale: gradient("normalizeGradScale"),
};

function gradient(name: string): Sample {
  return {
    cases: shape({ minRank: 2, maxRank: 2 }).chain((of) =>
      points(point(of), point([of[1]!]), point(of)).map((points) => ({
        f: (...x) => {
          const [groups, inner] = of as readonly [number, number];
          const layout = { outer: 1, groups, inner, channels: inner, run: 1, eps: 0.5, fixed: false, found: {} };
          const attrs = { ...layout, mean: tensor(ones(groups, -1)), variance: tensor(ones(groups, 0.5)) };
          return op(name, x, attrs);
        },
        points: name === "normalizeGrad" ? points : [points[0]!, points[2]!],
      })),
    ),
    order: 0,
    reason: "the gradient of a normalisation cannot be differentiated again",
    tolerance: 1e-5,
  };
}
