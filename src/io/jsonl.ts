// JSON lines: one JSON value per line. A run appends to such a file and may die in mid-line, so the reader forgives
// exactly one thing: a last line that was not finished.

/** What was read: every whole row, and whether an unfinished line was left out at the end. */
export interface JsonLines {
  /** What each whole line holds. */
  readonly rows: readonly unknown[];
  /** Whether the last line is only a part of one. */
  readonly torn: boolean;
}

/** One value as one line, newline included. TypeError for what JSON cannot hold (undefined, functions). */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`jsonl: not JSON, got ${typeof value}`);
  return `${text}\n`;
}

/** The rows of a JSON lines text; empty lines are skipped. SyntaxError for a broken line that is not the last. */
export function parseJsonLines(text: string): JsonLines {
  const lines = text.split("\n");
  // a file whose last line is whole ends with a newline, so the last piece is empty or suspect
  const tail = lines.pop() ?? "";
  const rows: unknown[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const row = parse(line);
    if (row === undefined) throw new SyntaxError(`jsonl: line ${i + 1} is not JSON, got ${line.slice(0, 60)}`);
    rows.push(row);
  }
  if (tail.trim() === "") return { rows, torn: false };
  // only a closed object or list shows that it is whole: 12 may be the head of 123
  const last = /[}\]]\s*$/.test(tail) ? parse(tail) : undefined;
  return last === undefined ? { rows, torn: true } : { rows: [...rows, last], torn: false };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
