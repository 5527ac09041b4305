// AG News (Zhang, Zhao, LeCun 2015): CSV without a header, rows of class 1 to 4, title and description.
import { readCsv } from "./csv.ts";
import { unpack } from "./gzip.ts";
import type { NamedFile } from "./source.ts";
import type { Texts } from "./texts.ts";

const QUOTE = 0x22;
const NEWLINE = 0x0a;

/** How many rows a file holds: line ends outside of quotes. */
export async function countAgNews({ bytes, name }: NamedFile): Promise<number> {
  const text = unpack(bytes, name);
  let rows = 0;
  let quoted = false;
  let open = false;
  for (const byte of text) {
    if (byte === QUOTE) quoted = !quoted;
    if (byte === NEWLINE && !quoted) {
      if (open) rows++;
      open = false;
    } else if (byte !== 0x0d) open = true;
  }
  if (quoted) throw new RangeError(`csv: ${name}, got a quote that is never closed; the file is damaged or truncated`);
  return rows + Number(open);
}

/** The texts of a file, title and description joined by a comma, and classes from 0. */
export async function readAgNews(file: NamedFile): Promise<Texts> {
  const { name } = file;
  const labels: number[] = [];
  const { rows, line } = await readCsv(file, ",");
  const texts = rows.map((row, at) => {
    const [label, title, description] = row;
    if (row.length !== 3 || !/^[1-4]$/.test(label!))
      throw new RangeError(
        `csv: ${name}, line ${line(at)}, got ${row.length} columns and class ${label}, expected class 1 to 4, title and description`,
      );
    labels.push(Number(label) - 1);
    return [title, description].filter(Boolean).join(" , ");
  });
  return { texts, labels };
}
