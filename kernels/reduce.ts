// Sums, maxima and their positions. The order of summation depends on the sizes alone: short sums run straight through,
// long ones by blocks that are added in pairs (see pairwise.ts), so that errors grow with the logarithm of the length.
import { firstLanes, larger, maxAcross, storeLanes, sumAcross } from "./lanes";
import { blockRows, fresh, longest, settle, total } from "./pairwise";

const enum Op {
  sum,
  dot,
  max,
}

@inline
function term(op: i32, x: usize, w: usize): v128 {
  return op == Op.dot ? f32x4.mul(v128.load(x), v128.load(w)) : v128.load(x);
}

@inline
function combine(op: i32, a: v128, b: v128): v128 {
  return op == Op.max ? larger(a, b) : f32x4.add(a, b);
}

@inline
function identity(op: i32): v128 {
  return f32x4.splat(op == Op.max ? -Infinity : 0);
}

/** Folds n contiguous elements (for `dot` with n of w) by four accumulators of four lanes. */
@inline
function fold(op: i32, x: usize, w: usize, n: i32): f32 {
  let s0 = identity(op),
    s1 = s0,
    s2 = s0,
    s3 = s0;
  for (; n >= 16; n -= 16, x += 64, w += 64) {
    s0 = combine(op, s0, term(op, x, w));
    s1 = combine(op, s1, term(op, x + 16, w + 16));
    s2 = combine(op, s2, term(op, x + 32, w + 32));
    s3 = combine(op, s3, term(op, x + 48, w + 48));
  }
  for (; n >= 4; n -= 4, x += 16, w += 16) s0 = combine(op, s0, term(op, x, w));
  if (n) s1 = combine(op, s1, v128.bitselect(term(op, x, w), identity(op), firstLanes(n)));
  const all = combine(op, combine(op, s0, s1), combine(op, s2, s3));
  return f32x4.extract_lane(op == Op.max ? maxAcross(all) : sumAcross(all), 0);
}

/** Sum of n contiguous elements, times those of w unless it is 0, by blocks of what a short sum takes at once. */
function longSum(x: usize, w: usize, n: i32): f32 {
  let blocks = 0;
  for (; n > 0; n -= longest, x += longest << 2, blocks++) {
    const run = min(n, longest);
    const sum = w ? dot(x, w, run) : sumOf(x, run);
    if (w) w += longest << 2;
    v128.store(fresh, f32x4.splat(sum));
    settle(blocks);
  }
  total(blocks);
  return load<f32>(fresh);
}

/** Sum of n contiguous elements. */
export function sumOf(x: usize, n: i32): f32 {
  return n > longest << 4 ? longSum(x, 0, n) : fold(Op.sum, x, x, n);
}

/** Folds over n rows, column by column: 16 columns at a time, then four. */
@inline
function foldColumns(op: i32, x: usize, y: usize, n: i32, inner: i32): void {
  const step = (<usize>inner) << 2;
  for (; inner >= 16; inner -= 16, x += 64, y += 64) {
    let s0 = identity(op),
      s1 = s0,
      s2 = s0,
      s3 = s0;
    let from = x;
    for (let k = 0; k < n; k++, from += step) {
      s0 = combine(op, s0, v128.load(from));
      s1 = combine(op, s1, v128.load(from, 16));
      s2 = combine(op, s2, v128.load(from, 32));
      s3 = combine(op, s3, v128.load(from, 48));
    }
    v128.store(y, s0);
    v128.store(y, s1, 16);
    v128.store(y, s2, 32);
    v128.store(y, s3, 48);
  }
  for (; inner > 0; inner -= 4, x += 16, y += 16) {
    let s = identity(op);
    let from = x;
    for (let k = 0; k < n; k++, from += step) s = combine(op, s, v128.load(from));
    if (inner < 4) {
      storeLanes(y, s, inner);
      return;
    }
    v128.store(y, s);
  }
}

/** Sums more than `longest` rows, column by column: `foldColumns` by blocks of rows. */
function sumColumns(x: usize, y: usize, n: i32, inner: i32): void {
  const step = (<usize>inner) << 2;
  const zero = f32x4.splat(0);
  while (inner > 0) {
    const wide = inner >= 16;
    let from = x;
    let blocks = 0;
    for (let k = 0; k < n; blocks++) {
      const end = min(n, k + blockRows);
      let s0 = zero,
        s1 = zero,
        s2 = zero,
        s3 = zero;
      if (wide)
        for (; k < end; k++, from += step) {
          s0 = f32x4.add(s0, v128.load(from));
          s1 = f32x4.add(s1, v128.load(from, 16));
          s2 = f32x4.add(s2, v128.load(from, 32));
          s3 = f32x4.add(s3, v128.load(from, 48));
        }
      else for (; k < end; k++, from += step) s0 = f32x4.add(s0, v128.load(from));
      v128.store(fresh, s0);
      v128.store(fresh, s1, 16);
      v128.store(fresh, s2, 32);
      v128.store(fresh, s3, 48);
      settle(blocks);
    }
    total(blocks);
    if (wide) memory.copy(y, fresh, 64);
    else storeLanes(y, v128.load(fresh), min(inner, 4));
    const columns = wide ? 16 : 4;
    inner -= columns;
    x += <usize>columns << 2;
    y += <usize>columns << 2;
  }
}

@inline
function reduce(op: i32, x: usize, y: usize, outer: i32, n: i32, inner: i32): void {
  const block = (<usize>(n * inner)) << 2;
  for (let i = 0; i < outer; i++, x += block, y += (<usize>inner) << 2) {
    if (inner == 1) store<f32>(y, op == Op.sum ? sumOf(x, n) : fold(op, x, x, n));
    else if (op == Op.sum && n > longest) sumColumns(x, y, n, inner);
    else foldColumns(op, x, y, n, inner);
  }
}

/** y[outer, inner] = sum over the middle of x[outer, n, inner]. */
export function sum(x: usize, y: usize, outer: i32, n: i32, inner: i32): void {
  reduce(Op.sum, x, y, outer, n, inner);
}

/** y[outer, inner] = largest over the middle of x[outer, n, inner]; NaN if one is NaN, -inf if n is 0. */
export function max(x: usize, y: usize, outer: i32, n: i32, inner: i32): void {
  reduce(Op.max, x, y, outer, n, inner);
}

/** Sum of x_i w_i. */
export function dot(x: usize, w: usize, n: i32): f32 {
  return n > longest << 4 ? longSum(x, w, n) : fold(Op.dot, x, w, n);
}

/** Position of the first maximum of n elements `step` bytes apart; the first NaN counts as the maximum. */
@inline
function position(x: usize, n: i32, step: usize): i32 {
  let best = 0;
  let largest = load<f32>(x);
  for (let k = 1; k < n; k++) {
    x += step;
    const value = load<f32>(x);
    // false for NaN on either side: a NaN beats a number, nothing beats a NaN
    if (!(value <= largest) && largest == largest) {
      largest = value;
      best = k;
    }
  }
  return best;
}

/** y[outer, inner] (i32) = position of the first maximum over the middle of x[outer, n, inner]; NaN is the maximum. */
export function argmax(x: usize, y: usize, outer: i32, n: i32, inner: i32): void {
  const step = (<usize>inner) << 2;
  for (let i = 0; i < outer; i++, x += <usize>n * step)
    for (let j = 0; j < inner; j++, y += 4) store<i32>(y, position(x + ((<usize>j) << 2), n, step));
}

/** How many rows of x[rows, cols] have their first maximum at their label (i32). */
export function countCorrect(x: usize, labels: usize, rows: i32, cols: i32): i32 {
  let correct = 0;
  for (let i = 0; i < rows; i++, x += (<usize>cols) << 2, labels += 4)
    if (position(x, cols, 4) == load<i32>(labels)) correct++;
  return correct;
}
