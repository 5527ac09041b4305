// One of two values, element by element.
import { lastLanes, lastVector, storeLanes } from "../lanes";

const enum Op {
  where,
  clipGrad,
  leakyReluGrad,
}

@inline
function choose(op: i32, c: v128, a: v128, b: v128, low: v128, high: v128): v128 {
  if (op == Op.where) return v128.bitselect(a, b, f32x4.ne(c, f32x4.splat(0)));
  if (op == Op.clipGrad) return v128.and(a, v128.and(f32x4.ge(c, low), f32x4.le(c, high)));
  return v128.bitselect(a, f32x4.mul(a, low), f32x4.gt(c, f32x4.splat(0)));
}

@inline
function map(op: i32, c: usize, a: usize, b: usize, y: usize, n: i32, low: f32, high: f32): void {
  if (n <= 0) return;
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const value = choose(op, v128.load(c + i), v128.load(a + i), v128.load(b + i), l, h);
    if (i == last) return storeLanes(y + i, value, lastLanes(n));
    v128.store(y + i, value);
  }
}

/** y = a where c is not 0 (NaN is not), else b. */
export function where(c: usize, a: usize, b: usize, y: usize, n: i32): void {
  map(Op.where, c, a, b, y, n, 0, 0);
}

/** y = x, at least low and at most high; NaN stays NaN. */
export function clip(x: usize, y: usize, n: i32, low: f32, high: f32): void {
  if (n <= 0) return;
  const l = f32x4.splat(low);
  const h = f32x4.splat(high);
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const value = f32x4.pmin(f32x4.pmax(v128.load(x + i), l), h);
    if (i == last) return storeLanes(y + i, value, lastLanes(n));
    v128.store(y + i, value);
  }
}

/** gx = gy where low <= x <= high, else 0. */
export function clipGrad(x: usize, gy: usize, gx: usize, n: i32, low: f32, high: f32): void {
  map(Op.clipGrad, x, gy, gy, gx, n, low, high);
}

/** gx = gy where x > 0, else slope gy: with gy = x the function itself. */
export function leakyReluGrad(x: usize, gy: usize, gx: usize, n: i32, slope: f32): void {
  map(Op.leakyReluGrad, x, gy, gy, gx, n, slope, 0);
}
