// placeholder until src/io/npy.ts lands
export interface NpyArray {
  dtype: string;
  shape: readonly number[];
  data: Float32Array;
}
export function encodeNpy(shape: readonly number[], data: Float32Array): Uint8Array {
  const inner = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.length === 1 ? `${shape[0]},` : shape.join(", ")}), }`;
  const pad = (64 - ((10 + inner.length + 1) % 64)) % 64;
  const header = inner + " ".repeat(pad) + "\n";
  const out = new Uint8Array(10 + header.length + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  out.set(new TextEncoder().encode(header), 10);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + header.length);
  return out;
}
export function decodeNpy(bytes: Uint8Array): NpyArray {
  const major = bytes[6]!;
  const length =
    major === 1 ? bytes[8]! | (bytes[9]! << 8) : new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  const start = major === 1 ? 10 : 12;
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const dtype = /'descr': '([^']*)'/.exec(header)?.[1] ?? "";
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? "")
    .split(",")
    .filter((s) => s.trim() !== "")
    .map(Number);
  const raw = bytes.slice(start + length);
  const data = dtype === "<f8" ? Float32Array.from(new Float64Array(raw.buffer)) : new Float32Array(raw.buffer);
  return { dtype, shape, data };
}
