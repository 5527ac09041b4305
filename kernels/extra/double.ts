// Element-wise functions that take double precision to be right to the last place, two lanes at a time, and the gradients
// of those that have a kernel of their own. `a` is what a function has beside its argument.
import { erf2, exp2, expm12, log1p2, normal2, sigmoid2, turn2 } from "./lanes2";

const enum Op {
  erf,
  gelu,
  geluTanh,
  silu,
  elu,
  expm1,
  log1p,
  sin,
  cos,
}

/** x within [-limit, limit]: farther out the functions below have reached what they tend to, and infinity times 0 is nothing. */
@inline
function within(x: v128, limit: f64): v128 {
  return f64x2.pmin(f64x2.pmax(x, f64x2.splat(-limit)), f64x2.splat(limit));
}

/** The density of the normal distribution, without the factor in front. */
@inline
function density2(x: v128): v128 {
  return exp2(f64x2.mul(f64x2.mul(x, x), f64x2.splat(-0.5)));
}

/** Twice what tanh is taken of in the approximation of GELU: 2 sqrt(2/pi) (x + 0.044715 x^3). */
@inline
function inner2(x: v128): v128 {
  const cubic = f64x2.add(f64x2.mul(f64x2.mul(x, x), f64x2.splat(0.071354816272600247)), f64x2.splat(1.5957691216057308));
  return f64x2.mul(cubic, x);
}

@inline
function apply(op: i32, x: v128, a: f64): v128 {
  if (op == Op.erf) return erf2(x);
  if (op == Op.gelu) {
    const near = f64x2.pmax(x, f64x2.splat(-40));
    return f64x2.mul(near, normal2(near, density2(near)));
  }
  if (op == Op.geluTanh) {
    const near = f64x2.pmax(x, f64x2.splat(-40));
    return f64x2.mul(near, sigmoid2(inner2(near)));
  }
  if (op == Op.silu) {
    const near = f64x2.pmax(x, f64x2.splat(-200));
    return f64x2.mul(near, sigmoid2(near));
  }
  if (op == Op.elu) return v128.bitselect(x, f64x2.mul(expm12(x), f64x2.splat(a)), f64x2.gt(x, f64x2.splat(0)));
  if (op == Op.expm1) return expm12(x);
  if (op == Op.log1p) return log1p2(x);
  return turn2(x, op == Op.sin);
}

/**
 * Sine or cosine one by one where the quarter turns are more than doubles can count; NaN of infinity. The single-precision
 * ones of AssemblyScript are wrong for numbers of one exponent, near 2^89.
 */
function farTurns(v: v128, near: v128, sine: bool): v128 {
  const a = f32x4.extract_lane(v, 0);
  const b = f32x4.extract_lane(v, 1);
  if (abs(a) >= 4e8) near = f32x4.replace_lane(near, 0, <f32>(sine ? NativeMath.sin(a) : NativeMath.cos(a)));
  if (abs(b) >= 4e8) near = f32x4.replace_lane(near, 1, <f32>(sine ? NativeMath.sin(b) : NativeMath.cos(b)));
  return near;
}

@inline
function map(op: i32, x: usize, y: usize, n: i32, a: f64): void {
  for (; n > 0; n -= 2, x += 8, y += 8) {
    const v = v128.load64_zero(x);
    let value = f32x4.demote_f64x2_zero(apply(op, f64x2.promote_low_f32x4(v), a));
    if (op == Op.sin || op == Op.cos)
      if (v128.any_true(f32x4.ge(f32x4.abs(v), f32x4.splat(4e8)))) value = farTurns(v, value, op == Op.sin);
    if (n == 1) v128.store32_lane(y, value, 0);
    else v128.store64_lane(y, value, 0);
  }
}

/** What the input makes of the gradient. */
@inline
function slope(op: i32, x: v128, a: f64): v128 {
  const one = f64x2.splat(1);
  if (op == Op.gelu) {
    x = within(x, 40);
    const density = density2(x);
    return f64x2.add(normal2(x, density), f64x2.mul(f64x2.mul(x, f64x2.splat(0.3989422804014327)), density));
  }
  if (op == Op.geluTanh) {
    // s(w) + x s(w) (1 - s(w)) w'
    x = within(x, 40);
    const s = sigmoid2(inner2(x));
    const inner = f64x2.add(f64x2.mul(f64x2.mul(x, x), f64x2.splat(0.21406444881780074)), f64x2.splat(1.5957691216057308));
    return f64x2.mul(s, f64x2.add(one, f64x2.mul(f64x2.mul(x, f64x2.sub(one, s)), inner)));
  }
  if (op == Op.silu) {
    x = within(x, 200);
    const s = sigmoid2(x);
    return f64x2.mul(s, f64x2.add(one, f64x2.mul(x, f64x2.sub(one, s))));
  }
  return v128.bitselect(one, f64x2.mul(exp2(x), f64x2.splat(a)), f64x2.gt(x, f64x2.splat(0)));
}

@inline
function mapBack(op: i32, x: usize, gy: usize, gx: usize, n: i32, a: f64): void {
  for (; n > 0; n -= 2, x += 8, gy += 8, gx += 8) {
    const g = f64x2.promote_low_f32x4(v128.load64_zero(gy));
    const value = f32x4.demote_f64x2_zero(f64x2.mul(g, slope(op, f64x2.promote_low_f32x4(v128.load64_zero(x)), a)));
    if (n == 1) v128.store32_lane(gx, value, 0);
    else v128.store64_lane(gx, value, 0);
  }
}

/** y = erf x = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
export function erf(x: usize, y: usize, n: i32): void {
  map(Op.erf, x, y, n, 0);
}

/** y = x times the normal distribution's share below x. */
export function gelu(x: usize, y: usize, n: i32): void {
  map(Op.gelu, x, y, n, 0);
}

/** y = x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2. */
export function geluTanh(x: usize, y: usize, n: i32): void {
  map(Op.geluTanh, x, y, n, 0);
}

/** y = x / (1 + e^-x). */
export function silu(x: usize, y: usize, n: i32): void {
  map(Op.silu, x, y, n, 0);
}

/** y = x where x > 0, else alpha (e^x - 1). */
export function elu(x: usize, y: usize, n: i32, alpha: f64): void {
  map(Op.elu, x, y, n, alpha);
}

/** y = e^x - 1. */
export function expm1(x: usize, y: usize, n: i32): void {
  map(Op.expm1, x, y, n, 0);
}

/** y = log(1 + x); -inf at -1, NaN below. */
export function log1p(x: usize, y: usize, n: i32): void {
  map(Op.log1p, x, y, n, 0);
}

/** y = sin x, for any x. */
export function sin(x: usize, y: usize, n: i32): void {
  map(Op.sin, x, y, n, 0);
}

/** y = cos x, for any x. */
export function cos(x: usize, y: usize, n: i32): void {
  map(Op.cos, x, y, n, 0);
}

/** gx = gy times the slope of gelu at x. */
export function geluGrad(x: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.gelu, x, gy, gx, n, 0);
}

/** gx = gy times the slope of geluTanh at x. */
export function geluTanhGrad(x: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.geluTanh, x, gy, gx, n, 0);
}

/** gx = gy times the slope of silu at x. */
export function siluGrad(x: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.silu, x, gy, gx, n, 0);
}

/** gx = gy where x > 0, else gy alpha e^x. */
export function eluGrad(x: usize, gy: usize, gx: usize, n: i32, alpha: f64): void {
  mapBack(Op.elu, x, gy, gx, n, alpha);
}
