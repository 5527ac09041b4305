// The element types that tensor files may hold, and how bytes become typed arrays.
// Files and every machine we run on are little-endian, so an aligned slice of a file already is the array.

import type { Half } from "./half.ts";

/** The typed arrays a tensor file can hold. 64-bit integers stay exact as BigInt. */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A tensor as files know it: a shape and its elements in row-major order. */
export interface TensorData {
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** Its elements, row by row. */
  readonly data: NumericArray;
  /** Single floats that a file holds in 16 bits; so read, and so written. */
  readonly stored?: Half;
}

interface NumericArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericArray;
}

/** One element type: its names in safetensors and npy files, and its array. */
export interface Dtype {
  readonly safetensors: string;
  readonly npy: string;
  readonly array: NumericArrayConstructor;
}

/** Every element type we read and write. */
export const dtypes: readonly Dtype[] = [
  { safetensors: "F32", npy: "<f4", array: Float32Array },
  { safetensors: "F64", npy: "<f8", array: Float64Array },
  { safetensors: "I8", npy: "|i1", array: Int8Array },
  { safetensors: "I16", npy: "<i2", array: Int16Array },
  { safetensors: "I32", npy: "<i4", array: Int32Array },
  { safetensors: "I64", npy: "<i8", array: BigInt64Array },
  { safetensors: "U8", npy: "|u1", array: Uint8Array },
  { safetensors: "U16", npy: "<u2", array: Uint16Array },
  { safetensors: "U32", npy: "<u4", array: Uint32Array },
  { safetensors: "U64", npy: "<u8", array: BigUint64Array },
];

/** The element type of an array; a TypeError for one that files do not hold. Subclasses (Node's Buffer) count. */
export function dtypeOf(data: NumericArray): Dtype {
  const dtype = dtypes.find(({ array }) => data instanceof array);
  if (!dtype) throw new TypeError(`dtypeOf: no such element type, got ${Object.prototype.toString.call(data)}`);
  return dtype;
}

/** Number of elements of a shape; a RangeError unless every size is a whole number >= 0 and the product is exact. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`shape: not a size, got ${size} in [${shape}]`);
    count *= size;
  }
  if (!Number.isSafeInteger(count)) throw new RangeError(`shape: too many elements, got [${shape}]`);
  return count;
}

/** A tensor's elements as bytes, without a copy; a RangeError if the shape does not fit the data. */
export function bytesOf({ shape, data }: TensorData): Uint8Array {
  if (elementCount(shape) !== data.length) {
    throw new RangeError(`tensor: shape does not fit the data, got [${shape}] and ${data.length} elements`);
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The bytes from `start` to before `end`, as many as there are, in memory of their own. Never `bytes.slice`: a Node Buffer's is
 * a view into whatever lies around it, and of shared memory no text decoder takes a view.
 */
export function copyBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(start, end));
}

/** `length` elements starting at byte `start`: a view where the alignment allows it, else a copy. The one way from bytes to arrays. */
export function arrayAt(
  bytes: Uint8Array,
  start: number,
  length: number,
  { array }: Pick<Dtype, "array">,
): NumericArray {
  const size = length * array.BYTES_PER_ELEMENT;
  if (start + size > bytes.length)
    throw new RangeError(`tensor: bytes, got ${bytes.length}, expected ${start + size} for ${length} elements`);
  const offset = bytes.byteOffset + start;
  if (offset % array.BYTES_PER_ELEMENT === 0) return new array(bytes.buffer, offset, length);
  return new array(copyBytes(bytes, start, start + size).buffer, 0, length);
}
