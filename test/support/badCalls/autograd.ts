// Calls of the public functions that cannot be answered: sizes that are none, labels beyond the classes, rows beyond the
// table, options out of their range. Each must be an error, whatever the rest of the call.
import fc from "fast-check";
import * as autograd from "../../../src/autograd/index.ts";
import type { Tensor } from "../../../src/autograd/tensor.ts";
import { key } from "../../../src/runtime/random.ts";
import { bad, type BadCall, hostile, noCount, noWord } from "./badCall.ts";

const { tensor } = autograd;

const noSize = hostile((n) => !(Number.isInteger(n) && n >= 0) || n >= 2 ** 31);
const notMinusOne = noSize.filter((n) => n !== -1);
const noAxis = hostile((n) => !(Number.isInteger(n) && n >= -2 && n < 2));
const noIndex = (rows: number): fc.Arbitrary<number> =>
  fc.constantFrom(rows, rows + 1, -1, -2, 1000, 500_000_000, 2 ** 31 - 1, -(2 ** 31));

const i32 = (values: readonly number[]): Tensor => tensor(values, undefined, "i32");
const ramp = (...shape: number[]): Tensor => {
  const size = shape.reduce((n, axis) => n * axis, 1);
  return tensor(Array.from({ length: size }, (_, i) => (i % 7) / 8), shape); // prettier-ignore
};
/** Good labels with a bad one among them. */
const among = (index: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
  fc.tuple(fc.array(fc.nat(2), { maxLength: 4 }), index, fc.array(fc.nat(2), { maxLength: 4 })).map(([a, one, b]) => [...a, one, ...b]); // prettier-ignore

const shapes = (size: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
  fc.tuple(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }), size).map(([rest, one]) => [...rest, one]);

export const autogradCalls: readonly fc.Arbitrary<BadCall>[] = [
  bad("zeros", shapes(noSize), (shape) => autograd.zeros(shape)),
  bad("tensor", shapes(noSize), (shape) => tensor([1, 2, 3], shape)),
  bad("expand", shapes(noSize), (shape) => autograd.expand(tensor([1]), shape)),
  bad("reshape", shapes(notMinusOne), (shape) => autograd.reshape(ramp(2, 3), shape)),
  bad("reshape of two -1", fc.constant([-1, -1]), (shape) => autograd.reshape(ramp(2, 3), shape)),
  bad("slice from", noSize, (from) => autograd.slice(ramp(4, 3), { axis: 0, from, to: 4 })),
  bad("slice to", noSize, (to) => autograd.slice(ramp(4, 3), { axis: 0, from: 0, to })),
  bad("slice axis", noAxis, (axis) => autograd.slice(ramp(4, 3), { axis, from: 0, to: 1 })),
  bad("concat", noAxis, (axis) => autograd.concat([ramp(2, 3), ramp(2, 3)], axis)),
  bad("permute", fc.tuple(noAxis, noAxis), (order) => autograd.permute(ramp(2, 3), order)),
  bad("sum", noAxis, (axis) => autograd.sum(ramp(2, 3), { axis })),
  bad("mean", noAxis, (axis) => autograd.mean(ramp(2, 3), { axis })),
  bad("argmax", noAxis, (axis) => autograd.argmax(ramp(2, 3), axis)),
  bad("dropout", fc.constantFrom(-1, 1, 1.5, NaN, Infinity, -0.1), (p) => autograd.dropout(ramp(4), p, key(1))),
  bad("conv2d stride", noCount, (stride) => autograd.conv2d(ramp(1, 2, 5, 5), ramp(3, 2, 2, 2), null, { stride })),
  bad("conv2d pad", noSize, (pad) => autograd.conv2d(ramp(1, 2, 5, 5), ramp(3, 2, 2, 2), null, { pad })),
  bad("maxPool2d kernel", noCount, (kernel) => autograd.maxPool2d(ramp(1, 2, 5, 5), { kernel })),
  bad("maxPool2d stride", noCount, (stride) => autograd.maxPool2d(ramp(1, 2, 5, 5), { stride })),
  bad("nll", among(noIndex(3)), (labels) => autograd.nll(ramp(labels.length, 3), i32(labels))),
  bad("crossEntropy", among(noIndex(3)), (labels) => autograd.crossEntropy(ramp(labels.length, 3), i32(labels))),
  bad("mixtureNll", among(noIndex(3)), (labels) =>
    autograd.mixtureNll(ramp(labels.length, 3), ramp(labels.length, 3), ramp(labels.length), i32(labels)),
  ),
  bad("embedding", among(noIndex(5)), (words) => autograd.embedding(ramp(5, 2), i32(words))),
  bad("gather", among(noIndex(5)), (rows) => autograd.gather(ramp(5, 2), i32(rows))),
  bad("countCorrect", among(noIndex(3)), (labels) => autograd.countCorrect(ramp(labels.length, 3), i32(labels))),
  bad("sentenceRows", among(noIndex(3)), (rows) => autograd.sentenceRows(i32([1, 2, 3]), i32([0, 1, 1, 3]), i32(rows))),
  bad("sentenceRows offsets", noIndex(4), (end) =>
    autograd.sentenceRows(i32([1, 2, 3]), i32([0, 1, end, 3]), i32([1, 2])),
  ),
  bad(
    "labels that are no integers",
    fc.constantFrom(0.5, NaN, 2 ** 31, 2 ** 53, -(2 ** 53), Infinity, 1e308),
    (label) => autograd.nll(ramp(2, 3), i32([0, label])),
  ),
  bad("matmul", fc.constantFrom([2, 3, 2, 3], [1, 1, 2, 2], [4, 2, 3, 4]), ([a, b, c, d]) =>
    autograd.matmul(ramp(a!, b!), ramp(c!, d!)),
  ),
  bad("linear", fc.constantFrom([2, 3, 4, 2], [2, 3, 0, 1]), ([a, b, c, d]) =>
    autograd.linear(ramp(a!, b!), ramp(c!, d!), null),
  ),
  bad("item", fc.constantFrom([2], [0], [3, 3]), (shape) => ramp(...shape).item()),
  bad("set", fc.constantFrom([1], [1, 2, 3, 4]), (values) => ramp(3).set(values)),
  bad("nll reduction", noWord, (reduction) => autograd.nll(ramp(2, 3), i32([0, 1]), { reduction: reduction as "sum" })),
  bad("variance correction", fc.constantFrom(NaN, Infinity, 7, 1e9), (correction) =>
    autograd.variance(ramp(2, 3), { correction }),
  ),
  bad("split", fc.constantFrom(-1, NaN, 0, 1.5, 5, Infinity), (parts) => autograd.split(ramp(4, 3), parts)),
  bad("clip", fc.constantFrom([1, 0], [NaN, 1], [0, NaN]), ([low, high]) =>
    autograd.clip(ramp(4), { low: low!, high: high! }),
  ),
  bad("takeAlong by floats", fc.constantFrom([0, 0], [1, 0]), (numbers) =>
    autograd.takeAlong(ramp(2, 1), tensor(numbers, [2, 1]), 0),
  ),
  bad("take by bytes", fc.constantFrom([0], [1]), (numbers) =>
    autograd.take(ramp(2), tensor(numbers, undefined, "u8")),
  ),
  bad("argmax of nothing", fc.constantFrom(0, 1), (axis) =>
    autograd.argmax(ramp(...(axis === 0 ? [0, 2] : [2, 0])), axis),
  ),
  bad("countCorrect of labels", fc.constant([0, 1]), (labels) =>
    autograd.countCorrect(tensor([1, 2, 3, 4], [2, 2], "i32"), i32(labels)),
  ),
  bad("conv2d kernel", fc.constantFrom([0, 1], [1, 0], [0, 0]), ([h, w]) =>
    autograd.conv2d(ramp(1, 2, 5, 5), ramp(3, 2, h!, w!), null),
  ),
  bad("conv2d of places without number", fc.constantFrom(2 ** 16, 2 ** 20, 2 ** 30), (pad) =>
    autograd.conv2d(ramp(1, 2, 5, 5), ramp(3, 2, 2, 2), null, { pad, stride: pad }),
  ),
  bad("convolve groups", noCount, (groups) => autograd.convolve(ramp(1, 2, 5, 5), ramp(3, 2, 2, 2), null, { groups })),
  bad("convolve dilation", noCount, (dilation) =>
    autograd.convolve(ramp(1, 2, 5, 5), ramp(3, 2, 2, 2), null, { dilation }),
  ),
  bad("avgPool2d kernel", noCount, (kernel) => autograd.avgPool2d(ramp(1, 2, 5, 5), { kernel })),
  bad("adaptiveAvgPool2d", fc.constantFrom(0, -1, NaN, 1.5, 2 ** 31), (size) =>
    autograd.adaptiveAvgPool2d(ramp(1, 2, 5, 5), size),
  ),
  bad("layerNorm eps", fc.constantFrom(0, -1, NaN, Infinity), (eps) =>
    autograd.layerNorm(ramp(2, 3), null, null, { eps }),
  ),
  bad("attention scale", fc.constantFrom(NaN, Infinity), (scale) =>
    autograd.attention(ramp(1, 2, 3), ramp(1, 2, 3), ramp(1, 2, 3), { scale }),
  ),
  bad("selfAttention scale", fc.constantFrom(NaN, Infinity), (scale) =>
    autograd.selfAttention(ramp(1, 2, 6), 1, { scale }),
  ),
  bad("selfAttention heads", noCount, (heads) => autograd.selfAttention(ramp(1, 2, 6), heads)),
  bad("dropout key", fc.constantFrom([1], [1, 2, 3], [0.5, 1], [NaN, 1]), (words) =>
    autograd.dropout(ramp(4), 0.5, words as unknown as [number, number]),
  ),
  bad("sentenceRows padding", fc.constantFrom(0.5, NaN, 2 ** 31), (padding) =>
    autograd.sentenceRows(i32([1, 2, 3]), i32([0, 1, 3]), i32([0, 1]), padding),
  ),
  bad("topK", fc.constantFrom(-1, 4, 1.5, NaN), (k) => autograd.topK(ramp(2, 3), k)),
  bad("oneHot", fc.constantFrom(1, 0, -1, 2.5, NaN), (classes) => autograd.oneHot(i32([0, 1, 2]), classes)),
];
