// Rows as several clients see them: under a shift a test of the federation's inputs has each row as one of the clients sees it.
import { take } from "../data/index.ts";
import type { Lens } from "./lens.ts";

/** A split's inputs and labels. */
interface Source<X extends Uint8Array | Float32Array> {
  readonly x: X;
  readonly labels: Uint8Array;
  readonly rows: number;
}

/**
 * Rows of the test split as copies, each through a lens of its own; without one as it is.
 * @param lensOf of the i-th of these rows
 */
export function throughLenses<X extends Uint8Array | Float32Array>(
  source: Source<X>,
  rows: Int32Array,
  lensOf: (i: number) => Lens | undefined,
  shape: readonly number[],
): { x: X; labels: Uint8Array } {
  const all = take(source, rows);
  const groups = new Map<Lens, number[]>();
  for (let i = 0; i < rows.length; i++) {
    const lens = lensOf(i);
    if (!lens) continue;
    const group = groups.get(lens) ?? [];
    group.push(i);
    groups.set(lens, group);
  }
  const size = all.x.length / Math.max(1, rows.length);
  for (const [lens, which] of groups) {
    const { x, labels } = lens.see({ ...take(all, which), rows: which.map((i) => rows[i]!) }, shape, "test");
    for (const [at, i] of which.entries()) {
      all.x.set(x.subarray(at * size, (at + 1) * size), i * size);
      all.labels[i] = labels[at]!;
    }
  }
  return { x: all.x, labels: all.labels };
}
