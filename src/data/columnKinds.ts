// What columns of a table hold that are not plain numbers, as a config says it.

/** What a column holds, and what is made of its gaps. */
export type ColumnKind =
  | {
      readonly kind: "number";
      /** What stands in for a gap: a number, or what is taken over the training rows. Gaps are refused unless this is said. */
      readonly gaps?: number | "mean" | "median" | undefined;
    }
  | {
      readonly kind: "category";
      /** Words with a column of their own, the most frequent ones; 64 unless said. All others, and unseen ones, share one more. */
      readonly most?: number | undefined;
      /** A gap is a word like any other unless said; or it counts as the most frequent word. */
      readonly gaps?: "word" | "most-frequent" | undefined;
    };

/** Kinds by a column's name; columns that are not named hold numbers without gaps. */
export type Columns = Readonly<Record<string, ColumnKind>>;

/** Words of all files by number, in the order in which they are met; a gap is the empty word. */
export class Words {
  readonly #numbers = new Map<string, number>();
  readonly #words: string[] = [];

  number(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    this.#numbers.set(word, this.#words.length);
    return this.#words.push(word) - 1;
  }

  word(number: number): string {
    return this.#words[number]!;
  }
}

/** A RangeError for kinds of columns that there are not, or that make no sense. */
export function checkKinds(kinds: Columns, columns: readonly string[], place: string): void {
  for (const [name, kind] of Object.entries(kinds)) {
    if (!columns.includes(name))
      throw new RangeError(`table: ${place}, got no column ${name} to be read as ${kind.kind}, expected one called so`);
    if (kind.kind === "category" && !(Number.isInteger(kind.most ?? 1) && (kind.most ?? 1) >= 1))
      throw new RangeError(`table: column ${name}, most, got ${kind.most}, expected a whole number of at least 1`);
    if (kind.kind === "number" && typeof kind.gaps === "number" && !Number.isFinite(kind.gaps))
      throw new RangeError(`table: column ${name}, gaps, got ${kind.gaps}, expected a finite number`);
  }
}
