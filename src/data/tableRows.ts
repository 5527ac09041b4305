// The rows of a table's file: numbers, classes and owners, each cell read as it is or refused in its line.
import { checkKinds, type Columns, type Words } from "./columnKinds.ts";
import type { Csv } from "./csv.ts";
import type { TargetKind } from "./features.ts";

/** How long a window is, in rows of a table that are in time. */
export interface Windows {
  /** Rows that are seen. */
  readonly past: number;
  /** How many rows after the last of them the target is: 1, the next one, unless said; where rows have a class 0, the last itself. */
  readonly ahead?: number | undefined;
}

/** Which files a table is in, and what its columns hold. */
export interface TableOptions {
  /** What the dataset is called. */
  readonly name: string;
  /**
   * The file's name; `.gz` is found too. A `*` in it stands for a client: `writers/*.csv` is a file for each, and with the `*`
   * before the last slash there is a folder for each.
   */
  readonly train: string;
  /** Without it, a fifth of the rows of `train` is the test split: of every client's, where there are clients. */
  readonly test?: string | undefined;
  /** The column that says whose a row is. */
  readonly client?: string | undefined;
  /** The column that says which group of people a row is of, which is no input then. */
  readonly group?: string | undefined;
  /** The class that is to one's good, where rows have groups; the last one unless said. */
  readonly positive?: string | undefined;
  /** The column that holds the class; with `task` the columns that hold the targets. */
  readonly label: string | readonly string[];
  /** Numbers as targets, or several labels of which each is 0 or 1; one class of several unless said. */
  readonly task?: TargetKind | undefined;
  /** Columns to leave out. */
  readonly ignore?: readonly string[] | undefined;
  /** The shape of one example, [columns] unless said. */
  readonly shape?: readonly number[] | undefined;
  /**
   * Shift and scale every column to mean 0 and standard deviation 1 over the training rows; true unless said. A column that
   * is constant there becomes 0, in the test rows too: nothing says what a step of it is worth. Columns of words stay 0 and 1.
   */
  readonly standardize?: boolean | undefined;
  /** What columns hold that are not plain numbers, by name. */
  readonly columns?: Columns | undefined;
  /**
   * Rows are steps in time, of every client or of one series, and an example is a window of them; the last fifth of every series
   * tests.
   */
  readonly windows?: Windows | undefined;
  /** What an empty cell looks like, besides nothing at all: "NA", "?". */
  readonly missing?: readonly string[] | undefined;
}

/** Some rows of a file. */
export interface Table {
  readonly columns: readonly string[];
  /** Row by row; NaN where a gap is, and of a column of words their numbers. */
  readonly values: Float64Array;
  /** Classes as they are called; of rows with targets nothing but their number. */
  readonly labels: readonly string[];
  /** Row by row, as many a row as there are label columns; none where rows have a class. */
  readonly targets?: Float64Array | undefined;
  /** Whose a row is, where that is said. */
  readonly owners?: readonly string[] | undefined;
  /** Which group a row is of, where that is said. */
  readonly groups?: readonly string[] | undefined;
  /** Where a row stands, for messages. */
  place(row: number): string;
}

// decimal numbers as everybody writes them; Number alone also takes hexadecimal, blanks and nothing at all
export const decimal: RegExp = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The columns that say what a row is asked for; a RangeError for several where a row has one class. */
export function labelColumns({ label, task }: TableOptions): readonly string[] {
  const columns = typeof label === "string" ? [label] : label;
  if (columns.length === 0 || new Set(columns).size < columns.length)
    throw new RangeError(`table: label, got ${some(columns) || "no column"}, expected columns that differ`);
  if (task === undefined && columns.length > 1)
    throw new RangeError(
      `table: label, got columns ${some(columns)}, expected one with a class; of several targets say the task`,
    );
  return columns;
}

/** The columns that hold numbers, by name and place in a line. */
function columnsOf(header: readonly string[], place: string, options: TableOptions): [string, number][] {
  const { client, group, ignore = [] } = options;
  const asked = labelColumns(options);
  const said = [client, group].filter((column) => column !== undefined);
  for (const column of [...asked, ...said, ...ignore])
    if (!header.includes(column))
      throw new RangeError(`table: ${place}, got columns ${some(header)}, expected one called ${column}`);
  const kept = [...header.entries()].flatMap(([at, name]): [string, number][] =>
    ignore.includes(name) ? [] : [[name, at]],
  );
  const names = new Set<string>();
  for (const [name, at] of kept) {
    if (name === "")
      throw new RangeError(`table: ${place}, got no name for column ${at + 1}, expected one; name it, or ignore ""`);
    if (names.has(name))
      throw new RangeError(`table: ${place}, got two columns called ${name}, expected names that differ`);
    names.add(name);
  }
  const columns = kept.filter(([name]) => !asked.includes(name) && !said.includes(name));
  if (columns.length === 0)
    throw new RangeError(`table: ${place}, got no column beside ${some(asked)}, expected one with numbers at least`);
  return columns;
}

/** The rows of a file; `star` is whose they are, where no column says so. What does not fit is a RangeError with its line. */
export function readRows(
  { rows: [first = [], ...lines], line }: Csv,
  name: string,
  options: TableOptions,
  star: string | undefined,
  words: Words,
): Table {
  const trimmed = (cells: readonly string[]): string[] => cells.map((cell) => cell.trim());
  const header = trimmed(first);
  const columns = columnsOf(header, `${name}, line ${line(0)}`, options);
  // the header is a row, too
  const place = (row: number): string => `${name}, line ${line(row + 1)}`;
  const { client, group, task, columns: kinds = {} } = options;
  const asked = labelColumns(options);
  checkKinds(
    kinds,
    columns.map(([column]) => column),
    `${name}, line ${line(0)}`,
  );
  const at = asked.map((column) => header.indexOf(column));
  const owner = client === undefined ? -1 : header.indexOf(client);
  const owners: string[] = [];
  const side = group === undefined ? -1 : header.indexOf(group);
  const groups: string[] = [];
  const targets = task && new Float64Array(lines.length * asked.length);
  const values = new Float64Array(lines.length * columns.length);
  const labels = lines.map((cells, row) => {
    const own = trimmed(cells);
    if (own.length !== header.length)
      throw new RangeError(`table: ${place(row)}, got ${own.length} cells, expected ${header.length}`);
    for (const [c, [column, where]] of columns.entries()) {
      values[row * columns.length + c] = valueIn(own[where]!, column, options, words, () => place(row));
    }
    for (const [t, column] of asked.entries()) {
      const cell = own[at[t]!]!;
      if (targets) targets[row * asked.length + t] = target(cell, task!, column, () => place(row));
      else if (cell === "") throw new RangeError(`table: ${place(row)}, got no class in column ${column}; give it one`);
    }
    if (owner >= 0) {
      if (own[owner] === "") throw new RangeError(`table: ${place(row)}, got no client in column ${client}; name it`);
      owners.push(own[owner]!);
    } else if (star !== undefined) owners.push(star);
    if (side >= 0) {
      if (own[side] === "") throw new RangeError(`table: ${place(row)}, got no group in column ${group}; name it`);
      groups.push(own[side]!);
    }
    return targets ? "" : own[at[0]!]!;
  });
  const said = owner >= 0 || star !== undefined;
  return {
    columns: columns.map(([column]) => column),
    values,
    labels,
    targets,
    place,
    owners: said ? owners : undefined,
    groups: side >= 0 ? groups : undefined,
  };
}

/** What a cell of an input holds, as tables keep it: NaN for a gap, the number of a word. */
export function valueIn(
  written: string,
  column: string,
  { columns = {}, missing = [] }: Pick<TableOptions, "columns" | "missing">,
  words: Words,
  place: () => string,
): number {
  const cell = missing.includes(written) ? "" : written;
  const kind = Object.hasOwn(columns, column) ? columns[column]! : undefined;
  if (kind?.kind === "category") return words.number(cell);
  if (cell === "" && kind?.gaps !== undefined) return NaN;
  const value = decimal.test(cell) ? Number(cell) : NaN;
  if (Number.isFinite(value)) return value;
  throw new RangeError(
    `table: ${place()}, column ${column}, got "${cell}", expected a decimal number; mend it, say in columns what it holds, or ignore it`,
  );
}

// where it stands is asked of a wrong one alone: that reads the file again
function target(cell: string, task: TargetKind, column: string, place: () => string): number {
  const value = decimal.test(cell) ? Number(cell) : NaN;
  const fits = task === "regression" ? Math.abs(Math.fround(value)) < Infinity : value === 0 || value === 1;
  if (!fits)
    throw new RangeError(
      `table: ${place()}, column ${column}, got "${cell}", expected ${task === "regression" ? "a decimal number" : "0 or 1"}; mend it, or leave the row out`,
    );
  return value;
}

/** Some rows of a table, in that order. */
export function rowsOf(
  { columns, values, labels, targets, place, owners, groups }: Table,
  rows: ArrayLike<number>,
): Table {
  const chosen = (from: Float64Array): Float64Array => {
    const width = from.length / labels.length;
    const picked = new Float64Array(rows.length * width);
    for (let i = 0; i < rows.length; i++)
      picked.set(from.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
    return picked;
  };
  return {
    columns,
    values: chosen(values),
    targets: targets && chosen(targets),
    labels: Array.from(rows, (row) => labels[row]!),
    owners: owners && Array.from(rows, (row) => owners[row]!),
    groups: groups && Array.from(rows, (row) => groups[row]!),
    place: (row) => place(row < 0 ? row : rows[row]!),
  };
}

/** As many names as a message can hold. */
export function some(names: readonly string[]): string {
  return names.slice(0, 10).join(", ") + (names.length > 10 ? ` and ${names.length - 10} more` : "");
}
