// How often a stream changes its source, chosen on rows that the client holds out. Where clients differ in their labels alone,
// held-out rows drawn with weights 1 / r_y are as the federation's, so streams of own and foreign inputs can be made of them.
import { negativeLogLikelihood } from "../nn/metrics.ts";
import { fold, type Key, Stream } from "../runtime/random.ts";
import { exp } from "../runtime/scalar.ts";
import { coursesOf } from "./courses.ts";
import { filtered, HAZARD } from "./evidence.ts";
import { evidenceOf } from "./posterior.ts";
import { mixedRows } from "./tradeOff.ts";

/** What there is to choose from, the usual one first, which ties go to. */
export const HAZARDS: readonly number[] = [HAZARD, 0.01, 0.02, 0.1, 0.2, 0.5];

/** Streams that count alike: of one source each, in turns of twenty, alternating. */
const TURNS: readonly number[] = [0, 20, 1];

/** A client's held-out rows, and what its experts say of them. */
export interface HeldOut {
  /** Log-probabilities [rows, classes]. */
  readonly ls: ArrayLike<number>;
  readonly lg: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  /** ln r_y [classes]. */
  readonly ratio: ArrayLike<number>;
}

/**
 * The hazard under which the mixture's answers to such streams have the lowest loss, the mean over the three kinds of them. The
 * usual one where a class is not among the rows: what the client has never held out cannot stand for others' inputs.
 */
export function chosenHazard({ ls, lg, labels, ratio }: HeldOut, rho: number, key: Key): number {
  const classes = ratio.length;
  if (new Set(Array.from(labels)).size < classes) return HAZARD;
  const evidence = evidenceOf(lg, ratio);
  const local = Int32Array.from({ length: labels.length }, (_, row) => row);
  const sources = { local, global: asTheFederation(labels, ratio, fold(key, "foreign")) };
  const courses = TURNS.map((turn) => coursesOf(sources, turn, fold(key, "course", turn)));
  const lossOf = (rows: readonly number[], hazard: number): number => {
    const logits = filtered(
      rows.map((row) => evidence[row]!),
      { rho, hazard },
    );
    const answers = { logp: mixedRows(ls, lg, classes, rows, logits), classes };
    const of = rows.map((row) => labels[row]!);
    return negativeLogLikelihood(
      answers,
      of,
      Int32Array.from(of, (_, i) => i),
    );
  };
  let best = { hazard: HAZARD, loss: Infinity };
  for (const hazard of HAZARDS) {
    let loss = 0;
    for (const kind of courses) for (const { rows } of kind) loss += lossOf(rows, hazard) / kind.length;
    if (loss < best.loss) best = { hazard, loss };
  }
  return best.hazard;
}

/** As many rows, drawn with weights 1 / r of their labels and evenly over them. */
function asTheFederation(labels: ArrayLike<number>, ratio: ArrayLike<number>, key: Key): Int32Array {
  const weights = Array.from(labels, (y) => exp(-ratio[y]!));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const start = new Stream(key).uniform();
  let [row, reached] = [0, weights[0]!];
  return Int32Array.from(weights, (_, i) => {
    while (reached < ((i + start) / weights.length) * all && row < weights.length - 1) reached += weights[++row]!;
    return row;
  });
}
