// One input, one output, element by element; and the gradients that need only saved values.
import { lastLanes, lastVector, storeLanes } from "./lanes";
import { expNormal4, log4, logSigmoid4, sigmoid4, tanh4 } from "./transcendental";

const enum Op {
  relu,
  neg,
  exp,
  log,
  sqrt,
  square,
  abs,
  sigmoid,
  tanh,
  reciprocal,
  logSigmoid,
  reluGrad,
  sigmoidGrad,
  tanhGrad,
  logSigmoidGrad,
}

@inline
function apply(op: i32, x: v128): v128 {
  // operand order: NaN < 0 is false, so NaN comes through
  if (op == Op.relu) return f32x4.pmax(x, i32x4.splat(0));
  if (op == Op.neg) return f32x4.neg(x);
  if (op == Op.exp) return expNormal4(x);
  if (op == Op.log) return log4(x);
  if (op == Op.sqrt) return f32x4.sqrt(x);
  if (op == Op.square) return f32x4.mul(x, x);
  if (op == Op.abs) return f32x4.abs(x);
  if (op == Op.sigmoid) return sigmoid4(x);
  if (op == Op.tanh) return tanh4(x);
  if (op == Op.reciprocal) return f32x4.div(f32x4.splat(1), x);
  return logSigmoid4(x);
}

@inline
function map(op: i32, x: usize, y: usize, n: i32): void {
  if (n <= 0) return;
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const value = apply(op, v128.load(x + i));
    if (i == last) return storeLanes(y + i, value, lastLanes(n));
    v128.store(y + i, value);
  }
}

/** What the saved value (the output, or for logSigmoid the input) makes of the gradient. */
@inline
function back(op: i32, saved: v128, g: v128): v128 {
  if (op == Op.reluGrad) return v128.and(g, f32x4.gt(saved, i32x4.splat(0)));
  if (op == Op.logSigmoidGrad) return f32x4.mul(g, sigmoid4(f32x4.neg(saved)));
  const one = f32x4.splat(1);
  if (op == Op.sigmoidGrad) return f32x4.mul(g, f32x4.mul(saved, f32x4.sub(one, saved)));
  return f32x4.mul(g, f32x4.sub(one, f32x4.mul(saved, saved)));
}

@inline
function mapBack(op: i32, saved: usize, gy: usize, gx: usize, n: i32): void {
  if (n <= 0) return;
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const value = back(op, v128.load(saved + i), v128.load(gy + i));
    if (i == last) return storeLanes(gx + i, value, lastLanes(n));
    v128.store(gx + i, value);
  }
}

/** y = x where x > 0, else 0; NaN stays NaN. */
export function relu(x: usize, y: usize, n: i32): void {
  map(Op.relu, x, y, n);
}

/** y = -x. */
export function neg(x: usize, y: usize, n: i32): void {
  map(Op.neg, x, y, n);
}

/** y = e^x; results below the smallest normal number, 2^-126, are 0. */
export function exp(x: usize, y: usize, n: i32): void {
  map(Op.exp, x, y, n);
}

/** y = log x; -inf at 0, NaN below. */
export function log(x: usize, y: usize, n: i32): void {
  map(Op.log, x, y, n);
}

/** y = sqrt x; NaN below 0. */
export function sqrt(x: usize, y: usize, n: i32): void {
  map(Op.sqrt, x, y, n);
}

/** y = x^2. */
export function square(x: usize, y: usize, n: i32): void {
  map(Op.square, x, y, n);
}

/** y = |x|. */
export function abs(x: usize, y: usize, n: i32): void {
  map(Op.abs, x, y, n);
}

/** y = 1 / (1 + e^-x); results below 2^-125.5 are 0. */
export function sigmoid(x: usize, y: usize, n: i32): void {
  map(Op.sigmoid, x, y, n);
}

/** y = tanh x. */
export function tanh(x: usize, y: usize, n: i32): void {
  map(Op.tanh, x, y, n);
}

/** y = 1 / x. */
export function reciprocal(x: usize, y: usize, n: i32): void {
  map(Op.reciprocal, x, y, n);
}

/** y = log(1 / (1 + e^-x)), without overflow on either side. */
export function logSigmoid(x: usize, y: usize, n: i32): void {
  map(Op.logSigmoid, x, y, n);
}

/** gx = gy where y > 0, else 0. */
export function reluGrad(y: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.reluGrad, y, gy, gx, n);
}

/** gx = gy y (1 - y). */
export function sigmoidGrad(y: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.sigmoidGrad, y, gy, gx, n);
}

/** gx = gy (1 - y^2). */
export function tanhGrad(y: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.tanhGrad, y, gy, gx, n);
}

/** gx = gy / (1 + e^x): takes the input, not the output. */
export function logSigmoidGrad(x: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.logSigmoidGrad, x, gy, gx, n);
}

/** y = scale x + shift. */
export function affine(x: usize, y: usize, n: i32, scale: f32, shift: f32): void {
  const a = f32x4.splat(scale);
  const b = f32x4.splat(shift);
  if (n <= 0) return;
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const value = f32x4.add(f32x4.mul(v128.load(x + i), a), b);
    if (i == last) return storeLanes(y + i, value, lastLanes(n));
    v128.store(y + i, value);
  }
}

/** y += alpha x. */
export function axpy(x: usize, y: usize, n: i32, alpha: f32): void {
  const a = f32x4.splat(alpha);
  if (n <= 0) return;
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const value = f32x4.add(v128.load(y + i), f32x4.mul(v128.load(x + i), a));
    if (i == last) return storeLanes(y + i, value, lastLanes(n));
    v128.store(y + i, value);
  }
}

/** y = value everywhere. */
export function fill(y: usize, n: i32, value: f32): void {
  const v = f32x4.splat(value);
  for (; n >= 4; n -= 4, y += 16) v128.store(y, v);
  storeLanes(y, v, n);
}

/** y = x; the two may overlap. */
export function copy(x: usize, y: usize, n: i32): void {
  memory.copy(y, x, (<usize>n) << 2);
}
