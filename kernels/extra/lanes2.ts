// exp, log and their kin on two lanes in double precision: what they give is rounded once, to single precision, so that
// results are the nearest float or its neighbour (errors below 0.6 units in the last place) over the whole range.
// Polynomials are Chebyshev interpolants, relative errors below 3e-9; NaN gives NaN.

const enum Is {
  perLn2,
  shift,
  ln2,
  e5,
  e4,
  e3,
  e2,
  e1,
  e0,
  least,
  most,
  one,
  l3,
  l2,
  l1,
  l0,
  two,
  third,
  half,
  small,
  lowest,
  zero,
  infinity,
  spread,
  t10,
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
  six,
  f5,
  f4,
  f3,
  f2,
  f1,
  f0,
  near,
  sign,
  quarters,
  quarter,
  quarterRest,
  s3,
  s2,
  s1,
  s0,
  c3,
  c2,
  c1,
  c0,
}

// prettier-ignore
const table = memory.data<f64>([
  1.4426950408889634,
  6755399441055744, // 1.5 * 2^52: adding it rounds to an integer
  0.6931471805599453,
  1.9890990824673654e-4, // (e^r - 1 - r) / r^2 = e0 + ... + e5 r^5
  1.393364999630925e-3,
  8.3333109254809008e-3,
  0.041666464925285905,
  0.16666666681623231,
  0.50000000134658092,
  -700,
  700,
  1,
  0.11808247343829368, // log m = 2 s (1 + s^2 (l0 + ... + l3 s^6)) with s = (m - 1) / (m + 1)
  0.14267522029464815,
  0.20000192391152367,
  0.33333332623474533,
  2,
  0.3333333333333333,
  0.5,
  0.000244140625, // 2^-12
  -Infinity,
  0,
  Infinity,
  0.35, // t = 1 / (1 + 0.35 z)
  -0.02434890629587437, // e^(z^2) (1 - erf z) = t (t0 + ... + t10 t^10)
  0.18479215261741143,
  -0.54587470486999116,
  0.77269973106546393,
  -0.60511804300807556,
  0.46305421144437581,
  -0.019099492317012664,
  0.19941625959744475,
  0.17894690519805078,
  0.19809237239496592,
  0.19743951450644306,
  6,
  -7.3489305830886855e-4, // erf x = x (f0 + ... + f5 x^10)
  5.1767076427402467e-3,
  -0.026857459267184617,
  0.11283718660132875,
  -0.37612636657572521,
  1.1283791669833025,
  0.6, // from here on erf from its tail
  -0.0,
  0.6366197723675814,
  1.5707963109016418, // pi/2 in two parts
  1.5893254773528197e-8,
  2.718311493989822e-6, // sin r = r + r^3 (s0 + ... + s3 r^6)
  -1.9839334836096632e-4,
  8.333329385889463e-3,
  -0.16666666641626524,
  2.439044879627741e-5, // cos r = 1 + r^2 (c0 + ... + c3 r^6)
  -1.388676377460993e-3,
  0.04166662332373906,
  -0.499999997251031,
], 16);

/** An entry of the table, in both lanes. */
@inline
function number(name: i32): v128 {
  return v128.load64_splat(table + ((<usize>name) << 3));
}

/** x / ln 2 rounded to an integer, which stands in the lowest bits of the sum. */
@inline
function shifted(x: v128): v128 {
  return f64x2.add(f64x2.mul(x, number(Is.perLn2)), number(Is.shift));
}

/** 2^n of a shifted n. */
@inline
function power(n: v128): v128 {
  return i64x2.shl(i64x2.add(n, i64x2.splat(1023)), 52);
}

/** e^r - 1, where r is what n multiples of ln 2 leave of x. */
@inline
function rest(x: v128, n: v128): v128 {
  const r = f64x2.sub(x, f64x2.mul(f64x2.sub(n, number(Is.shift)), number(Is.ln2)));
  let p = f64x2.add(f64x2.mul(number(Is.e5), r), number(Is.e4));
  p = f64x2.add(f64x2.mul(p, r), number(Is.e3));
  p = f64x2.add(f64x2.mul(p, r), number(Is.e2));
  p = f64x2.add(f64x2.mul(p, r), number(Is.e1));
  p = f64x2.add(f64x2.mul(p, r), number(Is.e0));
  return f64x2.add(f64x2.mul(f64x2.mul(p, r), r), r);
}

/** Kept where 2^n is a normal number. */
@inline
function clamp(x: v128): v128 {
  // operand order: NaN passes through both
  return f64x2.pmin(f64x2.pmax(x, number(Is.least)), number(Is.most));
}

@inline
export function exp2(x: v128): v128 {
  x = clamp(x);
  const n = shifted(x);
  const scale = power(n);
  return f64x2.add(f64x2.mul(rest(x, n), scale), scale);
}

@inline
export function expm12(x: v128): v128 {
  x = clamp(x);
  const n = shifted(x);
  const scale = power(n);
  return f64x2.add(f64x2.mul(rest(x, n), scale), f64x2.sub(scale, number(Is.one)));
}

/** log(1 + x); -inf at -1, NaN below. */
@inline
export function log1p2(x: v128): v128 {
  const u = f64x2.add(x, number(Is.one));
  // u = m 2^k with m in [sqrt(1/2), sqrt(2)): k counts from the bits of sqrt(1/2)
  const k = i64x2.shr_s(i64x2.sub(u, i64x2.splat(0x3fe6a09e667f3bcd)), 52);
  const m = i64x2.sub(u, i64x2.shl(k, 52));
  const exponent = f64x2.sub(i64x2.add(k, number(Is.shift)), number(Is.shift));
  const s = f64x2.div(f64x2.sub(m, number(Is.one)), f64x2.add(m, number(Is.one)));
  const z = f64x2.mul(s, s);
  let p = f64x2.add(f64x2.mul(number(Is.l3), z), number(Is.l2));
  p = f64x2.add(f64x2.mul(p, z), number(Is.l1));
  p = f64x2.add(f64x2.mul(p, z), number(Is.l0));
  p = f64x2.mul(f64x2.mul(p, z), s);
  const y = f64x2.add(f64x2.mul(exponent, number(Is.ln2)), f64x2.mul(number(Is.two), f64x2.add(p, s)));
  // 1 + x has lost the end of a small x: x - x^2/2 + x^3/3
  const cubic = f64x2.sub(f64x2.mul(x, number(Is.third)), number(Is.half));
  const small = f64x2.add(f64x2.mul(f64x2.mul(x, x), cubic), x);
  const near = v128.bitselect(small, y, f64x2.lt(f64x2.abs(x), number(Is.small)));
  // where u is no positive finite number: -inf at 0, +inf and NaN as they are, NaN below
  const edge = v128.bitselect(number(Is.lowest), f64x2.sqrt(u), f64x2.eq(u, number(Is.zero)));
  return v128.bitselect(near, edge, v128.and(f64x2.gt(u, number(Is.zero)), f64x2.lt(u, number(Is.infinity))));
}

/** e^(z^2) (1 - erf z) for 0 <= z <= 10: t times a polynomial in t = 1 / (1 + 0.35 z). */
@inline
function tail(z: v128): v128 {
  const t = f64x2.div(number(Is.one), f64x2.add(f64x2.mul(z, number(Is.spread)), number(Is.one)));
  let p = f64x2.add(f64x2.mul(number(Is.t10), t), number(Is.t9));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t8));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t7));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t6));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t5));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t4));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t3));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t2));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t1));
  p = f64x2.add(f64x2.mul(p, t), number(Is.t0));
  return f64x2.mul(p, t);
}

/** erf x = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
@inline
export function erf2(x: v128): v128 {
  const z = f64x2.pmin(f64x2.abs(x), number(Is.six));
  const q = f64x2.mul(z, z);
  let p = f64x2.add(f64x2.mul(number(Is.f5), q), number(Is.f4));
  p = f64x2.add(f64x2.mul(p, q), number(Is.f3));
  p = f64x2.add(f64x2.mul(p, q), number(Is.f2));
  p = f64x2.add(f64x2.mul(p, q), number(Is.f1));
  p = f64x2.mul(f64x2.add(f64x2.mul(p, q), number(Is.f0)), z);
  const far = f64x2.sub(number(Is.one), f64x2.mul(exp2(f64x2.neg(q)), tail(z)));
  const y = v128.bitselect(p, far, f64x2.lt(z, number(Is.near)));
  return v128.bitselect(x, y, number(Is.sign));
}

/** sin x, or cos x, for |x| below 4e8: x less whole quarter turns, pi/2 in two parts of which the first has few bits. */
@inline
export function turn2(x: v128, sine: bool): v128 {
  const turns = f64x2.add(f64x2.mul(x, number(Is.quarters)), number(Is.shift));
  const n = f64x2.sub(turns, number(Is.shift));
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(n, number(Is.quarter))), f64x2.mul(n, number(Is.quarterRest)));
  const z = f64x2.mul(r, r);
  let s = f64x2.add(f64x2.mul(number(Is.s3), z), number(Is.s2));
  s = f64x2.add(f64x2.mul(s, z), number(Is.s1));
  s = f64x2.add(f64x2.mul(s, z), number(Is.s0));
  s = f64x2.add(f64x2.mul(f64x2.mul(s, z), r), r);
  let c = f64x2.add(f64x2.mul(number(Is.c3), z), number(Is.c2));
  c = f64x2.add(f64x2.mul(c, z), number(Is.c1));
  c = f64x2.add(f64x2.mul(c, z), number(Is.c0));
  c = f64x2.add(f64x2.mul(c, z), number(Is.one));
  // the lowest bit of the number of quarters swaps sine and cosine, the next one is the sign
  const odd = i64x2.shr_s(i64x2.shl(turns, 63), 63);
  const quarter = sine ? turns : i64x2.add(turns, i64x2.splat(1));
  const sign = i64x2.shl(i64x2.shr_u(quarter, 1), 63);
  return v128.xor(sine ? v128.bitselect(c, s, odd) : v128.bitselect(s, c, odd), sign);
}
