// Pictures of the test split to ask a client about.
import type { ImageDataset } from "../../src/data/index.ts";
import type { Picture } from "../messages.ts";

/** One picture of every class, the `turn`-th of each; at most `most`, of the first classes. */
export function pictures(
  { test, classes, shape }: ImageDataset,
  { turn, most }: { turn: number; most: number },
): Picture[] {
  const size = shape.reduce((product, n) => product * n, 1);
  const rows = classes.map((): number[] => []);
  for (let row = 0; row < test.rows; row++) rows[test.labels[row]!]!.push(row);
  return rows.slice(0, most).flatMap((own, label) => {
    const row = own[turn % own.length];
    // a copy: a view would send the whole split
    return row === undefined ? [] : [{ label, pixels: test.x.slice(row * size, (row + 1) * size) }];
  });
}
