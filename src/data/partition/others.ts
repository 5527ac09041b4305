// How many rows of each class the clients get beside their majority classes. Counts only: who gets which row comes later.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { OFTEN, type Steps } from "../../runtime/steps.ts";
import type { Pair } from "./pairs.ts";

export interface Others {
  /** Rows of each class, per client. */
  readonly counts: readonly Int32Array[];
  /** How many of them were exchanged with an earlier client. */
  readonly exchanged: number;
}

/** Client `i` gets a row of a class not its own from an earlier client, which gets one of i's own classes out of `left`. */
function exchange(
  i: number,
  owners: readonly Pair[],
  counts: readonly Int32Array[],
  left: Int32Array,
  at: number,
): boolean {
  const pair = owners[i]!;
  for (const own of pair) {
    if (left[own] === 0) continue;
    for (let n = 0; n < i; n++) {
      const j = (at + n) % i;
      if (owners[j]!.includes(own)) continue;
      const c = counts[j]!.findIndex((count, c) => count > 0 && !pair.includes(c));
      if (c < 0) continue;
      counts[j]![c]!--;
      counts[j]![own]!++;
      counts[i]![c]!++;
      left[own]!--;
      return true;
    }
  }
  return false;
}

/**
 * Gives every client `rows` rows of classes that are not its own, each uniformly from all that are left in these classes.
 * When only its own classes are left, it exchanges with an earlier client; where nobody can, the RangeError says how
 * many rows there were. `left` has the rows of each class and is used up.
 */
export function* shareOthers(owners: readonly Pair[], left: Int32Array, rows: number, key: Key): Steps<Others> {
  const counts = owners.map(() => new Int32Array(left.length));
  let exchanged = 0;
  for (const [i, pair] of owners.entries()) {
    if (i % OFTEN === OFTEN - 1) yield;
    const stream = new Stream(fold(key, "others", i));
    let total = left.reduce((sum, n, c) => (pair.includes(c) ? sum : sum + n), 0);
    for (let row = 0; row < rows; row++) {
      if (total > 0) {
        let at = stream.below(total--);
        const c = left.findIndex((n, c) => !pair.includes(c) && (at -= n) < 0);
        left[c]!--;
        counts[i]![c]!++;
      } else if (i > 0 && exchange(i, owners, counts, left, stream.below(i))) exchanged++;
      else
        throw new RangeError(
          `majority: train rows of classes other than ${pair.join(" and ")}, got ${row}, expected ${rows} for training and ` +
            `validation of client ${i}; lower clients, trainRows or validationRows, or bring more data`,
        );
    }
  }
  return { counts, exchanged };
}
