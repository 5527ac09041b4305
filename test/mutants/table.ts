// Caught and survived by file.
import { basename } from "node:path";
import type { Outcome } from "./trials.ts";

/** A line for every file, the worst first. */
export function table(outcomes: readonly Outcome[]): string {
  const files = [...new Set(outcomes.map(({ mutant }) => mutant.file))];
  const rows = files.map((file) => {
    const of = outcomes.filter(({ mutant }) => mutant.file === file);
    const equivalent = of.filter((one) => one.equivalent).length;
    const caught = of.filter((one) => !one.equivalent && one.by !== undefined).length;
    return { file: basename(file, ".ts"), caught, all: of.length - equivalent, equivalent };
  });
  const share = ({ caught, all }: { caught: number; all: number }): number => (all > 0 ? caught / all : 1);
  const lines = rows
    .toSorted((a, b) => share(a) - share(b))
    .map((row) =>
      [
        row.file.padEnd(14),
        `${row.caught} of ${row.all}`.padStart(12),
        `${(100 * share(row)).toFixed(0)} %`.padStart(6),
        row.equivalent > 0 ? `  ${row.equivalent} equivalent` : "",
      ].join(""),
    );
  return ["", "file                caught", ...lines, ""].join("\n");
}
