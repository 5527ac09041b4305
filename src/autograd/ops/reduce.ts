// Reductions beside the sum: over one run of neighbouring axes by a kernel, over several runs one after another.
import { engine } from "../../runtime/engine.ts";
import { extra } from "../../runtime/extra.ts";
import { defineOp, type Op } from "../op.ts";
import { checkAxis, checkCountedAxis, formatShape, type Shape, sizeOf } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";
import { affine, div, mul, neg, sub } from "./arithmetic.ts";
import { elementwise } from "./broadcast.ts";
import { equal } from "./compare.ts";
import { reshape } from "./reshape.ts";
import { concat, slice } from "./slice.ts";
import { axesOf, mean, type ReduceOptions, sum } from "./sum.ts";
import { exp, square } from "./unary.ts";

/** Axes from..to (`to` not included), which stay as size 1. */
interface Run {
  readonly from: number;
  readonly to: number;
}

function view(shape: Shape, { from, to }: Run): [outer: number, n: number, inner: number] {
  return [sizeOf(shape.slice(0, from)), sizeOf(shape.slice(from, to)), sizeOf(shape.slice(to))];
}

function checkRun(op: string, shape: Shape, { from, to }: Run): void {
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= shape.length))
    throw new RangeError(`${op}: axes, got ${from} to ${to}, expected a run of those of ${formatShape(shape)}`);
}

const within = ({ from, to }: Run): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const reduced = (shape: Shape, { from, to }: Run): Shape => shape.map((n, i) => (i >= from && i < to ? 1 : n));

/** Applies `reduce` to every run of the axes, the last first, and drops the axes unless they are kept. */
function overRuns(
  op: string,
  x: Tensor,
  { axis, keep = false }: ReduceOptions,
  reduce: (x: Tensor, run: Run) => Tensor<"f32">,
): Tensor<"f32"> {
  const axes = axesOf(op, x.shape, axis);
  let y = x as Tensor<"f32">;
  for (let end = axes.length; end > 0;) {
    let start = end - 1;
    while (start > 0 && axes[start - 1] === axes[start]! - 1) start--;
    const run = { from: axes[start]!, to: axes[end - 1]! + 1 };
    if (view(y.shape, run)[1] === 0)
      throw new RangeError(
        `${op}: axes ${axes.join()} of ${formatShape(x.shape)} have no elements, expected at least one`,
      );
    y = reduce(y, run);
    end = start;
  }
  return keep
    ? y
    : reshape(
        y,
        y.shape.filter((_, i) => !axes.includes(i)),
      );
}

const maxOp: Op<readonly [Tensor], Run> = /* @__PURE__ */ defineOp<readonly [Tensor], Run>({
  name: "max",
  shape: ([x], run) => {
    checkRun("max", x.shape, run);
    return reduced(x.shape, run);
  },
  forward: (y, [x], run) => extra().max(x.ptr, y.ptr, ...view(x.shape, run)),
  // shared evenly among equals
  vjp: [
    (g, { x: [x], y, attrs }) => {
      const largest = equal(x, y);
      return mul(largest, div(g, sum(largest, { axis: within(attrs), keep: true })));
    },
  ],
});

const FINITE = { low: -3.4028234663852886e38, high: 3.4028234663852886e38 };

const logSumExpOp: Op<readonly [Tensor], Run> = /* @__PURE__ */ defineOp<readonly [Tensor], Run>({
  name: "logSumExp",
  shape: ([x], run) => {
    checkRun("logSumExp", x.shape, run);
    return reduced(x.shape, run);
  },
  forward: (y, [x], run) => {
    const { kernels } = engine();
    const sizes = view(x.shape, run);
    const [top, e] = [empty(y.shape), empty(x.shape)];
    extra().max(x.ptr, top.ptr, ...sizes);
    // an infinite maximum less itself would be NaN
    extra().clip(top.ptr, top.ptr, top.size, FINITE.low, FINITE.high);
    elementwise(kernels.sub, e, x, top);
    kernels.exp(e.ptr, e.ptr, e.size);
    kernels.sum(e.ptr, y.ptr, ...sizes);
    kernels.log(y.ptr, y.ptr, y.size);
    elementwise(kernels.add, y, y, top);
  },
  vjp: [(g, { x: [x], y }) => mul(g, exp(sub(x, y)))],
});

interface Along {
  readonly axis: number;
  readonly reverse: boolean;
}

const cumsumOp: Op<readonly [Tensor], Along> = /* @__PURE__ */ defineOp<readonly [Tensor], Along>({
  name: "cumsum",
  shape: ([x], { axis }) => {
    checkCountedAxis("cumsum", x.shape, axis);
    return x.shape;
  },
  forward: (y, [x], { axis, reverse }) =>
    extra().cumsum(x.ptr, y.ptr, ...view(x.shape, { from: axis, to: axis + 1 }), +reverse),
  vjp: [(g, { attrs }) => cumsumOp([g], { ...attrs, reverse: !attrs.reverse })],
});

/** The largest element over axes; NaN if one is NaN. Equals share the gradient, as in torch.amax. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor<"f32"> {
  return overRuns("max", x, options, (x, run) => maxOp([x], run));
}

/** The smallest element over axes; NaN if one is NaN. Equals share the gradient. */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor<"f32"> {
  return neg(overRuns("min", neg(x), options, (x, run) => maxOp([x], run)));
}

/** ln sum_i e^{x_i} over axes, without overflow. */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor<"f32"> {
  return overRuns("logSumExp", x, options, (x, run) => logSumExpOp([x], run));
}

/** The mean squared distance from the mean over axes: sum (x - mean)^2 / (n - correction), as in torch.var. */
export function variance(
  x: Tensor,
  { correction = 1, ...options }: ReduceOptions & { correction?: number } = {},
): Tensor<"f32"> {
  const axes = axesOf("variance", x.shape, options.axis);
  const count = axes.reduce((n, i) => n * x.shape[i]!, 1);
  if (!(Number.isFinite(correction) && correction <= count))
    throw new RangeError(`variance: correction, got ${correction}, expected a number up to ${count}, the elements`);
  const apart = square(sub(x, mean(x, { axis: axes, keep: true })));
  return affine(sum(apart, { ...options, axis: axes }), 1 / (count - correction), 0);
}

/** The product over axes, by halves: right where elements are 0, however often it is differentiated. */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor<"f32"> {
  return overRuns("prod", x, options, (x, run) => {
    const [outer, n, inner] = view(x.shape, run);
    let y = reshape(x as Tensor<"f32">, [outer, n, inner]);
    while (y.shape[1]! > 1) {
      const half = Math.floor(y.shape[1]! / 2);
      const left = slice(y, { axis: 1, from: 0, to: half });
      const product = mul(left, slice(y, { axis: 1, from: half, to: 2 * half }));
      // the odd one goes to the first
      y = y.shape[1]! % 2 ? withOdd(product, slice(y, { axis: 1, from: 2 * half, to: 2 * half + 1 })) : product;
    }
    return reshape(y, reduced(x.shape, run));
  });
}

function withOdd(product: Tensor, odd: Tensor): Tensor<"f32"> {
  if (product.shape[1] === 1) return mul(product, odd);
  const first = slice(product, { axis: 1, from: 0, to: 1 });
  return concat([mul(first, odd), slice(product, { axis: 1, from: 1, to: product.shape[1]! })], 1);
}

/** Sums along an axis up to each element, or from each element on if `reverse`. */
export function cumsum(
  x: Tensor,
  { axis = -1, reverse = false }: { axis?: number; reverse?: boolean } = {},
): Tensor<"f32"> {
  return cumsumOp([x], { axis: checkAxis("cumsum", x.shape, axis), reverse });
}
