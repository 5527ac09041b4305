// Rows to ask a client about: of the test split, or those that it owns.
import type { Setup } from "../../src/experiment/setup.ts";
import { spaced } from "../../src/experiment/watch.ts";
import type { Specimen } from "../messages.ts";
import type { LabDataset } from "./datasets.ts";

/** One row of every class, the `turn`-th of each; at most `most`, of the first classes. */
export function specimens(
  { test, classes, shape }: LabDataset,
  { turn, most }: { turn: number; most: number },
): Specimen[] {
  const rows = classes.map((): number[] => []);
  for (let row = 0; row < test.rows; row++) rows[test.labels[row]!]!.push(row);
  return rows.slice(0, most).flatMap((own, label) => {
    const row = own[turn % own.length];
    return row === undefined ? [] : [specimen(test, shape, row, label)];
  });
}

/** Rows that a client trains on, evenly spaced; at most `most`. */
export function ownRows(
  { dataset: { train, shape }, clients }: Setup<LabDataset>,
  { client, most }: { client: number; most: number },
): Specimen[] {
  const own = clients[client]?.rows.train ?? new Int32Array();
  return Array.from(spaced(own, most), (row) => specimen(train, shape, row, train.labels[row]!));
}

function specimen({ x }: LabDataset["train"], shape: readonly number[], row: number, label: number): Specimen {
  const size = shape.reduce((product, n) => product * n, 1);
  // a copy: a view would send the whole split
  return { row, label, inputs: x.slice(row * size, (row + 1) * size) };
}
