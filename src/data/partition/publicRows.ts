// Rows that are nobody's and that everybody may see: of the training split, beside what clients own.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { checkCounts, type ClientRows, type Labels } from "./partition.ts";

/**
 * So many rows of the train split that no client has, ascending: as many of each class as of the others while there are some, drawn
 * uniformly within it. A RangeError where there are fewer.
 * @param pooled whether clients' tests are of the same split, and so no public rows either
 */
export function publicRows(
  clients: readonly ClientRows[],
  labels: Labels,
  { rows, pooled = false }: { readonly rows: number; readonly pooled?: boolean },
  key: Key,
): Int32Array {
  checkCounts("public", { rows: [rows, 1] });
  const owned = new Uint8Array(labels.length);
  for (const { train, validation, test } of clients)
    for (const part of [train, validation, ...(pooled ? [test] : [])]) for (const row of part) owned[row] = 1;
  const byClass = new Map<number, number[]>();
  let left = 0;
  for (let row = 0; row < labels.length; row++) {
    if (owned[row]) continue;
    left++;
    const list = byClass.get(labels[row]!);
    if (list) list.push(row);
    else byClass.set(labels[row]!, [row]);
  }
  if (left < rows)
    throw new RangeError(
      `public: rows, got ${rows}, expected at most ${left}, as clients own ${labels.length - left} of ${labels.length} ` +
        `training rows; lower them, or the clients or their rows`,
    );
  const drawn = [...byClass]
    .toSorted(([a], [b]) => a - b)
    .map(([label, of]) => new Stream(fold(key, "class", label)).shuffle(of));
  const chosen: number[] = [];
  for (let turn = 0; chosen.length < rows; turn++)
    for (const order of drawn) if (turn < order.length && chosen.length < rows) chosen.push(order[turn]!);
  return Int32Array.from(chosen).toSorted();
}
