// Public functions that make several ops of what they are given, as calls: what campaigns damage, and what other libraries
// have under another name.
import fc from "fast-check";
import * as autograd from "../../src/autograd/index.ts";
import type { Shape } from "../../src/autograd/shape.ts";
import { sizeOf } from "../../src/autograd/shape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import type { Operand } from "./operand.ts";

/** A function, and calls of it. */
export interface FunctionSample {
  readonly cases: fc.Arbitrary<{ readonly x: readonly (Operand | null)[]; readonly attrs: unknown }>;
  readonly run: (x: readonly (Tensor | null)[], attrs: never) => Tensor;
  readonly order?: 0;
  readonly tolerance?: number;
}

const int = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });

/** Numbers between -2 and 2 that differ from each other by 1/64 at least, as long as there are not too many. */
function floats(shape: Shape): fc.Arbitrary<Operand> {
  const n = sizeOf(shape);
  return fc.nat(250).map((seed) => {
    const values = Array.from({ length: n }, (_, i) => ((((i + seed) * 157) % 251) - 125) / 64 + 1 / 512);
    return { dtype: "f32", shape, values };
  });
}

function labels(rows: number, classes: number): fc.Arbitrary<Operand> {
  return fc
    .array(fc.nat(classes - 1), { minLength: rows, maxLength: rows })
    .map((values) => ({ dtype: "i32", shape: [rows], values }));
}

type Some = readonly (Shape | null)[];

/** Calls from shapes of operands that are numbers, and attributes. */
const calls = (shapes: fc.Arbitrary<{ readonly x: Some; readonly attrs: unknown }>): FunctionSample["cases"] =>
  shapes.chain(({ x, attrs }) =>
    fc.tuple(...x.map((shape) => (shape ? floats(shape) : fc.constant(null)))).map((x) => ({ x, attrs })),
  );

const pair = (min: number, max: number): fc.Arbitrary<[number, number]> => fc.tuple(int(min, max), int(min, max));

const convolution = fc
  .record({
    batch: int(1, 2),
    groups: int(1, 3),
    ic: int(1, 2),
    oc: int(1, 2),
    kernel: pair(1, 3),
    extra: pair(0, 4),
    stride: pair(1, 3),
    dilation: pair(1, 2),
    pad: fc.oneof(int(0, 2), pair(0, 2), fc.constant("same")),
    bias: fc.boolean(),
  })
  .map(({ batch, groups, ic, oc, kernel, extra, bias, ...options }) => ({
    x: [
      [batch, groups * ic, ...kernel.map((k, i) => (k - 1) * options.dilation[i]! + 1 + extra[i]!)],
      [groups * oc, ic, ...kernel],
      bias ? [groups * oc] : null,
    ],
    attrs: { ...options, groups },
  }));

const transposed = fc
  .record({
    batch: int(1, 2),
    groups: int(1, 3),
    ic: int(1, 2),
    oc: int(1, 2),
    kernel: pair(2, 3),
    size: pair(2, 4),
    stride: pair(1, 3),
    dilation: pair(1, 2),
    pad: int(0, 1),
    outputPad: fc.boolean(),
    bias: fc.boolean(),
  })
  .map(({ batch, groups, ic, oc, kernel, size, bias, outputPad, stride, ...options }) => ({
    x: [[batch, groups * ic, ...size], [groups * ic, oc, ...kernel], bias ? [groups * oc] : null],
    attrs: { ...options, stride, groups, outputPad: stride.map((s) => (outputPad ? s - 1 : 0)) },
  }));

const heads = fc
  .record({
    lead: fc.array(int(1, 2), { minLength: 1, maxLength: 2 }),
    queries: int(1, 5),
    keys: int(1, 6),
    d: int(1, 5),
    width: int(1, 4),
    causal: fc.boolean(),
  })
  .map(({ lead, queries, keys, d, width, causal }) => ({
    x: [
      [...lead, queries, d],
      [...lead, keys, d],
      [...lead, keys, width],
    ],
    attrs: { causal },
  }));

const cell = (gates: number, states: number): FunctionSample["cases"] =>
  calls(
    fc
      .record({
        steps: int(1, 4),
        batch: int(1, 3),
        inputs: int(1, 4),
        width: int(1, 6),
        reverse: fc.boolean(),
        started: fc.boolean(),
        of: fc.constantFrom("y", "h", ...(states > 1 ? ["c"] : [])),
      })
      .map(({ steps, batch, inputs, width, started, ...attrs }) => ({
        x: [
          [steps, batch, inputs],
          [gates * width, inputs],
          [gates * width, width],
          [gates * width],
          [gates * width],
          ...Array.from({ length: states }, () => (started ? [batch, width] : null)),
        ],
        attrs,
      })),
  );

const rows = fc.record({ n: int(1, 6), classes: int(2, 5) });
const losses = fc.record({
  reduction: fc.constantFrom("none", "sum", "mean"),
  ignoreIndex: fc.constantFrom(0, 1, -100),
});

const ranked = fc.array(int(1, 4), { minLength: 1, maxLength: 4 });
const along = ranked.chain((of) => fc.record({ x: fc.constant([of]), attrs: fc.record({ axis: int(-of.length, of.length - 1) }) })); // prettier-ignore
const over = ranked.chain((of) =>
  fc.record({
    x: fc.constant([of]),
    attrs: fc.record({
      axis: fc.uniqueArray(int(0, of.length - 1), { minLength: 1 }),
      keep: fc.boolean(),
    }),
  }),
);

const images = fc.record({
  batch: int(2, 3),
  groups: int(1, 3),
  each: int(1, 3),
  rest: fc.array(int(1, 4), { maxLength: 2 }),
  affine: fc.boolean(),
});
// where few elements are almost alike, differences of theirs blow up
const EPS = 0.5;

const scaled = (of: Shape, width: number, affine: boolean): Some => [
  of,
  ...(affine ? [[width], [width]] : [null, null]),
];

const sentences = fc
  .record({
    lengths: fc.array(int(0, 4), { minLength: 1, maxLength: 4 }),
    inputs: int(1, 3),
    width: int(1, 5),
    reverse: fc.boolean(),
  })
  .filter(({ lengths }) => lengths.some((n) => n > 0));

export const functions: Readonly<Record<string, FunctionSample>> = {
  "convolve()": {
    cases: calls(convolution),
    run: ([x, w, b], options) => autograd.convolve(x!, w!, b!, options),
    tolerance: 1e-5,
  },
  "convolveTransposed()": {
    cases: calls(transposed),
    run: ([x, w, b], options) => autograd.convolveTransposed(x!, w!, b!, options),
    tolerance: 1e-5,
  },
  "paddedMaxPool2d()": {
    cases: calls(
      fc.record({ kernel: int(2, 4), stride: int(1, 3), extra: pair(0, 4), planes: int(1, 3) }).map((at) => ({
        x: [[1, at.planes, at.kernel + at.extra[0], at.kernel + at.extra[1]]],
        attrs: { kernel: at.kernel, stride: at.stride, pad: Math.floor(at.kernel / 2) },
      })),
    ),
    run: ([x], options) => autograd.paddedMaxPool2d(x!, options),
  },
  "adaptiveAvgPool2d()": {
    cases: calls(
      fc.record({ size: pair(1, 5), of: pair(1, 7), planes: int(1, 3) }).map(({ size, of, planes }) => ({
        x: [[1, planes, ...of]],
        attrs: size,
      })),
    ),
    run: ([x], size) => autograd.adaptiveAvgPool2d(x!, size),
  },
  "layerNorm()": {
    cases: calls(
      fc
        .tuple(fc.array(int(1, 4), { minLength: 1, maxLength: 4 }), int(1, 3), fc.boolean())
        .map(([of, last, affine]) => {
          const axes = Math.min(last, of.length);
          return { x: scaled(of, sizeOf(of.slice(-axes)), affine), attrs: { axes, eps: EPS } };
        }),
    ),
    run: ([x, w, b], options) => autograd.layerNorm(x!, w!, b!, options),
    tolerance: 1e-5,
  },
  "groupNorm()": {
    cases: calls(
      images.map(({ batch, groups, each, rest, affine }) => ({
        x: scaled([batch, groups * each, ...rest], groups * each, affine),
        attrs: { groups, eps: EPS },
      })),
    ),
    run: ([x, w, b], { groups, ...options }: { groups: number }) => autograd.groupNorm(x!, groups, w!, b!, options),
    tolerance: 1e-5,
  },
  "instanceNorm()": {
    cases: calls(
      images.map(({ batch, groups, rest, affine }) => ({
        x: scaled([batch, groups, 2, ...rest], groups, affine),
        attrs: { eps: EPS },
      })),
    ),
    run: ([x, w, b], options) => autograd.instanceNorm(x!, w!, b!, options),
    tolerance: 1e-5,
  },
  "batchNorm()": {
    cases: calls(
      images.map(({ batch, groups, each, rest, affine }) => ({
        x: scaled([batch, groups * each, ...rest], groups * each, affine),
        attrs: { eps: EPS },
      })),
    ),
    run: ([x, w, b], options) => autograd.batchNorm(x!, w!, b!, options).y,
    tolerance: 1e-5,
  },
  "attention()": {
    cases: calls(heads),
    run: ([q, k, v], options) => autograd.attention(q!, k!, v!, options),
    tolerance: 1e-5,
  },
  "selfAttention()": {
    cases: calls(
      fc
        .record({ batch: int(1, 2), steps: int(1, 5), heads: int(1, 3), d: int(1, 4), causal: fc.boolean() })
        .map(({ batch, steps, heads, d, causal }) => ({
          x: [[batch, steps, 3 * heads * d]],
          attrs: { heads, causal },
        })),
    ),
    run: ([x], { heads, ...options }: { heads: number; causal: boolean }) => autograd.selfAttention(x!, heads, options),
    tolerance: 1e-5,
  },
  "lstmSequence()": {
    cases: cell(4, 2),
    run: ([x, wx, wh, bx, bh, h, c], { reverse, of }: { reverse: boolean; of: "y" | "h" | "c" }) =>
      autograd.lstmSequence(x!, { wx: wx!, wh: wh!, bx: bx!, bh: bh! }, { ...(h && { h }), ...(c && { c }), reverse })[
        of
      ],
    tolerance: 1e-5,
  },
  "gruSequence()": {
    cases: cell(3, 1),
    run: ([x, wx, wh, bx, bh, h], { reverse, of }: { reverse: boolean; of: "y" | "h" }) =>
      autograd.gruSequence(x!, { wx: wx!, wh: wh!, bx: bx!, bh: bh! }, { ...(h && { h }), reverse })[of],
    tolerance: 1e-5,
  },
  "lstm()": {
    cases: sentences.chain(({ lengths, inputs, width, reverse }) => {
      const longest = Math.max(...lengths);
      const words = lengths.flatMap((n, row) =>
        Array.from({ length: longest }, (_, i) => (i < n ? (row + i) % 7 : -1)),
      );
      const x: Operand = { dtype: "i32", shape: [lengths.length, longest], values: words };
      const shapes = [[7, inputs], [4 * width, inputs], [4 * width, width], [4 * width], [4 * width]];
      return fc.tuple(...shapes.map(floats)).map((weights) => ({ x: [...weights, x], attrs: { reverse } }));
    }),
    run: ([table, wx, wh, bx, bh, x], options) => {
      const packed = autograd.pack(x!);
      const rows = autograd.embedding(table!, packed.words);
      return autograd.lstm(rows, { wx: wx!, wh: wh!, bx: bx!, bh: bh! }, packed, options);
    },
    tolerance: 1e-5,
  },
  "nll()": {
    cases: fc
      .tuple(rows, losses)
      .chain(([{ n, classes }, attrs]) =>
        fc.tuple(floats([n, classes]), labels(n, classes)).map((x) => ({ x, attrs })),
      ),
    run: ([x, labels], options) => autograd.nll(x!, labels!, options),
  },
  "crossEntropy()": {
    cases: fc
      .tuple(rows, losses)
      .chain(([{ n, classes }, attrs]) =>
        fc.tuple(floats([n, classes]), labels(n, classes)).map((x) => ({ x, attrs })),
      ),
    run: ([x, labels], options) => autograd.crossEntropy(x!, labels!, options),
  },
  "softmax()": { cases: calls(along), run: ([x], options) => autograd.softmax(x!, options) },
  "logSoftmax()": { cases: calls(along), run: ([x], options) => autograd.logSoftmax(x!, options) },
  "mean()": { cases: calls(over), run: ([x], options) => autograd.mean(x!, options) },
  "min()": { cases: calls(over), run: ([x], options) => autograd.min(x!, options) },
  "max()": { cases: calls(over), run: ([x], options) => autograd.max(x!, options) },
  "logSumExp()": { cases: calls(over), run: ([x], options) => autograd.logSumExp(x!, options) },
  "prod()": { cases: calls(over), run: ([x], options) => autograd.prod(x!, options), tolerance: 1e-5 },
  "variance()": {
    cases: calls(over.map(({ x, attrs }) => ({ x, attrs: { ...attrs, correction: 0 } }))),
    run: ([x], options) => autograd.variance(x!, options),
    tolerance: 1e-5,
  },
  "takeAlong()": {
    cases: ranked.chain((of) =>
      int(0, of.length - 1).chain((axis) => {
        const numbers = of.map((n, i) => (i === axis ? 3 : n));
        const values = Array.from({ length: sizeOf(numbers) }, (_, i) => (i * 5) % of[axis]!);
        return floats(of).map((x) => ({ x: [x, { dtype: "i32" as const, shape: numbers, values }], attrs: { axis } }));
      }),
    ),
    run: ([x, numbers], { axis }: { axis: number }) => autograd.takeAlong(x!, numbers!, axis),
  },
  "topK()": {
    cases: calls(
      ranked.chain((of) =>
        int(0, of.length - 1).chain((axis) => int(1, of[axis]!).map((k) => ({ x: [of], attrs: { axis, k } }))),
      ),
    ),
    run: ([x], { axis, k }: { axis: number; k: number }) => autograd.topK(x!, k, { axis }).values,
  },
  "pad()": {
    cases: calls(
      ranked.chain((of) =>
        fc.record({
          x: fc.constant([of]),
          attrs: fc.record({
            widths: fc.array(pair(0, 2), { minLength: of.length, maxLength: of.length }),
            value: fc.constantFrom(0, 1.5),
          }),
        }),
      ),
    ),
    run: ([x], { widths, value }: { widths: [number, number][]; value: number }) => autograd.pad(x!, widths, { value }),
  },
  "flip()": {
    cases: calls(along),
    run: ([x], { axis }: { axis: number }) => autograd.flip(x!, axis),
  },
  "cumsum()": { cases: calls(along), run: ([x], options) => autograd.cumsum(x!, options) },
  "where()": {
    cases: calls(ranked.map((of) => ({ x: [of, of, of.slice(1)], attrs: null }))),
    run: ([condition, a, b]) => autograd.where(autograd.greater(condition!, 0), a!, b!),
  },
};
