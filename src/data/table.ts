// Tables as CSV files with a header: one column names the class of a row, the others are numbers. Knows nothing of what the
// columns mean; a column of words is refused by its name rather than guessed at.
import { readCsv } from "./csv.ts";
import { fold, key, Stream } from "../runtime/random.ts";
import { type FeatureDataset, fromFeatures } from "./features.ts";
import { type DataSource, locate, type NamedFile } from "./source.ts";

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
  /** Shift and scale every column to mean 0 and standard deviation 1 over the training rows; true unless said. */
  readonly standardize?: boolean | undefined;
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Row by row. */
  readonly values: Float64Array;
  readonly labels: readonly string[];
}

async function readTable(file: NamedFile, { label, ignore = [] }: TableOptions): Promise<Table> {
  const { name } = file;
  const [header = [], ...lines] = (await readCsv(file)).map((line) => line.map((cell) => cell.trim()));
  for (const column of [label, ...ignore])
    if (!header.includes(column))
      throw new RangeError(`table: ${name}, got columns ${header.join(", ")}, expected one called ${column}`);
  const at = header.indexOf(label);
  const columns = header.filter((column) => column !== label && !ignore.includes(column));
  const places = columns.map((column) => header.indexOf(column));
  const values = new Float64Array(lines.length * columns.length);
  lines.forEach((line, row) => {
    if (line.length !== header.length)
      throw new RangeError(`table: ${name}, row ${row}, got ${line.length} cells, expected ${header.length}`);
    places.forEach((place, c) => {
      const cell = line[place]!;
      const value = cell === "" ? NaN : Number(cell);
      if (!Number.isFinite(value))
        throw new RangeError(
          `table: ${name}, row ${row}, column ${columns[c]}, got "${cell}", expected a number; mend it or ignore the column`,
        );
      values[row * columns.length + c] = value;
    });
  });
  return { name, columns, values, labels: lines.map((line) => line[at]!) };
}

/** Distinct labels: by size if they are numbers, else by the alphabet. */
function classNames(labels: readonly string[]): string[] {
  const names = [...new Set(labels)];
  const numeric = names.every((name) => name !== "" && Number.isFinite(Number(name)));
  return names.toSorted((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
}

function rowsOf({ columns, values, labels, name }: Table, rows: ArrayLike<number>): Table {
  const width = columns.length;
  const chosen = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    chosen.set(values.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  return { name, columns, values: chosen, labels: Array.from(rows, (row) => labels[row]!) };
}

/** Changes both in place; constant columns become 0. */
function standardize(train: Table, test: Table): void {
  const width = train.columns.length;
  for (let c = 0; c < width; c++) {
    let [sum, squares] = [0, 0];
    for (let i = c; i < train.values.length; i += width) sum += train.values[i]!;
    const mean = sum / train.labels.length;
    for (let i = c; i < train.values.length; i += width)
      squares += (train.values[i]! - mean) * (train.values[i]! - mean);
    const deviation = Math.sqrt(squares / train.labels.length) || 1;
    for (const { values } of [train, test])
      for (let i = c; i < values.length; i += width) values[i] = (values[i]! - mean) / deviation;
  }
}

/** A dataset from CSV files. Missing files, cells that are no numbers and unknown classes are a RangeError that names them. */
export async function loadTable(source: DataSource, options: TableOptions): Promise<FeatureDataset> {
  const read = async (stem: string): Promise<Table> => {
    const file = await locate(source, [""], stem);
    if (!file) throw new RangeError(`table: ${source.where}, got no ${stem}; give the folder that holds it`);
    return readTable(file, options);
  };
  const whole = await read(options.train);
  let [train, test] = [whole, whole];
  if (options.test !== undefined) test = await read(options.test);
  else {
    const order = new Stream(fold(key(0), "test rows")).choose(whole.labels.length, whole.labels.length);
    const held = Math.ceil(order.length / 5);
    [train, test] = [rowsOf(whole, order.subarray(held)), rowsOf(whole, order.subarray(0, held))];
  }
  if (test.columns.join() !== train.columns.join())
    throw new RangeError(
      `table: ${test.name}, got columns ${test.columns.join(", ")}, expected ${train.columns.join(", ")} as in ${train.name}`,
    );
  const classes = classNames(train.labels);
  const numbers = ({ labels, name }: Table): number[] =>
    labels.map((label, row) => {
      const number = classes.indexOf(label);
      if (number < 0)
        throw new RangeError(
          `table: ${name}, row ${row}, got class "${label}", expected one of the training rows': ${classes.join(", ")}`,
        );
      return number;
    });
  if (options.standardize ?? true) standardize(train, test);
  return fromFeatures({
    name: options.name,
    classes,
    shape: options.shape ?? [train.columns.length],
    train: { x: train.values, labels: numbers(train) },
    test: { x: test.values, labels: numbers(test) },
  });
}
