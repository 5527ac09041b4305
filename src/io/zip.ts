// A zip archive of files that are stored, not compressed: enough for a page to hand out a run folder.
// Every entry has the same date, so equal files give equal bytes. Format: PKWARE APPNOTE 6.3, sections 4.3.7 to 4.3.16.
import { crc32 } from "./crc32.ts";

const limit = 0xffffffff;
const utf8Names = 0x0800;
const firstDay = 0x0021; // 1980-01-01, the format's zero

/** The bytes of an archive of `files` by path. RangeError beyond 4 GiB or 65,535 files, where the format ends. */
export function encodeZip(files: Iterable<readonly [string, Uint8Array]>): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [path, bytes] of files) {
    const name = new TextEncoder().encode(path);
    const fields = [utf8Names, 0, 0, firstDay, ...u32(crc32(bytes)), ...u32(bytes.length), ...u32(bytes.length)];
    const local = record(0x04034b50, [10, ...fields, name.length, 0], name);
    directory.push(record(0x02014b50, [20, 10, ...fields, name.length, 0, 0, 0, 0, 0, 0, ...u32(offset)], name));
    parts.push(local, bytes);
    offset += local.length + bytes.length;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const count = directory.length;
  if (offset + size > limit || count > 0xffff) {
    throw new RangeError(`zip: archive too large, got ${count} files in ${offset} bytes, expected at most 4 GiB`);
  }
  const end = record(0x06054b50, [0, 0, count, count, ...u32(size), ...u32(offset), 0]);

  const archive = new Uint8Array(offset + size + end.length);
  let at = 0;
  for (const part of [...parts, ...directory, end]) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

// a signature, 16-bit fields, and a name
function record(signature: number, fields: readonly number[], name: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(4 + 2 * fields.length + name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  for (const [i, value] of fields.entries()) view.setUint16(4 + 2 * i, value, true);
  bytes.set(name, 4 + 2 * fields.length);
  return bytes;
}

function u32(value: number): [number, number] {
  return [value & 0xffff, value >>> 16];
}
