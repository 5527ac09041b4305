// Principal components of a few long vectors, by the products of each with each, so that their length costs little. Made of
// + - * / and square roots, which are the same in every engine.
import type { Vector } from "../method.ts";
import { combination, dot, minus, normOf } from "../vectors.ts";

// columns count as orthogonal below this cosine, and variances as none below this part of the largest
const LITTLE = 1e-13;
// of turns by the right angle few are needed, whatever the number of columns
const SWEEPS = 12;

/**
 * Where vectors lie along their `count` principal components, the one along which they vary most first, and 0 along those that
 * there are not. A component points to whoever lies farthest along it, the first of such as lie equally far.
 */
export function scoresOf(vectors: readonly Vector[], count: number): Float64Array[] {
  const wide = vectors.map((v) => Float64Array.from(v));
  const mean = combination(wide.map((v) => [1 / wide.length, v]));
  const apart = wide.map((v) => minus(v, mean));
  const columns = orthogonal(apart.map((a) => Float64Array.from(apart, (b) => dot(a, b))));
  const scores = vectors.map(() => new Float64Array(count));
  const order = columns.map((column) => ({ column, size: normOf(column) })).toSorted((a, b) => b.size - a.size);
  for (const [component, { column, size }] of order.slice(0, count).entries()) {
    if (size <= LITTLE * order[0]!.size) break;
    const most = Math.max(...column.map(Math.abs));
    // by more than rounding, so that of two opposite ones it is the first
    const farthest = column.find((x) => Math.abs(x) >= (1 - 1e-9) * most)!;
    const length = Math.sqrt(size) * (farthest < 0 ? -1 : 1);
    for (const [i, x] of column.entries()) scores[i]![component] = x / length;
  }
  return scores;
}

/**
 * The columns of a symmetric matrix without negative eigenvalues, turned by pairs until they are orthogonal: eigenvectors, as
 * long as their eigenvalues (Hestenes 1958).
 */
function orthogonal(columns: readonly Float64Array[]): readonly Float64Array[] {
  let turned = true;
  for (let sweep = 0; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    for (const [p, x] of columns.entries())
      for (const y of columns.slice(p + 1)) {
        const [xx, xy, yy] = [dot(x, x), dot(x, y), dot(y, y)];
        if (Math.abs(xy) <= LITTLE * Math.sqrt(xx * yy)) continue;
        turned = true;
        const half = (yy - xx) / (2 * xy);
        const tangent = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.sqrt(half * half + 1));
        const cosine = 1 / Math.sqrt(tangent * tangent + 1);
        for (let i = 0; i < x.length; i++) {
          const [a, b] = [x[i]!, y[i]!];
          x[i] = cosine * (a - tangent * b);
          y[i] = cosine * (tangent * a + b);
        }
      }
  }
  return columns;
}
