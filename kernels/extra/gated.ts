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
  near,
  far,
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
  20,
  100,
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

/** What the logistic function is taken of in the approximation of GELU: 2 sqrt(2/pi) (x + 0.044715 x^3). */
@inline
function inner(x: v128): v128 {
  return f32x4.mul(f32x4.add(f32x4.mul(f32x4.mul(x, x), number(Is.c3)), number(Is.c1)), x);
}

/** x within [-limit, limit]: farther out the shares are 0 or 1, and infinity times 0 is nothing. */
@inline
function within(op: i32, x: v128): v128 {
  const limit = number(op == Op.silu ? Is.far : Is.near);
  // operand order: NaN passes through both
  return f32x4.pmin(f32x4.pmax(x, f32x4.neg(limit)), limit);
}

/** The exponential that shares and slopes are made of: the bell of x, or e^-|w| of the logistic function's argument. */
@inline
function power(op: i32, x: v128): v128 {
  if (op == Op.gelu) return bell(x);
  return exp4(f32x4.neg(f32x4.abs(op == Op.silu ? x : inner(x))));
}

/** What of x is let through, from its power. */
@inline
function passing(op: i32, x: v128, e: v128): v128 {
  if (op == Op.gelu) return share(x, e);
  const d = f32x4.div(number(Is.one), f32x4.add(number(Is.one), e));
  // without loss on either side; the argument has the sign of x
  return v128.bitselect(f32x4.mul(e, d), d, f32x4.lt(x, i32x4.splat(0)));
}

/** The derivative of x times what is let through of it. */
@inline
function slope(op: i32, x: v128, e: v128, through: v128): v128 {
  if (op == Op.gelu) return f32x4.add(through, f32x4.mul(f32x4.mul(x, number(Is.density)), e));
  // s(w) + x s(w) (1 - s(w)) w'
  const d = f32x4.div(number(Is.one), f32x4.add(number(Is.one), e));
  const rest = v128.bitselect(d, f32x4.mul(e, d), f32x4.lt(x, i32x4.splat(0)));
  const steep = op == Op.silu ? x : f32x4.mul(x, f32x4.add(f32x4.mul(f32x4.mul(x, x), number(Is.c9)), number(Is.c1)));
  return f32x4.mul(through, f32x4.add(number(Is.one), f32x4.mul(steep, rest)));
}

@inline
function map(op: i32, x: usize, y: usize, slopes: usize, n: i32): void {
  if (n <= 0) return;
  const last = lastVector(n);
  let i: usize = 0;
  // GELU is one long chain of steps: two of them side by side take a quarter less
  if (op == Op.gelu)
    for (; i + 16 < last; i += 32) {
      const v0 = v128.load(x + i);
      const v1 = v128.load(x + i, 16);
      const near0 = within(op, v0);
      const near1 = within(op, v1);
      const e0 = power(op, near0);
      const e1 = power(op, near1);
      const through0 = passing(op, near0, e0);
      const through1 = passing(op, near1, e1);
      if (slopes) {
        v128.store(slopes + i, slope(op, near0, e0, through0));
        v128.store(slopes + i, slope(op, near1, e1, through1), 16);
      }
      v128.store(y + i, f32x4.mul(f32x4.pmax(v0, near0), through0));
      v128.store(y + i, f32x4.mul(f32x4.pmax(v1, near1), through1), 16);
    }
  for (; ; i += 16) {
    const v = v128.load(x + i);
    const near = within(op, v);
    const e = power(op, near);
    const through = passing(op, near, e);
    const lanes = i == last ? lastLanes(n) : 4;
    if (slopes) storeLanes(slopes + i, slope(op, near, e, through), lanes);
    // above the limit x is itself, below it the limit stands for it
    storeLanes(y + i, f32x4.mul(f32x4.pmax(v, near), through), lanes);
    if (i == last) return;
  }
}

@inline
function mapBack(op: i32, x: usize, gy: usize, gx: usize, n: i32): void {
  if (n <= 0) return;
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const near = within(op, v128.load(x + i));
    const e = power(op, near);
    const value = f32x4.mul(v128.load(gy + i), slope(op, near, e, passing(op, near, e)));
    if (i == last) return storeLanes(gx + i, value, lastLanes(n));
    v128.store(gx + i, value);
  }
}

/** y = x times the normal distribution's share below x; slopes: out, what `geluGrad` multiplies by, or 0 where nobody asks. */
export function gelu(x: usize, y: usize, slopes: usize, n: i32): void {
  map(Op.gelu, x, y, slopes, n);
}

/** y = x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2; slopes as in `gelu`. */
export function geluTanh(x: usize, y: usize, slopes: usize, n: i32): void {
  map(Op.geluTanh, x, y, slopes, n);
}

/** y = x / (1 + e^-x); slopes as in `gelu`. */
export function silu(x: usize, y: usize, slopes: usize, n: i32): void {
  map(Op.silu, x, y, slopes, n);
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
