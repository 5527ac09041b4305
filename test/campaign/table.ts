// What was done, kind by kind.
import { type Tally, total } from "./schedule.ts";

const count = (n: number): string => n.toLocaleString("en");

/** Cases and findings by kind, and below each kind with several parts their cases. */
export function table(tallies: readonly Tally[]): string {
  const head = ["kind", "tried", "of", "batches", "seconds", "findings"];
  const rows = tallies.map((tally) => [
    tally.kind.name,
    tally.skipped === undefined ? count(total(tally)) : "-",
    tally.kind.cases,
    String(tally.batches),
    tally.seconds.toFixed(0),
    String(tally.findings.length),
  ]);
  const widths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => (c === 0 || c === 2 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join("  ")
      .trimEnd();
  const parts = tallies.flatMap(({ kind, cases, skipped }) =>
    skipped !== undefined
      ? [`${kind.name}: not tried, ${skipped}`]
      : cases.size > 30
        ? [`${kind.name}: ${cases.size} parts of ${count(Math.min(...cases.values()))} or more`]
        : cases.size > 1
          ? [`${kind.name}: ${[...cases].map(([name, n]) => `${name} ${count(n)}`).join(", ")}`]
          : [],
  );
  return [line(head), ...rows.map(line), "", ...parts].join("\n").trimEnd();
}
