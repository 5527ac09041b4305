// Floats of 16 bits, as files have them: IEEE 754 half precision (F16), and the upper half of a single (BF16). Going there rounds to
// the nearest, of two equally near to the even one; coming back is exact. NaNs stay NaN, with what fits of their bits.

/** Element types that are read as single floats. */
export type Half = "F16" | "BF16";

const single = new Float32Array(1);
const word = new Uint32Array(single.buffer);

/** The bits of the half that is nearest to a single float's bits; beyond 65504 by half a step it is infinite. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = bits & 0x7fffffff;
  // NaN: quiet, with the upper bits of its payload
  if (size > 0x7f800000) return sign | 0x7e00 | ((size >>> 13) & 0x3ff);
  if (size >= 0x47800000) return sign | 0x7c00;
  if (size >= 0x38800000) return sign | nearest(size - 0x38000000, 13);
  // subnormal: the mantissa with its leading bit, so many places to the right
  const shift = 126 - (size >>> 23);
  return shift > 24 ? sign : sign | nearest((size & 0x7fffff) | 0x800000, shift);
}

// bits / 2^places to the nearest, ties to even
function nearest(bits: number, places: number): number {
  const [whole, rest, half] = [bits >>> places, bits & (2 ** places - 1), 2 ** (places - 1)];
  return whole + (rest > half || (rest === half && whole & 1) ? 1 : 0);
}

function bfloatOf(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return nearest(bits, 16);
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return (sign * mantissa) / 2 ** 24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return (sign * (1024 + mantissa) * 2 ** exponent) / 2 ** 25;
}

/** Single floats as 16-bit ones. */
export function narrowed(values: Float32Array, to: Half): Uint16Array {
  const pack = to === "F16" ? halfOf : bfloatOf;
  return Uint16Array.from(values, (value) => {
    single[0] = value;
    return pack(word[0]!);
  });
}

/** 16-bit floats as single ones. */
export function widened(bits: Uint16Array, from: Half): Float32Array {
  if (from === "F16") return Float32Array.from(bits, fromHalf);
  const values = new Float32Array(bits.length);
  const words = new Uint32Array(values.buffer);
  for (const [i, upper] of bits.entries()) words[i] = upper * 65536;
  return values;
}
