// Files of a zip archive, stored or deflated: what a page handed out, as it is or packed again by whoever unpacked it. What an archive says
// of itself is believed only as far as its bytes bear it out. Format: PKWARE APPNOTE 6.3, sections 4.3.7 to 4.3.16.
import { crc32 } from "./crc32.ts";
import { inflater, Room } from "./inflate.ts";

const [LOCAL, ENTRY, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [STORED, DEFLATED] = [0, 8];
const endBytes = 22;
const longestComment = 0xffff;

export interface UnzipOptions {
  /** Bytes that all files together may have, 1 GiB by default: a small archive can say that it holds anything. */
  readonly most?: number;
}

/**
 * The files of an archive by path, folders left out. RangeError for what is no archive, is damaged, is packed in another way, or has paths
 * that lead out of a folder.
 */
export async function decodeZip(
  archive: Uint8Array,
  { most = 2 ** 30 }: UnzipOptions = {},
): Promise<Map<string, Uint8Array>> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const files = new Map<string, Uint8Array>();
  let left = most;
  let at = directoryOf(view);
  for (let i = view.getUint16(at.end + 10, true); i > 0; i--) {
    const entry = entryAt(view, archive, at.next);
    at = { ...at, next: entry.next };
    if (entry.path.endsWith("/")) continue;
    const path = safe(entry.path);
    left -= entry.size;
    if (left < 0) throw new RangeError(`zip: files of over ${most} bytes, expected fewer; unpack it by other means`);
    if (files.has(path)) throw new RangeError(`zip: ${path} is there twice`);
    files.set(path, contentOf(view, archive, entry, path));
  }
  return files;
}

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
  /** Where the next entry begins. */
  readonly next: number;
}

function directoryOf(view: DataView): { readonly end: number; readonly next: number } {
  // a comment may follow the last record
  const first = Math.max(0, view.byteLength - endBytes - longestComment);
  for (let end = view.byteLength - endBytes; end >= first; end--)
    if (view.getUint32(end, true) === END) return { end, next: view.getUint32(end + 16, true) };
  throw new RangeError("zip: got no archive, or a part of one; was it downloaded whole?");
}

function entryAt(view: DataView, archive: Uint8Array, at: number): Entry {
  if (at + 46 > view.byteLength || view.getUint32(at, true) !== ENTRY) throw damaged();
  const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [number, number, number]; // prettier-ignore
  return {
    path: new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength)),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    local: view.getUint32(at + 42, true),
    next: at + 46 + nameLength + extra + comment,
  };
}

function contentOf(view: DataView, archive: Uint8Array, entry: Entry, path: string): Uint8Array {
  const { local, packed, size, method } = entry;
  if (local + 30 > view.byteLength || view.getUint32(local, true) !== LOCAL) throw damaged();
  const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (begin + packed > archive.length) throw damaged();
  const bytes = archive.slice(begin, begin + packed);
  if (method !== STORED && method !== DEFLATED)
    throw new RangeError(`zip: ${path}, got packing ${method}, expected stored or deflated; pack it anew`);
  const content = method === STORED ? bytes : inflated(bytes, size, path);
  if (content.length !== size || crc32(content) !== entry.crc) throw new RangeError(`zip: ${path} is damaged`);
  return content;
}

function inflated(bytes: Uint8Array, size: number, path: string): Uint8Array {
  // more than it said is not unpacked, and what it said is not believed beforehand
  const room = new Room(size, 2 * bytes.length, (length) => new Uint8Array(length));
  try {
    const end = inflater(bytes, room)(0);
    if (room.full) throw new RangeError("longer than it says");
    if (end !== bytes.length) throw new RangeError("bytes behind its end");
  } catch (cause) {
    throw new RangeError(`zip: ${path} is damaged (${(cause as Error).message})`, { cause });
  }
  return room.bytes.subarray(0, room.size);
}

// a path inside of the folder it is unpacked to
function safe(path: string): string {
  const parts = path.split(/[\\/]/);
  if (path === "" || /^[a-z]:/i.test(path) || path.includes("\0") || parts.some((part) => part === ".." || part === ""))
    throw new RangeError(`zip: path, got ${JSON.stringify(path)}, expected one inside of a folder`);
  return path;
}

function damaged(): RangeError {
  return new RangeError("zip: the archive is damaged: its directory leads to what is no entry");
}
