// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes without a gap.
// Reading is strict: what is truncated, overlaps or leaves a hole is refused, so a file that loads is whole.
// It knows names, shapes and bytes; what they are weights of is somebody else's business.
// Format: github.com/huggingface/safetensors, README.
import { arrayAt, bytesOf, copyBytes, dtypeOf, dtypes, elementCount } from "./dtype.ts";
import type { Dtype, TensorData } from "./dtype.ts";
import { type Half, narrowed, widened } from "./half.ts";

/** A file's content. Tensors keep their order; metadata values are strings, as the format wants. */
export interface Safetensors {
  /** Tensors by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Strings by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly name: string;
  readonly dtype: Pick<Dtype, "array">;
  readonly stored: Half | undefined;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const metadataKey = "__metadata__";
const halves: readonly Half[] = ["F16", "BF16"];
// the reference implementation's own limit
const maxHeaderBytes = 100_000_000;

/**
 * The bytes of a safetensors file. Wider element types come first and the header is padded to 8 bytes, so that every
 * tensor can be viewed without a copy; within one width the given order stays, so a flat block remains one block. Single floats
 * whose tensor says `stored` are rounded to 16 bits.
 *
 * Errors: RangeError for a shape that does not fit its data or a name given twice, TypeError for an unknown array.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = Array.from(tensors, ([name, tensor]) => [name, written(name, tensor)] as const).toSorted(
    ([, a], [, b]) => b.tensor.data.BYTES_PER_ELEMENT - a.tensor.data.BYTES_PER_ELEMENT,
  );

  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set(metadataKey, metadata);
  let size = 0;
  for (const [name, { tensor, dtype }] of parts) {
    if (header.has(name) || name === metadataKey) throw new RangeError(`safetensors: name not free, got "${name}"`);
    const end = size + bytesOf(tensor).length;
    header.set(name, { dtype, shape: tensor.shape, data_offsets: [size, end] });
    size = end;
  }

  // by hand, because an object would move names that look like numbers to the front
  const fields = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(start + size).fill(0x20, 8, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(text, 8);
  let at = start;
  for (const [, { tensor }] of parts) {
    file.set(bytesOf(tensor), at);
    at += tensor.data.byteLength;
  }
  return file;
}

/** A tensor as a file holds it, and what the file calls its elements. */
function written(name: string, tensor: TensorData): { tensor: TensorData; dtype: string } {
  const { shape, data, stored } = tensor;
  if (stored === undefined) return { tensor, dtype: dtypeOf(data).safetensors };
  if (!halves.includes(stored) || !(data instanceof Float32Array))
    throw new TypeError(
      `safetensors: "${name}" stored as ${stored}, got ${data.constructor.name}, expected single floats as F16 or BF16`,
    );
  return { tensor: { shape, data: narrowed(data, stored) }, dtype: stored };
}

/**
 * The tensors and metadata of a safetensors file. Arrays share memory with `bytes` where the alignment allows it; floats of 16 bits
 * (F16, BF16) come as single ones, and say how they were stored.
 *
 * Errors: RangeError for a truncated file, tensors that overlap or leave bytes unused; TypeError for a bad header or an
 * element type we do not hold (F8, BOOL).
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { header, start } = readHeader(bytes);
  const metadata = readMetadata(header[metadataKey]);
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) if (name !== metadataKey) entries.push(readEntry(name, value));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);

  let at = 0;
  const tensors = new Map<string, TensorData>();
  for (const { name, dtype, stored, shape, begin, end } of entries) {
    if (begin < at) throw new RangeError(`safetensors: "${name}" overlaps the tensor before it, got offset ${begin}`);
    if (begin > at) throw new RangeError(`safetensors: hole before "${name}", got offset ${begin}, expected ${at}`);
    if (start + end > bytes.length) {
      throw new RangeError(`safetensors: truncated in "${name}", got ${bytes.length} bytes, expected ${start + end}`);
    }
    const data = arrayAt(bytes, start + begin, elementCount(shape), dtype);
    tensors.set(name, stored ? { shape, data: widened(data as Uint16Array, stored), stored } : { shape, data });
    at = end;
  }
  if (start + at !== bytes.length) {
    throw new RangeError(`safetensors: unused bytes at the end, got ${bytes.length}, expected ${start + at}`);
  }
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) throw new RangeError(`safetensors: no header, got ${bytes.length} bytes, expected at least 8`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > maxHeaderBytes) {
    throw new RangeError(`safetensors: header too long, got ${length} bytes, expected at most ${maxHeaderBytes}`);
  }
  const start = 8 + length;
  if (start > bytes.length) {
    throw new RangeError(`safetensors: truncated in the header, got ${bytes.length} bytes, expected ${start} or more`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(copyBytes(bytes, 8, start)));
  } catch (cause) {
    throw new TypeError("safetensors: header is not JSON; is this a safetensors file?", { cause });
  }
  if (!isObject(header)) throw new TypeError(`safetensors: header is not an object, got ${JSON.stringify(header)}`);
  return { header, start };
}

function readMetadata(value: unknown = {}): Record<string, string> {
  if (!isObject(value) || !isTexts(value)) {
    throw new TypeError(`safetensors: metadata is not an object of strings, got ${JSON.stringify(value)}`);
  }
  return value;
}

function readEntry(name: string, value: unknown): Entry {
  const wrong = (what: string, got: unknown): TypeError =>
    new TypeError(`safetensors: ${what} of "${name}", got ${JSON.stringify(got)}`);
  if (!isObject(value)) throw wrong("bad entry", value);

  const stored = halves.find((half) => half === value["dtype"]);
  const dtype = stored ? { array: Uint16Array } : dtypes.find(({ safetensors }) => safetensors === value["dtype"]);
  if (!dtype) {
    const known = [...dtypes.map(({ safetensors }) => safetensors), ...halves].join(", ");
    throw new TypeError(
      `${wrong("unknown dtype", value["dtype"]).message}, expected one of ${known}; convert it first`,
    );
  }
  const { shape, data_offsets: offsets } = value;
  if (!isSizes(shape)) throw wrong("bad shape", shape);
  if (!isSizes(offsets) || offsets.length !== 2) throw wrong("bad offsets", offsets);
  const [begin = 0, end = 0] = offsets;
  const size = elementCount(shape) * dtype.array.BYTES_PER_ELEMENT;
  if (end - begin !== size) {
    throw new RangeError(
      `safetensors: offsets of "${name}", got ${end - begin} bytes, expected ${size} for [${shape}]`,
    );
  }
  return { name, dtype, stored, shape, begin, end };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: Record<string, unknown>): value is Record<string, string> {
  return Object.values(value).every((text) => typeof text === "string");
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
