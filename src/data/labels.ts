// The gate for labels and shapes: whatever the file or call they come from.
import { shared } from "./share.ts";

// labels are bytes
const MOST_CLASSES = 256;

/**
 * Class numbers as they are kept, checked: every way that labels come in passes here. `where` is their file, or the call they
 * came with; without `classes` there are as many as a byte can tell.
 */
export function classNumbers(labels: ArrayLike<number>, where: string, classes: number = MOST_CLASSES): Uint8Array {
  const most = Math.min(classes, MOST_CLASSES);
  const numbers = shared(labels.length);
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!(Number.isInteger(label) && label >= 0 && label < most))
      throw new RangeError(`${where}, got ${label} in row ${row}, expected a class number from 0 to ${most - 1}`);
    numbers[row] = label;
  }
  return numbers;
}

/** How many numbers an example of this shape has; a RangeError unless every size is a whole number from 1. */
export function exampleSize(op: string, shape: readonly number[]): number {
  for (const n of shape)
    if (!(Number.isSafeInteger(n) && n > 0))
      throw new RangeError(`${op}: shape, got [${shape.join(", ")}], expected whole numbers from 1`);
  return shape.reduce((product, n) => product * n, 1);
}
