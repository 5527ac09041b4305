// Columns that are not numbers as they stand: words as columns of 0 and 1, and what stands in for cells that are empty. All of it is
// learnt from the training rows alone; words that those do not have, and words too rare, share one column.
import type { ColumnKind, Columns, Words } from "./columnKinds.ts";
import { standardize } from "./standardize.ts";
import type { Table } from "./tableRows.ts";

/** A column after another: where it stands in the tables, and as what in the examples. */
interface Encoded {
  readonly names: readonly string[];
  readonly train: readonly Float64Array[];
  readonly test: readonly Float64Array[];
}

const picked = ({ values, columns }: Table, c: number): Float64Array =>
  Float64Array.from({ length: values.length / columns.length }, (_, row) => values[row * columns.length + c]!);

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)]! : sorted[middle - 1]! / 2 + sorted[middle]! / 2;
}

function numbers(
  train: Table,
  test: Table,
  c: number,
  gaps: number | "mean" | "median" | undefined,
  scaled: boolean,
): Encoded {
  const name = train.columns[c]!;
  const parts = [picked(train, c), picked(test, c)] as const;
  if (gaps !== undefined) {
    const there = parts[0].filter((value) => !Number.isNaN(value));
    if (there.length === 0 && typeof gaps === "string")
      throw new RangeError(
        `table: ${train.place(-1)}, column ${name}, got gaps alone in the training rows, expected numbers for their ${gaps}; ` +
          `give a number, or ignore the column`,
      );
    // in parts, so that no sum overflows
    const mean = (): number => there.reduce((sum, value) => sum + value / there.length, 0);
    const instead = typeof gaps === "number" ? gaps : gaps === "mean" ? mean() : median(there);
    for (const part of parts) for (const [row, value] of part.entries()) if (Number.isNaN(value)) part[row] = instead;
  }
  if (scaled) standardize(parts[0], parts[1], 1);
  return { names: [name], train: [parts[0]], test: [parts[1]] };
}

function categories(
  train: Table,
  test: Table,
  c: number,
  { most = 64, gaps = "word" }: Extract<ColumnKind, { kind: "category" }>,
  words: Words,
): Encoded {
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
  const encode = (table: Table): Float64Array[] => {
    const columns = Array.from({ length: kept.length + 1 }, () => new Float64Array(table.labels.length));
    for (const [row, number] of picked(table, c).entries()) {
      const word = words.word(number);
      const at = place.get(word === "" && gaps === "most-frequent" ? ranked[0]! : word) ?? kept.length;
      columns[at]![row] = 1;
    }
    return columns;
  };
  const names = [...kept.map((word) => `${name}=${word}`), `${name}=...`];
  return { names, train: encode(train), test: encode(test) };
}

function table(of: Table, names: readonly string[], columns: readonly Float64Array[]): Table {
  const values = new Float64Array(of.labels.length * columns.length);
  for (const [c, column] of columns.entries())
    for (const [row, value] of column.entries()) values[row * columns.length + c] = value;
  return { ...of, columns: names, values };
}

/** Both tables with numbers alone: gaps filled, numbers standardised if they are to be, words as columns of 0 and 1. */
export function encoded(
  train: Table,
  test: Table,
  kinds: Columns,
  words: Words,
  scaled: boolean,
): readonly [train: Table, test: Table] {
  const parts = train.columns.map((name, c): Encoded => {
    const kind = kinds[name] ?? { kind: "number" };
    return kind.kind === "number"
      ? numbers(train, test, c, kind.gaps, scaled)
      : categories(train, test, c, kind, words);
  });
  const names = parts.flatMap((part) => part.names);
  const of = (which: "train" | "test"): readonly Float64Array[] => parts.flatMap((part) => part[which]);
  return [table(train, names, of("train")), table(test, names, of("test"))];
}
