// Rows to ask a client about: of the test split, or those that it owns.
import type { Setup } from "../../src/experiment/setup.ts";
import { spaced } from "../../src/experiment/watch.ts";
import type { Specimen } from "../messages.ts";
import type { FeatureDataset } from "../../src/data/index.ts";
import type { TableCells } from "../../src/data/table.ts";
import type { LabDataset } from "./datasets.ts";

/** One row of every class, the `turn`-th of each, or of targets any; at most `most`, of the first classes. */
export function specimens(
  dataset: LabDataset,
  { turn, most }: { turn: number; most: number },
  cells?: TableCells,
): Specimen[] {
  const { test, classes } = dataset;
  if (targetsOf(dataset)) {
    const count = Math.min(most, test.rows);
    const stride = Math.floor(test.rows / count);
    return Array.from({ length: count }, (_, i) => specimen(dataset, "test", i * stride + (turn % stride), cells));
  }
  const rows = classes.map((): number[] => []);
  for (let row = 0; row < test.rows; row++) rows[test.labels[row]!]!.push(row);
  return rows.slice(0, most).flatMap((own) => {
    const row = own[turn % own.length];
    return row === undefined ? [] : [specimen(dataset, "test", row, cells)];
  });
}

/** Rows that a client trains on, evenly spaced; at most `most`. */
export function ownRows(
  { dataset, clients }: Setup<LabDataset>,
  { client, most }: { client: number; most: number },
): Specimen[] {
  const own = clients[client]?.rows.train ?? new Int32Array();
  return Array.from(spaced(own, most), (row) => specimen(dataset, "train", row));
}

function targetsOf(dataset: LabDataset): FeatureDataset["targets"] {
  return dataset.kind === "features" ? dataset.targets : undefined;
}

function specimen(dataset: LabDataset, part: "train" | "test", row: number, cells?: TableCells): Specimen {
  const { shape, classes } = dataset;
  const { x, labels } = dataset[part];
  const size = shape.reduce((product, n) => product * n, 1);
  const targets = targetsOf(dataset)?.[part].slice(row * classes.length, (row + 1) * classes.length);
  // a copy: a view would send the whole split
  const inputs = cells?.read(part, row) ?? x.slice(row * size, (row + 1) * size);
  return { row, label: labels[row]!, inputs, ...(targets && { targets: [...targets] }) };
}
