import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { checkAxis, formatShape, type Shape } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";
import { affine } from "./arithmetic.ts";
import { expand } from "./expand.ts";
import { reshape } from "./reshape.ts";

const SCALAR: Shape = [];

interface Axes {
  /** Axes to sum over, ascending. */
  readonly axes: readonly number[];
  readonly keep: boolean;
}

function checkAscending(shape: Shape, axes: readonly number[]): void {
  let last = -1;
  for (let i = 0; i < axes.length; i++) {
    const axis = axes[i]!;
    if (!(Number.isInteger(axis) && axis > last && axis < shape.length))
      throw new RangeError(`sum: axes, got ${axes.join()}, expected axes of ${formatShape(shape)}, ascending`);
    last = axis;
  }
}

function reduced(shape: Shape, { axes, keep }: Axes): Shape {
  if (axes.length === shape.length && !keep) return SCALAR;
  return keep ? shape.map((size, i) => (axes.includes(i) ? 1 : size)) : shape.filter((_, i) => !axes.includes(i));
}

const sumOp: Op<readonly [Tensor], Axes> = /* @__PURE__ */ defineOp<readonly [Tensor], Axes>({
  name: "sum",
  shape: (of, attrs) => {
    checkAscending(of[0].shape, attrs.axes);
    return reduced(of[0].shape, attrs);
  },
  forward: (y, of, { axes }) => {
    const x = of[0];
    const { kernels } = engine();
    if (axes.length === 0) return kernels.copy(x.ptr, y.ptr, x.size);
    // runs of neighbouring axes are one reduction, and mostly there is one run
    const [first, last] = [axes[0]!, axes[axes.length - 1]! + 1];
    if (last - first === axes.length) {
      const { shape } = x;
      const inner = product(shape, last, shape.length);
      return kernels.sum(x.ptr, y.ptr, product(shape, 0, first), product(shape, first, last), inner);
    }
    // later runs first, so that what lies inside stays put
    let from = x.ptr;
    let shape = [...x.shape];
    let end = axes.length;
    while (end > 0) {
      let start = end - 1;
      while (start > 0 && axes[start - 1] === axes[start]! - 1) start--;
      const first = axes[start]!;
      const last = axes[end - 1]! + 1;
      const outer = product(shape, 0, first);
      const n = product(shape, first, last);
      const inner = product(shape, last, shape.length);
      const to = start === 0 ? y.ptr : empty([outer * inner]).ptr;
      kernels.sum(from, to, outer, n, inner);
      from = to;
      shape = shape.map((size, i) => (i >= first && i < last ? 1 : size));
      end = start;
    }
  },
  vjp: [
    (g, { x, attrs }) => {
      const { shape } = x[0];
      // what has one element is spread as it is
      return expand(
        attrs.keep || g.size === 1 ? g : reshape(g, reduced(shape, { axes: attrs.axes, keep: true })),
        shape,
      );
    },
  ],
});

function product(shape: Shape, from: number, to: number): number {
  let size = 1;
  for (let i = from; i < to; i++) size *= shape[i]!;
  return size;
}

/** Which axes to reduce (all by default; negative counts from the end), and whether they stay as size 1. */
export interface ReduceOptions {
  /** Axes to reduce, all of them unless said; negative ones count from the last. */
  readonly axis?: number | readonly number[];
  /** Whether reduced axes stay, of size 1. */
  readonly keep?: boolean;
}

/** Sums over axes, in a fixed order. */
export function sum(x: Tensor, { axis, keep = false }: ReduceOptions = {}): Tensor<"f32"> {
  return sumOp([x], { axes: axesOf("sum", x.shape, axis), keep });
}

/** Averages over axes. */
export function mean(x: Tensor, { axis, keep = false }: ReduceOptions = {}): Tensor<"f32"> {
  const axes = axesOf("mean", x.shape, axis);
  const count = axes.reduce((n, i) => n * x.shape[i]!, 1);
  return affine(sumOp([x], { axes, keep }), 1 / count, 0);
}

/** Sums `g` back to a shape that was broadcast to g's: the gradient of broadcasting. */
export function sumTo(g: Tensor, shape: Shape): Tensor<"f32"> {
  const lead = g.shape.length - shape.length;
  const axes: number[] = [];
  g.shape.forEach((size, i) => {
    if (i < lead || (shape[i - lead] === 1 && size !== 1)) axes.push(i);
  });
  return reshape(sumOp([g], { axes, keep: false }), shape);
}

/** The gradient of a bias: sums [m, n] over rows, into `out` if given. */
export function sumRows(g: Tensor, out?: Tensor): Tensor<"f32"> {
  return sumOp([g], ROWS, out);
}

const ROWS: Axes = { axes: [0], keep: false };

// every axis of a tensor of rank 0, 1, 2, ...
const ALL: readonly (readonly number[])[] = [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3]];

/** The axes a reduction is over, ascending; throws where one is missing or named twice. */
export function axesOf(op: string, shape: Shape, axis: number | readonly number[] | undefined): readonly number[] {
  if (axis === undefined) return ALL[shape.length] ?? shape.map((_, i) => i);
  const axes = (typeof axis === "number" ? [axis] : [...axis]).map((a) => checkAxis(op, shape, a));
  if (new Set(axes).size !== axes.length) throw new RangeError(`${op}: axis ${axis} named twice`);
  return axes.toSorted((a, b) => a - b);
}
