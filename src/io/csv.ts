// Comma-separated values, written: a small table for spreadsheets, quoted as RFC 4180 asks. Reading is a library's work.

/** What a cell can be; null is an empty cell. */
export type Cell = string | number | boolean | null;

/** One row as a line, newline included. Cells with a comma, quote or line break are quoted. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(quote).join(",")}\n`;
}

/** A whole table under its header; a RangeError for a row whose length is not the header's. */
export function csvTable(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  let text = csvLine(header);
  for (const row of rows) {
    if (row.length !== header.length) {
      throw new RangeError(`csv: cells in a row, got ${row.length}, expected ${header.length}`);
    }
    text += csvLine(row);
  }
  return text;
}

function quote(cell: Cell): string {
  const text = String(cell ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
