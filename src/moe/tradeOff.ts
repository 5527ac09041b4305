// A whole trade-off instead of one point of it: what a predictor reaches on its two tests at every setting of the dial that
// leads from everybody's answer to the client's own. Nothing is trained for it again.
import { exp, log } from "../runtime/scalar.ts";
import { accuracy } from "../nn/metrics.ts";
import type { TestSet } from "./evaluate.ts";
import { weightsOf } from "./posterior.ts";

/** What is turned: the share of own inputs that is reckoned with, a weight for all inputs, the exponent of the label law. */
export type DialName = "rho" | "weight" | "t";

/** A predictor with a dial. */
export interface Dial {
  readonly name: DialName;
  /** Numbers [count, classes] whose first largest in a row is the answer there. */
  at(value: number): ArrayLike<number>;
}

/** Accuracies in percent at the dial's values. */
export interface Curve {
  readonly dial: DialName;
  readonly at: readonly number[];
  readonly localTest: readonly number[];
  readonly globalTest: readonly number[];
}

/** 0, 0.1 .. 1. */
export const STOPS: readonly number[] = Array.from({ length: 11 }, (_, i) => i / 10);

/** A dial's way through the plane of both tests. */
export function curveOf(dial: Dial, { examples: { labels }, classes, local, global }: TestSet): Curve {
  const found = STOPS.map((value) => {
    const answers = { logp: dial.at(value), classes };
    return [local, global].map((rows) => 100 * accuracy(answers, labels, rows)) as [number, number];
  });
  return { dial: dial.name, at: STOPS, localTest: found.map(([own]) => own), globalTest: found.map(([, all]) => all) };
}

/**
 * h p_s + (1 - h) p_g over rho: h = rho E / (rho E + 1 - rho), E the odds e^evidence of an input by itself. Without evidence
 * h is the same for all inputs: the constant weight.
 * @param ls the specialist's log-probabilities [rows, classes]
 * @param lg the generalist's
 * @param evidence ln p_own(x) / p_fed(x) [rows]
 */
export function mixtureDial(
  ls: ArrayLike<number>,
  lg: ArrayLike<number>,
  classes: number,
  evidence?: ArrayLike<number>,
): Dial {
  const [ps, pg] = [ls, lg].map((log) => Float64Array.from(log, exp)) as [Float64Array, Float64Array];
  const odds = evidence && Float64Array.from(evidence, exp);
  const mixed = new Float64Array(ps.length);
  return {
    name: evidence ? "rho" : "weight",
    at: (rho) => {
      for (let i = 0; i < mixed.length; i++) {
        const own = rho * (odds ? odds[Math.floor(i / classes)]! : 1);
        // both over the same sum, which is left out: it does not change which is largest
        mixed[i] = own * ps[i]! + (1 - rho) * pg[i]!;
      }
      return mixed;
    },
  };
}

/** p_g(y|x) r_y^t over t. @param lg the generalist's log-probabilities [rows, classes] @param ratio ln r_y [classes] */
export function lawDial(lg: ArrayLike<number>, ratio: ArrayLike<number>): Dial {
  const classes = ratio.length;
  const tilted = new Float64Array(lg.length);
  return {
    name: "t",
    at: (t) => {
      for (let i = 0; i < tilted.length; i++) tilted[i] = lg[i]! + t * ratio[i % classes]!;
      return tilted;
    },
  };
}

/**
 * Log-probabilities [of, classes] of h p_s + (1 - h) p_g on these rows, in doubles.
 * @param ls the specialist's log-probabilities [rows, classes]
 * @param lg the generalist's
 * @param z logits of h, one for each of the rows asked for
 */
export function mixedRows(
  ls: ArrayLike<number>,
  lg: ArrayLike<number>,
  classes: number,
  rows: readonly number[],
  z: ArrayLike<number>,
): Float64Array {
  const mixed = new Float64Array(rows.length * classes);
  const h = weightsOf(z);
  for (const [i, row] of rows.entries())
    for (let y = 0; y < classes; y++) {
      const at = row * classes + y;
      const p = h[i]! * exp(ls[at]!) + (1 - h[i]!) * exp(lg[at]!);
      // as elsewhere: a probability of 0 has an infinite loss, which no mean survives
      mixed[i * classes + y] = log(Math.max(p, 1e-37));
    }
  return mixed;
}
