// The npy format: a magic string, a Python dict that says type and shape, then the elements.
// Reads versions 1, 2 and 3, writes the oldest that fits; row-major and little-endian only.
// Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { arrayAt, bytesOf, copyBytes, dtypeOf, dtypes, elementCount } from "./dtype.ts";
import type { Dtype, TensorData } from "./dtype.ts";

const magic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
// a thousand dimensions fit a hundred times; numpy itself stops at 64
const maxHeaderBytes = 1_000_000;

/** The bytes of an .npy file, as numpy.save writes them. */
export function encodeNpy(tensor: TensorData): Uint8Array {
  const { npy } = dtypeOf(tensor.data);
  const { shape } = tensor;
  // a Python tuple of one needs its comma
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${npy}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // numpy pads so that the elements start at a multiple of 64
  const end = (prefix: number): number => Math.ceil((prefix + dict.length + 1) / 64) * 64;
  const version = end(10) - 10 < 65536 ? 1 : 2;
  const prefix = version === 1 ? 10 : 12;
  const start = end(prefix);

  const elements = bytesOf(tensor);
  const file = new Uint8Array(start + elements.length).fill(0x20, prefix, start);
  file.set(magic);
  file[6] = version;
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, start - prefix, true);
  else view.setUint32(8, start - prefix, true);
  file.set(new TextEncoder().encode(dict), prefix);
  file[start - 1] = 0x0a;
  file.set(elements, start);
  return file;
}

/**
 * The array of an .npy file. It shares memory with `bytes` where the alignment allows it.
 *
 * Errors: TypeError for what is no .npy file, column-major order, big-endian or an element type we do not hold (f2,
 * complex, strings, objects); RangeError for a file that is cut or too long.
 */
export function decodeNpy(bytes: Uint8Array): TensorData {
  const { dtype, shape, start, end } = readHeader(bytes);
  if (bytes.length !== end) throw new RangeError(`npy: wrong length, got ${bytes.length} bytes, expected ${end}`);
  return { shape, data: arrayAt(bytes, start, elementCount(shape), dtype) };
}

/** How many bytes the head of an .npy file has, which its first 12 say: `npySize` wants that many. */
export function npyHeadSize(bytes: Uint8Array): number {
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new TypeError("npy: no magic string; is this an .npy file?");
  }
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw new TypeError(`npy: version, got ${version}, expected 1, 2 or 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes) {
    throw new RangeError(`npy: header too long, got ${length} bytes, expected at most ${maxHeaderBytes}`);
  }
  return (version === 1 ? 10 : 12) + length;
}

/** How many bytes an .npy file has, by its head alone. Errors as of `decodeNpy`. */
export function npySize(head: Uint8Array): number {
  return readHeader(head).end;
}

interface Header {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Where the elements begin, and where they end. */
  readonly start: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array): Header {
  const start = npyHeadSize(bytes);
  if (start > bytes.length) {
    throw new RangeError(`npy: truncated in the header, got ${bytes.length} bytes, expected ${start} or more`);
  }
  const version = bytes[6]!;
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1");
  const { descr, order, tuple } = readDict(text.decode(copyBytes(bytes, version === 1 ? 10 : 12, start)));
  if (order === "True") {
    throw new TypeError("npy: column-major, expected row-major; save numpy.ascontiguousarray(x) instead");
  }
  const dtype = dtypes.find(({ npy }) => npy === descr || npy.replace("|", "<") === descr);
  if (!dtype) {
    const known = dtypes.map(({ npy }) => npy).join(", ");
    throw new TypeError(
      `npy: element type, got ${brief(descr)}, expected one of ${known}; save x.astype("<f4") instead`,
    );
  }
  const shape = (tuple.match(/\d+/g) ?? []).map(Number);
  return { dtype, shape, start, end: start + elementCount(shape) * dtype.array.BYTES_PER_ELEMENT };
}

// the values that the three fields of a header can have; each pattern reads a character at most twice
const values = {
  descr: /'[^']*'|"[^"]*"|\[[^\]]*\]/y,
  fortran_order: /True|False/y,
  shape: /\([\d\s,L]*\)/y,
} as const;

/** The fields of a Python dict as numpy writes it, read from left to right without a step back. */
function readDict(text: string): { descr: string; order: string; tuple: string } {
  let at = 0;
  const next = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const wrong = (): TypeError =>
    new TypeError(`npy: header, got ${brief(text.trim())}, expected a dict with ${Object.keys(values).join(", ")}`);
  const space = /\s*/y;
  const found = new Map<string, string>();
  next(space);
  if (!next(/\{/y)) throw wrong();
  for (next(space); !next(/\}/y); next(space)) {
    const name = (next(/'\w*'|"\w*"/y) ?? "").slice(1, -1);
    if (!Object.hasOwn(values, name) || found.has(name)) throw wrong();
    next(space);
    if (!next(/:/y)) throw wrong();
    next(space);
    const value = next(values[name as keyof typeof values]);
    if (value === undefined) throw wrong();
    found.set(name, value);
    next(space);
    // commas stand between fields, and numpy puts one behind the last
    if (!next(/,/y) && text[at] !== "}") throw wrong();
  }
  const [descr, order, tuple] = Object.keys(values).map((name) => found.get(name));
  if (descr === undefined || order === undefined || tuple === undefined || text.slice(at).trim() !== "") throw wrong();
  return { descr: descr.startsWith("[") ? descr : descr.slice(1, -1), order, tuple };
}

/** As much of a text as an error can quote. */
function brief(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
