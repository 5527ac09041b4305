// Labels for partitioners to work on, and what every partition of them must keep.
import type { ClientRows } from "../../src/data/partition/partition.ts";
import { assert } from "./suite.ts";

/** `each` rows of each of `classes` classes, interleaved. */
export function labelsOf(classes: number, each: number): Uint8Array {
  return Uint8Array.from({ length: classes * each }, (_, row) => row % classes);
}

/** How many rows of each class. */
export function histogram(rows: Int32Array, labels: Uint8Array, classes: number): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const row of rows) counts[labels[row]!]!++;
  return counts;
}

/** Asserts that all rows exist, that no two of the lists share one and that none has one twice. */
export function disjoint(lists: readonly Int32Array[], rows: number): void {
  const seen = new Uint8Array(rows);
  for (const list of lists)
    for (const row of list) {
      assert.ok(row >= 0 && row < rows, `row ${row} of ${rows}`);
      assert.is(seen[row]!++, 0, `row ${row} is owned twice`);
    }
}

/** Asserts exact sizes, disjoint train and validation rows over all clients, and local tests without a row twice. */
export function sound(
  clients: readonly ClientRows[],
  sizes: { clients: number; trainRows?: number; validationRows: number; testRows: number },
  train: Uint8Array,
  test: Uint8Array,
): void {
  assert.is(clients.length, sizes.clients);
  for (const client of clients) {
    if (sizes.trainRows !== undefined) assert.is(client.train.length, sizes.trainRows);
    assert.is(client.validation.length, sizes.validationRows);
    assert.is(client.test.length, sizes.testRows);
    disjoint([client.test], test.length);
  }
  disjoint(
    clients.flatMap((client) => [client.train, client.validation]),
    train.length,
  );
}
