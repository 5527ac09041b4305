// Rows of the test split to ask a client about.
import type { Specimen } from "../messages.ts";
import type { LabDataset } from "./datasets.ts";

/** One row of every class, the `turn`-th of each; at most `most`, of the first classes. */
export function specimens(
  { test, classes, shape }: LabDataset,
  { turn, most }: { turn: number; most: number },
): Specimen[] {
  const size = shape.reduce((product, n) => product * n, 1);
  const rows = classes.map((): number[] => []);
  for (let row = 0; row < test.rows; row++) rows[test.labels[row]!]!.push(row);
  return rows.slice(0, most).flatMap((own, label) => {
    const row = own[turn % own.length];
    // a copy: a view would send the whole split
    return row === undefined ? [] : [{ row, label, inputs: test.x.slice(row * size, (row + 1) * size) }];
  });
}
