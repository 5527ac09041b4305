// What clients keep, in files of many: a file for each of a million clients would cost a write to the disk each, 7 ms of it, where
// a round of a thousand takes a quarter of a second. Versions that are written together lie one behind the other in a pack, which is
// written at once. It begins with its index: whose they are, how long their vectors, and their checksums, so that one alone can be
// read and is known to be whole; a header and a SHA-256 for each cost most of what the turn of a tiny network does. A pack goes when
// nothing in it is needed any more, and what is left of one that is mostly gone moves on into another.
import type { StateFiles } from "../federated/states.ts";
import type { Vectors } from "../federated/turn.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../io/checkpoint.ts";
import { crc32 } from "../io/crc32.ts";
import { arrayAt, dtypeOf, dtypes } from "../io/dtype.ts";
import { ConfigError } from "./config.ts";
import type { RunStore } from "./store.ts";

interface Pack {
  readonly id: number;
  readonly names: readonly string[];
  readonly bytes: number;
  /** Bytes that are still needed. */
  live: number;
}

/** The vectors of a version in the order of their bytes: name, element type as in safetensors, elements. */
type Layout = readonly (readonly [name: string, dtype: string, length: number])[];

interface Version {
  readonly name: string;
  readonly layout: Layout;
  readonly crc: number;
  /** Its vectors' bytes, end to end. */
  readonly parts: readonly Uint8Array[];
}

interface Place extends Omit<Version, "name" | "parts"> {
  readonly pack: Pack;
  readonly from: number;
  readonly to: number;
}

/** What a pack begins with: the layouts in it, and for every version its name, the number of its layout and its CRC-32. */
interface Index {
  readonly layouts: readonly Layout[];
  readonly versions: readonly (readonly [name: string, layout: number, crc: number])[];
}

/** Bytes of a pack at most, unless one version alone has more. */
const MOST = 8 * 2 ** 20;
/** What a version's line in the index counts for; so what keeps no numbers is something, too. */
const LINE = 64;
/** How long the index is and, against damage, what that is with all bits turned; 32 bits each. */
const HEAD = 8;
const PACK = /^(\d+)\.pack$/;
const remedy = "restore it, or begin the run anew";

/** Versions in packs in a folder of a store. */
export class StatePacks implements StateFiles {
  readonly #store: RunStore;
  readonly #folder: string;
  readonly #most: number;
  readonly #packs = new Set<Pack>();
  readonly #places = new Map<string, Place>();
  #next = 0;
  #isRead = false;

  /** @param most bytes of a pack at most */
  constructor(store: RunStore, folder: string, most: number = MOST) {
    this.#store = store;
    this.#folder = folder;
    this.#most = most;
  }

  /** Reads all indices; files that are no packs go. */
  async list(): Promise<readonly string[]> {
    this.#packs.clear();
    this.#places.clear();
    const files = await this.#store.list(this.#folder);
    const ids = files.flatMap((file) => PACK.exec(file)?.[1] ?? []).map(Number);
    // of a version that was being moved when the run was killed the later place counts, as it would have
    for (const id of ids.toSorted((a, b) => a - b)) {
      const { index, end } = await this.#index(id);
      this.#found(id, index, end);
    }
    this.#next = Math.max(-1, ...ids) + 1;
    for (const file of files) if (!PACK.test(file)) await this.#store.remove(`${this.#folder}/${file}`);
    this.#isRead = true;
    return [...this.#places.keys()];
  }

  async read(name: string): Promise<Vectors | undefined> {
    const place = this.#places.get(name);
    if (!place) return undefined;
    const file = this.#file(place.pack.id);
    const bytes = there(await this.#store.readPart(file, place.from, place.to), file);
    if (crc32(bytes) !== place.crc) throw damaged(file, "a checksum does not fit, the file is torn");
    let at = 0;
    const vectors = place.layout.map(([name, dtype, length]) => {
      const array = arrayAt(
        bytes,
        at,
        length,
        dtypes.find(({ safetensors }) => safetensors === dtype)!,
      );
      at += array.byteLength;
      return [name, array] as const;
    });
    return Object.fromEntries(vectors) as Vectors;
  }

  async write(versions: ReadonlyMap<string, Vectors>): Promise<void> {
    if (!this.#isRead) await this.list();
    let [some, size]: [Version[], number] = [[], 0];
    for (const [name, vectors] of versions) {
      const version = versionOf(name, vectors);
      const bytes = LINE + sizeOf(version.parts);
      if (size + bytes > this.#most && some.length > 0) {
        await this.#pack(some);
        [some, size] = [[], 0];
      }
      some.push(version);
      size += bytes;
    }
    if (some.length > 0) await this.#pack(some);
    await this.#tidy();
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) this.#drop(name);
    await this.#tidy();
  }

  #file(id: number): string {
    return `${this.#folder}/${id}.pack`;
  }

  /** What lies in a pack, and where the index ends. */
  async #index(id: number): Promise<{ index: Index; end: number }> {
    const file = this.#file(id);
    const head = there(await this.#store.readPart(file, 0, HEAD), file);
    const [length = 0, turned = 0] = arrayAt(head, 0, head.length >> 2, { array: Uint32Array }) as Uint32Array;
    if (~length >>> 0 !== turned) throw damaged(file, "it does not begin as a pack does");
    const end = HEAD + length;
    const bytes = there(await this.#store.readPart(file, HEAD, end), file);
    try {
      return { index: decodeCheckpoint(bytes).meta as unknown as Index, end };
    } catch (cause) {
      throw damaged(file, (cause as Error).message, cause);
    }
  }

  /** Takes up a pack that lies there. */
  #found(id: number, { layouts, versions }: Index, end: number): void {
    const sizes = layouts.map((layout) => layout.reduce((sum, [, dtype, length]) => sum + widthOf(dtype) * length, 0));
    const bytes = versions.reduce((sum, [, layout]) => sum + LINE + sizes[layout]!, 0);
    const pack: Pack = { id, names: versions.map(([name]) => name), bytes, live: bytes };
    this.#packs.add(pack);
    let from = end;
    for (const [name, layout, crc] of versions) {
      this.#drop(name);
      const to = from + sizes[layout]!;
      this.#places.set(name, { pack, from, to, layout: layouts[layout]!, crc });
      from = to;
    }
  }

  #drop(name: string): void {
    const place = this.#places.get(name);
    if (!place) return;
    place.pack.live -= LINE + place.to - place.from;
    this.#places.delete(name);
  }

  async #pack(versions: readonly Version[]): Promise<void> {
    // as a rule all have the same one
    const layouts = new Map<string, number>();
    const lines = versions.map(({ name, layout, crc }) => {
      const key = JSON.stringify(layout);
      if (!layouts.has(key)) layouts.set(key, layouts.size);
      return [name, layouts.get(key)!, crc] as const;
    });
    const index = { layouts: [...layouts.keys()].map((key) => JSON.parse(key) as Layout), versions: lines };
    const begin = encodeCheckpoint({ tensors: {}, meta: index });
    const end = HEAD + begin.length;
    const content = new Uint8Array(end + versions.reduce((sum, { parts }) => sum + sizeOf(parts), 0));
    new Uint32Array(content.buffer, 0, 2).set([begin.length, ~begin.length]);
    content.set(begin, HEAD);
    let at = end;
    for (const { parts } of versions)
      for (const part of parts) {
        content.set(part, at);
        at += part.length;
      }
    const id = this.#next++;
    await this.#store.write(this.#file(id), content);
    this.#found(id, index, end);
  }

  /** Packs of which less than half is needed go; what is needed of them is written elsewhere before. */
  async #tidy(): Promise<void> {
    const thin = [...this.#packs].filter(({ live, bytes }) => 2 * live < bytes || live === 0);
    let [some, size]: [Version[], number] = [[], 0];
    let emptied: Pack[] = [];
    const move = async (): Promise<void> => {
      if (some.length > 0) await this.#pack(some);
      for (const { id } of emptied) await this.#store.remove(this.#file(id));
      [some, size, emptied] = [[], 0, []];
    };
    for (const pack of thin) {
      if (pack.live > 0) {
        if (size + pack.live > this.#most) await move();
        const file = this.#file(pack.id);
        const content = there(await this.#store.read(file), file);
        for (const name of pack.names) {
          const place = this.#places.get(name);
          if (place?.pack === pack) some.push({ ...place, name, parts: [content.slice(place.from, place.to)] });
        }
        size += pack.live;
      }
      emptied.push(pack);
      this.#packs.delete(pack);
    }
    await move();
  }
}

function versionOf(name: string, vectors: Vectors): Version {
  const entries = Object.entries(vectors);
  const parts = entries.map(([, { buffer, byteOffset, byteLength }]) => new Uint8Array(buffer, byteOffset, byteLength));
  return {
    name,
    layout: entries.map(([name, vector]) => [name, dtypeOf(vector).safetensors, vector.length] as const),
    crc: parts.reduce((crc, part) => crc32(part, crc), 0),
    parts,
  };
}

const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);

function widthOf(dtype: string): number {
  return dtypes.find(({ safetensors }) => safetensors === dtype)!.array.BYTES_PER_ELEMENT;
}

function there(bytes: Uint8Array | undefined, file: string): Uint8Array {
  if (!bytes) throw new ConfigError(`states: ${file}, got none, expected what clients keep; ${remedy}`);
  return bytes;
}

function damaged(file: string, why: string, cause?: unknown): ConfigError {
  return new ConfigError(`resume: ${file} cannot be read (${why}); ${remedy}`, { cause });
}
