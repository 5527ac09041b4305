// Element types, and what may become an element: numbers, and of whole numbers those that the type holds. Nothing is rounded,
// wrapped around or made NaN on its way into a tensor.
import { shown } from "../runtime/options.ts";

/** Element types: single floats, 32-bit integers (labels, row numbers), bytes (pixels). */
export type DType = "f32" | "i32" | "u8";

/** Elements as JavaScript has them; floats are in double precision in a reference engine. */
export type Elements = Float32Array | Float64Array | Int32Array | Uint8Array;

/** What `toArray()` of a tensor of a known type gives; in a reference engine floats are a Float64Array all the same. */
export type ElementsOf<D extends DType> = { f32: Float32Array; i32: Int32Array; u8: Uint8Array }[D];

const ranges: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u8: [0, 255],
};

const bytes = [Uint8Array, Uint8ClampedArray];
const words = [...bytes, Int8Array, Int16Array, Uint16Array, Int32Array];

// arrays that hold nothing else
const safe: Readonly<Record<DType, ReadonlySet<unknown>>> = {
  f32: new Set<unknown>([...words, Uint32Array, Float32Array, Float64Array]),
  i32: new Set<unknown>(words),
  u8: new Set<unknown>(bytes),
};

/** Bytes per element of what a caller says is an element type. */
export function widthOf(op: string, dtype: DType): number {
  if (dtype === "f32" || dtype === "i32") return 4;
  if (dtype === "u8") return 1;
  throw new TypeError(`${op}: dtype, got ${shown(dtype)}, expected f32, i32, u8`);
}

/** Throws TypeError unless all values are numbers, RangeError unless an integer type holds them. */
export function checkElements(op: string, values: ArrayLike<number>, dtype: DType): void {
  const given: unknown = values;
  if (typeof given !== "object" || given === null || typeof values.length !== "number")
    throw new TypeError(`${op}: values, got ${shown(given)}, expected numbers`);
  if (safe[dtype].has(Object.getPrototypeOf(values)?.constructor)) return;
  const range = ranges[dtype];
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i];
    if (typeof value !== "number")
      throw new TypeError(
        `${op}: value ${i}, got ${Array.isArray(value) ? "an array" : typeof value}, expected a number; give nested ` +
          "values flat, and their shape",
      );
    if (range && !(Number.isInteger(value) && value >= range[0] && value <= range[1]))
      throw new RangeError(
        `${op}: value ${i}, got ${value}, expected an integer from ${range[0]} to ${range[1]} for ${dtype}`,
      );
  }
}
