// What a federation's inputs look like, in the features of its model, without anybody's rows: a Gaussian for each class, with a
// mean of its own and a diagonal covariance that all share. They come from sums over rows, so clients can make them together.
import { countsOf } from "../federated/statistics.ts";
import { type Key, Stream } from "../runtime/random.ts";
import { log } from "../runtime/scalar.ts";

/** Rows of features, flat, and how many numbers a row has. */
export interface Features {
  readonly values: ArrayLike<number>;
  readonly width: number;
}

/** Sums over rows: their number by class [classes], their features by class [classes, width], the squares of all [width]. */
export interface FeatureSums {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/** What a client's rows add. */
export function featureSums({ values, width }: Features, labels: ArrayLike<number>, classes: number): FeatureSums {
  const sums = new Float64Array(classes * width);
  const squares = new Float64Array(width);
  for (let i = 0; i < values.length; i++) {
    const [row, at] = [Math.floor(i / width), i % width];
    sums[labels[row]! * width + at]! += values[i]!;
    squares[at]! += values[i]! * values[i]!;
  }
  return { counts: Float64Array.from(countsOf(labels, classes)), sums, squares };
}

/** Class-conditional Gaussians. */
export class Gaussians {
  readonly width: number;
  /** Shares of classes. */
  readonly law: Float64Array;
  /** By class [classes, width]; 0 for a class without rows. */
  readonly means: Float64Array;
  /** Within classes [width]. */
  readonly variance: Float64Array;

  /** A RangeError where there are no rows. */
  constructor({ counts, sums, squares }: { readonly [N in keyof FeatureSums]: ArrayLike<number> }) {
    const width = (this.width = squares.length);
    let rows = 0;
    for (let c = 0; c < counts.length; c++) rows += counts[c]!;
    if (!(rows > 0)) throw new RangeError("gaussians: rows, got 0, expected 1 at least; every client is empty");
    this.law = Float64Array.from(counts, (count) => count / rows);
    this.means = Float64Array.from(sums, (sum, i) => sum / Math.max(1, counts[Math.floor(i / width)]!));
    this.variance = Float64Array.from(squares, (square, at) => {
      let within = square;
      for (let c = 0; c < counts.length; c++) within -= counts[c]! * this.means[c * width + at]! ** 2;
      // a feature that never moves, or what rounding left of it
      return Math.max(within / rows, 1e-12);
    });
  }

  /** Rows that look like the federation's, flat [count, width]. */
  sample(count: number, key: Key): Float64Array {
    const stream = new Stream(key);
    const found = new Float64Array(count * this.width);
    for (let row = 0; row < count; row++) {
      let left = stream.uniform();
      let c = 0;
      while (c < this.law.length - 1 && (left -= this.law[c]!) >= 0) c++;
      for (let at = 0; at < this.width; at++)
        found[row * this.width + at] =
          this.means[c * this.width + at]! + Math.sqrt(this.variance[at]!) * standardNormal(stream);
    }
    return found;
  }
}

/** One draw of the standard normal law: the polar method (Marsaglia & Bray 1964), which needs no sine. */
function standardNormal(stream: Stream): number {
  for (;;) {
    const [u, v] = [2 * stream.uniform() - 1, 2 * stream.uniform() - 1];
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * log(s)) / s);
  }
}
