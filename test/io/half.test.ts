// 16-bit floats to the bit: against all of them, one by one, and against the definition of rounding.
import fc from "fast-check";
import { decodeSafetensors, encodeSafetensors, type Half, narrowed, widened } from "../../src/io/index.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const formats = { F16: { mantissa: 10, bias: 15, most: 31 }, BF16: { mantissa: 7, bias: 127, most: 255 } } as const;

/** The value of 16 bits, from the definition of IEEE 754. */
function valueOf(bits: number, half: Half): number {
  const { mantissa, bias, most } = formats[half];
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = Math.floor((bits % 0x8000) / 2 ** mantissa);
  const fraction = (bits % 2 ** mantissa) / 2 ** mantissa;
  if (exponent === most) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
}

/** Bits of the nearest value by bisection over all that are not negative; ties to the even one; infinity as the next step would be. */
function nearestTo(value: number, half: Half): number {
  const { mantissa, bias, most } = formats[half];
  if (Number.isNaN(value)) return NaN;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  const infinite = most * 2 ** mantissa;
  const at = (bits: number): number => (bits === infinite ? 2 ** (most - bias) : valueOf(bits, half));
  let [low, high] = [0, infinite];
  if (size >= at(infinite)) return sign + infinite;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (at(middle) <= size) low = middle;
    else high = middle;
  }
  const [down, up] = [size - at(low), at(high) - size];
  return sign + (down < up || (down === up && low % 2 === 0) ? low : high);
}

for (const half of ["F16", "BF16"] as const) {
  const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
  const isNaNs = (bits: number): boolean => Number.isNaN(valueOf(bits, half));

  test(`all 65536 values of ${half} are read as the definition has them, and written as they were`, () => {
    const values = widened(all, half);
    for (const bits of all) assert.ok(Object.is(values[bits], valueOf(bits, half)), `${bits}: ${values[bits]}`);
    const back = narrowed(values, half);
    for (const bits of all)
      assert.ok(isNaNs(bits) ? isNaNs(back[bits]!) : back[bits] === bits, `${bits}: ${back[bits]}`);
  });

  test(`any single float becomes the nearest ${half}, of two the even one`, () => {
    const words = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    // and those around every boundary: values, and halves between neighbours
    const close = fc.tuple(fc.integer({ min: 0, max: 65535 }), fc.boolean(), fc.integer({ min: -2, max: 2 }));
    const check = (value: number): void => {
      const found = narrowed(Float32Array.of(value), half)[0]!;
      const expected = nearestTo(value, half);
      assert.ok(Number.isNaN(expected) ? isNaNs(found) : found === expected, `${value}: ${found}, ${expected}`);
    };
    const bits = new DataView(new ArrayBuffer(4));
    fc.assert(
      fc.property(words, (word) => {
        bits.setUint32(0, word);
        check(bits.getFloat32(0));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(close, ([of, between, steps]) => {
        const [value, next] = [valueOf(of, half), valueOf(of + 1, half)];
        if (!Number.isFinite(value) || !Number.isFinite(next)) return check(value);
        bits.setFloat32(0, between ? (value + next) / 2 : value);
        bits.setUint32(0, Math.max(0, bits.getUint32(0) + steps));
        check(bits.getFloat32(0));
      }),
      { numRuns: 2000 },
    );
  });
}

test("a sign, a payload and infinities survive", () => {
  const bits = new Uint32Array([0xffc12345, 0x7f800001, 0xff800000, 0x80000000]);
  const values = new Float32Array(bits.buffer);
  assert.equal(narrowed(values, "BF16"), Uint16Array.of(0xffc1, 0x7fc0, 0xff80, 0x8000));
  assert.equal(narrowed(values, "F16"), Uint16Array.of(0xfe09, 0x7e00, 0xfc00, 0x8000));
});

test("a file of 16-bit floats is read as single ones and written as it was, beside others", () => {
  const tensors = [
    ["a", { shape: [3], data: Float32Array.of(1, -0.333, 65519), stored: "F16" }],
    ["b", { shape: [2], data: Float32Array.of(3e38, 1 / 3), stored: "BF16" }],
    ["c", { shape: [1, 1], data: Float32Array.of(0.1) }],
  ] as const;
  const file = encodeSafetensors(tensors);
  const header = new TextDecoder().decode(file.slice(8, 8 + Number(new DataView(file.buffer).getBigUint64(0, true))));
  assert.match(header, /"c":\{"dtype":"F32".*"a":\{"dtype":"F16","shape":\[3\].*"b":\{"dtype":"BF16"/);
  const { tensors: read } = decodeSafetensors(file);
  assert.equal(read.get("a"), { shape: [3], data: Float32Array.of(1, -0.3330078125, 65504), stored: "F16" });
  assert.equal(read.get("b")!.stored, "BF16");
  assert.equal(encodeSafetensors(read), file);
  refuses(
    () => encodeSafetensors([["a", { shape: [1], data: Int32Array.of(1), stored: "F16" }]]),
    'safetensors: "a" stored as F16, got Int32Array, expected single floats as F16 or BF16',
  );
});

test.run();
