// Numbers in a finite ring: reals as fixed-point numbers modulo 2^64, where what is added to hide them leaves no trace once it is
// taken away. An element is two words of 32 bits, the low one first, which is as a stream of bytes falls on a little-endian machine.
import type { Vector } from "../turn.ts";

/** Bits behind the point. */
const FRACTION = 2 ** 24;
const WORD = 2 ** 32;

/** No number's magnitude may reach it: so what 255 clients send adds up below 2^63. */
export const LARGEST: number = 2 ** 28;

/** Elements of the ring, two words each. */
export type Elements = Uint32Array<ArrayBuffer>;

/** So many zeros. */
export function zeros(count: number): Elements {
  return new Uint32Array(2 * count);
}

/** Values times a weight, rounded to the ring; a RangeError for what is too large for it, or no number. */
export function toRing(name: string, values: ArrayLike<number>, weight: number): Elements {
  const elements = zeros(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]! * weight;
    if (!(Math.abs(value) < LARGEST))
      throw new RangeError(
        `secure: ${name}, got ${value} at ${i}, times its weight of ${weight}, expected less than ${LARGEST}; sums would overflow`,
      );
    const whole = Math.round(value * FRACTION);
    const high = Math.floor(whole / WORD);
    elements[2 * i] = whole - high * WORD;
    elements[2 * i + 1] = high;
  }
  return elements;
}

/** What ring elements stand for, over a total. */
export function fromRing(elements: Elements, total: number): Float64Array {
  const values = new Float64Array(elements.length / 2);
  for (let i = 0; i < values.length; i++)
    values[i] = ((elements[2 * i + 1]! | 0) * WORD + elements[2 * i]!) / FRACTION / total;
  return values;
}

/** sum += other, element by element, in place. */
export function addTo(sum: Elements, other: Elements): void {
  check(sum, other);
  for (let i = 0; i < sum.length; i += 2) {
    const low = sum[i]! + other[i]!;
    sum[i] = low;
    sum[i + 1] = sum[i + 1]! + other[i + 1]! + (low >= WORD ? 1 : 0);
  }
}

/** sum -= other, element by element, in place. */
export function takeFrom(sum: Elements, other: Elements): void {
  check(sum, other);
  for (let i = 0; i < sum.length; i += 2) {
    const low = sum[i]! - other[i]!;
    sum[i] = low;
    sum[i + 1] = sum[i + 1]! - other[i + 1]! - (low < 0 ? 1 : 0);
  }
}

function check(a: Elements, b: Elements): void {
  if (a.length !== b.length)
    throw new RangeError(`secure: got ${b.length / 2} numbers, expected ${a.length / 2}; the models differ`);
}

/** Named vectors and scalars, weighed and one after another. */
export function flat(
  named: readonly (readonly [name: string, values: Vector | readonly number[], weight: number])[],
): Elements {
  const parts = named.map(([name, values, weight]) => toRing(name, values, weight));
  const all = zeros(parts.reduce((n, { length }) => n + length / 2, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
