// What a node keeps of its turns: a version for every round that its server may still go back to, in files that are named as
// those of a run, by client and round. The server says which version a turn begins with, and so a turn that is asked for
// twice, after a kill on either side, is the same turn.
import type { StateFiles } from "../../states.ts";
import type { Vectors } from "../../turn.ts";

/** Whose versions: those of a federation (its name has 32 hexadecimal digits) by a method. */
export interface Whose {
  /** Which federation. */
  readonly federation: string;
  /** The method, as records call it. */
  readonly method: string;
  /** The client, by its number. */
  readonly client: number;
}

/** What a client keeps between turns, on its own disk. */
export class KeptStates {
  readonly #filesOf: (whose: Whose) => StateFiles;

  /** @param filesOf where a federation's versions lie; in memory unless said */
  constructor(filesOf: (whose: Whose) => StateFiles = memory()) {
    this.#filesOf = filesOf;
  }

  /** The version of a round; nothing where the server knows of none. RangeError where it is not here. */
  async get(whose: Whose, round: number | undefined): Promise<Vectors> {
    if (round === undefined) return {};
    const found = await this.#filesOf(whose).read(nameOf(whose, round));
    if (found === undefined)
      throw new RangeError(
        `states: client ${whose.client}'s of round ${round}, got nothing, expected what it kept then; join with the same --out, or begin the federation anew`,
      );
    return found;
  }

  /** Keeps a version, written down when this resolves; `needed` versions stay, others go. */
  async put(whose: Whose, round: number, vectors: Vectors, needed: readonly number[]): Promise<void> {
    const files = this.#filesOf(whose);
    await files.write(new Map([[nameOf(whose, round), vectors]]));
    const stay = new Set([round, ...needed].map((one) => nameOf(whose, one)));
    await files.remove((await files.list()).filter((name) => !stay.has(name)));
  }

  /** Forgets a federation that is over. */
  async forget(whose: Whose): Promise<void> {
    const files = this.#filesOf(whose);
    await files.remove(await files.list());
  }
}

const nameOf = ({ client }: Whose, round: number): string => `${client}-${round}`;

function memory(): (whose: Whose) => StateFiles {
  const folders = new Map<string, Map<string, Vectors>>();
  return ({ federation, method, client }) => {
    const path = `${federation}/${method}/${client}`;
    const files = folders.get(path) ?? new Map<string, Vectors>();
    folders.set(path, files);
    return {
      list: async () => [...files.keys()],
      read: async (name) => files.get(name),
      write: async (versions) => {
        for (const [name, vectors] of versions) files.set(name, vectors);
      },
      remove: async (names) => {
        for (const name of names) files.delete(name);
      },
    };
  };
}
