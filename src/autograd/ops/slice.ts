// Parts of an axis, and parts put together: each is the other's gradient.
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { checkAxis, checkCountedAxis, formatShape, sameShape, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { writeOut } from "./broadcast.ts";
import { zeros } from "./fill.ts";
import { permute } from "./permute.ts";
import { reshape } from "./reshape.ts";

interface Range {
  readonly axis: number;
  /** The first element that is taken, 0 unless said. */
  readonly from: number;
  /** The one before which it ends; the end of the axis unless said. */
  readonly to: number;
  /** From one element to the next one that is taken, 1 unless said. */
  readonly step?: number;
}

/** Which elements of an axis. */
export interface SliceOptions extends Partial<Range> {
  /** The axis that is cut; negative ones count from the last. */
  readonly axis: number;
}

function checkRange(shape: Shape, { axis, from, to, step = 1 }: Range): void {
  checkCountedAxis("slice", shape, axis);
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= shape[axis]!))
    throw new RangeError(`slice: ${from}..${to} is not within axis ${axis} of ${formatShape(shape)}`);
  if (!(Number.isInteger(step) && step >= 1))
    throw new RangeError(`slice: got step ${step}, expected an integer of at least 1; flip() turns an axis around`);
}

function inner(shape: Shape, axis: number): number {
  return sizeOf(shape.slice(axis + 1));
}

const sliceOp: Op<readonly [Tensor], Range> = /* @__PURE__ */ defineOp<readonly [Tensor], Range>({
  name: "slice",
  shape: ([x], range) => {
    checkRange(x.shape, range);
    const { axis, from, to, step = 1 } = range;
    return x.shape.map((size, i) => (i === axis ? Math.ceil((to - from) / step) : size));
  },
  forward: (y, [x], { axis, from, step = 1 }) => {
    const strides = x.shape.map((_, i) => inner(x.shape, i) * (i === axis ? step : 1));
    writeOut(x, y, strides, x.ptr + from * inner(x.shape, axis) * 4);
  },
  vjp: [
    (g, { x: [x], attrs: { axis, from, step = 1 } }) => {
      const part = (size: number): Tensor<"f32"> => zeros(x.shape.map((n, i) => (i === axis ? size : n)));
      const rest = x.shape[axis]! - from;
      const apart = step === 1 ? g : spread(g, axis, step, rest);
      return concat([part(from), apart, part(rest - apart.shape[axis]!)], axis);
    },
  ],
});

/** Elements of an axis with step - 1 zeros behind each, as many of both as fit into `most`. */
function spread(g: Tensor, axis: number, step: number, most: number): Tensor<"f32"> {
  const { shape } = g;
  const n = shape[axis]!;
  // zeros behind all of g in one piece, and then the axis of the step brought to its place
  const pieces = concat([reshape(g, [1, ...shape]), zeros([step - 1, ...shape])], 0);
  const order = [...shape.keys()].map((i) => i + 1);
  const all = permute(pieces, [...order.slice(0, axis + 1), 0, ...order.slice(axis + 1)]);
  const whole = reshape(all, [...shape.slice(0, axis), n * step, ...shape.slice(axis + 1)]);
  return n * step > most ? slice(whole, { axis, from: 0, to: most }) : whole;
}

const concatOp: Op<readonly Tensor[], number> = /* @__PURE__ */ defineOp<readonly Tensor[], number>({
  name: "concat",
  shape: (x, axis) => {
    if (x.length === 0) throw new RangeError("concat: at least one tensor is expected");
    const first = x[0]!.shape;
    checkCountedAxis("concat", first, axis);
    for (const { shape } of x)
      if (shape.length !== first.length || shape.some((size, i) => i !== axis && size !== first[i]))
        throw new RangeError(
          `concat: shapes differ off axis ${axis}, got ${x.map((t) => formatShape(t.shape)).join(" ")}`,
        );
    return first.map((size, i) => (i === axis ? x.reduce((n, t) => n + t.shape[axis]!, 0) : size));
  },
  forward: (y, x, axis) => {
    const { kernels } = engine();
    const outer = sizeOf(y.shape.slice(0, axis));
    const row = y.size / outer;
    let at = 0;
    for (const t of x) {
      const part = t.size / outer;
      for (let i = 0; i < outer; i++) kernels.copy(t.ptr + i * part * 4, y.ptr + (i * row + at) * 4, part);
      at += part;
    }
  },
  // one rule serves any number of operands
  vjp: new Proxy([], {
    get:
      (_, i) =>
      (g: Tensor, { x, attrs: axis }: { x: readonly Tensor[]; attrs: number }) => {
        const at = Number(i);
        const from = x.slice(0, at).reduce((n, t) => n + t.shape[axis]!, 0);
        return slice(g, { axis, from, to: from + x[at]!.shape[axis]! });
      },
  }),
});

/** Elements from..to of one axis (`to` not included), or every `step`-th of them; copies. */
export function slice(x: Tensor, { axis, from = 0, to, step = 1 }: SliceOptions): Tensor<"f32"> {
  const at = checkAxis("slice", x.shape, axis);
  return sliceOp([x], { axis: at, from, to: to ?? x.shape[at]!, step });
}

/** Tensors end to end along one axis. */
export function concat(x: readonly Tensor[], axis: number): Tensor<"f32"> {
  if (x.length === 0) throw new RangeError("concat: at least one tensor is expected");
  return concatOp(x, checkAxis("concat", x[0]!.shape, axis));
}

/** Tensors of one shape along a new axis, which the result has at `axis`. */
export function stack(x: readonly Tensor[], axis = 0): Tensor<"f32"> {
  if (x.length === 0) throw new RangeError("stack: at least one tensor is expected");
  const { shape } = x[0]!;
  for (const t of x)
    if (!sameShape(t.shape, shape))
      throw new RangeError(`stack: got ${x.map((t) => formatShape(t.shape)).join(" ")}, expected one shape`);
  const at = checkAxis("stack", [...shape, 1], axis);
  return concat(
    x.map((t) => reshape(t, [...shape.slice(0, at), 1, ...shape.slice(at)])),
    at,
  );
}

/**
 * One axis cut into parts, in order; copies.
 * @param parts how many equal ones, or the size of each
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor<"f32">[] {
  const at = checkAxis("split", x.shape, axis);
  const size = x.shape[at]!;
  if (typeof parts === "number" && !(Number.isInteger(parts) && parts >= 1 && parts <= Math.max(1, size)))
    throw new RangeError(`split: got ${parts} parts, expected a whole number from 1 to ${size}`);
  const lengths = typeof parts === "number" ? new Array<number>(parts).fill(size / parts) : parts;
  const whole = lengths.every((length) => Number.isInteger(length) && length >= 0);
  if (!whole || lengths.reduce((sum, length) => sum + length, 0) !== size)
    throw new RangeError(
      `split: got ${parts} parts, expected sizes that sum to ${size}, axis ${at} of ${formatShape(x.shape)}`,
    );
  let from = 0;
  return lengths.map((length) => slice(x, { axis: at, from, to: (from += length) }));
}
