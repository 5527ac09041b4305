// Element-wise functions that take double precision to be right to the last place, two lanes at a time. `a` is what a function
// has beside its argument.
import { erf2, exp2, expm12, log1p2, turn2 } from "./lanes2";

const enum Op {
  erf,
  elu,
  expm1,
  log1p,
  sin,
  cos,
}

@inline
function apply(op: i32, x: v128, a: f64): v128 {
  if (op == Op.erf) return erf2(x);
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

/** y = erf x = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
export function erf(x: usize, y: usize, n: i32): void {
  map(Op.erf, x, y, n, 0);
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

/** gx = gy where x > 0, else gy alpha e^x. */
export function eluGrad(x: usize, gy: usize, gx: usize, n: i32, alpha: f64): void {
  const one = f64x2.splat(1);
  for (; n > 0; n -= 2, x += 8, gy += 8, gx += 8) {
    const v = f64x2.promote_low_f32x4(v128.load64_zero(x));
    const slope = v128.bitselect(one, f64x2.mul(exp2(v), f64x2.splat(alpha)), f64x2.gt(v, f64x2.splat(0)));
    const g = f64x2.promote_low_f32x4(v128.load64_zero(gy));
    const value = f32x4.demote_f64x2_zero(f64x2.mul(g, slope));
    if (n == 1) v128.store32_lane(gx, value, 0);
    else v128.store64_lane(gx, value, 0);
  }
}
