// What clients keep between their turns. Vectors are never changed in place, only replaced, so a snapshot is a list of
// names; what does not fit in memory goes to files that are written once and named by the round that made them.
import type { Vectors } from "./turn.ts";

/** Which round's state each client is at. */
export type Marks = Readonly<Record<number, number>>;

export interface StateFiles {
  read(name: string): Promise<Vectors | undefined>;
  write(name: string, vectors: Vectors): Promise<void>;
  remove(name: string): Promise<void>;
}

const names = (marks: Marks): Set<string> =>
  new Set(Object.entries(marks).map(([client, round]) => fileOf(Number(client), round)));

const NOTHING: Vectors = {};
const fileOf = (client: number, round: number): string => `states/${client}-${round}`;
const bytesOf = (vectors: Vectors): number => Object.values(vectors).reduce((n, { byteLength }) => n + byteLength, 0);

export class States {
  readonly #files: StateFiles | undefined;
  readonly #budget: number;
  // the order of entries is the order of use; `filed` says that the file is there
  readonly #held = new Map<number, { round: number; vectors: Vectors; filed: boolean }>();
  readonly #marks = new Map<number, number>();
  // versions that are to stay, by what for: the last checkpoint, the best round
  readonly #pins = new Map<string, Set<string>>();
  #bytes = 0;

  /** @param budget bytes to hold in memory; without files there is no limit */
  constructor(files?: StateFiles, budget: number = 256 * 2 ** 20) {
    this.#files = files;
    this.#budget = budget;
  }

  /** Which round's state each client is at now. */
  get marks(): Marks {
    return Object.fromEntries(this.#marks);
  }

  /** Bytes held in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  async get(client: number): Promise<Vectors> {
    const held = this.#held.get(client);
    if (held) {
      this.#held.delete(client);
      this.#held.set(client, held);
      return held.vectors;
    }
    const round = this.#marks.get(client);
    if (round === undefined) return NOTHING;
    const vectors = await this.#files!.read(fileOf(client, round));
    if (!vectors) throw new Error(`states: client ${client} of round ${round} is gone`);
    await this.#hold(client, round, vectors, true);
    return vectors;
  }

  async put(client: number, round: number, vectors: Vectors): Promise<void> {
    const before = this.#held.get(client);
    if (before) {
      this.#bytes -= bytesOf(before.vectors);
      this.#held.delete(client);
    }
    await this.#forget(client);
    this.#marks.set(client, round);
    await this.#hold(client, round, vectors, false);
  }

  /**
   * Writes what is not written yet, so that `restore` can come back to it; versions that only the last save of this purpose
   * needed go.
   */
  async save(purpose: string): Promise<Marks> {
    for (const [client, held] of this.#held) await this.#file(client, held);
    const marks = Object.fromEntries(this.#marks);
    const before = this.#pins.get(purpose) ?? [];
    this.#pins.set(purpose, names(marks));
    for (const name of before) if (!this.#isWanted(name)) await this.#files?.remove(name);
    return marks;
  }

  /** Goes back to what was saved; whatever was put later is as if it had not been. */
  restore(marks: Marks, pinned: Readonly<Record<string, Marks>> = { checkpoint: marks }): void {
    this.#held.clear();
    this.#bytes = 0;
    this.#marks.clear();
    for (const [client, round] of Object.entries(marks)) this.#marks.set(Number(client), round);
    for (const [purpose, of] of Object.entries(pinned)) this.#pins.set(purpose, names(of));
  }

  #isWanted(name: string): boolean {
    const current = [...this.#marks].some(([client, round]) => fileOf(client, round) === name);
    return current || [...this.#pins.values()].some((pinned) => pinned.has(name));
  }

  async #hold(client: number, round: number, vectors: Vectors, filed: boolean): Promise<void> {
    this.#held.set(client, { round, vectors, filed });
    this.#bytes += bytesOf(vectors);
    if (!this.#files) return;
    for (const [oldest, held] of this.#held) {
      if (this.#bytes <= this.#budget || oldest === client) return;
      await this.#file(oldest, held);
      // another call may have let go of it, or put a newer one, while this one was being written
      if (this.#held.get(oldest) !== held) continue;
      this.#held.delete(oldest);
      this.#bytes -= bytesOf(held.vectors);
    }
  }

  async #file(client: number, held: { round: number; vectors: Vectors; filed: boolean }): Promise<void> {
    if (held.filed || !this.#files) return;
    await this.#files.write(fileOf(client, held.round), held.vectors);
    held.filed = true;
  }

  // a version that no checkpoint names is of no use once it is replaced
  async #forget(client: number): Promise<void> {
    const round = this.#marks.get(client);
    if (round === undefined || !this.#files) return;
    const name = fileOf(client, round);
    if (![...this.#pins.values()].some((pinned) => pinned.has(name))) await this.#files.remove(name);
  }
}
