// CSV files, read by a package that is loaded when the first one is.
import { decodeText } from "./decode.ts";
import { unpack } from "./gzip.ts";
import type { NamedFile } from "./source.ts";

/** The most bytes of a file: half of the longest text that engines hold. */
const MOST = 2 ** 28;

/** The cells of a file, row by row, and where each row stands. */
export interface Csv {
  readonly rows: readonly (readonly string[])[];
  /** The number of the line in which a row begins, from 1; for messages, as it reads the file again. */
  line(row: number): number;
}

/** Reads a file in UTF-8 or (by its mark) UTF-16, with line ends of any kind. A RangeError for quotes that do not match. */
export async function readCsv({ bytes, name }: NamedFile, delimiter = ""): Promise<Csv> {
  // here and not above: only who reads such files needs the package
  const { default: csv } = await import("papaparse");
  // one kind of line end, or the package takes that of the first line for all
  const text = decodeText(unpack(bytes, name, MOST), name).replace(/\r\n?/g, "\n");
  const form = { skipEmptyLines: true, newline: "\n", delimiter } as const;
  const rows: string[][] = [];
  let [used, damage, at] = [delimiter, "", 0];
  // row by row: a list of all lines first would hold an array for each empty one
  csv.parse<string[]>(text, {
    ...form,
    step: ({ data, errors, meta }) => {
      used = meta.delimiter;
      const found = errors.find(({ type }) => type === "Quotes");
      if (found && damage === "") [damage, at] = [found.message, rows.length];
      rows.push(data);
    },
  });
  const line = (row: number): number => {
    let [begin, end, steps] = [0, 0, -1];
    csv.parse<string[]>(text, {
      ...form,
      delimiter: used,
      // its own limit of rows would count the empty ones
      step: ({ meta: { cursor } }, parser) => {
        if (++steps > row) return parser.abort();
        [begin, end] = [end, cursor];
      },
    });
    // empty lines are skipped, and belong to no row
    while (text[begin] === "\n") begin++;
    let lines = 1;
    for (let i = text.indexOf("\n"); i >= 0 && i < begin; i = text.indexOf("\n", i + 1)) lines++;
    return lines;
  };
  if (damage !== "") throw new RangeError(`csv: ${name}, line ${line(at)}, ${damage}; the file is damaged`);
  return { rows, line };
}
