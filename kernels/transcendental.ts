// exp, log and their kin on four lanes. Constants lie in tables, four times each: V8 rebuilds a vector literal with
// several instructions at every use, a load is one. Errors are the largest found against double precision over all
// exponents and both signs, in units of the last place (ULP); NaN gives NaN, infinities their limits.
import { fma } from "./fma";

/** Entry `name` of a table, in every lane. */
@inline
function constant(table: usize, name: i32): v128 {
  return v128.load(table + ((<usize>name) << 4));
}

const enum Exp {
  least,
  most,
  perLn2,
  shift,
  ln2,
  ln2Rest,
  c6,
  c5,
  c4,
  c3,
  c2,
  two,
  smallest,
  half,
}

// prettier-ignore
const expTable = memory.data<f32>([
  -87, -87, -87, -87, // from here down the exponent field is 0, and so is the result
  89, 89, 89, 89, // from here up the result has overflowed
  1.44269504, 1.44269504, 1.44269504, 1.44269504,
  12583038, 12583038, 12583038, 12583038, // 1.5 * 2^23 rounds to an integer, + 126 is the exponent's bias less one
  0.693359375, 0.693359375, 0.693359375, 0.693359375, // few bits, so that products with n are exact
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4,
  0.00276290812, 0.00276290812, 0.00276290812, 0.00276290812, // 2 e^r = 2 + 2 r + c2 r^2 + ... + c6 r^6, minimax
  0.0167374909, 0.0167374909, 0.0167374909, 0.0167374909,
  0.0833367780, 0.0833367780, 0.0833367780, 0.0833367780,
  0.333330422, 0.333330422, 0.333330422, 0.333330422,
  0.99999988, 0.99999988, 0.99999988, 0.99999988,
  2, 2, 2, 2,
  -87.3365402, -87.3365402, -87.3365402, -87.3365402, // from here up e^x is a normal number
  5.87747175e-39, 5.87747175e-39, 5.87747175e-39, 5.87747175e-39, // 2^-127
], 16);

/**
 * e^x within 1 ULP; results below 2^-125.5 are 0, since denormals cost more than they are worth. 2^(n-1) comes from the
 * bits of a rounded sum and multiplies 2 e^r: so n = 128 needs no case of its own.
 */
@inline
export function exp4(value: v128): v128 {
  return exponential(value, false);
}

/** `exp4` down to the smallest normal number, 2^-126, for a tenth more time: n = -126 takes a denormal for 2^(n-1). */
@inline
export function expNormal4(value: v128): v128 {
  return exponential(value, true);
}

@inline
function exponential(value: v128, deep: bool): v128 {
  // operand order: NaN passes through both clamps
  const above = deep ? value : f32x4.pmax(value, constant(expTable, Exp.least));
  const x = f32x4.pmin(above, constant(expTable, Exp.most));
  const shifted = f32x4.add(f32x4.mul(x, constant(expTable, Exp.perLn2)), constant(expTable, Exp.shift));
  const n = f32x4.sub(shifted, constant(expTable, Exp.shift));
  const leading = f32x4.sub(x, f32x4.mul(n, constant(expTable, Exp.ln2)));
  const r = f32x4.sub(leading, f32x4.mul(n, constant(expTable, Exp.ln2Rest)));
  // pairs of terms, not Horner's chain: latency limits the loops this is in
  const square = f32x4.mul(r, r);
  const high = fma(constant(expTable, Exp.c5), r, constant(expTable, Exp.c4));
  const low = fma(constant(expTable, Exp.c3), r, constant(expTable, Exp.c2));
  const tail = fma(fma(constant(expTable, Exp.c6), square, high), square, low);
  // r stays apart from the smaller terms: that saves a third of an ULP
  const p = f32x4.add(fma(tail, square, f32x4.add(r, r)), constant(expTable, Exp.two));
  const power = i32x4.shl(shifted, 23);
  if (!deep) return f32x4.mul(p, power);
  // further down anything may come out, and nothing of it stays
  const y = f32x4.mul(p, i32x4.max_u(power, constant(expTable, Exp.half)));
  return v128.andnot(y, f32x4.lt(value, constant(expTable, Exp.smallest)));
}

const enum Log {
  c7,
  c6,
  c5,
  c4,
  c3,
  c2,
  c1,
  c0,
  half,
  one,
  ln2,
  ln2Rest,
  smallest,
  lift,
  lifted,
  sqrtHalf,
  infinity,
  nan,
  sqrt2Less1,
}

// prettier-ignore
const logTable = memory.data<f32>([
  -0.0763449892, -0.0763449892, -0.0763449892, -0.0763449892, // log(1+f) = f - f^2/2 + f^3 (c0 + ... + c7 f^7), minimax
  0.127615780, 0.127615780, 0.127615780, 0.127615780,
  -0.131601825, -0.131601825, -0.131601825, -0.131601825,
  0.142017573, 0.142017573, 0.142017573, 0.142017573,
  -0.166233569, -0.166233569, -0.166233569, -0.166233569,
  0.200012267, 0.200012267, 0.200012267, 0.200012267,
  -0.250008196, -0.250008196, -0.250008196, -0.250008196,
  0.333333313, 0.333333313, 0.333333313, 0.333333313,
  0.5, 0.5, 0.5, 0.5,
  1, 1, 1, 1,
  0.693359375, 0.693359375, 0.693359375, 0.693359375,
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4,
  1.17549435e-38, 1.17549435e-38, 1.17549435e-38, 1.17549435e-38, // the smallest normal number
  8388608, 8388608, 8388608, 8388608, // 2^23 lifts a denormal among the normal numbers
  -23, -23, -23, -23,
  0.70710677, 0.70710677, 0.70710677, 0.70710677, // mantissas run from here to twice as much
  Infinity, Infinity, Infinity, Infinity,
  NaN, NaN, NaN, NaN,
  0.41421357, 0.41421357, 0.41421357, 0.41421357,
], 16);

/** log(1 + f) + n ln 2 for sqrt(1/2) - 1 <= f <= sqrt(2) - 1. */
@inline
function log1pReduced(f: v128, n: v128): v128 {
  const square = f32x4.mul(f, f);
  const p67 = fma(constant(logTable, Log.c7), f, constant(logTable, Log.c6));
  const p45 = fma(constant(logTable, Log.c5), f, constant(logTable, Log.c4));
  const p23 = fma(constant(logTable, Log.c3), f, constant(logTable, Log.c2));
  const p01 = fma(constant(logTable, Log.c1), f, constant(logTable, Log.c0));
  const p = fma(fma(p67, square, p45), f32x4.mul(square, square), fma(p23, square, p01));
  const cubic = fma(n, constant(logTable, Log.ln2Rest), f32x4.mul(f32x4.mul(p, square), f));
  const tail = f32x4.sub(cubic, f32x4.mul(square, constant(logTable, Log.half)));
  return fma(n, constant(logTable, Log.ln2), f32x4.add(f, tail));
}

/** log(x) + n ln 2 for a positive normal number x. */
@inline
function logScaled(x: v128, n: v128): v128 {
  const exponent = i32x4.shr_s(i32x4.sub(x, constant(logTable, Log.sqrtHalf)), 23);
  const f = f32x4.sub(i32x4.sub(x, i32x4.shl(exponent, 23)), constant(logTable, Log.one));
  return log1pReduced(f, f32x4.add(f32x4.convert_i32x4_s(exponent), n));
}

/** The natural logarithm of a positive normal number within 0.9 ULP. */
@inline
export function logNormal4(x: v128): v128 {
  // x - x is 0, or NaN where x is
  return f32x4.add(logScaled(x, i32x4.splat(0)), f32x4.sub(x, x));
}

/** The natural logarithm within 0.9 ULP; -inf at 0, NaN below. */
@inline
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, constant(logTable, Log.smallest));
  const normal = v128.bitselect(f32x4.mul(x, constant(logTable, Log.lift)), x, tiny);
  const y = logScaled(normal, v128.and(tiny, constant(logTable, Log.lifted)));
  // +inf and NaN stay what they are, 0 and what is below have values of their own
  const zero = i32x4.splat(0);
  const infinity = constant(logTable, Log.infinity);
  const kept = v128.bitselect(constant(logTable, Log.nan), x, f32x4.lt(x, zero));
  const finite = v128.bitselect(y, kept, v128.and(f32x4.gt(x, zero), f32x4.lt(x, infinity)));
  return v128.bitselect(f32x4.neg(infinity), finite, f32x4.eq(x, zero));
}

/** log(1 + e) for 0 <= e <= 1, with the relative accuracy of a small e kept. */
@inline
export function log1p4(e: v128): v128 {
  const big = f32x4.gt(e, constant(logTable, Log.sqrt2Less1));
  const one = constant(logTable, Log.one);
  const halved = f32x4.mul(f32x4.sub(e, one), constant(logTable, Log.half));
  return log1pReduced(v128.bitselect(halved, e, big), v128.and(big, one));
}

/** 1 / (1 + e^-x) within 2.4 ULP, 0 below 2^-125.5; as e^x / (1 + e^x) for negative x, so that nothing overflows. */
@inline
export function sigmoid4(x: v128): v128 {
  const one = constant(logTable, Log.one);
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, i32x4.splat(0))), f32x4.add(one, e));
}

/** log(1 / (1 + e^-x)) = min(x, 0) - log(1 + e^-|x|) within 1.7 ULP, 0 from x = 87 up. */
@inline
export function logSigmoid4(x: v128): v128 {
  const zero = i32x4.splat(0);
  return f32x4.sub(f32x4.pmin(x, zero), log1p4(exp4(f32x4.neg(f32x4.abs(x)))));
}

const enum Tanh {
  c4,
  c3,
  c2,
  c1,
  c0,
  small,
  two,
  sign,
}

// prettier-ignore
const tanhTable = memory.data<f32>([
  -0.00570498733, -0.00570498733, -0.00570498733, -0.00570498733, // tanh x = x + x^3 (c0 + ... + c4 x^8), minimax
  0.0206390880, 0.0206390880, 0.0206390880, 0.0206390880,
  -0.0537397154, -0.0537397154, -0.0537397154, -0.0537397154,
  0.133314416, 0.133314416, 0.133314416, 0.133314416,
  -0.333332807, -0.333332807, -0.333332807, -0.333332807,
  0.625, 0.625, 0.625, 0.625, // from here on 1 - 2 / (e^2x + 1)
  2, 2, 2, 2,
  -0.0, -0.0, -0.0, -0.0,
], 16);

/** The hyperbolic tangent within 1.4 ULP. */
@inline
export function tanh4(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = fma(constant(tanhTable, Tanh.c4), square, constant(tanhTable, Tanh.c3));
  p = fma(p, square, constant(tanhTable, Tanh.c2));
  p = fma(p, square, constant(tanhTable, Tanh.c1));
  p = fma(p, square, constant(tanhTable, Tanh.c0));
  const small = fma(f32x4.mul(p, square), x, x);
  const one = constant(logTable, Log.one);
  const e = exp4(f32x4.add(magnitude, magnitude));
  const big = f32x4.sub(one, f32x4.div(constant(tanhTable, Tanh.two), f32x4.add(e, one)));
  const signed = v128.or(big, v128.and(x, constant(tanhTable, Tanh.sign)));
  return v128.bitselect(small, signed, f32x4.lt(magnitude, constant(tanhTable, Tanh.small)));
}

const enum Turn {
  four,
  shift,
  quarter,
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
const turnTable = memory.data<f32>([
  4, 4, 4, 4,
  12582912, 12582912, 12582912, 12582912, // 1.5 * 2^23 rounds to an integer
  0.25, 0.25, 0.25, 0.25,
  -75.3935623, -75.3935623, -75.3935623, -75.3935623, // sin 2 pi f = f (s0 + ... + s3 f^6), minimax
  81.5923538, 81.5923538, 81.5923538, 81.5923538,
  -41.3416634, -41.3416634, -41.3416634, -41.3416634,
  6.28318548, 6.28318548, 6.28318548, 6.28318548,
  59.2292442, 59.2292442, 59.2292442, 59.2292442, // cos 2 pi f = 1 + f^2 (c0 + ... + c3 f^6), minimax
  -85.4432373, -85.4432373, -85.4432373, -85.4432373,
  64.9393234, 64.9393234, 64.9393234, 64.9393234,
  -19.7392082, -19.7392082, -19.7392082, -19.7392082,
], 16);

/** cos(2 pi u) of u in [0, 1) turns, or sin(2 pi u), within 2 ULP: reducing turns to an eighth either side is exact. */
@inline
export function turn4(u: v128, sine: bool): v128 {
  const shift = constant(turnTable, Turn.shift);
  const shifted = f32x4.add(f32x4.mul(u, constant(turnTable, Turn.four)), shift);
  const f = f32x4.sub(u, f32x4.mul(f32x4.sub(shifted, shift), constant(turnTable, Turn.quarter)));
  const square = f32x4.mul(f, f);
  let s = fma(constant(turnTable, Turn.s3), square, constant(turnTable, Turn.s2));
  s = fma(s, square, constant(turnTable, Turn.s1));
  s = f32x4.mul(fma(s, square, constant(turnTable, Turn.s0)), f);
  let c = fma(constant(turnTable, Turn.c3), square, constant(turnTable, Turn.c2));
  c = fma(c, square, constant(turnTable, Turn.c1));
  c = fma(c, square, constant(turnTable, Turn.c0));
  c = fma(c, square, constant(logTable, Log.one));
  // the lowest bit of the number of quarters swaps sine and cosine, the next one is the sign
  const odd = i32x4.shr_s(i32x4.shl(shifted, 31), 31);
  const quarter = sine ? shifted : i32x4.add(shifted, i32x4.splat(1));
  const sign = i32x4.shl(i32x4.shr_u(quarter, 1), 31);
  return v128.xor(sine ? v128.bitselect(c, s, odd) : v128.bitselect(s, c, odd), sign);
}
