// Parts of an axis, and parts put together: each is the other's gradient.
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { checkAxis, formatShape, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { writeOut } from "./broadcast.ts";
import { zeros } from "./fill.ts";

interface Range {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
}

function inner(shape: Shape, axis: number): number {
  return sizeOf(shape.slice(axis + 1));
}

const sliceOp: Op<readonly [Tensor], Range> = defineOp<readonly [Tensor], Range>({
  name: "slice",
  shape: ([x], { axis, from, to }) => {
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= x.shape[axis]!))
      throw new RangeError(`slice: ${from}..${to} is not within axis ${axis} of ${formatShape(x.shape)}`);
    return x.shape.map((size, i) => (i === axis ? to - from : size));
  },
  forward: (y, [x], { axis, from }) => {
    const strides = x.shape.map((_, i) => inner(x.shape, i));
    writeOut(x, y, strides, x.ptr + from * inner(x.shape, axis) * 4);
  },
  vjp: [
    (g, { x: [x], attrs: { axis, from, to } }) => {
      const part = (size: number): Tensor => zeros(x.shape.map((n, i) => (i === axis ? size : n)));
      return concat([part(from), g, part(x.shape[axis]! - to)], axis);
    },
  ],
});

const concatOp: Op<readonly Tensor[], number> = defineOp<readonly Tensor[], number>({
  name: "concat",
  shape: (x, axis) => {
    const first = x[0]!.shape;
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

/** Elements from..to of one axis (`to` not included); copies. */
export function slice(x: Tensor, { axis, from, to }: Range): Tensor {
  return sliceOp([x], { axis: checkAxis("slice", x.shape, axis), from, to });
}

/** Tensors end to end along one axis. */
export function concat(x: readonly Tensor[], axis: number): Tensor {
  if (x.length === 0) throw new RangeError("concat: at least one tensor is expected");
  return concatOp(x, checkAxis("concat", x[0]!.shape, axis));
}
