// The gzip format: members one behind another, each a header, a deflate stream, and a checksum and length of what it unpacks
// to. Padding with zeros is let through, anything else behind the last member is not. Format: RFC 1952.
import { crc32 } from "./crc32.ts";
import { inflater, Room } from "./inflate.ts";

/** What came out, and whether that is all. */
export interface Gunzipped {
  readonly bytes: Uint8Array;
  readonly whole: boolean;
}

export interface GunzipOptions {
  /** How many bytes to unpack at most; what is more is not unpacked. */
  readonly most: number;
  /** Makes the memory for them; ordinary memory unless said. */
  readonly allocate?: (size: number) => Uint8Array;
}

/** Whether bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Unpacks every member. A RangeError for what is damaged or truncated. */
export function gunzip(
  bytes: Uint8Array,
  { most, allocate = (size) => new Uint8Array(size) }: GunzipOptions,
): Gunzipped {
  const room = new Room(most, 2 * bytes.length, allocate);
  const inflate = inflater(bytes, room);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const begin = room.size;
    at = inflate(headerEnd(bytes, at));
    if (room.full) return { bytes: room.bytes.subarray(0, most), whole: false };
    if (at + 8 > bytes.length) throw wrong("its end too early", at);
    const unpacked = room.bytes.subarray(begin, room.size);
    if (view.getUint32(at, true) !== crc32(unpacked)) throw wrong("another checksum than its contents have", at);
    if (view.getUint32(at + 4, true) !== unpacked.length % 2 ** 32) throw wrong("another length than it has", at + 4);
    at += 8;
    while (bytes[at] === 0) at++;
  }
  return { bytes: room.bytes.subarray(0, room.size), whole: true };
}

/** Where the deflate stream of the member at `at` begins. */
function headerEnd(bytes: Uint8Array, at: number): number {
  if (!(bytes[at] === 0x1f && bytes[at + 1] === 0x8b)) throw wrong("bytes that belong to no member", at);
  const [method, flags] = [bytes[at + 2], bytes[at + 3]!];
  if (at + 10 > bytes.length) throw wrong("its end too early", at);
  if (method !== 8 || flags & 0xe0) throw wrong("a packing that is not deflate", at);
  let end = at + 10;
  if (flags & 4) end += 2 + bytes[end]! + 256 * bytes[end + 1]!;
  // a name and a comment, each up to a zero
  for (const flag of [8, 16]) if (flags & flag) end = bytes.indexOf(0, end) + 1 || NaN;
  if (flags & 2) end += 2;
  if (!(end < bytes.length)) throw wrong("its end too early", at);
  return end;
}

function wrong(what: string, at: number): RangeError {
  return new RangeError(`gunzip: got ${what} at byte ${at}, expected gzip`);
}
