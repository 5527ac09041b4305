// One sample for every op: random inputs, and the op as a function of those it can be differentiated in. The registry is held
// against this list, so an op without a sample, or a sample without an op, fails the suite.
import fc from "fast-check";
import "../../src/autograd/index.ts";
import { ops } from "../../src/autograd/op.ts";
import { conv2d, type Conv2dOptions } from "../../src/autograd/ops/conv2d.ts";
import { lstm } from "../../src/autograd/ops/lstm.ts";
import { linear, matmul } from "../../src/autograd/ops/matmul.ts";
import { imageRows } from "../../src/autograd/ops/rows.ts";
import { NOTHING, pack, sentenceRows } from "../../src/autograd/ops/sequences.ts";
import { broadcastShapes, type Shape, sizeOf } from "../../src/autograd/shape.ts";
import { type Tensor, tensor } from "../../src/autograd/tensor.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { broadcastable, point, type Point, shape } from "../../src/testing/index.ts";

export interface Case {
  /** The op alone; it makes labels, row numbers and masks itself, so that it runs in either engine. */
  readonly f: (...x: Tensor[]) => Tensor;
  readonly points: readonly Point[];
}

export interface Sample {
  readonly cases: fc.Arbitrary<Case>;
  /** How often its gradient can be taken: 2 unless said. */
  readonly order?: 0 | 1 | 2;
  /** Why not twice. */
  readonly reason?: string;
  /** Allowed error of a kernel's value, relative to the largest of the tensor. */
  readonly tolerance?: number;
}

/** Runs an op by name, also where it has no function of its own. */
function op(name: string, x: readonly (Tensor | null)[], attrs?: unknown): Tensor {
  return ops().get(name)!(x, attrs);
}

const whole = (values: readonly number[] | Int32Array, of?: Shape): Tensor => tensor(values, of, "i32");
const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

/** Values that are `offset` away from the nearest multiple of `step`, no two the same if `distinct`: sums stay off kinks. */
function lattice(of: Shape, step: number, { offset = 0, distinct = false } = {}): fc.Arbitrary<Point> {
  const n = sizeOf(of);
  return fc.nat().map((seed) => {
    const stream = new Stream(key(seed));
    const order = stream.shuffle(Array.from({ length: n }, (_, i) => i));
    const rung = (i: number): number => (distinct ? order[i]! - (n >> 1) : stream.below(17) - 8);
    return { shape: of, values: Float64Array.from({ length: n }, (_, i) => rung(i) * step + offset) };
  });
}

function points(...of: fc.Arbitrary<Point>[]): fc.Arbitrary<Point[]> {
  return fc.tuple(...of);
}

const unary = (name: string, range: Parameters<typeof point>[1] = {}, attrs?: unknown): Sample => ({
  cases: shape()
    .chain((of) => points(point(of, range)))
    .map((points) => ({ f: (x) => op(name, [x], attrs), points })),
});

const binary = (name: string, range: Parameters<typeof point>[1] = {}): Sample => ({
  cases: broadcastable()
    .chain(([a, b]) => points(point(a), point(b, range)))
    .map((points) => ({ f: (a, b) => op(name, [a, b]), points })),
});

// operands on lattices half a step apart are never equal
const extreme = (name: string): Sample => ({
  cases: broadcastable()
    .chain(([a, b]) => points(lattice(a, 0.25), lattice(b, 0.25, { offset: 0.125 })))
    .map((points) => ({ f: (a, b) => op(name, [a, b]), points })),
});

/** The gradient of an activation: from what it saved and the gradient behind it. */
const behind = (name: string, saved: Parameters<typeof point>[1]): Sample => ({
  cases: shape()
    .chain((of) => points(point(of, saved), point(of)))
    .map((points) => ({ f: (saved, g) => op(name, [saved, g]), points })),
});

const rowwise = shape({ minRank: 1, maxRank: 3, maxSize: 9 });

/** [rows, classes] and a label for each row. */
const labelled = fc
  .tuple(int(1, 6), int(1, 11))
  .chain(([rows, cols]) =>
    fc.tuple(fc.constant([rows, cols] as const), fc.array(int(0, cols - 1), { minLength: rows, maxLength: rows })),
  );

const losses = (name: string): Sample => ({
  cases: labelled.chain(([of, labels]) =>
    points(point(of)).map((points) => ({ f: (x) => op(name, [x, whole(labels)]), points })),
  ),
});

// log-probabilities need not be normalised for a gradient to be right
const expertRange = { low: -4, high: -0.1 };

const mixtures = (name: string, extra: number): Sample => ({
  cases: labelled.chain(([of, labels]) =>
    points(point(of, expertRange), point(of, expertRange), point([of[0]])).map((points) => ({
      f: (ls, lg, z) => op(name, extra ? [ls!, lg!, z!, whole(labels)] : [ls!, lg!, z!]),
      points,
    })),
  ),
  order: 1,
  reason: "its gradient kernel has no gradient",
});

/** A gradient of the mixture for one operand: `saved` is what stands between the operands and the gradient. */
const mixtureGradients = (name: string, saved: "labels" | "nothing"): Sample => ({
  cases: fc.tuple(labelled, int(0, 2)).chain(([[of, labels], operand]) =>
    points(
      point(of, expertRange),
      point(of, expertRange),
      point([of[0]]),
      point(saved === "labels" ? [of[0]] : of),
    ).map((points) => ({
      f: (ls, lg, z, g) => {
        const experts = [ls!, lg!, z!];
        const between = saved === "labels" ? [whole(labels)] : [];
        return op(name, [...experts, ...between, g!], operand);
      },
      points,
    })),
  ),
  order: 0,
  reason: "the gradient of a mixture cannot be differentiated again",
});

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

const spans = shape({ minRank: 1 }).chain((of) =>
  int(0, of.length - 1).chain((axis) =>
    fc
      .tuple(int(0, of[axis]!), int(0, of[axis]!))
      .map(([a, b]) => ({ of, attrs: { axis, from: Math.min(a, b), to: Math.max(a, b) } })),
  ),
);

const picks = fc
  .tuple(shape({ minRank: 1, maxRank: 3 }), fc.array(fc.nat(), { minLength: 1, maxLength: 9 }))
  .map(([of, numbers]) => ({ of, rows: numbers.map((n) => n % of[0]!) }));

/** Sentences of up to 5 words, at least one of them not empty, as a rectangle of any words. */
const sentences = fc
  .record({
    lengths: fc.array(int(0, 5), { minLength: 1, maxLength: 6 }).filter((lengths) => Math.max(...lengths) > 0),
    inputs: int(1, 5),
    width: int(1, 9),
    reverse: fc.boolean(),
  })
  .map(({ lengths, ...rest }) => {
    const longest = Math.max(...lengths);
    const words = lengths.flatMap((length) => Array.from({ length: longest }, (_, t) => (t < length ? t : NOTHING)));
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    return { ...rest, rows, batch: lengths.length, packed: () => pack(whole(words, [lengths.length, longest])) };
  });

export const samples: Readonly<Record<string, Sample>> = {
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div", { low: 0.4 }),
  maximum: extreme("maximum"),
  minimum: extreme("minimum"),

  neg: unary("neg"),
  affine: unary("affine", {}, { scale: -1.5, shift: 0.25 }),
  exp: unary("exp"),
  log: unary("log", { low: 0.3 }),
  sqrt: unary("sqrt", { low: 0.3 }),
  square: unary("square"),
  abs: unary("abs", { gaps: [0] }),
  reciprocal: unary("reciprocal", { low: 0.4 }),
  relu: unary("relu", { gaps: [0] }),
  sigmoid: unary("sigmoid"),
  tanh: unary("tanh"),
  logSigmoid: unary("logSigmoid"),
  copy: unary("copy"),
  dropout: unary("dropout", {}, { p: 0.4, key: [7, 11] }),

  reluGrad: behind("reluGrad", { gaps: [0] }),
  sigmoidGrad: behind("sigmoidGrad", { low: 0, high: 1 }),
  tanhGrad: behind("tanhGrad", { low: -1, high: 1 }),
  logSigmoidGrad: behind("logSigmoidGrad", {}),

  softmax: {
    cases: rowwise.chain((of) => points(point(of))).map((points) => ({ f: (x) => op("softmax", [x!]), points })),
  },
  logSoftmax: {
    cases: rowwise.chain((of) => points(point(of))).map((points) => ({ f: (x) => op("logSoftmax", [x!]), points })),
  },
  softmaxGrad: {
    cases: rowwise
      .chain((of) => points(point(of, { low: 0, high: 1 }), point(of)))
      .map((points) => ({ f: (y, g) => op("softmaxGrad", [y!, g!]), points })),
  },
  logSoftmaxGrad: {
    cases: rowwise
      .chain((of) => points(point(of, { low: -3, high: 0 }), point(of)))
      .map((points) => ({ f: (y, g) => op("logSoftmaxGrad", [y!, g!]), points })),
  },

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
    cases: shape({ minRank: 4 })
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

  nll: losses("nll"),
  crossEntropy: losses("crossEntropy"),
  nllGrad: {
    cases: labelled.chain(([[rows, cols], labels]) =>
      points(point([rows])).map((points) => ({ f: (g) => op("nllGrad", [whole(labels), g!], cols), points })),
    ),
  },
  crossEntropyGrad: {
    cases: labelled.chain(([of, labels]) =>
      points(point(of), point([of[0]])).map((points) => ({
        f: (x, g) => op("crossEntropyGrad", [x!, whole(labels), g!]),
        points,
      })),
    ),
  },

  mixture: mixtures("mixture", 0),
  mixtureLog: mixtures("mixtureLog", 0),
  mixtureNll: mixtures("mixtureNll", 1),
  mixtureGrad: mixtureGradients("mixtureGrad", "nothing"),
  mixtureLogGrad: mixtureGradients("mixtureLogGrad", "nothing"),
  mixtureNllGrad: mixtureGradients("mixtureNllGrad", "labels"),

  gather: {
    cases: picks.chain(({ of, rows }) =>
      points(point(of)).map((points) => ({ f: (x) => op("gather", [x!, whole(rows)], of), points })),
    ),
  },
  scatterAdd: {
    cases: picks.chain(({ of, rows }) =>
      points(point([rows.length, ...of.slice(1)])).map((points) => ({
        f: (g) => op("scatterAdd", [g!, whole(rows)], of),
        points,
      })),
    ),
  },
  embedding: {
    cases: fc
      .tuple(picks, int(1, 9))
      .chain(([{ of, rows }, width]) =>
        points(point([of[0]!, width])).map((points) => ({ f: (w) => op("embedding", [w!, whole(rows)]), points })),
      ),
  },
  embeddingGrad: {
    cases: fc.tuple(picks, int(1, 9)).chain(([{ of, rows }, width]) =>
      points(point([rows.length, width])).map((points) => ({
        f: (g) => op("embeddingGrad", [g!, whole(rows)], [of[0]!, width]),
        points,
      })),
    ),
  },
  lstm: {
    cases: sentences.chain(({ rows, inputs, width, reverse, packed }) =>
      points(
        ...[[rows, inputs], [4 * width, inputs], [4 * width, width], [4 * width], [4 * width]].map((of) => point(of)),
      ).map((points) => ({
        f: (x, wx, wh, bx, bh) => lstm(x!, { wx: wx!, wh: wh!, bx: bx!, bh: bh! }, packed(), { reverse }),
        points,
      })),
    ),
    order: 1,
    reason: "its gradient kernel has no gradient",
    tolerance: 1e-5,
  },
  lstmGrad: {
    cases: sentences.chain(({ rows, batch, width, reverse, packed }) =>
      points(
        point([batch, width]),
        point([4 * width, width]),
        point([rows, 4 * width], { low: 0, high: 1 }),
        point([rows, width]),
        point([rows, width], { low: -1, high: 1 }),
      ).map((points) => ({
        f: (g, wh, gates, cells, squashed) =>
          op("lstmGrad", [g!, wh!, g!], { packed: packed(), reverse, gates, hidden: cells, cells, squashed }),
        points,
      })),
    ),
    order: 0,
    reason: "the gradient of an LSTM cannot be differentiated again",
    tolerance: 1e-5,
  },
  sentenceRows: {
    cases: fc
      .tuple(
        fc.array(int(0, 5), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 7 }),
        int(-1, 1),
      )
      .map(([lengths, numbers, padding]) => {
        const offsets = lengths.reduce((all, length) => [...all, all.at(-1)! + length], [0]);
        const words = Array.from({ length: offsets.at(-1)! }, (_, i) => 10 + i);
        const rows = numbers.map((n) => n % lengths.length);
        return { f: () => sentenceRows(whole(words), whole(offsets), whole(rows), padding), points: [] };
      }),
    order: 0,
    reason: "whole numbers",
  },
  gatherInt: {
    cases: picks.map(({ of, rows }) => ({
      f: () => op("gatherInt", [whole(Int32Array.from({ length: of[0]! }, (_, i) => 10 * i)), whole(rows)]),
      points: [],
    })),
    order: 0,
    reason: "whole numbers",
  },
  gatherNormalize: {
    cases: fc
      .tuple(shape({ minRank: 3, maxRank: 4 }), fc.array(fc.nat(), { minLength: 1, maxLength: 5 }))
      .map(([of, numbers]) => {
        const channels = of[1]!;
        const bytes = Uint8Array.from({ length: sizeOf(of) }, (_, i) => (i * 37) % 256);
        const per = (first: number): number[] => Array.from({ length: channels }, (_, c) => first * (c + 1));
        const rows = numbers.map((n) => n % of[0]!);
        return {
          f: () => imageRows(tensor(bytes, of, "u8"), whole(rows), tensor(per(1 / 255)), tensor(per(-0.25))),
          points: [],
        };
      }),
    order: 0,
    reason: "bytes",
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

function poolShape([n, c, h, w]: Shape, { kernel, stride }: Pool["attrs"]): Shape {
  return [n!, c!, Math.floor((h! - kernel) / stride) + 1, Math.floor((w! - kernel) / stride) + 1];
}
