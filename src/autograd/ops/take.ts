// Elements picked by number along an axis, the gradient of the pick, the numbers of the largest, and numbers as vectors.
import { engine } from "../../runtime/engine.ts";
import { extra } from "../../runtime/extra.ts";
import { wordAt } from "../../runtime/memory.ts";
import { defineOp, type Op } from "../op.ts";
import { checkAxis, checkCountedAxis, checkShape, formatShape, sameShape, type Shape, sizeOf } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";
import { checkIndices } from "./indices.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";
import { rowsOf } from "./softmax.ts";

interface Pick {
  readonly axis: number;
  /** The shape that is picked from. */
  readonly shape: Shape;
}

/** Calls a row kernel for everything in front of the axis. */
function eachOuter(
  { axis, shape }: Pick,
  picked: number,
  run: (whole: number, part: number, width: number) => void,
): void {
  const width = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  // where there is nothing to pick, `outer` may be any number
  if (width === 0 || shape[axis] === 0 || picked === 0) return;
  for (let i = 0; i < outer; i++) run(i * shape[axis]! * width * 4, i * picked * width * 4, width);
}

const takeOp: Op<readonly [Tensor, Tensor], Pick> = /* @__PURE__ */ defineOp<
  readonly [x: Tensor, numbers: Tensor],
  Pick
>({
  name: "take",
  takes: { 1: "i32" },
  shape: ([x, numbers], { axis, shape }) => {
    checkCountedAxis("take", shape, axis);
    if (!sameShape(x.shape, shape))
      throw new RangeError(`take: shape, got ${formatShape(shape)}, expected ${formatShape(x.shape)}`);
    checkIndices("take", "number", numbers, shape[axis]!);
    return [...shape.slice(0, axis), ...numbers.shape, ...shape.slice(axis + 1)];
  },
  forward: (y, [x, numbers], pick) => {
    const { gather } = engine().kernels;
    const { ptr, size } = numbers;
    eachOuter(pick, size, (whole, part, width) => gather(x.ptr + whole, ptr, y.ptr + part, size, width));
  },
  vjp: [(g, { x: [, numbers], attrs }) => putOp([g, numbers], attrs), null],
});

const putOp: Op<readonly [Tensor, Tensor], Pick> = /* @__PURE__ */ defineOp<
  readonly [g: Tensor, numbers: Tensor],
  Pick
>({
  name: "put",
  takes: { 1: "i32" },
  shape: ([g, numbers], { axis, shape }) => {
    checkShape("scatterAdd", shape);
    checkCountedAxis("scatterAdd", shape, axis);
    checkIndices("scatterAdd", "number", numbers, shape[axis]!);
    if (g.size !== numbers.size * sizeOf(shape.slice(axis + 1)) * sizeOf(shape.slice(0, axis)))
      throw new RangeError(
        `scatterAdd: got ${formatShape(g.shape)} for ${numbers.size} numbers, expected axis ${axis} of as many elements`,
      );
    return shape;
  },
  forward: (y, [g, numbers], pick) => {
    const { fill, scatterAdd } = engine().kernels;
    const { ptr, size } = numbers;
    fill(y.ptr, y.size, 0);
    eachOuter(pick, size, (whole, part, width) => scatterAdd(g.ptr + part, ptr, y.ptr + whole, size, width));
  },
  vjp: [(u, { x: [, numbers], attrs }) => takeOp([u, numbers], attrs), null],
});

/**
 * The elements of an axis with these numbers, as numpy.take: [..., n, ...] and i32 numbers of any shape [k...] give
 * [..., k..., ...]. Throws RangeError where the axis has no such number.
 */
export function take(x: Tensor, numbers: Tensor, axis = 0): Tensor<"f32"> {
  return takeOp([x, numbers], { axis: checkAxis("take", x.shape, axis), shape: x.shape });
}

/**
 * Zeros of an axis of `size` elements, to which those of x are added at these numbers, one after another: what `take` undoes.
 * @param x [..., k, ...]
 * @param numbers i32 [k]
 */
export function scatterAdd(x: Tensor, numbers: Tensor, size: number, axis = 0): Tensor<"f32"> {
  const at = checkAxis("scatterAdd", x.shape, axis);
  return putOp([x, numbers], { axis: at, shape: x.shape.map((n, i) => (i === at ? size : n)) });
}

/**
 * y[..., j, ...] = x[..., numbers[..., j, ...], ...]: along an axis, each row by numbers of its own, as numpy.take_along_axis.
 * @param numbers i32, of x's shape but for this axis
 */
export function takeAlong(x: Tensor, numbers: Tensor, axis = -1): Tensor<"f32"> {
  const at = checkAxis("takeAlong", x.shape, axis);
  if (numbers.shape.length !== x.shape.length || numbers.shape.some((n, i) => i !== at && n !== x.shape[i]))
    throw new RangeError(
      `takeAlong: got numbers ${formatShape(numbers.shape)} for ${formatShape(x.shape)}, expected shapes alike but for axis ${at}`,
    );
  const [n, k, inner] = [x.shape[at]!, numbers.shape[at]!, sizeOf(x.shape.slice(at + 1))];
  checkIndices("takeAlong", "number", numbers, n);
  const flat = empty(numbers.shape, "i32");
  const { i32 } = engine().memory;
  const [from, to] = [wordAt(numbers.ptr), wordAt(flat.ptr)];
  for (let i = 0; i < flat.size; i++) {
    const outer = Math.floor(i / (k * inner));
    i32[to + i] = (outer * n + i32[from + i]!) * inner + (i % inner);
  }
  return takeOp([reshape(x, [x.size]), flat], { axis: 0, shape: [x.size] });
}

const topKOp: Op<readonly [Tensor], number, "i32"> = /* @__PURE__ */ defineOp<readonly [Tensor], number, "i32">({
  name: "topK",
  dtype: "i32",
  shape: ([x], k) => {
    const last = x.shape.at(-1) ?? 0;
    if (!(Number.isInteger(k) && k >= 0 && k <= last))
      throw new RangeError(`topK: got k ${k}, expected 0 to ${last}, the size of the last axis`);
    return [...x.shape.slice(0, -1), k];
  },
  forward: (y, [x], k) => {
    const { rows, cols } = rowsOf("topK", x.shape);
    extra().topK(x.ptr, y.ptr, rows, cols, k);
  },
  vjp: [null],
});

/** The largest elements of an axis, and their numbers (i32). */
export interface TopK {
  /** The largest elements, the largest first. */
  readonly values: Tensor<"f32">;
  /** Where along the axis each of them stood, i32. */
  readonly numbers: Tensor<"i32">;
}

/**
 * The k largest elements of an axis in its place, largest first; of equals the first one first, NaN before all. The
 * values have a gradient.
 */
export function topK(x: Tensor, k: number, { axis = -1 }: { axis?: number } = {}): TopK {
  const at = checkAxis("topK", x.shape, axis);
  if (!(Number.isInteger(k) && k >= 0 && k <= x.shape[at]!))
    throw new RangeError(`topK: got k ${k}, expected 0 to ${x.shape[at]}, the size of axis ${at}`);
  const last = x.shape.length - 1;
  const swap = x.shape.map((_, i) => (i === at ? last : i === last ? at : i));
  const rows = at === last ? x : permute(x, swap);
  const numbers = swapped(topKOp([rows], k), at);
  return { values: takeAlong(x, numbers, at), numbers };
}

/** Whole numbers with the last axis and another one exchanged. */
function swapped(x: Tensor<"i32">, axis: number): Tensor<"i32"> {
  const last = x.shape.length - 1;
  if (axis === last) return x;
  const shape = x.shape.map((n, i) => (i === axis ? x.shape[last]! : i === last ? x.shape[axis]! : n));
  const y = empty(shape, "i32");
  const { i32 } = engine().memory;
  const [n, k, middle] = [shape[last]!, shape[axis]!, sizeOf(shape.slice(axis + 1, last))];
  const [from, to] = [wordAt(x.ptr), wordAt(y.ptr)];
  for (let i = 0; i < y.size; i++) {
    const [outer, rest] = [Math.floor(i / (k * middle * n)), i % (k * middle * n)];
    const [j, m, c] = [Math.floor(rest / (middle * n)), Math.floor(rest / n) % middle, rest % n];
    i32[to + i] = i32[from + ((outer * n + c) * middle + m) * k + j]!;
  }
  return y;
}

const oneHotOp: Op<readonly [Tensor], number> = /* @__PURE__ */ defineOp<readonly [Tensor], number>({
  name: "oneHot",
  takes: { 0: "i32" },
  shape: ([labels], classes) => {
    checkIndices("oneHot", "label", labels, classes);
    return [...labels.shape, classes];
  },
  // the gradient of the likelihood's logarithm has the ones where the labels are
  forward: (y, [labels], classes) => {
    const { fill, nllGrad } = engine().kernels;
    const minus = empty(labels.shape);
    fill(minus.ptr, minus.size, -1);
    nllGrad(labels.ptr, minus.ptr, y.ptr, labels.size, classes);
  },
  vjp: [null],
});

/** 1 at each label and 0 elsewhere: i32 [...] to f32 [..., classes]. Throws RangeError where a label is none of 0..classes - 1. */
export function oneHot(labels: Tensor, classes: number): Tensor<"f32"> {
  return oneHotOp([labels], classes);
}
