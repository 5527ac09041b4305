// What is in the columns of a table, before anything is made of them.
import { type Csv, readCsv } from "../../src/data/csv.ts";
import { unpackHead } from "../../src/data/gzip.ts";
import { decimal } from "../../src/data/tableRows.ts";
import { type ColumnSketch, gapMarks, type TableSketch } from "../table.ts";

// cells in a page's memory take some ten times their bytes
const mostBytes = 50 * 2 ** 20;

// so many words make a menu, and so many values show what a column holds
const listed = 100;
const shown = 3;

/** Looks through a file, and through the one of test rows where there is one. A RangeError for files that are no table, or too large. */
export async function sketch(
  files: Readonly<Record<string, Uint8Array>>,
  train: string,
  test: string | undefined,
): Promise<TableSketch> {
  const { header, body } = await rowsOf(files, train);
  if (body.length === 0)
    throw new RangeError(
      `files: got ${header.length === 0 ? "nothing" : "a header alone"} in ${train}, expected a header and rows below it`,
    );
  if (header.length < 2)
    throw new RangeError(
      `files: got one column in ${train} (${header[0]!.slice(0, 40)}), expected two at least, parted by commas, semicolons or tabs`,
    );
  if (header.every((name) => decimal.test(name)))
    throw new RangeError(`files: got numbers in the first line of ${train}, expected the names of its columns`);
  const all = test === undefined ? body : [...body, ...(await rowsOf(files, test)).body];
  const marks = new Set<string>();
  const columns = header.map((name, at) => columnOf(name, all, at, marks));
  return {
    train,
    ...(test !== undefined && { test }),
    rows: body.length,
    columns,
    marks: gapMarks.filter((mark) => marks.has(mark)),
  };
}

async function rowsOf(
  files: Readonly<Record<string, Uint8Array>>,
  name: string,
): Promise<{ header: readonly string[]; body: Csv["rows"] }> {
  const bytes = files[name]!;
  if (bytes.length > mostBytes || unpackHead(bytes, name, mostBytes + 1).length > mostBytes)
    throw new RangeError(`files: got more than 50 MB in ${name}, expected no more in a page; moiety run takes it`);
  const { rows, line } = await readCsv({ name, bytes });
  const [header = [], ...body] = rows.map((cells) => cells.map((cell) => cell.trim()));
  const odd = body.findIndex(({ length }) => length !== header.length);
  if (odd >= 0)
    throw new RangeError(
      `files: in ${name}, line ${line(odd + 1)}, got ${body[odd]!.length} cells, expected ${header.length}`,
    );
  return { header, body };
}

function columnOf(name: string, rows: Csv["rows"], at: number, marks: Set<string>): ColumnSketch {
  const counts = new Map<string, number>();
  let gaps = 0;
  for (const cells of rows) {
    // the rows of a test file with other columns, which the loader refuses
    const cell = cells[at] ?? "";
    if (gapMarks.includes(cell)) marks.add(cell);
    if (cell === "" || gapMarks.includes(cell)) gaps++;
    else counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const values = [...counts.keys()];
  const holds = values.every((value) => decimal.test(value)) ? "numbers" : "words";
  let rarest: readonly [string, number] = ["", Infinity];
  for (const one of counts) if (one[1] < rarest[1]) rarest = one;
  return {
    name,
    examples: values.slice(0, shown),
    holds,
    distinct: counts.size,
    values: holds === "words" ? values.slice(0, listed).toSorted() : values.slice(0, shown),
    gaps,
    rarest,
  };
}
