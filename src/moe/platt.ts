// Two parameters that set evidence right where the generalist is not: logit h = a evidence + b (Platt 1999). They are learnt on
// rows held out by the client, each of which stands for own inputs with weight rho and, where clients differ in their labels
// alone, for the federation's with weight (1 - rho) / r_y: importance weighting needs no foreign row. The loss is convex.
import { exp, log, logit } from "../runtime/scalar.ts";

/** a and b of logit h = a evidence + b. */
export interface Platt {
  readonly a: number;
  readonly b: number;
}

// a prior worth one row, at what theory says
const PRIOR = 1;

/** ln(1 + e^z), without overflow. */
const softplus = (z: number): number => Math.max(z, 0) + log(1 + exp(-Math.abs(z)));

/**
 * Fits by Newton's method, its steps halved where they would not go down; where nothing is held out, or nothing speaks
 * against it, it stays at a = 1, b = logit rho.
 * @param evidence of the rows held out [rows]
 * @param ratio ln r_y of each row's label [rows]
 */
export function fitPlatt(evidence: ArrayLike<number>, ratio: ArrayLike<number>, rho: number): Platt {
  const foreign = Float64Array.from(ratio, (one) => (1 - rho) * exp(-one));
  const prior = logit(rho);
  const loss = ({ a, b }: Platt): number => {
    let sum = (PRIOR / 2) * ((a - 1) * (a - 1) + (b - prior) * (b - prior));
    for (let i = 0; i < evidence.length; i++) {
      const z = a * evidence[i]! + b;
      sum += rho * softplus(-z) + foreign[i]! * softplus(z);
    }
    return sum;
  };
  let at = { a: 1, b: prior };
  for (let step = 0; step < 50; step++) {
    let [ga, gb, caa, cab, cbb] = [PRIOR * (at.a - 1), PRIOR * (at.b - prior), PRIOR, 0, PRIOR];
    for (let i = 0; i < evidence.length; i++) {
      const e = evidence[i]!;
      const h = 1 / (1 + exp(-(at.a * e + at.b)));
      const all = rho + foreign[i]!;
      const [g, c] = [all * h - rho, all * h * (1 - h)];
      ga += g * e;
      gb += g;
      caa += c * e * e;
      cab += c * e;
      cbb += c;
    }
    const determinant = caa * cbb - cab * cab;
    const [da, db] = [(cbb * ga - cab * gb) / determinant, (caa * gb - cab * ga) / determinant];
    const before = loss(at);
    let length = 1;
    let next = { a: at.a - da, b: at.b - db };
    while (loss(next) > before && length > 1e-12) {
      length /= 2;
      next = { a: at.a - length * da, b: at.b - length * db };
    }
    if (!(loss(next) < before)) return at;
    at = next;
  }
  return at;
}

/** Logits [rows] of the gate. */
export function plattLogits(evidence: ArrayLike<number>, { a, b }: Platt): Float64Array {
  return Float64Array.from(evidence, (one) => a * one + b);
}
