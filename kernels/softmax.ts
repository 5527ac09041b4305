// Rows turned into probabilities or log-probabilities, and the way back.
import { firstLanes, loadLanes, maxAcross, storeLanes, sumAcross } from "./lanes";
import { dot } from "./reduce";
import { exp4, log4 } from "./transcendental";

/** Largest element of the row, in every lane; NaN is left to the exponential that follows. */
@inline
export function rowMax(x: usize, cols: i32): v128 {
  const lowest = f32x4.splat(-Infinity);
  let m0 = lowest,
    m1 = lowest;
  for (; cols >= 8; cols -= 8, x += 32) {
    m0 = f32x4.pmax(m0, v128.load(x));
    m1 = f32x4.pmax(m1, v128.load(x, 16));
  }
  if (cols >= 4) {
    m0 = f32x4.pmax(m0, v128.load(x));
    x += 16;
    cols -= 4;
  }
  if (cols) m1 = f32x4.pmax(m1, loadLanes(x, cols, lowest));
  return maxAcross(f32x4.pmax(m0, m1));
}

/** y = exp(x - max) when `write`; returns the sum over the row, in every lane. */
@inline
export function expRow(x: usize, y: usize, cols: i32, max: v128, write: bool): v128 {
  let s = f32x4.splat(0);
  const bytes = (<usize>cols) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    let e = exp4(f32x4.sub(v128.load(x + i), max));
    if (i + 16 > bytes) {
      e = v128.and(e, firstLanes(cols & 3));
      s = f32x4.add(s, e);
      if (write) storeLanes(y + i, e, cols & 3);
      break;
    }
    s = f32x4.add(s, e);
    if (write) v128.store(y + i, e);
  }
  return sumAcross(s);
}

@inline
export function scaleRow(y: usize, cols: i32, factor: v128): void {
  const bytes = (<usize>cols) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const v = f32x4.mul(v128.load(y + i), factor);
    if (i + 16 > bytes) {
      storeLanes(y + i, v, cols & 3);
      return;
    }
    v128.store(y + i, v);
  }
}

/** y[rows, cols] = exp(x) / sum of exp(x) over the row. */
export function softmax(x: usize, y: usize, rows: i32, cols: i32): void {
  const step = (<usize>cols) << 2;
  for (let i = 0; i < rows; i++, x += step, y += step) {
    const total = expRow(x, y, cols, rowMax(x, cols), true);
    scaleRow(y, cols, f32x4.div(f32x4.splat(1), total));
  }
}

/** y[rows, cols] = x - log(sum of exp(x) over the row). */
export function logSoftmax(x: usize, y: usize, rows: i32, cols: i32): void {
  const bytes = (<usize>cols) << 2;
  for (let r = 0; r < rows; r++, x += bytes, y += bytes) {
    const max = rowMax(x, cols);
    const rest = log4(expRow(x, y, cols, max, false));
    for (let i: usize = 0; i < bytes; i += 16) {
      const v = f32x4.sub(f32x4.sub(v128.load(x + i), max), rest);
      if (i + 16 > bytes) storeLanes(y + i, v, cols & 3);
      else v128.store(y + i, v);
    }
  }
}

/** gx = y (gy - sum of y gy over the row). */
export function softmaxGrad(y: usize, gy: usize, gx: usize, rows: i32, cols: i32): void {
  const bytes = (<usize>cols) << 2;
  for (let r = 0; r < rows; r++, y += bytes, gy += bytes, gx += bytes) {
    const mean = f32x4.splat(dot(y, gy, cols));
    for (let i: usize = 0; i < bytes; i += 16) {
      const v = f32x4.mul(v128.load(y + i), f32x4.sub(v128.load(gy + i), mean));
      if (i + 16 > bytes) storeLanes(gx + i, v, cols & 3);
      else v128.store(gx + i, v);
    }
  }
}

/** gx = gy - exp(y) (sum of gy over the row). */
export function logSoftmaxGrad(y: usize, gy: usize, gx: usize, rows: i32, cols: i32): void {
  const bytes = (<usize>cols) << 2;
  for (let r = 0; r < rows; r++, y += bytes, gy += bytes, gx += bytes) {
    let s = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      let g = v128.load(gy + i);
      if (i + 16 > bytes) g = v128.and(g, firstLanes(cols & 3));
      s = f32x4.add(s, g);
    }
    const total = sumAcross(s);
    for (let i: usize = 0; i < bytes; i += 16) {
      const v = f32x4.sub(v128.load(gy + i), f32x4.mul(exp4(v128.load(y + i)), total));
      if (i + 16 > bytes) storeLanes(gx + i, v, cols & 3);
      else v128.store(gx + i, v);
    }
  }
}
