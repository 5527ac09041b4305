// exp, log and their kin on four lanes. Constants lie in tables, four times each: V8 rebuilds a vector literal with
// several instructions at every use, a load is one. Errors are against the exact value, over all floats.
import { fma } from "./fma";

@inline
function constant(table: usize, index: i32): v128 {
  return v128.load(table + ((<usize>index) << 4));
}

// prettier-ignore
const expTable = memory.data<f32>([
  -87, -87, -87, -87, // 0: from here down the exponent field is 0
  89, 89, 89, 89, // 1: above this the result has overflowed already
  1.44269504, 1.44269504, 1.44269504, 1.44269504, // 2: 1 / ln 2
  12583038, 12583038, 12583038, 12583038, // 3: 1.5 * 2^23 rounds to an integer, + 126 is the exponent bias less one
  0.693359375, 0.693359375, 0.693359375, 0.693359375, // 4: ln 2, the leading bits
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, // 5: ln 2, the rest
  0.00276290812, 0.00276290812, 0.00276290812, 0.00276290812, // 6: 2 e^r = 2 + 2 r + c2 r^2 + ... + c6 r^6, c6 first
  0.0167374909, 0.0167374909, 0.0167374909, 0.0167374909, // 7
  0.0833367780, 0.0833367780, 0.0833367780, 0.0833367780, // 8
  0.333330422, 0.333330422, 0.333330422, 0.333330422, // 9
  0.99999988, 0.99999988, 0.99999988, 0.99999988, // 10
  2, 2, 2, 2, // 11
], 16);

/**
 * e^x. Results below 2^-125.5 are 0 (denormals cost more than they are worth), above the largest float infinite.
 * 2^(n-1) comes from the bits of the rounded sum and is multiplied by 2 e^r: so n = 128 needs no case of its own.
 */
@inline
export function exp4(value: v128): v128 {
  // operand order: NaN passes through both clamps
  const x = f32x4.pmin(f32x4.pmax(value, constant(expTable, 0)), constant(expTable, 1));
  const shifted = f32x4.add(f32x4.mul(x, constant(expTable, 2)), constant(expTable, 3));
  const n = f32x4.sub(shifted, constant(expTable, 3));
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, constant(expTable, 4))), f32x4.mul(n, constant(expTable, 5)));
  // pairs of terms, not Horner's chain: it is latency that limits this loop
  const square = f32x4.mul(r, r);
  let p = fma(constant(expTable, 6), square, fma(constant(expTable, 7), r, constant(expTable, 8)));
  p = fma(p, square, fma(constant(expTable, 9), r, constant(expTable, 10)));
  // r stays apart from the small terms: a third of an ULP
  p = f32x4.add(fma(p, square, f32x4.add(r, r)), constant(expTable, 11));
  return f32x4.mul(p, i32x4.shl(shifted, 23));
}

// prettier-ignore
const logTable = memory.data<f32>([
  -0.0763449892, -0.0763449892, -0.0763449892, -0.0763449892, // 0: log(1+f) = f - f^2/2 + f^3 (c0 + c1 f + ...), c7 first
  0.127615780, 0.127615780, 0.127615780, 0.127615780, // 1
  -0.131601825, -0.131601825, -0.131601825, -0.131601825, // 2
  0.142017573, 0.142017573, 0.142017573, 0.142017573, // 3
  -0.166233569, -0.166233569, -0.166233569, -0.166233569, // 4
  0.200012267, 0.200012267, 0.200012267, 0.200012267, // 5
  -0.250008196, -0.250008196, -0.250008196, -0.250008196, // 6
  0.333333313, 0.333333313, 0.333333313, 0.333333313, // 7
  0.5, 0.5, 0.5, 0.5, // 8
  1, 1, 1, 1, // 9
  0.693359375, 0.693359375, 0.693359375, 0.693359375, // 10: ln 2, the leading bits
  -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, -2.12194440e-4, // 11: ln 2, the rest
  1.17549435e-38, 1.17549435e-38, 1.17549435e-38, 1.17549435e-38, // 12: the smallest normal float
  8388608, 8388608, 8388608, 8388608, // 13: 2^23 lifts a denormal
  -23, -23, -23, -23, // 14
  0.70710677, 0.70710677, 0.70710677, 0.70710677, // 15: mantissas run from here to twice as much
  -Infinity, -Infinity, -Infinity, -Infinity, // 16
  NaN, NaN, NaN, NaN, // 17
  0.41421357, 0.41421357, 0.41421357, 0.41421357, // 18: sqrt 2 - 1
], 16);

/** log(1 + f) + n ln 2 for sqrt(1/2) - 1 <= f <= sqrt(2) - 1. */
@inline
function log1pReduced(f: v128, n: v128): v128 {
  const square = f32x4.mul(f, f);
  const high = fma(fma(constant(logTable, 0), f, constant(logTable, 1)), square, fma(constant(logTable, 2), f, constant(logTable, 3)));
  const low = fma(fma(constant(logTable, 4), f, constant(logTable, 5)), square, fma(constant(logTable, 6), f, constant(logTable, 7)));
  let p = fma(high, f32x4.mul(square, square), low);
  p = f32x4.mul(f32x4.mul(p, square), f);
  p = fma(n, constant(logTable, 11), p);
  p = f32x4.sub(p, f32x4.mul(square, constant(logTable, 8)));
  return fma(n, constant(logTable, 10), f32x4.add(f, p));
}

/** log(bits) + n ln 2 for a positive normal number. */
@inline
function logScaled(bits: v128, n: v128): v128 {
  const exponent = i32x4.shr_s(i32x4.sub(bits, constant(logTable, 15)), 23);
  const f = f32x4.sub(i32x4.sub(bits, i32x4.shl(exponent, 23)), constant(logTable, 9));
  return log1pReduced(f, f32x4.add(f32x4.convert_i32x4_s(exponent), n));
}

/** The natural logarithm of a positive normal number; NaN of NaN. */
@inline
export function logNormal4(x: v128): v128 {
  return f32x4.add(logScaled(x, i32x4.splat(0)), f32x4.sub(x, x));
}

/** The natural logarithm; -inf at 0, NaN below. */
@inline
export function log4(x: v128): v128 {
  const tiny = f32x4.lt(x, constant(logTable, 12));
  const bits = v128.bitselect(f32x4.mul(x, constant(logTable, 13)), x, tiny);
  const y = logScaled(bits, v128.and(tiny, constant(logTable, 14)));
  // what is not positive and finite: +inf and NaN stay, 0 and below have values of their own
  const zero = i32x4.splat(0);
  const special = v128.bitselect(constant(logTable, 17), x, f32x4.lt(x, zero));
  const isFinite = f32x4.lt(x, f32x4.neg(constant(logTable, 16)));
  const finite = v128.bitselect(y, special, v128.and(f32x4.gt(x, zero), isFinite));
  return v128.bitselect(constant(logTable, 16), finite, f32x4.eq(x, zero));
}

/** log(1 + e) for 0 <= e <= 1, with the relative accuracy of a small e kept. */
@inline
export function log1p4(e: v128): v128 {
  const big = f32x4.gt(e, constant(logTable, 18));
  const one = constant(logTable, 9);
  const halved = f32x4.mul(f32x4.sub(e, one), constant(logTable, 8));
  return log1pReduced(v128.bitselect(halved, e, big), v128.and(big, one));
}

/** 1 / (1 + e^-x), as e^x / (1 + e^x) for negative x: so the exponential's error is all there is in the tail. */
@inline
export function sigmoid4(x: v128): v128 {
  const one = constant(logTable, 9);
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, i32x4.splat(0))), f32x4.add(one, e));
}

/** log(1 / (1 + e^-x)) = min(x, 0) - log(1 + e^-|x|). */
@inline
export function logSigmoid4(x: v128): v128 {
  const zero = i32x4.splat(0);
  return f32x4.sub(f32x4.pmin(x, zero), log1p4(exp4(f32x4.neg(f32x4.abs(x)))));
}

// prettier-ignore
const tanhTable = memory.data<f32>([
  -0.00570498733, -0.00570498733, -0.00570498733, -0.00570498733, // 0: tanh x = x + x^3 (c0 + c1 x^2 + ...), c4 first
  0.0206390880, 0.0206390880, 0.0206390880, 0.0206390880, // 1
  -0.0537397154, -0.0537397154, -0.0537397154, -0.0537397154, // 2
  0.133314416, 0.133314416, 0.133314416, 0.133314416, // 3
  -0.333332807, -0.333332807, -0.333332807, -0.333332807, // 4
  0.625, 0.625, 0.625, 0.625, // 5: from here on 1 - 2 / (e^2x + 1)
  2, 2, 2, 2, // 6
  -0.0, -0.0, -0.0, -0.0, // 7
], 16);

/** The hyperbolic tangent. */
@inline
export function tanh4(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let p = fma(constant(tanhTable, 0), square, constant(tanhTable, 1));
  p = fma(p, square, constant(tanhTable, 2));
  p = fma(p, square, constant(tanhTable, 3));
  p = fma(p, square, constant(tanhTable, 4));
  const small = fma(f32x4.mul(p, square), x, x);
  const one = constant(logTable, 9);
  const e = exp4(f32x4.add(magnitude, magnitude));
  const big = f32x4.sub(one, f32x4.div(constant(tanhTable, 6), f32x4.add(e, one)));
  const signed = v128.or(big, v128.and(x, constant(tanhTable, 7)));
  return v128.bitselect(small, signed, f32x4.lt(magnitude, constant(tanhTable, 5)));
}

// prettier-ignore
const turnTable = memory.data<f32>([
  4, 4, 4, 4, // 0
  12582912, 12582912, 12582912, 12582912, // 1: 1.5 * 2^23, rounds to an integer
  0.25, 0.25, 0.25, 0.25, // 2
  -75.3935623, -75.3935623, -75.3935623, -75.3935623, // 3: sin 2 pi f = f (s0 + s1 f^2 + ...), s3 first
  81.5923538, 81.5923538, 81.5923538, 81.5923538, // 4
  -41.3416634, -41.3416634, -41.3416634, -41.3416634, // 5
  6.28318548, 6.28318548, 6.28318548, 6.28318548, // 6
  59.2292442, 59.2292442, 59.2292442, 59.2292442, // 7: cos 2 pi f = 1 + f^2 (c0 + c1 f^2 + ...), c3 first
  -85.4432373, -85.4432373, -85.4432373, -85.4432373, // 8
  64.9393234, 64.9393234, 64.9393234, 64.9393234, // 9
  -19.7392082, -19.7392082, -19.7392082, -19.7392082, // 10
], 16);

/** cos(2 pi u), or for `sine` sin(2 pi u), of a non-negative number of turns u < 2^20: the reduction is exact. */
@inline
export function turn4(u: v128, sine: bool): v128 {
  const shifted = f32x4.add(f32x4.mul(u, constant(turnTable, 0)), constant(turnTable, 1));
  const quarters = f32x4.sub(shifted, constant(turnTable, 1));
  const f = f32x4.sub(u, f32x4.mul(quarters, constant(turnTable, 2)));
  const square = f32x4.mul(f, f);
  let s = fma(constant(turnTable, 3), square, constant(turnTable, 4));
  s = fma(s, square, constant(turnTable, 5));
  s = fma(s, square, constant(turnTable, 6));
  s = f32x4.mul(s, f);
  let c = fma(constant(turnTable, 7), square, constant(turnTable, 8));
  c = fma(c, square, constant(turnTable, 9));
  c = fma(c, square, constant(turnTable, 10));
  c = fma(c, square, constant(logTable, 9));
  // the quarter's lowest bit swaps sine and cosine, the next one gives the sign
  const odd = i32x4.shr_s(i32x4.shl(shifted, 31), 31);
  const one = i32x4.splat(1);
  const quarter = sine ? shifted : i32x4.add(shifted, one);
  const sign = i32x4.shl(i32x4.shr_u(quarter, 1), 31);
  return v128.xor(sine ? v128.bitselect(c, s, odd) : v128.bitselect(s, c, odd), sign);
}
