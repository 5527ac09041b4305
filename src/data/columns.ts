// Columns that are not numbers as they stand: words as columns of 0 and 1, and what stands in for cells that are empty. All of it is
// learnt from the training rows alone; words that those do not have, and words too rare, share one column.
import type { ColumnKind, Columns, Words } from "./columnKinds.ts";
import { standardizing } from "./standardize.ts";
import type { Table } from "./tableRows.ts";

/** What a column becomes in examples, as it was learnt from training rows: columns with names, out of a column's values. */
interface Learnt {
  readonly names: readonly string[];
  readonly encode: (values: Float64Array) => readonly Float64Array[];
}

const picked = ({ values, columns }: Table, c: number): Float64Array =>
  Float64Array.from({ length: values.length / columns.length }, (_, row) => values[row * columns.length + c]!);

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)]! : sorted[middle - 1]! / 2 + sorted[middle]! / 2;
}

function numbers(train: Table, c: number, gaps: number | "mean" | "median" | undefined, scaled: boolean): Learnt {
  const name = train.columns[c]!;
  const values = picked(train, c);
  const there = gaps === undefined ? values : values.filter((value) => !Number.isNaN(value));
  if (there.length === 0 && typeof gaps === "string")
    throw new RangeError(
      `table: ${train.place(-1)}, column ${name}, got gaps alone in the training rows, expected numbers for their ${gaps}; ` +
        `give a number, or ignore the column`,
    );
  // in parts, so that no sum overflows
  const mean = (): number => there.reduce((sum, value) => sum + value / there.length, 0);
  const instead = typeof gaps === "number" ? gaps : gaps === "mean" ? mean() : gaps && median(there);
  const filled = (some: Float64Array): Float64Array =>
    some.map((value) => (instead !== undefined && Number.isNaN(value) ? instead : value));
  const scale = scaled ? standardizing(filled(values), 1) : undefined;
  const encode = (some: Float64Array): Float64Array[] => {
    const numbers = filled(some);
    scale?.(numbers);
    return [numbers];
  };
  return { names: [name], encode };
}

function categories(
  train: Table,
  c: number,
  { most = 64, gaps = "word" }: Extract<ColumnKind, { kind: "category" }>,
  words: Words,
): Learnt {
  const name = train.columns[c]!;
  const counts = new Map<string, number>();
  for (const number of picked(train, c)) {
    const word = words.word(number);
    if (word !== "" || gaps === "word") counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  if (counts.size === 0)
    throw new RangeError(
      `table: ${train.place(-1)}, column ${name}, got gaps alone in the training rows, expected words; ignore the column`,
    );
  // the most frequent first, of equals by their letters: the order of rows does not count
  const ranked = [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([word]) => word);
  const kept = ranked.slice(0, most).toSorted();
  const place = new Map(kept.map((word, i) => [word, i]));
  const encode = (values: Float64Array): Float64Array[] => {
    const columns = Array.from({ length: kept.length + 1 }, () => new Float64Array(values.length));
    for (const [row, number] of values.entries()) {
      const word = words.word(number);
      const at = place.get(word === "" && gaps === "most-frequent" ? ranked[0]! : word) ?? kept.length;
      columns[at]![row] = 1;
    }
    return columns;
  };
  const names = [...kept.map((word) => `${name}=${word}`), `${name}=...`];
  return { names, encode };
}

function table(of: Table, names: readonly string[], columns: readonly Float64Array[]): Table {
  const values = new Float64Array(of.labels.length * columns.length);
  for (const [c, column] of columns.entries())
    for (const [row, value] of column.entries()) values[row * columns.length + c] = value;
  return { ...of, columns: names, values };
}

/**
 * What makes numbers alone of tables with the columns of `train`, from whose rows it is learnt: gaps filled, numbers standardised if they
 * are to be, words as columns of 0 and 1.
 */
export function encoding(train: Table, kinds: Columns, words: Words, scaled: boolean): (of: Table) => Table {
  const learnt = train.columns.map((name, c): Learnt => {
    const kind = kinds[name] ?? { kind: "number" };
    return kind.kind === "number" ? numbers(train, c, kind.gaps, scaled) : categories(train, c, kind, words);
  });
  const names = learnt.flatMap((column) => column.names);
  return (of) =>
    table(
      of,
      names,
      learnt.flatMap(({ encode }, c) => encode(picked(of, c))),
    );
}
