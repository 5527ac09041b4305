// Files as they are on disk, packed or not: gzip is known by its first two bytes, never by the name. Never more is unpacked
// than the reader of a format says there can be.
import { gunzip, isGzip } from "../io/gzip.ts";
import { shared } from "./share.ts";

/** The most bytes that are unpacked of a file whose format does not say how many it has. */
const MOST = 2 ** 31 - 1;

function unpacked(bytes: Uint8Array, name: string, most: number): { bytes: Uint8Array; whole: boolean } {
  try {
    return gunzip(bytes, { most, allocate: shared });
  } catch (reason) {
    if (!(reason instanceof RangeError)) throw reason;
    throw new RangeError(`gunzip: ${name}, got a damaged or truncated file (${reason.message}); fetch it again`, {
      cause: reason,
    });
  }
}

/**
 * The contents of a file, unpacked if it is gzip. A damaged or truncated file is a RangeError that names it, and so is one of
 * more than `most` bytes, at once.
 */
export function unpack(bytes: Uint8Array, name: string, most: number = MOST): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  const all = unpacked(bytes, name, most);
  if (!all.whole)
    throw new RangeError(
      `gunzip: ${name}, got more than ${most} bytes, expected at most as many; is it the right file?`,
    );
  return all.bytes;
}

/** The first `size` bytes of the contents or all if they are fewer, without unpacking the rest. */
export function unpackHead(bytes: Uint8Array, name: string, size: number): Uint8Array {
  return isGzip(bytes) ? unpacked(bytes, name, size).bytes : bytes.subarray(0, size);
}

/**
 * How many bytes the contents have. `expected` is believed where a gzip file says the same of itself in its last four bytes;
 * else, as one of several members does not, they are counted.
 */
export function unpackedSize(bytes: Uint8Array, name: string, expected?: number): number {
  if (!isGzip(bytes)) return bytes.length;
  const end = bytes.subarray(-4);
  const last = end.reduceRight((sum, byte) => 256 * sum + byte, 0);
  return last === expected && bytes.length >= 18 ? last : unpack(bytes, name).length;
}
