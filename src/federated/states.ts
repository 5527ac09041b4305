// What clients keep between their turns. Vectors are never changed in place, only replaced, so a moment of a federation is a
// list of which version each client is at. What does not fit in memory goes to files, many versions at once, named by
// client and round; a version is gone when nothing needs it any more: not the present, not the last checkpoint, not the best.
import type { Vectors } from "./turn.ts";

/** Which round's version each client is at. */
export type Marks = Readonly<Record<number, number>>;

/** Where versions go that do not fit in memory, by name. */
export interface StateFiles {
  /** Names of all versions. */
  list(): Promise<readonly string[]>;
  /** A version; undefined where there is none. */
  read(name: string): Promise<Vectors | undefined>;
  /** Writes versions, each whole or not at all; all of them are there when this resolves. */
  write(versions: ReadonlyMap<string, Vectors>): Promise<void>;
  /** Removes versions, those that are there. */
  remove(names: readonly string[]): Promise<void>;
}

interface Version {
  readonly name: string;
  /** While it is in memory. */
  vectors: Vectors | undefined;
  filed: boolean;
  /** How many need it. */
  needed: number;
}

const NOTHING: Vectors = {};
const nameOf = (client: number, round: number): string => `${client}-${round}`;
const namesOf = (marks: Marks): string[] =>
  Object.entries(marks).map(([client, round]) => nameOf(Number(client), round));
const bytesOf = (vectors: Vectors): number => Object.values(vectors).reduce((n, { byteLength }) => n + byteLength, 0);

/** What clients keep between turns, by client; spilled to files where there are any. */
export class States {
  readonly #files: StateFiles | undefined;
  readonly #budget: number;
  readonly #versions = new Map<string, Version>();
  // those in memory, in the order of use: of a million versions few are
  readonly #held = new Set<Version>();
  readonly #now = new Map<number, number>();
  readonly #pins = new Map<string, Marks>();
  // what the last checkpoint needs: its present, and the moments that were pinned then
  #saved: readonly Marks[] = [];
  #bytes = 0;
  // one thing at a time: two evictions at once would count bytes twice
  #last: Promise<unknown> = Promise.resolve();

  /** @param budget bytes to hold in memory, where there are files for the rest; 256 MiB unless said */
  constructor(files?: StateFiles, budget: number = 256 * 2 ** 20) {
    this.#files = files;
    this.#budget = budget;
  }

  /** Which round's version each client is at now. */
  get marks(): Marks {
    return Object.fromEntries(this.#now);
  }

  /** Rounds whose versions something still needs, by client. */
  get needed(): ReadonlyMap<number, readonly number[]> {
    const found = new Map<number, number[]>();
    for (const name of this.#versions.keys()) {
      const [client, round] = name.split("-").map(Number) as [number, number];
      found.set(client, [...(found.get(client) ?? []), round]);
    }
    return found;
  }

  /** Bytes held in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What a client keeps now, or kept at a moment that is pinned; nothing before its first turn. */
  get(client: number, at?: Marks): Promise<Vectors> {
    return this.#inTurn(async () => {
      const round = at ? at[client] : this.#now.get(client);
      if (round === undefined) return NOTHING;
      const name = nameOf(client, round);
      const version = this.#versions.get(name);
      const vectors = version && (version.vectors ?? (await this.#files!.read(name)));
      if (!vectors) throw new Error(`states: client ${client}'s of round ${round} is gone; begin the run anew`);
      await this.#hold(version, vectors);
      return vectors;
    });
  }

  /** What a client keeps from its turn in a round. */
  put(client: number, round: number, vectors: Vectors): Promise<void> {
    return this.#inTurn(async () => {
      const name = nameOf(client, round);
      const before = this.#now.get(client);
      const version = this.#versions.get(name) ?? { name, vectors: undefined, filed: false, needed: 0 };
      version.needed++;
      version.filed = false;
      this.#now.set(client, round);
      await this.#hold(version, vectors);
      if (before !== undefined) await this.#release([nameOf(client, before)]);
    });
  }

  /** Keeps the present moment for a purpose, instead of what was kept for it before. */
  pin(purpose: string): Promise<Marks> {
    return this.#inTurn(() => this.#pin(purpose));
  }

  /**
   * Writes down everything that is needed and not written yet, then lets `write` name it in a checkpoint; only when that is
   * done does the checkpoint before lose its versions, so that a kill at any instant leaves one that is whole.
   */
  checkpoint(write: (marks: Marks) => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      await this.#file(this.#versions.values());
      const saved = [this.marks, ...this.#pins.values()];
      for (const marks of saved) this.#need(marks);
      await write(saved[0]!);
      const before = this.#saved;
      this.#saved = saved;
      await this.#release(before.flatMap(namesOf));
    });
  }

  /** Goes back to a checkpoint; whatever was put later is as if it had not been, and other files go. */
  restore(now: Marks, pinned: Readonly<Record<string, Marks>> = {}): Promise<void> {
    return this.#inTurn(async () => {
      this.#versions.clear();
      this.#held.clear();
      this.#now.clear();
      this.#pins.clear();
      this.#bytes = 0;
      this.#saved = [now, ...Object.values(pinned)];
      // each is needed as it is, and by the checkpoint
      for (const marks of [...this.#saved, ...this.#saved])
        for (const [client, round] of Object.entries(marks)) {
          const name = nameOf(Number(client), round);
          const version = this.#versions.get(name) ?? { name, vectors: undefined, filed: true, needed: 0 };
          version.needed++;
          this.#versions.set(name, version);
        }
      for (const [client, round] of Object.entries(now)) this.#now.set(Number(client), round);
      for (const [purpose, marks] of Object.entries(pinned)) this.#pins.set(purpose, marks);
      const files = (await this.#files?.list()) ?? [];
      await this.#files?.remove(files.filter((name) => !this.#versions.has(name)));
    });
  }

  /** Forgets everything, files too. */
  clear(): Promise<void> {
    return this.restore({});
  }

  async #pin(purpose: string): Promise<Marks> {
    const { marks } = this;
    this.#need(marks);
    const before = this.#pins.get(purpose) ?? {};
    this.#pins.set(purpose, marks);
    await this.#release(namesOf(before));
    return marks;
  }

  #need(marks: Marks): void {
    for (const name of namesOf(marks)) this.#versions.get(name)!.needed++;
  }

  async #release(names: readonly string[]): Promise<void> {
    const gone: string[] = [];
    for (const name of names) {
      const version = this.#versions.get(name)!;
      if (--version.needed > 0) continue;
      this.#versions.delete(name);
      this.#letGo(version);
      if (version.filed) gone.push(name);
    }
    if (gone.length > 0) await this.#files?.remove(gone);
  }

  // in memory, as the one used last; the ones used longest ago make room, an eighth of it at once, for a file takes its time
  async #hold(version: Version, vectors: Vectors): Promise<void> {
    this.#letGo(version);
    version.vectors = vectors;
    this.#bytes += bytesOf(vectors);
    this.#versions.set(version.name, version);
    this.#held.add(version);
    if (!this.#files || this.#bytes <= this.#budget) return;
    const out: Version[] = [];
    let left = this.#bytes;
    for (const oldest of this.#held) {
      if (left <= 0.875 * this.#budget || oldest === version) break;
      left -= bytesOf(oldest.vectors!);
      out.push(oldest);
    }
    await this.#file(out);
    for (const one of out) this.#letGo(one);
  }

  #letGo(version: Version): void {
    if (version.vectors) this.#bytes -= bytesOf(version.vectors);
    version.vectors = undefined;
    this.#held.delete(version);
  }

  async #file(versions: Iterable<Version>): Promise<void> {
    if (!this.#files) return;
    const open = [...versions].filter(({ filed }) => !filed);
    if (open.length === 0) return;
    await this.#files.write(new Map(open.map(({ name, vectors }) => [name, vectors!])));
    for (const version of open) version.filed = true;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => {});
    return result;
  }
}
