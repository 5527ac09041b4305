// Activations that let x through by a share of it, four lanes at a time, and their gradients: GELU, its approximation, SiLU.
import { lastLanes, lastVector, storeLanes } from "../lanes";
import { exp4 } from "../transcendental";

const enum Op {
  gelu,
  geluTanh,
  silu,
}

const enum Is {
  one,
  half,
  third,
  quarter,
  t9,
  t8,
  t7,
  t6,
  t5,
  t4,
  t3,
  t2,
  t1,
  t0,
  spread,
  most,
  density,
  c1,
  c3,
  c9,
}

// prettier-ignore
const table = memory.data<f32>([
  1,
  0.5,
  0.33333334,
  0.25,
  0.0366547279, // e^(z^2) (1 - erf z) = t (t0 + ... + t9 t^9), t = 1 / (1 + 0.35 z), for z to 10
  -0.149543535,
  0.159641215,
  0.00104561349,
  0.0634051102,
  0.158554690,
  0.146915781,
  0.188806398,
  0.197030738,
  0.197489266,
  0.247487373, // 0.35 / sqrt 2
  14.1421356, // 10 sqrt 2
  0.398942280, // 1 / sqrt(2 pi)
  1.59576912, // 2 sqrt(2/pi), and that times 0.044715 and times three of it
  0.0713548163,
  0.214064449,
], 16);

/** An entry of the table, in every lane. */
@inline
function number(name: i32): v128 {
  return v128.load32_splat(table + ((<usize>name) << 2));
}

/** e^(-x^2 / 2): what rounding the square would lose goes into a factor of its own. */
@inline
function bell(x: v128): v128 {
  // the leading half of a number, whose square is exact
  const high = v128.and(x, i32x4.splat(0xfffff000));
  const minus = f32x4.neg(number(Is.half));
  const u = f32x4.mul(f32x4.mul(f32x4.sub(x, high), f32x4.add(x, high)), minus);
  let p = f32x4.add(f32x4.mul(u, number(Is.quarter)), number(Is.one));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, u), number(Is.third)), number(Is.one));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, u), number(Is.half)), number(Is.one));
  p = f32x4.add(f32x4.mul(p, u), number(Is.one));
  return f32x4.mul(exp4(f32x4.mul(f32x4.mul(high, high), minus)), p);
}

/** The normal distribution's share below x, from its bell; relative accuracy is kept far below 0. */
@inline
function share(x: v128, bell: v128): v128 {
  const one = number(Is.one);
  const z = f32x4.pmin(f32x4.abs(x), number(Is.most));
  const t = f32x4.div(one, f32x4.add(f32x4.mul(z, number(Is.spread)), one));
  let p = f32x4.add(f32x4.mul(number(Is.t9), t), number(Is.t8));
  p = f32x4.add(f32x4.mul(p, t), number(Is.t7));
  p = f32x4.add(f32x4.mul(p, t), number(Is.t6));
  p = f32x4.add(f32x4.mul(p, t), number(Is.t5));
  p = f32x4.add(f32x4.mul(p, t), number(Is.t4));
  p = f32x4.add(f32x4.mul(p, t), number(Is.t3));
  p = f32x4.add(f32x4.mul(p, t), number(Is.t2));
  p = f32x4.add(f32x4.mul(p, t), number(Is.t1));
  p = f32x4.add(f32x4.mul(p, t), number(Is.t0));
  const outer = f32x4.mul(f32x4.mul(f32x4.mul(p, t), bell), number(Is.half));
  return v128.bitselect(outer, f32x4.sub(one, outer), f32x4.lt(x, i32x4.splat(0)));
}

/** x within [-limit, limit]: farther out the shares are 0 or 1, and infinity times 0 is nothing. */
@inline
function within(x: v128, limit: f32): v128 {
  // operand order: NaN passes through both
  return f32x4.pmin(f32x4.pmax(x, f32x4.splat(-limit)), f32x4.splat(limit));
}

/** What the logistic function is taken of in the approximation of GELU: 2 sqrt(2/pi) (x + 0.044715 x^3). */
@inline
function inner(x: v128): v128 {
  return f32x4.mul(f32x4.add(f32x4.mul(f32x4.mul(x, x), number(Is.c3)), number(Is.c1)), x);
}

/** e^-|w| and 1 / (1 + e^-|w|): of both 1 / (1 + e^-w) and what it lacks to 1 are made without loss. */
@inline
function logistic(w: v128, other: bool): v128 {
  const one = number(Is.one);
  const e = exp4(f32x4.neg(f32x4.abs(w)));
  const d = f32x4.div(one, f32x4.add(one, e));
  const below = f32x4.lt(w, i32x4.splat(0));
  return other ? v128.bitselect(d, f32x4.mul(e, d), below) : v128.bitselect(f32x4.mul(e, d), d, below);
}

@inline
function apply(op: i32, x: v128): v128 {
  const near = f32x4.pmax(x, f32x4.splat(op == Op.silu ? -100 : -20));
  if (op == Op.gelu) return f32x4.mul(near, share(near, bell(within(near, 20))));
  return f32x4.mul(near, logistic(op == Op.silu ? near : inner(near), false));
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

/** What the input makes of the gradient. */
@inline
function slope(op: i32, x: v128): v128 {
  const one = number(Is.one);
  x = within(x, op == Op.silu ? 100 : 20);
  if (op == Op.gelu) {
    const density = bell(x);
    return f32x4.add(share(x, density), f32x4.mul(f32x4.mul(x, number(Is.density)), density));
  }
  // s(w) + x s(w) (1 - s(w)) w'
  const w = op == Op.silu ? x : inner(x);
  const steep = op == Op.silu ? x : f32x4.mul(x, f32x4.add(f32x4.mul(f32x4.mul(x, x), number(Is.c9)), number(Is.c1)));
  return f32x4.mul(logistic(w, false), f32x4.add(one, f32x4.mul(steep, logistic(w, true))));
}

@inline
function mapBack(op: i32, x: usize, gy: usize, gx: usize, n: i32): void {
  if (n <= 0) return;
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const value = f32x4.mul(v128.load(gy + i), slope(op, v128.load(x + i)));
    if (i == last) return storeLanes(gx + i, value, lastLanes(n));
    v128.store(gx + i, value);
  }
}

/** y = x times the normal distribution's share below x. */
export function gelu(x: usize, y: usize, n: i32): void {
  map(Op.gelu, x, y, n);
}

/** y = x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2. */
export function geluTanh(x: usize, y: usize, n: i32): void {
  map(Op.geluTanh, x, y, n);
}

/** y = x / (1 + e^-x). */
export function silu(x: usize, y: usize, n: i32): void {
  map(Op.silu, x, y, n);
}

/** gx = gy times the slope of gelu at x. */
export function geluGrad(x: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.gelu, x, gy, gx, n);
}

/** gx = gy times the slope of geluTanh at x. */
export function geluTanhGrad(x: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.geluTanh, x, gy, gx, n);
}

/** gx = gy times the slope of silu at x. */
export function siluGrad(x: usize, gy: usize, gx: usize, n: i32): void {
  mapBack(Op.silu, x, gy, gx, n);
}
