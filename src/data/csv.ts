// CSV files, read by a package that is loaded when the first one is.
import type { ParseError, ParseMeta } from "papaparse";
import { endOfStretch } from "./csvStretch.ts";
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

/** What the package's reader of a text says, as far as it is used here. */
interface Read {
  readonly data: readonly string[][];
  readonly errors: readonly ParseError[];
  /** `cursor`: how far the rows reach. */
  readonly meta: ParseMeta;
}
interface PackageParser {
  parse(text: string, base: number, goesOn: boolean): Read;
  abort(): void;
}
type ParserOf = (delimiter: string, more?: { readonly step?: (row: Read) => void }) => PackageParser;

/** So much of a text decides which delimiter it has, in whole lines: the package reads it six times, and notes every wrong quote. */
const HEAD = 2 ** 14;

function headOf(text: string): string {
  const head = text.slice(0, HEAD);
  return text.length > HEAD ? head.slice(0, head.lastIndexOf("\n") + 1 || HEAD) : head;
}

const isNothing = (cells: readonly string[]): boolean => cells.length === 1 && cells[0] === "";

/** Reads a file in UTF-8 or (by its mark) UTF-16, with line ends of any kind. A RangeError for quotes that do not match. */
export async function readCsv({ bytes, name }: NamedFile, delimiter = ""): Promise<Csv> {
  // here and not above: only who reads such files needs the package
  const { default: csv } = await import("papaparse");
  // one kind of line end, or the package takes that of the first line for all
  const text = decodeText(unpack(bytes, name, MOST), name).replace(/\r\n?/g, "\n");
  const parserOf: ParserOf = (separator, more) => new csv.Parser({ newline: "\n", delimiter: separator, ...more });
  const used = delimiter || csv.parse(headOf(text), { skipEmptyLines: true, newline: "\n", preview: 1 }).meta.delimiter;
  const rows: string[][] = [];
  const stretches: { from: number; end: number; rows: number }[] = [];
  // of a row in the text again, step by step
  const line = (row: number): number => {
    const stretch = stretches.findLast(({ rows: before }) => before <= row) ?? { from: 0, end: 0, rows: 0 };
    let [begins, ends, left] = [0, 0, row - stretch.rows];
    const parser = parserOf(used, {
      step: ({ data: [cells], meta }) => {
        if (!isNothing(cells!) && left-- === 0) {
          begins = ends;
          parser.abort();
        }
        ends = meta.cursor;
      },
    });
    parser.parse(text.slice(stretch.from, stretch.end), 0, false);
    return text.slice(0, stretch.from + begins).split("\n").length;
  };
  for (let [from, least] = [0, 0]; from < text.length;) {
    const end = endOfStretch(text, from, least);
    const goesOn = end < text.length;
    const { data, errors, meta } = parserOf(used).parse(text.slice(from, end), 0, goesOn);
    const error = errors.find(({ type }) => type === "Quotes");
    if (goesOn && !error && !data.length) {
      least = 2 * (end - from);
      continue;
    }
    stretches.push({ from, end, rows: rows.length });
    const good = data.slice(0, error?.row).filter((cells) => !isNothing(cells));
    // copies have no room to spare, as lists have that grew
    for (const cells of good) rows.push(cells.slice());
    if (error) throw new RangeError(`csv: ${name}, line ${line(rows.length)}, ${error.message}; the file is damaged`);
    [from, least] = [goesOn ? from + meta.cursor : end, 0];
  }
  return { rows, line };
}
