import fc from "fast-check";
import { exp, log, pow } from "../../src/runtime/scalar.ts";
import { assert, test } from "../support/suite.ts";

// an independent reference: fixed point with 256 fractional bits in BigInt
const ONE = 1n << 256n;

function toFixed(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const word = view.getBigUint64(0);
  const exponent = Number(word >> 52n);
  const mantissa = (word & 0xfffffffffffffn) | (exponent ? 1n << 52n : 0n);
  const shift = BigInt(Math.max(exponent, 1) - 1075 + 256);
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return x < 0 ? -size : size;
}

function atanhSeries(numerator: bigint, denominator: bigint): bigint {
  const s = (numerator * ONE) / denominator;
  const z = (s * s) / ONE;
  let term = s;
  let total = 0n;
  for (let n = 1n; term !== 0n; n += 2n) {
    total += term / n;
    term = (term * z) / ONE;
  }
  return 2n * total;
}

const LN2 = atanhSeries(1n, 3n);

function logReference(x: number): bigint {
  const k = Math.floor(Math.log2(x));
  const m = toFixed(x / 2 ** k);
  return atanhSeries(m - ONE, m + ONE) + BigInt(k) * LN2;
}

/** e^x scaled by 2^-k, and k. */
function expReference(x: bigint): [bigint, number] {
  const k = x / LN2;
  const r = x - k * LN2;
  let term = ONE;
  let total = 0n;
  for (let n = 1n; term !== 0n; n++) {
    total += term;
    term = (term * r) / ONE / n;
  }
  return [total, Number(k)];
}

/** |got - wanted| in units of the last place of `got`, which is a normal number. */
function ulps(got: number, wanted: bigint): number {
  const unit = toFixed(2 ** (Math.floor(Math.log2(Math.abs(got))) - 52));
  const gap = toFixed(got) - wanted;
  return Number(((gap < 0n ? -gap : gap) * 1000n) / unit) / 1000;
}

function scaledUlps(got: number, [wanted, k]: [bigint, number]): number {
  const half = k >> 1;
  return ulps(got / 2 ** half / 2 ** (k - half), wanted);
}

const positive = fc.oneof(
  fc.double({ min: 2 ** -1000, max: 2 ** 1000, noNaN: true }),
  fc.double({ min: 0.5, max: 2, noNaN: true }),
);

test("log is within 0.6 units in the last place of the true value", () => {
  fc.assert(
    fc.property(positive, (x) => {
      if (x !== 1) assert.ok(ulps(log(x), logReference(x)) < 0.6, `log ${x}`);
    }),
    { numRuns: 500 },
  );
});

test("exp is within 0.6 units in the last place of the true value", () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      assert.ok(scaledUlps(exp(x), expReference(toFixed(x))) < 0.6, `exp ${x}`);
    }),
    { numRuns: 500 },
  );
});

test("pow is within 0.7 units in the last place of the true value", () => {
  const base = fc.oneof(
    fc.double({ min: 0.5, max: 2, noNaN: true }),
    fc.double({ min: 2 ** -50, max: 2 ** 50, noNaN: true }),
  );
  fc.assert(
    fc.property(base, fc.double({ min: -1, max: 1, noNaN: true }), (x, share) => {
      if (x === 1) return;
      const y = (share * 690) / Math.max(1, Math.abs(Math.log(x)));
      const wanted = expReference((logReference(x) * toFixed(y)) / ONE);
      assert.ok(scaledUlps(pow(x, y), wanted) < 0.7, `pow ${x} ${y}`);
    }),
    { numRuns: 500 },
  );
});

const near = (got: number, wanted: number): boolean =>
  Object.is(got, wanted) || Math.abs(got - wanted) <= 2 * Math.max(2 ** -1074, Math.abs(wanted) * 2 ** -52);

test("log, exp and pow agree with the engine's own to two units in the last place", () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (x, y) => {
      assert.ok(near(log(x), Math.log(x)), `log ${x}`);
      assert.ok(near(exp(x), Math.exp(x)), `exp ${x}`);
      assert.ok(near(pow(x, y), x ** y), `pow ${x} ${y}`);
    }),
    { numRuns: 3000 },
  );
});

test("special cases are those of Math", () => {
  const values = [
    NaN,
    -Infinity,
    -3.5,
    -3,
    -2,
    -1,
    -0.5,
    -5e-324,
    -0,
    0,
    5e-324,
    0.5,
    1,
    2,
    3,
    2 ** 53,
    2 ** 70,
    1e308,
    Infinity,
  ];
  for (const x of values) {
    assert.ok(near(log(x), Math.log(x)), `log ${x}`);
    assert.ok(near(exp(x), Math.exp(x)), `exp ${x}`);
    for (const y of values) assert.ok(near(pow(x, y), x ** y), `pow ${x} ${y}: ${pow(x, y)}, Math has ${x ** y}`);
  }
});

test("powers of two and small integer powers are exact", () => {
  for (let k = -1074; k <= 1023; k++) assert.is(pow(2, k), 2 ** k);
  for (let n = 1; n <= 13; n++) for (let k = 0; k <= 13; k++) assert.is(pow(-n, k), Number(BigInt(-n) ** BigInt(k)));
});

test("log and exp over subnormals and at the edges of the range do not lose their scale", () => {
  assert.is(log(5e-324), Math.log(5e-324));
  assert.is(exp(709.782712893384), 1.7976931348622732e308);
  assert.is(exp(709.7827128933841), Infinity);
  assert.is(exp(-745.1332191019411), 5e-324);
  assert.is(exp(-745.1332191019412), 0);
});

test.run();
