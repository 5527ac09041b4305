// Tables as CSV files with a header: one column names the class of a row, the others are numbers. Knows nothing of what the
// columns mean; a column of words is refused by its name rather than guessed at.
import { fold, key, Stream } from "../runtime/random.ts";
import { type Csv, readCsv } from "./csv.ts";
import { type FeatureDataset, fromFeatures } from "./features.ts";
import { type DataSource, locate, type NamedFile } from "./source.ts";
import { standardize } from "./standardize.ts";

export interface TableOptions {
  readonly name: string;
  /** The file's name; `.gz` is found too. */
  readonly train: string;
  /** Without it, a fifth of the rows of `train` is the test split. */
  readonly test?: string | undefined;
  /** The column that holds the class. */
  readonly label: string;
  /** Columns to leave out. */
  readonly ignore?: readonly string[] | undefined;
  /** The shape of one example, [columns] unless said. */
  readonly shape?: readonly number[] | undefined;
  /**
   * Shift and scale every column to mean 0 and standard deviation 1 over the training rows; true unless said. A column that
   * is constant there becomes 0, in the test rows too: nothing says what a step of it is worth.
   */
  readonly standardize?: boolean | undefined;
}

/** Some rows of a file. */
interface Table {
  readonly columns: readonly string[];
  /** Row by row. */
  readonly values: Float64Array;
  readonly labels: readonly string[];
  /** Where a row stands, for messages. */
  place(row: number): string;
}

// decimal numbers as everybody writes them; Number alone also takes hexadecimal, blanks and nothing at all
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The columns that hold numbers, by name and place in a line. */
function columnsOf(header: readonly string[], place: string, { label, ignore = [] }: TableOptions): [string, number][] {
  for (const column of [label, ...ignore])
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
  const columns = kept.filter(([name]) => name !== label);
  if (columns.length === 0)
    throw new RangeError(`table: ${place}, got no column beside ${label}, expected one with numbers at least`);
  return columns;
}

function readRows({ rows: [first = [], ...lines], line }: Csv, name: string, options: TableOptions): Table {
  const trimmed = (cells: readonly string[]): string[] => cells.map((cell) => cell.trim());
  const header = trimmed(first);
  const columns = columnsOf(header, `${name}, line ${line(0)}`, options);
  // the header is a row, too
  const place = (row: number): string => `${name}, line ${line(row + 1)}`;
  const at = header.indexOf(options.label);
  const values = new Float64Array(lines.length * columns.length);
  const labels = lines.map((cells, row) => {
    const own = trimmed(cells);
    if (own.length !== header.length)
      throw new RangeError(`table: ${place(row)}, got ${own.length} cells, expected ${header.length}`);
    for (const [c, [column, where]] of columns.entries()) {
      const cell = own[where]!;
      const value = decimal.test(cell) ? Number(cell) : NaN;
      if (!Number.isFinite(value))
        throw new RangeError(
          `table: ${place(row)}, column ${column}, got "${cell}", expected a decimal number; mend it or ignore the column`,
        );
      values[row * columns.length + c] = value;
    }
    const label = own[at]!;
    if (label === "")
      throw new RangeError(`table: ${place(row)}, got no class in column ${options.label}; give it one`);
    return label;
  });
  return { columns: columns.map(([column]) => column), values, labels, place };
}

/** Distinct labels: by size if they are numbers, else by the alphabet. */
function classNames({ labels, place }: Table, column: string): string[] {
  const names = [...new Set(labels)];
  if (names.length > 256)
    throw new RangeError(
      `table: ${place(-1)}, got ${names.length} classes in column ${column} (${some(names)}), expected at most 256; ` +
        `is it the column of the class?`,
    );
  const numeric = names.every((name) => decimal.test(name));
  if (!numeric) return names.toSorted();
  const ordered = names.toSorted((a, b) => Number(a) - Number(b));
  const twice = ordered.findIndex((name, i) => i > 0 && Number(name) === Number(ordered[i - 1]));
  if (twice > 0)
    throw new RangeError(
      `table: ${place(-1)}, got classes ${ordered[twice - 1]} and ${ordered[twice]} in column ${column}, expected one ` +
        `way to write a number; mend them`,
    );
  return ordered;
}

function rowsOf({ columns, values, labels, place }: Table, rows: ArrayLike<number>): Table {
  const width = columns.length;
  const chosen = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    chosen.set(values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  return {
    columns,
    values: chosen,
    labels: Array.from(rows, (row) => labels[row]!),
    place: (row) => place(row < 0 ? row : rows[row]!),
  };
}

/** The values as floats; a RangeError with line and column for one that no float holds. */
function floats({ columns, values, place }: Table): Float32Array {
  const single = Float32Array.from(values);
  const odd = single.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0)
    throw new RangeError(
      `table: ${place(Math.floor(odd / columns.length))}, column ${columns[odd % columns.length]}, got ${values[odd]}, ` +
        `expected at most 3.4e38 in size; standardize, mend it or ignore the column`,
    );
  return single;
}

function some(names: readonly string[]): string {
  return names.slice(0, 10).join(", ") + (names.length > 10 ? ` and ${names.length - 10} more` : "");
}

/** A dataset from CSV files. Missing files, cells that are no numbers and unknown classes are a RangeError that names them. */
export async function loadTable(source: DataSource, options: TableOptions): Promise<FeatureDataset> {
  const read = async (stem: string): Promise<Table> => {
    const file: NamedFile | undefined = await locate(source, [""], stem);
    if (!file) throw new RangeError(`table: ${source.where}, got no ${stem}; give the folder that holds it`);
    const table = readRows(await readCsv(file), file.name, options);
    const least = options.test === undefined ? 2 : 1;
    if (table.labels.length < least)
      throw new RangeError(`table: ${file.name}, rows, got ${table.labels.length}, expected at least ${least}`);
    return table;
  };
  const whole = await read(options.train);
  let [train, test] = [whole, whole];
  if (options.test !== undefined) test = await read(options.test);
  else {
    const order = new Stream(fold(key(0), "test rows")).choose(whole.labels.length, whole.labels.length);
    const held = Math.ceil(order.length / 5);
    [train, test] = [rowsOf(whole, order.subarray(held)), rowsOf(whole, order.subarray(0, held))];
  }
  if (JSON.stringify(test.columns) !== JSON.stringify(train.columns))
    throw new RangeError(
      `table: ${test.place(-1)}, got columns ${some(test.columns)}, expected ${some(train.columns)} as in ${train.place(-1)}`,
    );
  // of a file that is parted here, the classes are all that are in it: one row of a class may be a test row
  const classes = classNames(whole, options.label);
  const numberOf = new Map(classes.map((name, number) => [name, number]));
  const numbers = ({ labels, place }: Table): number[] =>
    labels.map((label, row) => {
      const number = numberOf.get(label);
      if (number === undefined)
        throw new RangeError(
          `table: ${place(row)}, got class "${label}", expected one of the training rows': ${some(classes)}`,
        );
      return number;
    });
  const labels = [numbers(train), numbers(test)] as const;
  if (options.standardize ?? true) standardize(train.values, test.values, train.columns.length);
  return fromFeatures({
    name: options.name,
    classes,
    shape: options.shape ?? [train.columns.length],
    train: { x: floats(train), labels: labels[0] },
    test: { x: floats(test), labels: labels[1] },
  });
}
