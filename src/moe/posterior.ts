// A gate that nobody trains. If inputs are a client's own with probability rho and else the federation's, the best predictor
// of their classes is h(x) p_own(y|x) + (1 - h(x)) p_fed(y|x) with h(x) the probability that x is the client's own, given x
// (distribution-weighted rule, Mansour et al. 2008). Where clients differ in their labels alone, p_own(x) / p_fed(x) is
// sum_y p_g(y|x) r_y, which the generalist's answers and the client's own counts suffice for.
import { noGrad } from "../autograd/op.ts";
import { copy } from "../autograd/ops/copy.ts";
import { mixture } from "../autograd/ops/mixture.ts";
import { scope, type Tensor, tensor } from "../autograd/tensor.ts";
import { exp, log, logit } from "../runtime/scalar.ts";

/** The share of own inputs that is reckoned with unless said. Fixed beforehand, not chosen on a test. */
export const RHO = 0.8;

/** ln sum_i e^(x_i + shift_i) over `count` numbers from `from`. */
function logSum(x: ArrayLike<number>, from: number, count: number, shift?: ArrayLike<number>): number {
  const at = (i: number): number => x[from + i]! + (shift ? shift[i]! : 0);
  let most = -Infinity;
  for (let i = 0; i < count; i++) most = Math.max(most, at(i));
  if (most === -Infinity) return most;
  let total = 0;
  for (let i = 0; i < count; i++) total += exp(at(i) - most);
  return most + log(total);
}

/**
 * ln p_own(x) / p_fed(x) [rows], what each input says by itself of where it comes from; 0 wherever r = 1.
 * @param logp the generalist's log-probabilities [rows, classes]
 * @param ratio ln r_y [classes]
 */
export function evidenceOf(logp: ArrayLike<number>, ratio: ArrayLike<number>): Float64Array {
  const classes = ratio.length;
  // over what the probabilities sum to, which single floats make 1 only nearly
  return Float64Array.from({ length: logp.length / classes }, (_, row) => {
    const from = row * classes;
    return logSum(logp, from, classes, ratio) - logSum(logp, from, classes);
  });
}

/** Logits [rows] of the posterior gate: logit rho + evidence; infinite where rho is 0 or 1. */
export function posteriorLogits(evidence: ArrayLike<number>, rho: number): Float64Array {
  const prior = logit(rho);
  return Float64Array.from(evidence, (one) => prior + one);
}

/** Weights h [rows] of the specialist, from logits. */
export function weightsOf(z: ArrayLike<number>): Float64Array {
  // never e to a large number
  return Float64Array.from(z, (one) => (one >= 0 ? 1 / (1 + exp(-one)) : exp(one) / (1 + exp(one))));
}

/**
 * Log-probabilities [rows, classes] of h p_s + (1 - h) p_g under logits of h; the caller disposes of them. Infinite logits
 * are the specialist or the generalist, bit for bit.
 * @param ls the specialist's log-probabilities [rows, classes]
 * @param lg the generalist's
 * @param z logits [rows], all finite or all the same
 */
export function gatedAnswers(ls: Tensor, lg: Tensor, z: ArrayLike<number>): Tensor {
  return scope(() =>
    noGrad(() => {
      if (z[0] === Infinity) return copy(ls);
      if (z[0] === -Infinity) return copy(lg);
      return mixture(ls, lg, tensor(Float32Array.from(z), [z.length]));
    }),
  );
}
