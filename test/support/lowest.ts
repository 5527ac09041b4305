// Where convex losses of a few numbers are lowest, by differences alone.
import { slopeOf, type V } from "./softmax.ts";

/** The lowest point of a convex loss, by Newton's steps on differences. */
export function lowest(loss: (p: V) => number, from: V): V {
  let p = from;
  for (let step = 0; step < 40; step++) {
    const g = slopeOf(loss, p);
    const curves = p.map((_, i) => slopeOf((q) => slopeOf(loss, q)[i]!, p));
    // by elimination; an even curvature is added, which only makes steps shorter
    const m = curves.map((row, i) => [...row.map((x, j) => x + (i === j ? 1e-3 : 0)), g[i]!]);
    for (let i = 0; i < m.length; i++)
      for (let k = 0; k < m.length; k++)
        if (k !== i) {
          const times = m[k]![i]! / m[i]![i]!;
          m[k] = m[k]!.map((x, j) => x - times * m[i]![j]!);
        }
    p = p.map((x, i) => x - m[i]!.at(-1)! / m[i]![i]!);
  }
  return p;
}
