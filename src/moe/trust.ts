// Does a gate gate? What its weights do over the rows of a test.
import type { TestSet } from "./evaluate.ts";

/** A gate's weights h of what is the client's own against the generalist, over the global test. */
export interface Trust {
  /** Mean h over rows of the client's majority classes, and over all others. */
  readonly ownMean: number;
  /** Over rows of all other classes. */
  readonly otherMean: number;
  /** Standard deviation of h over all rows: 0 is a constant. */
  readonly spread: number;
}

/** The same in full: counts of h in 20 bins for own and other classes, mean h by class. */
export interface GateTrust extends Trust {
  /** Counts of h over the client's own classes. */
  readonly own: readonly number[];
  /** Counts of h over all other classes. */
  readonly other: readonly number[];
  /** Mean h by class, 0 where there are no rows. */
  readonly perClass: readonly number[];
}

const BINS = 20;

/** A gate's weights by class. @param majority the client's own classes */
export function gateTrust(h: ArrayLike<number>, test: TestSet, majority: readonly number[]): GateTrust {
  const own = new Array<number>(BINS).fill(0);
  const other = new Array<number>(BINS).fill(0);
  const sums = new Array<number>(test.classes).fill(0);
  const counts = new Array<number>(test.classes).fill(0);
  for (const row of test.global) {
    const label = test.examples.labels[row]!;
    const bin = Math.min(BINS - 1, Math.floor(h[row]! * BINS));
    (majority.includes(label) ? own : other)[bin]!++;
    sums[label]! += h[row]!;
    counts[label]!++;
  }
  const perClass = sums.map((sum, c) => (counts[c]! > 0 ? sum / counts[c]! : 0));
  return { own, other, perClass, ...trust(h, test, majority) };
}

/** A gate's weights in short. */
export function trust(h: ArrayLike<number>, test: TestSet, majority: readonly number[]): Trust {
  const { labels } = test.examples;
  const rows = Array.from(test.global);
  const meanOf = (of: readonly number[]): number => of.reduce((sum, row) => sum + h[row]!, 0) / Math.max(1, of.length);
  const mean = meanOf(rows);
  const variance = rows.reduce((sum, row) => sum + (h[row]! - mean) * (h[row]! - mean), 0) / rows.length;
  return {
    ownMean: meanOf(rows.filter((row) => majority.includes(labels[row]!))),
    otherMean: meanOf(rows.filter((row) => !majority.includes(labels[row]!))),
    spread: Math.sqrt(variance),
  };
}
