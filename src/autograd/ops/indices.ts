// Labels, row numbers and words pick memory by number: they are looked at before anything is read or written by them.
import { engine } from "../../runtime/engine.ts";
import { wordAt } from "../../runtime/memory.ts";
import { formatShape, type Shape } from "../shape.ts";
import { type Tensor, tensor } from "../tensor.ts";

/** Throws a RangeError that names the first of `indices` (i32) that is not from 0 to limit - 1. */
export function checkIndices(op: string, what: string, indices: Tensor, limit: number, remedy = ""): void {
  if (indices.dtype !== "i32") throw new TypeError(`${op}: ${what}s, got ${indices}, expected i32`);
  const { kernels, memory } = engine();
  const at = kernels.outside(indices.ptr, indices.size, Math.max(0, limit));
  if (at < 0) return;
  const got = memory.i32[wordAt(indices.ptr) + at]!;
  const expected = limit > 0 ? `0 to ${limit - 1}` : "none, for there is nothing to pick from";
  throw new RangeError(`${op}: ${what} ${at}, got ${got}, expected ${expected}${remedy}`);
}

/** Throws unless every label is a class. */
export function checkLabels(op: string, labels: Tensor, classes: number): void {
  checkIndices(op, "label of row", labels, classes, "; ignoreIndex leaves rows out");
}

/** Checks [rows, classes] against i32 labels [rows] and gives the shape of one value per row. */
export function perRow(op: string, x: Tensor, labels: Tensor): Shape {
  if (x.shape.length !== 2 || labels.dtype !== "i32" || labels.size !== x.shape[0])
    throw new RangeError(
      `${op}: [rows,classes] and i32 labels [rows] expected, got ${formatShape(x.shape)} and ${labels.dtype}${formatShape(labels.shape)}`,
    );
  return [x.shape[0]!];
}

/** The rows of labels (i32) that are not `ignored`, as i32 [count], and their labels; null if that is all of them. */
export function counted(labels: Tensor, ignored: number | undefined): { rows: Tensor; labels: Tensor } | null {
  if (ignored === undefined) return null;
  const all = labels.toArray();
  const rows: number[] = [];
  for (let row = 0; row < all.length; row++) if (all[row] !== ignored) rows.push(row);
  if (rows.length === all.length) return null;
  const i32 = (values: number[]): Tensor<"i32"> => tensor(values, [values.length], "i32");
  return { rows: i32(rows), labels: i32(rows.map((row) => all[row]!)) };
}
