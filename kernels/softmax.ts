// Rows turned into probabilities, log-probabilities or losses. The pass that takes a row's exponentials also finds the
// next row's maximum and finishes the row before: work that waits on nothing fills the gaps of an exponential.
import { firstLanes, lastLanes, lastVector, storeLanes, sumAcross } from "./lanes";
import { dot } from "./reduce";
import { exp4, logNormal4 } from "./transcendental";

export const enum Rows {
  softmax,
  logSoftmax,
  crossEntropy,
  crossEntropyGrad,
}

// prettier-ignore
const table = memory.data<f32>([
  -88, -88, -88, -88, // from here down the exponent field is 0, and so is the result
  1.44269504, 1.44269504, 1.44269504, 1.44269504, // 1 / ln 2
  12583039, 12583039, 12583039, 12583039, // 1.5 * 2^23 rounds to an integer, + 127 is the exponent bias
  0.693147182, 0.693147182, 0.693147182, 0.693147182, // ln 2
  1, 1, 1, 1, // e^r = 1 + r + c2 r^2 + ... + c5 r^5
  0.499992311, 0.499992311, 0.499992311, 0.499992311, // c2
  0.166671157, 0.166671157, 0.166671157, 0.166671157, // c3
  0.0418903306, 0.0418903306, 0.0418903306, 0.0418903306, // c4
  0.00831250101, 0.00831250101, 0.00831250101, 0.00831250101, // c5
], 16);

/** Largest lane, in every lane, of four numbers that are not NaN. */
@inline
function across(v: v128): v128 {
  const pairs = f32x4.pmax(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return f32x4.pmax(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2));
}

/** Largest element of a row, in every lane; NaN is passed over and left to the exponential. */
function rowMax(x: usize, cols: i32): v128 {
  const lowest = f32x4.splat(-Infinity);
  const last = lastVector(cols);
  let max = lowest;
  for (let i: usize = 0; i < last; i += 16) max = f32x4.pmax(max, v128.load(x + i));
  const rest = v128.bitselect(v128.load(x + last), lowest, firstLanes(lastLanes(cols)));
  return across(f32x4.pmax(max, rest));
}

/** One vector of a finished row, from its input and from the exponentials that lie in its place. */
@inline
function finish(op: i32, x: usize, y: usize, max: v128, factor: v128): v128 {
  if (op == Rows.logSoftmax) return f32x4.sub(f32x4.sub(v128.load(x), max), factor);
  return f32x4.mul(v128.load(y), factor);
}

/**
 * All rows of `op`. The exponential of d = x - max <= 0 has an error of 0.9 ULP and |d| 2^-24: its argument is reduced
 * in one step, which costs no more than the rounding of d itself.
 */
@inline
export function eachRow(op: i32, x: usize, labels: usize, gy: usize, y: usize, rows: i32, cols: i32): void {
  if (rows <= 0 || cols <= 0) return;
  const writes = op != Rows.crossEntropy;
  const keeps = op == Rows.softmax || op == Rows.crossEntropyGrad;
  const lowest = v128.load(table);
  const perLn2 = v128.load(table, 16);
  const shift = v128.load(table, 32);
  const ln2 = v128.load(table, 48);
  const one = v128.load(table, 64);
  const c2 = v128.load(table, 80);
  const c3 = v128.load(table, 96);
  const c4 = v128.load(table, 112);
  const c5 = v128.load(table, 128);
  const step = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  const mask = firstLanes(lanes);

  let max = rowMax(x, cols);
  // before the first row there is none to finish: finishing it by these changes nothing
  let xDone = x;
  let yDone = y;
  let maxDone = f32x4.splat(0);
  let factor = op == Rows.logSoftmax ? f32x4.splat(0) : one;
  for (;;) {
    rows--;
    const next = rows ? x + step : x;
    let maxNext = f32x4.splat(-Infinity);
    let total = f32x4.splat(0);
    for (let i: usize = 0; ; i += 16) {
      const d = f32x4.pmax(f32x4.sub(v128.load(x + i), max), lowest);
      const shifted = f32x4.add(f32x4.mul(d, perLn2), shift);
      const r = f32x4.sub(d, f32x4.mul(f32x4.sub(shifted, shift), ln2));
      const square = f32x4.mul(r, r);
      const high = f32x4.add(f32x4.mul(c5, r), c4);
      const low = f32x4.add(f32x4.mul(c3, r), c2);
      const tail = f32x4.add(f32x4.mul(f32x4.add(f32x4.mul(high, square), low), square), r);
      const e = f32x4.mul(f32x4.add(tail, one), i32x4.shl(shifted, 23));
      const candidate = v128.load(next + i);
      const done = writes ? finish(op, xDone + i, yDone + i, maxDone, factor) : e;
      if (i == last) {
        total = f32x4.add(total, v128.and(e, mask));
        maxNext = f32x4.pmax(maxNext, v128.bitselect(candidate, f32x4.splat(-Infinity), mask));
        if (writes) storeLanes(yDone + i, done, lanes);
        if (keeps) storeLanes(y + i, e, lanes);
        break;
      }
      total = f32x4.add(total, e);
      maxNext = f32x4.pmax(maxNext, candidate);
      if (writes) v128.store(yDone + i, done);
      if (keeps) v128.store(y + i, e);
    }
    const sum = sumAcross(total);
    if (op == Rows.crossEntropy) {
      const own = v128.load32_splat(x + ((<usize>load<i32>(labels)) << 2));
      v128.store32_lane(y, f32x4.add(f32x4.sub(max, own), logNormal4(sum)), 0);
      labels += 4;
      y += 4;
    } else {
      if (op == Rows.logSoftmax) factor = logNormal4(sum);
      else if (op == Rows.softmax) factor = f32x4.div(one, sum);
      else {
        factor = f32x4.div(v128.load32_splat(gy), sum);
        // what the label takes away comes before the factor, as a share of it
        const own = y + ((<usize>load<i32>(labels)) << 2);
        store<f32>(own, load<f32>(own) - f32x4.extract_lane(sum, 0));
        labels += 4;
        gy += 4;
      }
      xDone = x;
      yDone = y;
      maxDone = max;
      y += step;
    }
    if (!rows) break;
    max = across(maxNext);
    x = next;
  }
  if (writes)
    for (let i: usize = 0; ; i += 16) {
      const done = finish(op, xDone + i, yDone + i, maxDone, factor);
      if (i == last) return storeLanes(yDone + i, done, lanes);
      v128.store(yDone + i, done);
    }
}

/** y[rows, cols] = exp(x) / sum of exp(x) over the row. */
export function softmax(x: usize, y: usize, rows: i32, cols: i32): void {
  eachRow(Rows.softmax, x, 0, 0, y, rows, cols);
}

/** y[rows, cols] = x - log(sum of exp(x) over the row). */
export function logSoftmax(x: usize, y: usize, rows: i32, cols: i32): void {
  eachRow(Rows.logSoftmax, x, 0, 0, y, rows, cols);
}

@inline
function softmaxGradRow(y: usize, gy: usize, gx: usize, cols: i32): void {
  const mean = f32x4.splat(dot(y, gy, cols));
  const last = lastVector(cols);
  for (let i: usize = 0; ; i += 16) {
    const v = f32x4.mul(v128.load(y + i), f32x4.sub(v128.load(gy + i), mean));
    if (i == last) return storeLanes(gx + i, v, lastLanes(cols));
    v128.store(gx + i, v);
  }
}

/** gx = y (gy - sum of y gy over the row). */
export function softmaxGrad(y: usize, gy: usize, gx: usize, rows: i32, cols: i32): void {
  if (cols <= 0) return;
  const step = (<usize>cols) << 2;
  for (let r = 0; r < rows; r++, y += step, gy += step, gx += step) softmaxGradRow(y, gy, gx, cols);
}

@inline
function logSoftmaxGradRow(y: usize, gy: usize, gx: usize, cols: i32): void {
  const last = lastVector(cols);
  let s = v128.and(v128.load(gy + last), firstLanes(lastLanes(cols)));
  for (let i: usize = 0; i < last; i += 16) s = f32x4.add(s, v128.load(gy + i));
  const total = sumAcross(s);
  for (let i: usize = 0; ; i += 16) {
    const v = f32x4.sub(v128.load(gy + i), f32x4.mul(exp4(v128.load(y + i)), total));
    if (i == last) return storeLanes(gx + i, v, lastLanes(cols));
    v128.store(gx + i, v);
  }
}

/** gx = gy - exp(y) (sum of gy over the row). */
export function logSoftmaxGrad(y: usize, gy: usize, gx: usize, rows: i32, cols: i32): void {
  if (cols <= 0) return;
  const step = (<usize>cols) << 2;
  for (let r = 0; r < rows; r++, y += step, gy += step, gx += step) logSoftmaxGradRow(y, gy, gx, cols);
}
