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

// Many line ends in a row are written as their number while the package reads: it would make a list for each empty line, and
// whether they are lines or part of a cell in quotes is for it to say. The mark itself is written so that it has no number.
const MARK = "\ue000";
const fold = (text: string): string =>
  text.replace(/\n{3,}|\ue000/g, (run) => (run === MARK ? `${MARK}.` : `\n${MARK}${run.length}.\n`));
const unfold = (text: string): string =>
  text.replace(/\n\ue000(\d+)\.\n|\ue000\./g, (_, count?: string) => (count ? "\n".repeat(Number(count)) : MARK));

/** Whether a row is an empty line, or many. */
function isNothing(cells: readonly string[]): boolean {
  return cells.length === 1 && (cells[0] === "" || /^\ue000\d+\.$/.test(cells[0]!));
}

/** Reads a file in UTF-8 or (by its mark) UTF-16, with line ends of any kind. A RangeError for quotes that do not match. */
export async function readCsv({ bytes, name }: NamedFile, delimiter = ""): Promise<Csv> {
  // here and not above: only who reads such files needs the package
  const { default: csv } = await import("papaparse");
  // one kind of line end, or the package takes that of the first line for all
  const text = decodeText(unpack(bytes, name, MOST), name).replace(/\r\n?/g, "\n");
  const guessed = delimiter || csv.parse(text, { skipEmptyLines: true, newline: "\n", preview: 1 }).meta.delimiter;
  const form = { newline: "\n", delimiter: guessed } as const;
  const folded = fold(text);
  const { data, errors } = csv.parse<string[]>(folded, form);
  const error = errors.find(({ type }) => type === "Quotes");
  const rows: string[][] = [];
  let damaged = 0;
  for (const [i, cells] of data.entries()) {
    if (i === error?.row) damaged = rows.length;
    if (!isNothing(cells)) rows.push(cells.some((cell) => cell.includes(MARK)) ? cells.map(unfold) : cells);
  }
  const line = (row: number): number => {
    let [begin, end, steps] = [0, 0, -1];
    csv.parse<string[]>(folded, {
      ...form,
      step: ({ data: cells, meta: { cursor } }, parser) => {
        if (!isNothing(cells)) {
          if (++steps > row) return parser.abort();
          begin = end;
        }
        end = cursor;
      },
    });
    return unfold(folded.slice(0, begin)).split("\n").length;
  };
  if (error) throw new RangeError(`csv: ${name}, line ${line(damaged)}, ${error.message}; the file is damaged`);
  return { rows, line };
}
