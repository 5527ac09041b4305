// The npy format: a magic string, a Python dict that says type and shape, then the elements.
// Reads versions 1, 2 and 3, writes the oldest that fits; row-major and little-endian only.
// Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { arrayAt, bytesOf, dtypeOf, dtypes, elementCount } from "./dtype.ts";
import type { TensorData } from "./dtype.ts";

const magic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

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
  const { text, start } = readHeader(bytes);
  const descr = field(text, /'descr'\s*:\s*(?:'([^']*)'|(\[.*?\]))/s);
  const order = field(text, /'fortran_order'\s*:\s*(True|False)/);
  const tuple = field(text, /'shape'\s*:\s*\(([\d\s,L]*)\)/);

  if (order === "True") {
    throw new TypeError("npy: column-major, expected row-major; save numpy.ascontiguousarray(x) instead");
  }
  const dtype = dtypes.find(({ npy }) => npy === descr || npy.replace("|", "<") === descr);
  if (!dtype) {
    const known = dtypes.map(({ npy }) => npy).join(", ");
    throw new TypeError(`npy: element type, got ${descr}, expected one of ${known}; save x.astype("<f4") instead`);
  }
  const shape = (tuple.match(/\d+/g) ?? []).map(Number);
  const length = elementCount(shape);
  const end = start + length * dtype.array.BYTES_PER_ELEMENT;
  if (bytes.length !== end) throw new RangeError(`npy: wrong length, got ${bytes.length} bytes, expected ${end}`);
  return { shape, data: arrayAt(bytes, start, length, dtype) };
}

function readHeader(bytes: Uint8Array): { text: string; start: number } {
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw new TypeError("npy: no magic string; is this an .npy file?");
  }
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw new TypeError(`npy: version, got ${version}, expected 1, 2 or 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const prefix = version === 1 ? 10 : 12;
  const start = prefix + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) {
    throw new RangeError(`npy: truncated in the header, got ${bytes.length} bytes, expected ${start} or more`);
  }
  return { text: new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.slice(prefix, start)), start };
}

function field(text: string, pattern: RegExp): string {
  const match = pattern.exec(text);
  if (!match) throw new TypeError(`npy: header, got ${text.trim()}, expected ${pattern.source}`);
  return match[1] ?? match[2] ?? "";
}
