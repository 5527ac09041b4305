// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes without a gap.
// Reading is strict: what is truncated, overlaps or leaves a hole is refused, so a file that loads is whole.
// It knows names, shapes and bytes; what they are weights of is somebody else's business.
// Format: github.com/huggingface/safetensors, README.
import { arrayAt, bytesOf, copyBytes, dtypeOf, dtypes, elementCount } from "./dtype.ts";
import type { Dtype, TensorData } from "./dtype.ts";

/** A file's content. Tensors keep their order; metadata values are strings, as the format wants. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, TensorData>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const metadataKey = "__metadata__";
// the reference implementation's own limit
const maxHeaderBytes = 100_000_000;

/**
 * The bytes of a safetensors file. Wider element types come first and the header is padded to 8 bytes, so that every
 * tensor can be viewed without a copy; within one width the given order stays, so a flat block remains one block.
 *
 * Errors: RangeError for a shape that does not fit its data or a name given twice, TypeError for an unknown array.
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, TensorData]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = [...tensors].toSorted(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);

  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set(metadataKey, metadata);
  let size = 0;
  for (const [name, tensor] of parts) {
    if (header.has(name) || name === metadataKey) throw new RangeError(`safetensors: name not free, got "${name}"`);
    const { safetensors: dtype } = dtypeOf(tensor.data);
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
  for (const [, tensor] of parts) {
    file.set(bytesOf(tensor), at);
    at += tensor.data.byteLength;
  }
  return file;
}

/**
 * The tensors and metadata of a safetensors file. Arrays share memory with `bytes` where the alignment allows it.
 *
 * Errors: RangeError for a truncated file, tensors that overlap or leave bytes unused; TypeError for a bad header or an
 * element type we do not hold (F16, BF16, BOOL).
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { header, start } = readHeader(bytes);
  const metadata = readMetadata(header[metadataKey]);
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) if (name !== metadataKey) entries.push(readEntry(name, value));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);

  let at = 0;
  const tensors = new Map<string, TensorData>();
  for (const { name, dtype, shape, begin, end } of entries) {
    if (begin < at) throw new RangeError(`safetensors: "${name}" overlaps the tensor before it, got offset ${begin}`);
    if (begin > at) throw new RangeError(`safetensors: hole before "${name}", got offset ${begin}, expected ${at}`);
    if (start + end > bytes.length) {
      throw new RangeError(`safetensors: truncated in "${name}", got ${bytes.length} bytes, expected ${start + end}`);
    }
    tensors.set(name, { shape, data: arrayAt(bytes, start + begin, elementCount(shape), dtype) });
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

  const dtype = dtypes.find(({ safetensors }) => safetensors === value["dtype"]);
  if (!dtype) {
    const known = dtypes.map(({ safetensors }) => safetensors).join(", ");
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
  return { name, dtype, shape, begin, end };
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
