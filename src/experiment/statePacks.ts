// What clients keep, in files of many: a file for each of a million clients would cost a write to the disk each, 7 ms of it, where
// a round of a thousand takes a quarter of a second. Versions that are written together lie one behind the other in a pack, which is
// written once; beside it lies its index, written after it: a pack without one is none. A pack goes when nothing in it is needed
// any more, and what is left of one that is mostly gone moves on into another.
import type { StateFiles } from "../federated/states.ts";
import type { Vectors } from "../federated/turn.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../io/checkpoint.ts";
import { ConfigError } from "./config.ts";
import type { RunStore } from "./store.ts";

interface Pack {
  readonly id: number;
  readonly names: readonly string[];
  readonly bytes: number;
  /** Bytes that are still needed. */
  live: number;
}

interface Place {
  readonly pack: Pack;
  readonly from: number;
  readonly to: number;
}

/** Bytes of a pack at most, unless one version alone has more. */
const MOST = 8 * 2 ** 20;
const INDEX = /^(\d+)\.index$/;
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

  /** Reads all indices; what a kill left of a pack without one goes. */
  async list(): Promise<readonly string[]> {
    this.#packs.clear();
    this.#places.clear();
    const files = await this.#store.list(this.#folder);
    const ids = files.flatMap((file) => INDEX.exec(file)?.[1] ?? []).map(Number);
    // of a version that was being moved when the run was killed the later place counts, as it would have
    for (const id of ids.toSorted((a, b) => a - b)) this.#found(id, await this.#index(id));
    this.#next = Math.max(-1, ...ids) + 1;
    const known = new Set(ids.flatMap((id) => [`${id}.index`, `${id}.pack`]));
    for (const file of files) if (!known.has(file)) await this.#store.remove(`${this.#folder}/${file}`);
    this.#isRead = true;
    return [...this.#places.keys()];
  }

  async read(name: string): Promise<Vectors | undefined> {
    const place = this.#places.get(name);
    if (!place) return undefined;
    const file = this.#file(place.pack.id, "pack");
    const bytes = await this.#store.readPart(file, place.from, place.to);
    return decoded(bytes, file).tensors as Vectors;
  }

  async write(versions: ReadonlyMap<string, Vectors>): Promise<void> {
    if (!this.#isRead) await this.list();
    let [some, size]: [[string, Uint8Array][], number] = [[], 0];
    for (const [name, vectors] of versions) {
      const bytes = encodeCheckpoint({ tensors: vectors, meta: null });
      if (size + bytes.length > this.#most && some.length > 0) {
        await this.#pack(some);
        [some, size] = [[], 0];
      }
      some.push([name, bytes]);
      size += bytes.length;
    }
    if (some.length > 0) await this.#pack(some);
    await this.#tidy();
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) this.#drop(name);
    await this.#tidy();
  }

  #file(id: number, kind: "pack" | "index"): string {
    return `${this.#folder}/${id}.${kind}`;
  }

  async #index(id: number): Promise<[string, number][]> {
    const file = this.#file(id, "index");
    return decoded(await this.#store.read(file), file).meta as unknown as [string, number][];
  }

  /** Takes up a pack that lies there. */
  #found(id: number, index: readonly (readonly [string, number])[]): void {
    const bytes = index.reduce((sum, [, length]) => sum + length, 0);
    const pack: Pack = { id, names: index.map(([name]) => name), bytes, live: bytes };
    this.#packs.add(pack);
    let from = 0;
    for (const [name, length] of index) {
      this.#drop(name);
      this.#places.set(name, { pack, from, to: from + length });
      from += length;
    }
  }

  #drop(name: string): void {
    const place = this.#places.get(name);
    if (!place) return;
    place.pack.live -= place.to - place.from;
    this.#places.delete(name);
  }

  async #pack(versions: readonly (readonly [string, Uint8Array])[]): Promise<void> {
    const content = new Uint8Array(versions.reduce((sum, [, { length }]) => sum + length, 0));
    let at = 0;
    for (const [, bytes] of versions) {
      content.set(bytes, at);
      at += bytes.length;
    }
    const id = this.#next++;
    const index = versions.map(([name, { length }]) => [name, length] as const);
    await this.#store.write(this.#file(id, "pack"), content);
    await this.#store.write(this.#file(id, "index"), encodeCheckpoint({ tensors: {}, meta: index }));
    this.#found(id, index);
  }

  /** Packs of which less than half is needed go; what is needed of them is written elsewhere before. */
  async #tidy(): Promise<void> {
    const thin = [...this.#packs].filter(({ live, bytes }) => 2 * live < bytes || live === 0);
    let [some, size]: [[string, Uint8Array][], number] = [[], 0];
    let emptied: Pack[] = [];
    const move = async (): Promise<void> => {
      if (some.length > 0) await this.#pack(some);
      // the index first: without it the other is nothing
      for (const { id } of emptied)
        for (const kind of ["index", "pack"] as const) await this.#store.remove(this.#file(id, kind));
      [some, size, emptied] = [[], 0, []];
    };
    for (const pack of thin) {
      if (pack.live > 0) {
        if (size + pack.live > this.#most) await move();
        const file = this.#file(pack.id, "pack");
        const content = await this.#store.read(file);
        if (!content) throw new ConfigError(`states: ${file}, got none, expected what clients keep; ${remedy}`);
        for (const name of pack.names) {
          const place = this.#places.get(name);
          if (place?.pack === pack) some.push([name, content.slice(place.from, place.to)]);
        }
        size += pack.live;
      }
      emptied.push(pack);
      this.#packs.delete(pack);
    }
    await move();
  }
}

function decoded(bytes: Uint8Array | undefined, file: string): ReturnType<typeof decodeCheckpoint> {
  if (!bytes) throw new ConfigError(`states: ${file}, got none, expected what clients keep; ${remedy}`);
  try {
    return decodeCheckpoint(bytes);
  } catch (cause) {
    throw new ConfigError(`resume: ${file} cannot be read (${(cause as Error).message}); ${remedy}`, { cause });
  }
}
