// Binary operations over two dimensions with broadcasting: one driver, specialised per operation at compile time.
// aRow, aCol, bRow, bCol are element strides, the column's 0 or 1; 0 broadcasts. y is contiguous and may be a or b.
import { lastLanes, lastVector, storeLanes } from "./lanes";

const enum Op {
  add,
  sub,
  mul,
  div,
  maximum,
  minimum,
}

@inline
function apply(op: i32, a: v128, b: v128): v128 {
  if (op == Op.add) return f32x4.add(a, b);
  if (op == Op.sub) return f32x4.sub(a, b);
  if (op == Op.mul) return f32x4.mul(a, b);
  if (op == Op.div) return f32x4.div(a, b);
  if (op == Op.maximum) return f32x4.max(a, b);
  return f32x4.min(a, b);
}

/** One row; the two column strides are compile-time constants 0 or 1, so each pair becomes a loop of its own. */
@inline
function row(op: i32, a: usize, b: usize, y: usize, n: i32, aCol: i32, bCol: i32): void {
  const last = lastVector(n);
  let left = v128.load32_splat(a);
  let right = v128.load32_splat(b);
  for (let i: usize = 0; ; i += 16) {
    if (aCol) left = v128.load(a + i);
    if (bCol) right = v128.load(b + i);
    const value = apply(op, left, right);
    if (i == last) return storeLanes(y + i, value, lastLanes(n));
    v128.store(y + i, value);
  }
}

@inline
function binary(
  op: i32,
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  cols: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
): void {
  if (cols <= 0) return;
  for (let r = 0; r < rows; r++) {
    if (aCol) {
      if (bCol) row(op, a, b, y, cols, 1, 1);
      else row(op, a, b, y, cols, 1, 0);
    } else if (bCol) row(op, a, b, y, cols, 0, 1);
    else row(op, a, b, y, cols, 0, 0);
    a += (<usize>aRow) << 2;
    b += (<usize>bRow) << 2;
    y += (<usize>cols) << 2;
  }
}

/** y[rows, cols] = a + b. */
export function add(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  cols: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
): void {
  binary(Op.add, a, b, y, rows, cols, aRow, aCol, bRow, bCol);
}

/** y[rows, cols] = a - b. */
export function sub(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  cols: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
): void {
  binary(Op.sub, a, b, y, rows, cols, aRow, aCol, bRow, bCol);
}

/** y[rows, cols] = a * b. */
export function mul(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  cols: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
): void {
  binary(Op.mul, a, b, y, rows, cols, aRow, aCol, bRow, bCol);
}

/** y[rows, cols] = a / b. */
export function div(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  cols: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
): void {
  binary(Op.div, a, b, y, rows, cols, aRow, aCol, bRow, bCol);
}

/** y[rows, cols] = the larger of a and b; NaN if one is NaN. */
export function maximum(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  cols: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
): void {
  binary(Op.maximum, a, b, y, rows, cols, aRow, aCol, bRow, bCol);
}

/** y[rows, cols] = the smaller of a and b; NaN if one is NaN. */
export function minimum(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  cols: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
): void {
  binary(Op.minimum, a, b, y, rows, cols, aRow, aCol, bRow, bCol);
}

