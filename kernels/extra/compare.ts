// Two operands with broadcasting, as in kernels/elementwise.ts: strides of rows and columns, 0 or 1 along columns.
import { lastLanes, lastVector, storeLanes } from "../lanes";

/** 1 where `kind` holds of a and b, else 0; with NaN nothing holds. */
@inline
function holds(kind: i32, a: v128, b: v128): v128 {
  const mask = kind == 0 ? f32x4.lt(a, b) : kind == 1 ? f32x4.le(a, b) : f32x4.eq(a, b);
  return v128.and(mask, f32x4.splat(1));
}

/** y[rows, cols] = 1 where a < b (kind 0), a <= b (1) or a = b (2), else 0. */
export function compare(
  a: usize,
  b: usize,
  y: usize,
  rows: i32,
  cols: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
  kind: i32,
): void {
  if (cols <= 0) return;
  const last = lastVector(cols);
  for (; rows > 0; rows--, a += (<usize>aRow) << 2, b += (<usize>bRow) << 2, y += (<usize>cols) << 2) {
    let left = v128.load32_splat(a);
    let right = v128.load32_splat(b);
    for (let i: usize = 0; ; i += 16) {
      if (aCol) left = v128.load(a + i);
      if (bCol) right = v128.load(b + i);
      const value = holds(kind, left, right);
      if (i == last) {
        storeLanes(y + i, value, lastLanes(cols));
        break;
      }
      v128.store(y + i, value);
    }
  }
}

/** y[rows, cols] = a^b, within 0.6 ULP; special cases as in JavaScript, where 1 to an infinite power is NaN. */
export function pow(
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
  for (; rows > 0; rows--, a += (<usize>aRow) << 2, b += (<usize>bRow) << 2)
    for (let i: usize = 0; i < <usize>cols; i++, y += 4)
      store<f32>(y, Mathf.pow(load<f32>(a + ((i * <usize>aCol) << 2)), load<f32>(b + ((i * <usize>bCol) << 2))));
}
