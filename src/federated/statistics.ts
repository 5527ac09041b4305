// Statistics by class instead of weights: clients send means and counts, the server merges them by count.
import type { ServerSide, Vector } from "./method.ts";

/** How many rows each class has. */
export function countsOf(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  return counts;
}

/** The mean of rows of so many numbers, zeros where there are none. */
export function meanRow(values: Vector, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < values.length; i++) sums[i % width]! += values[i]!;
  return sums.map((sum) => sum / Math.max(1, values.length / width));
}

/** Rows of numbers, flat, and how many numbers a row has. */
export interface Rows {
  readonly values: Vector;
  readonly width: number;
}

/** Means of rows over each class, [classes, width] each, and how many rows each class has, as `counts`. */
export function byClass<N extends string>(
  rows: Readonly<Record<N, Rows>>,
  labels: ArrayLike<number>,
  classes: number,
): Record<N | "counts", Vector> {
  const counts = countsOf(labels, classes);
  const means = Object.entries<Rows>(rows).map(([name, { values, width }]) => {
    const sums = new Float64Array(classes * width);
    for (let i = 0; i < values.length; i++) sums[labels[Math.floor(i / width)]! * width + (i % width)]! += values[i]!;
    const mean = (sum: number, i: number): number => sum / Math.max(1, counts[Math.floor(i / width)]!);
    return [name, values instanceof Float64Array ? sums.map(mean) : Float32Array.from(sums, mean)] as const;
  });
  return { ...Object.fromEntries(means), counts: Float32Array.from(counts) } as Record<N | "counts", Vector>;
}

/**
 * Merges class means by their counts; a class that nobody sent in a round stays as it was, and its count with it. What else
 * is sent goes to the server side `beside`.
 */
export function classMeans(of: readonly string[], beside?: ServerSide): ServerSide {
  const width = (vector: Vector, counts: ArrayLike<number>): number => vector.length / counts.length;
  return {
    begin: (initial) => beside?.begin(initial) ?? initial,
    gather: (state, round) => {
      const rest = beside?.gather(state, round);
      const sums = new Map(of.map((name) => [name, new Float64Array(state[name]!.length)]));
      const counts = new Float64Array(state["counts"]!.length);
      return {
        add: (update) => {
          const { counts: n, ...others } = update.up;
          for (const [name, sum] of sums) {
            const values = others[name]!;
            const columns = width(values, counts);
            for (let i = 0; i < sum.length; i++) sum[i]! += n![Math.floor(i / columns)]! * values[i]!;
          }
          n!.forEach((count, c) => (counts[c]! += count));
          const weights = Object.fromEntries(Object.entries(others).filter(([name]) => !sums.has(name)));
          rest?.add({ ...update, up: weights });
        },
        result: () => {
          const merged = Array.from(sums, ([name, sum]) => {
            const before = state[name]!;
            const columns = width(before, counts);
            return [
              name,
              before.map((value, i) => {
                const count = counts[Math.floor(i / columns)]!;
                return count > 0 ? sum[i]! / count : value;
              }),
            ] as const;
          });
          const known = state["counts"]!.map((before, c) => (counts[c]! > 0 ? counts[c]! : before));
          return { ...state, ...rest?.result(), ...Object.fromEntries(merged), counts: known };
        },
      };
    },
  };
}
