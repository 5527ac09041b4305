// Matrix product tiles by dot products: for two operands that both run along k in memory, lanes are 4 consecutive
// values of k and nothing has to be packed. 2 rows by 4 columns are 8 sums.
import { fma } from "./fma";
import { firstLanes, storeLanes } from "./lanes";

/** The four horizontal sums of four vectors. */
@inline
export function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * y[rows, columns] = act(x . w^T + b, + y) for 1 or 2 rows and 1 to 4 columns, rows known where it is called.
 * Row i of x starts at xi, row j of w at w + min(j, columns - 1) * ws; k elements each. b = 0: no bias.
 */
@inline
export function dot(
  rows: i32,
  x0: usize,
  x1: usize,
  w: usize,
  ws: usize,
  k: i32,
  b: usize,
  y0: usize,
  y1: usize,
  columns: i32,
  accumulate: i32,
  relu: i32,
): void {
  const zero = f32x4.splat(0);
  let c0 = zero;
  let c1 = zero;
  let c2 = zero;
  let c3 = zero;
  let d0 = zero;
  let d1 = zero;
  let d2 = zero;
  let d3 = zero;
  let w0 = w;
  let w1 = columns > 1 ? w0 + ws : w0;
  let w2 = columns > 2 ? w1 + ws : w1;
  let w3 = columns > 3 ? w2 + ws : w2;
  // two steps per trip, each ending in an exit, as in `outer`
  let steps = k >> 2;
  while (steps) {
    {
      const s = v128.load(x0);
      const t = rows > 1 ? v128.load(x1) : zero;
      const b0 = v128.load(w0);
      const b1 = v128.load(w1);
      const b2 = v128.load(w2);
      const b3 = v128.load(w3);
      c0 = fma(s, b0, c0);
      c1 = fma(s, b1, c1);
      c2 = fma(s, b2, c2);
      c3 = fma(s, b3, c3);
      if (rows > 1) d0 = fma(t, b0, d0);
      if (rows > 1) d1 = fma(t, b1, d1);
      if (rows > 1) d2 = fma(t, b2, d2);
      if (rows > 1) d3 = fma(t, b3, d3);
    }
    if (--steps == 0) {
      x0 += 16;
      x1 += 16;
      w0 += 16;
      w1 += 16;
      w2 += 16;
      w3 += 16;
      break;
    }
    {
      const s = v128.load(x0, 16);
      const t = rows > 1 ? v128.load(x1, 16) : zero;
      const b0 = v128.load(w0, 16);
      const b1 = v128.load(w1, 16);
      const b2 = v128.load(w2, 16);
      const b3 = v128.load(w3, 16);
      c0 = fma(s, b0, c0);
      c1 = fma(s, b1, c1);
      c2 = fma(s, b2, c2);
      c3 = fma(s, b3, c3);
      if (rows > 1) d0 = fma(t, b0, d0);
      if (rows > 1) d1 = fma(t, b1, d1);
      if (rows > 1) d2 = fma(t, b2, d2);
      if (rows > 1) d3 = fma(t, b3, d3);
      x0 += 32;
      x1 += 32;
      w0 += 32;
      w1 += 32;
      w2 += 32;
      w3 += 32;
      --steps;
    }
  }
  // the last k % 4 values: what lies behind them must not count, not even as NaN * 0, so both sides are masked
  if (k & 3) {
    const keep = firstLanes(k & 3);
    const s = v128.and(v128.load(x0), keep);
    const t = rows > 1 ? v128.and(v128.load(x1), keep) : zero;
    const b0 = v128.and(v128.load(w0), keep);
    const b1 = v128.and(v128.load(w1), keep);
    const b2 = v128.and(v128.load(w2), keep);
    const b3 = v128.and(v128.load(w3), keep);
    c0 = fma(s, b0, c0);
    c1 = fma(s, b1, c1);
    c2 = fma(s, b2, c2);
    c3 = fma(s, b3, c3);
    if (rows > 1) d0 = fma(t, b0, d0);
    if (rows > 1) d1 = fma(t, b1, d1);
    if (rows > 1) d2 = fma(t, b2, d2);
    if (rows > 1) d3 = fma(t, b3, d3);
  }
  const bias = b ? v128.load(b) : zero;
  finish(y0, f32x4.add(sumLanes(c0, c1, c2, c3), bias), columns, accumulate, relu);
  if (rows > 1) finish(y1, f32x4.add(sumLanes(d0, d1, d2, d3), bias), columns, accumulate, relu);
}

/** Stores the first `columns` sums of a row, added to what was there if so wished. */
@inline
export function finish(y: usize, sums: v128, columns: i32, accumulate: i32, relu: i32): void {
  if (accumulate) sums = f32x4.add(sums, v128.load(y));
  // this order of operands keeps NaN
  if (relu) sums = f32x4.pmax(sums, f32x4.splat(0));
  storeLanes(y, sums, columns);
}
