// From stored examples to batches, and from outputs to counts. None of this is differentiated.
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { checkAxis, checkCountedAxis, formatShape, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { checkIndices, perRow } from "./indices.ts";

type Images = readonly [pixels: Tensor, rows: Tensor, scale: Tensor, shift: Tensor];

const imageRowsOp: Op<Images, undefined> = /* @__PURE__ */ defineOp<Images>({
  name: "gatherNormalize",
  takes: { 0: "u8", 1: "i32" },
  shape: ([pixels, rows, scale, shift]) => {
    const { shape } = pixels;
    if (shape.length < 2 || scale.size !== shape[1] || shift.size !== shape[1])
      throw new RangeError(
        `gatherNormalize: pixels [n,channels,...] and a scale and shift for each channel expected, got ` +
          [pixels, scale, shift].map((t) => formatShape(t.shape)).join(" "),
      );
    return [rows.size, ...shape.slice(1)];
  },
  forward: (y, [pixels, rows, scale, shift]) => {
    const [count, channels, ...plane] = pixels.shape as [number, number, ...number[]];
    checkIndices("gatherNormalize", "row", rows, count);
    const { gatherNormalize } = engine().kernels;
    gatherNormalize(pixels.ptr, rows.ptr, y.ptr, rows.size, channels, sizeOf(plane), scale.ptr, shift.ptr);
  },
  vjp: [null, null, null, null],
});

/**
 * Chosen rows of byte images as floats, `x scale[channel] + shift[channel]`.
 * @param pixels u8 [n, channels, ...]
 * @param rows i32 [k]
 * @returns [k, channels, ...]
 */
export function imageRows(pixels: Tensor, rows: Tensor, scale: Tensor, shift: Tensor): Tensor<"f32"> {
  return imageRowsOp([pixels, rows, scale, shift], undefined);
}

type Chosen = readonly [labels: Tensor, rows: Tensor];

const labelRowsOp: Op<Chosen, undefined, "i32"> = /* @__PURE__ */ defineOp<Chosen, undefined, "i32">({
  name: "gatherInt",
  dtype: "i32",
  takes: { 0: "i32", 1: "i32" },
  shape: ([, rows]) => [rows.size],
  forward: (y, [labels, rows]) => {
    checkIndices("gatherInt", "row", rows, labels.size);
    engine().kernels.gatherInt(labels.ptr, rows.ptr, y.ptr, rows.size);
  },
  vjp: [null, null],
});

/** Chosen entries of an i32 vector. */
export function labelRows(labels: Tensor, rows: Tensor): Tensor<"i32"> {
  return labelRowsOp([labels, rows], undefined);
}

const gatherOp: Op<readonly [Tensor, Tensor], Shape> = /* @__PURE__ */ defineOp<
  readonly [x: Tensor, rows: Tensor],
  Shape
>({
  name: "gather",
  takes: { 1: "i32" },
  shape: ([x, rows]) => {
    if (x.shape.length === 0) throw new RangeError("gather: rows expected, got a scalar");
    return [...rows.shape, ...x.shape.slice(1)];
  },
  forward: (y, [x, rows]) => {
    checkIndices("gather", "row", rows, x.shape[0]!);
    engine().kernels.gather(x.ptr, rows.ptr, y.ptr, rows.size, sizeOf(x.shape.slice(1)));
  },
  vjp: [(g, { x: [x, rows] }) => scatterAddOp([g, rows], x.shape), null],
});

const scatterAddOp: Op<readonly [Tensor, Tensor], Shape> = /* @__PURE__ */ defineOp<
  readonly [g: Tensor, rows: Tensor],
  Shape
>({
  name: "scatterAdd",
  takes: { 1: "i32" },
  shape: ([g, rows], shape) => {
    if (shape.length === 0) throw new RangeError("scatterAdd: shape, got [], expected one with rows");
    if (g.size !== rows.size * sizeOf(shape.slice(1)))
      throw new RangeError(`scatterAdd: ${formatShape(g.shape)} is not ${rows.size} rows of ${formatShape(shape)}`);
    return shape;
  },
  forward: (gx, [g, rows], shape) => {
    const { kernels } = engine();
    checkIndices("scatterAdd", "row", rows, shape[0]!);
    kernels.fill(gx.ptr, gx.size, 0);
    kernels.scatterAdd(g.ptr, rows.ptr, gx.ptr, rows.size, sizeOf(shape.slice(1)));
  },
  vjp: [(u, { x: [, rows] }) => gather(u, rows), null],
});

/** Rows of x by number: [n, ...] and i32 rows [k] give [k, ...]. RangeError for a number that is not a row of x. */
export function gather(x: Tensor, rows: Tensor): Tensor<"f32"> {
  return gatherOp([x, rows], x.shape);
}

/** What `gather` takes apart put back: y[rows[k], ...] = sum of x[k, ...], 0 in every other row of `shape`. */
export function scatter(x: Tensor, rows: Tensor, shape: Shape): Tensor<"f32"> {
  return scatterAddOp([x, rows], shape);
}

const argmaxOp: Op<readonly [Tensor], number, "i32"> = /* @__PURE__ */ defineOp<readonly [Tensor], number, "i32">({
  name: "argmax",
  dtype: "i32",
  shape: ([x], axis) => {
    checkCountedAxis("argmax", x.shape, axis);
    if (x.shape[axis] === 0)
      throw new RangeError(`argmax: axis ${axis} of ${formatShape(x.shape)} has no elements, expected at least one`);
    return x.shape.filter((_, i) => i !== axis);
  },
  forward: (y, [x], axis) => {
    const outer = sizeOf(x.shape.slice(0, axis));
    engine().kernels.argmax(x.ptr, y.ptr, outer, x.shape[axis]!, sizeOf(x.shape.slice(axis + 1)));
  },
  vjp: [null],
});

/** The position of the first largest element along an axis, as i32. */
export function argmax(x: Tensor, axis = -1): Tensor<"i32"> {
  return argmaxOp([x], checkAxis("argmax", x.shape, axis));
}

/** In how many rows of [rows, classes] the first largest element is the label. */
export function countCorrect(x: Tensor, labels: Tensor): number {
  perRow("countCorrect", x, labels);
  if (x.dtype !== "f32") throw new TypeError(`countCorrect: got ${x}, expected f32`);
  if (x.size === 0) throw new RangeError(`countCorrect: no rows in ${formatShape(x.shape)}`);
  checkIndices("countCorrect", "label of row", labels, x.shape[1]!);
  return engine().kernels.countCorrect(x.ptr, labels.ptr, x.shape[0]!, x.shape[1]!);
}
