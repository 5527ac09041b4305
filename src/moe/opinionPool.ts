// Two answers of a client's own as one: a logarithmic opinion pool (Heskes 1998), softmax(a ln p_1 + b ln p_2), with the powers
// that fit rows held out. Where one of the two is poor it loses its say, where both err apart they correct each other, and an
// answer that is too sure is tempered. The loss is convex in both powers.
import { noGrad } from "../autograd/op.ts";
import { add } from "../autograd/ops/add.ts";
import { affine } from "../autograd/ops/arithmetic.ts";
import { copy } from "../autograd/ops/copy.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import { scope, type Tensor } from "../autograd/tensor.ts";
import { exp, log } from "../runtime/scalar.ts";

/** The powers of the first and of the second answer. */
export type Powers = readonly [first: number, second: number];

/** The first answer as it is. */
export const FIRST: Powers = [1, 0];

// how many rows it takes to move the powers away from the first answer; chosen on validation rows of seed 1
const PRIOR = 10;

/**
 * Fits by Newton's method, its steps halved where they would not go down; without rows it stays with the first answer.
 * @param first log-probabilities [rows, classes]
 * @param second the other's
 * @param labels [rows]
 */
export function fitPowers(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): Powers {
  let at: Powers = FIRST;
  for (let step = 0; step < 50; step++) {
    const { loss, ga, gb, caa, cab, cbb } = sums(first, second, labels, classes, at);
    const determinant = caa * cbb - cab * cab;
    const [da, db] = [(cbb * ga - cab * gb) / determinant, (caa * gb - cab * ga) / determinant];
    let [next, length]: [Powers, number] = [[at[0] - da, at[1] - db], 1];
    const lower = (): boolean => sums(first, second, labels, classes, next).loss < loss;
    while (!lower() && length > 1e-12) {
      length /= 2;
      next = [at[0] - length * da, at[1] - length * db];
    }
    if (!lower()) return at;
    at = next;
  }
  return at;
}

interface Sums {
  readonly loss: number;
  readonly ga: number;
  readonly gb: number;
  readonly caa: number;
  readonly cab: number;
  readonly cbb: number;
}

/** The loss of powers with its first and second derivatives. */
function sums(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  [a, b]: Powers,
): Sums {
  const [ka, kb] = [a - FIRST[0], b - FIRST[1]];
  let [loss, ga, gb, caa, cab, cbb] = [(PRIOR / 2) * (ka * ka + kb * kb), PRIOR * ka, PRIOR * kb, PRIOR, 0, PRIOR];
  const z = new Float64Array(classes);
  for (let row = 0; row < labels.length; row++) {
    const from = row * classes;
    let most = -Infinity;
    for (let y = 0; y < classes; y++) most = Math.max(most, (z[y] = a * first[from + y]! + b * second[from + y]!));
    const wanted = from + labels[row]!;
    let [total, ma, mb, maa, mab, mbb] = [0, 0, 0, 0, 0, 0];
    for (let y = 0; y < classes; y++) {
      const [p, u, v] = [exp(z[y]! - most), first[from + y]!, second[from + y]!];
      total += p;
      ma += p * u;
      mb += p * v;
      maa += p * u * u;
      mab += p * u * v;
      mbb += p * v * v;
    }
    [ma, mb] = [ma / total, mb / total];
    loss += most + log(total) - (a * first[wanted]! + b * second[wanted]!);
    ga += ma - first[wanted]!;
    gb += mb - second[wanted]!;
    caa += maa / total - ma * ma;
    cab += mab / total - ma * mb;
    cbb += mbb / total - mb * mb;
  }
  return { loss, ga, gb, caa, cab, cbb };
}

/** ln softmax(a la + b lb) [rows, classes]; the caller disposes of it. The first answer as it is keeps every bit. */
export function pooledAnswers(la: Tensor, lb: Tensor, [a, b]: Powers): Tensor {
  return scope(() =>
    noGrad(() => (a === 1 && b === 0 ? copy(la) : logSoftmax(add(affine(la, a, 0), affine(lb, b, 0))))),
  );
}
