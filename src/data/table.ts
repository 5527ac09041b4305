// Tables as CSV files with a header: one column names the class of a row, or some are its targets; the others are numbers. Knows nothing of what the
// columns mean; a column of words is refused by its name rather than guessed at.
import { fold, key, Stream } from "../runtime/random.ts";
import { Words } from "./columnKinds.ts";
import { encoding } from "./columns.ts";
import { readCsv } from "./csv.ts";
import { type FeatureDataset, fromFeatures } from "./features.ts";
import { type DataSource, locate, locateAll } from "./source.ts";
import { decimal, labelColumns, readRows, rowsOf, some, type Table, type TableOptions, valueIn } from "./tableRows.ts";
import { windowed } from "./windows.ts";

export type { TableOptions, Windows } from "./tableRows.ts";

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

function endToEnd(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The rows of several files one after another; a RangeError where their columns differ. */
function joined(tables: readonly Table[]): Table {
  const [first] = tables as readonly [Table, ...Table[]];
  for (const table of tables) checkColumns(table, first);
  const starts = [0];
  for (const { labels } of tables) starts.push(starts.at(-1)! + labels.length);
  return {
    columns: first.columns,
    values: endToEnd(tables.map(({ values }) => values)),
    targets: first.targets && endToEnd(tables.map(({ targets }) => targets!)),
    labels: tables.flatMap(({ labels }) => labels),
    owners: first.owners && tables.flatMap(({ owners }) => owners!),
    groups: first.groups && tables.flatMap(({ groups }) => groups!),
    place: (row) => {
      const at = Math.max(
        0,
        starts.findLastIndex((start) => start <= row),
      );
      const file = Math.min(at, tables.length - 1);
      return tables[file]!.place(row - starts[file]!);
    },
  };
}

function checkColumns(table: Table, as: Table): void {
  if (JSON.stringify(table.columns) !== JSON.stringify(as.columns))
    throw new RangeError(
      `table: ${table.place(-1)}, got columns ${some(table.columns)}, expected ${some(as.columns)} as in ${as.place(-1)}`,
    );
}

/** Which rows test where no file says so: a fifth, of every owner's where there are owners. */
function heldRows({ labels, owners }: Table): [train: Int32Array, test: Int32Array] {
  const order = new Stream(fold(key(0), "test rows")).choose(labels.length, labels.length);
  if (!owners) {
    const held = Math.ceil(order.length / 5);
    return [order.subarray(held), order.subarray(0, held)];
  }
  const left = new Map<string, number>();
  for (const owner of owners) left.set(owner, (left.get(owner) ?? 0) + 1);
  // one row of two, but not the only one
  for (const [owner, n] of left) left.set(owner, n === 1 ? 0 : Math.ceil(n / 5));
  const tests = order.map((row) => {
    const wanted = left.get(owners[row]!)!;
    left.set(owners[row]!, wanted - 1);
    return Number(wanted > 0);
  });
  return [order.filter((_, i) => tests[i] === 0), order.filter((_, i) => tests[i] === 1)];
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

/** The number of the class that is to one's good: the last one unless said. */
function positiveOf({ positive, group, task }: TableOptions, classes: readonly string[], place: string): number {
  if (task)
    throw new RangeError(`table: ${place}, group, got ${group} in a ${task}, expected none: gaps are of classes`);
  const at = positive === undefined ? classes.length - 1 : classes.indexOf(positive);
  if (at < 0) throw new RangeError(`table: ${place}, positive, got ${positive}, expected one of ${some(classes)}`);
  return at;
}

/** Rows of a table as its files have them, beside the examples that they become. */
export interface TableCells {
  /** The columns of the inputs. */
  readonly columns: readonly string[];
  /** What a row's cells say, column by column; a gap is an empty one. */
  read(part: "train" | "test", row: number): string[];
  /** The example that cells become; a RangeError for one that its column cannot hold. */
  encode(cells: readonly string[]): Float32Array;
}

/** A dataset from CSV files. Missing files, cells that are no numbers and unknown classes are a RangeError that names them. */
export async function loadTable(source: DataSource, options: TableOptions): Promise<FeatureDataset> {
  return (await openTable(source, options)).dataset;
}

/** The same with the rows as they are written; of windows, which are many rows each, without them. */
export async function openTable(
  source: DataSource,
  options: TableOptions,
): Promise<{ dataset: FeatureDataset; cells?: TableCells }> {
  const words = new Words();
  const read = async (stem: string): Promise<Table> => {
    const files = stem.includes("*")
      ? await locateAll(source, stem)
      : [{ file: await locate(source, [""], stem), star: undefined }];
    const tables: Table[] = [];
    for (const { file, star } of files) {
      if (!file) throw new RangeError(`table: ${source.where}, got no ${stem}; give the folder that holds it`);
      tables.push(readRows(await readCsv(file), file.name, options, star, words));
    }
    const table = joined(tables);
    const least = options.test === undefined ? 2 : 1;
    if (table.labels.length < least)
      throw new RangeError(
        `table: ${source.where}/${stem}, rows, got ${table.labels.length}, expected at least ${least}`,
      );
    return table;
  };
  const whole = await read(options.train);
  if (options.windows) {
    if (options.test !== undefined)
      throw new RangeError(
        `table: test, got ${options.test} beside windows, expected none; every series is parted in time`,
      );
    const classes = options.task ? undefined : classNames(whole, labelColumns(options)[0]!);
    return { dataset: windowed(whole, options, words, classes) };
  }
  let [train, test] = [whole, whole];
  if (options.test !== undefined) test = await read(options.test);
  else {
    const [training, held] = heldRows(whole);
    [train, test] = [rowsOf(whole, training), rowsOf(whole, held)];
  }
  checkColumns(test, train);
  const asked = labelColumns(options);
  // of a file that is parted here, the classes are all that are in it: one row of a class may be a test row
  const classes = options.task ? asked : classNames(whole, asked[0]!);
  const numberOf = new Map(classes.map((name, number) => [name, number]));
  const numbers = ({ labels, place }: Table): ArrayLike<number> => {
    if (options.task) return new Uint8Array(labels.length);
    return labels.map((label, row) => {
      const number = numberOf.get(label);
      if (number === undefined)
        throw new RangeError(
          `table: ${place(row)}, got class "${label}", expected one of the training rows': ${some(classes)}`,
        );
      return number;
    });
  };
  const labels = [numbers(train), numbers(test)] as const;
  const { task } = options;
  const targets = task && { targets: { kind: task, train: train.targets!, test: test.targets! } };
  const written = { train, test };
  const encode = encoding(train, options.columns ?? {}, words, options.standardize ?? true);
  [train, test] = [encode(train), encode(test)];
  const dataset = fromFeatures({
    name: options.name,
    classes,
    shape: options.shape ?? [train.columns.length],
    columns: train.columns,
    train: { x: floats(train), labels: labels[0], owners: train.owners, groups: train.groups },
    test: { x: floats(test), labels: labels[1], owners: test.owners, groups: test.groups },
    ...(train.groups && { positive: positiveOf(options, classes, train.place(-1)) }),
    ...targets,
  });
  return { dataset, cells: cellsOf(written, encode, options, words) };
}

function cellsOf(
  written: { readonly train: Table; readonly test: Table },
  encode: (of: Table) => Table,
  options: TableOptions,
  words: Words,
): TableCells {
  const { columns } = written.train;
  const { columns: kinds = {} } = options;
  const text = (value: number, column: string): string =>
    kinds[column]?.kind === "category" ? words.word(value) : Number.isNaN(value) ? "" : String(value);
  return {
    columns,
    read: (part, row) => columns.map((column, c) => text(written[part].values[row * columns.length + c]!, column)),
    encode: (cells) => {
      const place = (): string => "a row of one's own";
      if (cells.length !== columns.length)
        throw new RangeError(`table: ${place()}, got ${cells.length} cells, expected ${columns.length}`);
      const values = Float64Array.from(cells, (cell, c) => valueIn(cell.trim(), columns[c]!, options, words, place));
      return floats(encode({ columns, values, labels: [""], place }));
    },
  };
}
