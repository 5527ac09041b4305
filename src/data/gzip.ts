// Files as they are on disk, packed or not: gzip is known by its first two bytes, never by the name. Unpacks with the
// runtime's own DecompressionStream.
import { copyBytes } from "../io/dtype.ts";
import { shared } from "./share.ts";

function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function decompress(bytes: Uint8Array, name: string): ReadableStreamDefaultReader<Uint8Array> {
  if (typeof DecompressionStream === "undefined")
    throw new TypeError(`gunzip: ${name}, got a runtime without DecompressionStream; unpack the file first`);
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  // a failure comes out of the readable end, so it is not to be reported here as well
  writer.write(copyBytes(bytes)).catch(() => {});
  writer.close().catch(() => {});
  return stream.readable.getReader();
}

async function chunks(bytes: Uint8Array, name: string, enough: number): Promise<Uint8Array[]> {
  const reader = decompress(bytes, name);
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    while (size < enough) {
      const { done, value } = await reader.read();
      if (done) return parts;
      parts.push(value);
      size += value.length;
    }
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    throw new RangeError(`gunzip: ${name}, got a damaged or truncated file (${why}); fetch it again`, {
      cause: reason,
    });
  }
  await reader.cancel();
  return parts;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = shared(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The contents of a file, unpacked if it is gzip. A damaged or truncated file is a RangeError that names it. */
export async function unpack(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  return isGzip(bytes) ? join(await chunks(bytes, name, Infinity)) : bytes;
}

/** The first `size` bytes of the contents or all if they are fewer, without unpacking the rest. */
export async function unpackHead(bytes: Uint8Array, name: string, size: number): Promise<Uint8Array> {
  const whole = isGzip(bytes) ? join(await chunks(bytes, name, size)) : bytes;
  return whole.subarray(0, size);
}

/** How many bytes the contents have, without unpacking: what a gzip file says of itself in its last four bytes. */
export function unpackedSize(bytes: Uint8Array): number {
  if (!isGzip(bytes)) return bytes.length;
  return bytes.length < 18 ? 0 : new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true);
}
