// Shapes as plain arrays of sizes, and the rules of broadcasting.
import { shown } from "../runtime/options.ts";

/** Sizes of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** The number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i]!;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

/** The shape two operands broadcast to: aligned at the last axis, sizes equal or 1. Throws RangeError in the name of `op`. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = a[a.length - i] ?? 1;
    const n = b[b.length - i] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new RangeError(`${op}: shapes do not broadcast, got ${formatShape(a)} and ${formatShape(b)}`);
    shape[rank - i] = m === 1 ? n : m;
  }
  return shape;
}

/** The shape of operands that go together element by element; throws in the name of `op` unless they have as many. */
export function alike(op: string, shape: Shape, ...others: readonly Shape[]): Shape {
  for (let i = 0; i < others.length; i++)
    if (!sameShape(shape, others[i]!) && sizeOf(shape) !== sizeOf(others[i]!))
      throw new RangeError(
        `${op}: operands of one size expected, got ${[shape, ...others].map(formatShape).join(" ")}`,
      );
  return shape;
}

/** Element strides of `shape` read as if it were `target`: 0 on every axis that is repeated. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = new Array<number>(target.length).fill(0);
  let stride = 1;
  for (let i = 1; i <= shape.length; i++) {
    const size = shape[shape.length - i]!;
    if (size !== 1) strides[target.length - i] = stride;
    stride *= size;
  }
  return strides;
}

/** Whether a number is a size that kernels, which count with 32 bits, can take: of a stride, a window, a padding. */
export function isSize(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < 2 ** 31;
}

// more than any memory can hold
const MOST = 2 ** 32;

/**
 * The rule for sizes, which every tensor's shape passes before it has memory: non-negative integers, at most 2^32 elements.
 * Returns the number of elements; throws in the name of `op`.
 */
export function checkShape(op: string, shape: Shape): number {
  checkArray(op, shape);
  let size = 1;
  for (let i = 0; i < shape.length; i++) {
    const n = shape[i] as number;
    if (!(Number.isInteger(n) && n >= 0))
      throw new RangeError(`${op}: sizes are non-negative integers, got ${formatShape(shape)}`);
    size *= n;
  }
  if (!(size <= MOST)) throw new RangeError(`${op}: at most 2^32 elements, got ${formatShape(shape)}`);
  return size;
}

function checkArray(op: string, shape: Shape): void {
  if (!Array.isArray(shape)) throw new TypeError(`${op}: shape, got ${shown(shape)}, expected an array of sizes`);
}

/** A copy of a caller's shape, so that what becomes of theirs changes no tensor. Its sizes are yet to be checked. */
export function ownShape(op: string, shape: Shape): Shape {
  checkArray(op, shape);
  return shape.slice();
}

/** Throws unless an attribute is an axis of the shape as ops have them: a whole number from 0. */
export function checkCountedAxis(op: string, shape: Shape, axis: number): void {
  if (!(Number.isInteger(axis) && axis >= 0 && axis < shape.length))
    throw new RangeError(`${op}: axis ${axis} is out of range for shape ${formatShape(shape)}`);
}

/** An axis counted from the end when negative; throws RangeError when the shape has no such axis. */
export function checkAxis(op: string, shape: Shape, axis: number): number {
  const at = axis < 0 ? axis + shape.length : axis;
  if (!(Number.isInteger(at) && at >= 0 && at < shape.length))
    throw new RangeError(`${op}: axis ${axis} is out of range for shape ${formatShape(shape)}`);
  return at;
}
