// log, exp and pow of one double, from + - * / and the bits of a number alone. Engines may differ in Math.log, Math.exp and
// Math.pow; these do not differ anywhere, so whatever reaches a result takes them. Errors stay below 0.6 units in the last
// place, because the logarithm is carried in two doubles. Speed comes second: vectors are the work of the kernels.

const bits = new DataView(new ArrayBuffer(8));

// ln 2 in two parts: the first has 32 bits, so its product with any exponent is exact
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
// 2/3 in two parts, the leading coefficient of the series in `logarithm`
const TWO_THIRDS = 2 / 3;
const TWO_THIRDS_LOW = 3.700743415417188e-17;

// what rounding took from the last sum, product or logarithm
let low = 0;

/** a + b; what rounding lost of it is left in `low` (Knuth's two-sum). */
function sum(a: number, b: number): number {
  const s = a + b;
  const t = s - a;
  low = a - (s - t) + (b - t);
  return s;
}

/** a * b; what rounding lost of it is left in `low` (Dekker's product by halves of 26 bits). */
function product(a: number, b: number): number {
  const p = a * b;
  const wideA = 134217729 * a;
  const wideB = 134217729 * b;
  const a1 = wideA - (wideA - a);
  const b1 = wideB - (wideB - b);
  const a2 = a - a1;
  const b2 = b - b1;
  low = a1 * b1 - p + a1 * b2 + a2 * b1 + a2 * b2;
  return p;
}

/** log x of a positive finite x, the lower part in `low`; relative error of the pair about 2^-64. */
function logarithm(x: number): number {
  // x = m * 2^k with m in [sqrt(1/2), sqrt(2))
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984;
    k = -54;
  }
  bits.setFloat64(0, x);
  const word = bits.getUint32(0);
  const upper = (word & 0xfffff) >= 0x6a09f;
  k += (word >>> 20) - 1023 + (upper ? 1 : 0);
  bits.setUint32(0, (word & 0xfffff) | (upper ? 0x3fe00000 : 0x3ff00000));
  const m = bits.getFloat64(0);

  // log m = 2 atanh s = 2s + s (2/3 s^2 + 2/5 s^4 + ...) with s = (m - 1) / (m + 1) in two parts, |s| < 0.172
  const f = m - 1;
  const d = 1 + m;
  const dLow = m - (d - 1);
  const s = f / d;
  const back = product(s, d);
  const sLow = (f - back - low - s * dLow) / d;
  const z = product(s, s);
  const zLow = low + 2 * s * sLow;
  let tail = 0;
  for (let n = 27; n >= 5; n -= 2) tail = tail * z + 2 / n;
  const lead = product(z, TWO_THIRDS);
  const leadLow = low + z * TWO_THIRDS_LOW + zLow * TWO_THIRDS;
  const q = sum(lead, z * z * tail);
  const qLow = low + leadLow;
  const cubic = product(s, q);
  const cubicLow = low + s * qLow + sLow * q;
  const logM = sum(2 * s, cubic);
  const logMLow = low + 2 * sLow + cubicLow;

  const whole = sum(k * LN2_HIGH, logM);
  const rest = low + (logMLow + k * LN2_LOW);
  const high = whole + rest;
  low = rest - (high - whole);
  return high;
}

function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

const INVERSE_FACTORIALS = [
  1 / 87178291200,
  1 / 6227020800,
  1 / 479001600,
  1 / 39916800,
  1 / 3628800,
  1 / 362880,
  1 / 40320,
  1 / 5040,
  1 / 720,
  1 / 120,
  1 / 24,
  1 / 6,
  1 / 2,
] as const;

/** e^(x + xLow), |xLow| far below |x|. */
function exponential(x: number, xLow: number): number {
  if (x > 800) return Infinity;
  if (x < -800) return 0;
  // x = k ln 2 + r, |r| <= 0.347; the Taylor series is done at degree 14
  const k = Math.floor(x / LN2_HIGH + 0.5);
  const a = x - k * LN2_HIGH;
  const b = k * LN2_LOW;
  const r = a - b;
  const rLow = a - r - b + xLow;
  let tail = 0;
  for (const c of INVERSE_FACTORIALS) tail = tail * r + c;
  const one = 1 + r;
  const curve = r * r * tail;
  const value = one + (r - (one - 1) + (curve + rLow * (one + curve)));
  // in two steps: 2^k itself may overflow, or underflow, where the result does not
  const half = k >> 1;
  return value * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Natural logarithm; special cases as in `Math.log`. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  return x === Infinity ? x : logarithm(x);
}

/** e^x; special cases as in `Math.exp`. */
export function exp(x: number): number {
  return x !== x ? x : exponential(x, 0);
}

/** x^y; special cases as in `Math.pow`. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (x !== x || y !== y) return NaN;
  const size = Math.abs(x);
  if (Math.abs(y) === Infinity) return size === 1 ? NaN : size > 1 === y > 0 ? Infinity : 0;
  const negative = x < 0 || Object.is(x, -0);
  const odd = y % 2 === 1 || y % 2 === -1;
  const sign = negative && odd ? -1 : 1;
  if (size === 0 || size === Infinity) return sign * ((size === 0) === y > 0 ? 0 : Infinity);
  if (negative && !Number.isInteger(y)) return NaN;
  if (size === 1) return sign;
  // beyond 2^64 any power of anything but 1 is out of range, and the halves of a product would overflow
  const exponent = Math.max(-18446744073709552000, Math.min(18446744073709552000, y));
  const high = logarithm(size);
  const highLow = low;
  const p = product(exponent, high);
  return sign * exponential(p, low + exponent * highLow);
}

/** cos(pi x) for x from 0 to 1; error below 3e-16. */
export function cosHalfTurn(x: number): number {
  if (!(x >= 0 && x <= 1)) return NaN;
  // cos z = sin(pi/2 - z), and their series are done where the angle is at most pi/4
  if (x > 0.5) return -cosHalfTurn(1 - x);
  const sine = x > 0.25;
  const angle = Math.PI * (sine ? 0.5 - x : x);
  const z = angle * angle;
  let series = 1;
  for (let n = sine ? 19 : 18; n >= 2; n -= 2) series = 1 - (z * series) / (n * (n - 1));
  return sine ? angle * series : series;
}

/** ln(h / (1 - h)), for h in (0, 1). */
export function logit(h: number): number {
  return log(h) - log(1 - h);
}
