// What keeps a router from sending everything to one expert: terms of the loss over a batch, or over what a cohort of clients measured.
import { affine, div, mul, sub } from "../autograd/ops/arithmetic.ts";
import { logSumExp, variance } from "../autograd/ops/reduce.ts";
import { erf } from "../autograd/ops/smooth.ts";
import { softmax } from "../autograd/ops/softmax.ts";
import { mean, sum } from "../autograd/ops/sum.ts";
import { topK } from "../autograd/ops/take.ts";
import { slice } from "../autograd/ops/slice.ts";
import { square } from "../autograd/ops/unary.ts";
import { where } from "../autograd/ops/select.ts";
import { noGrad } from "../autograd/op.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { kept } from "./routing.ts";

/** The share of all assignments that is each expert's, [experts]; without history. */
export function shares(logits: Tensor, k: number): Tensor {
  return noGrad(() => affine(mean(kept(logits, k), { axis: 0 }), 1 / k, 0));
}

/**
 * experts x sum_e f_e P_e with f the shares of assignments and P the mean probabilities: 1 where either is even (Fedus et al. 2021).
 * @param f [experts], of this batch unless said; in a federation those of the cohort, as a client with two classes may well be uneven
 */
export function switchBalance(logits: Tensor, k: number, f: Tensor = shares(logits, k)): Tensor {
  return affine(sum(mul(f, mean(softmax(logits), { axis: 0 }))), logits.shape.at(-1)!, 0);
}

/** The mean squared logarithm of sum e^logit: keeps logits small (Zoph et al. 2022). */
export function zLoss(logits: Tensor): Tensor {
  return mean(square(logSumExp(logits, { axis: -1 })));
}

/** The squared coefficient of variation of sums over rows; 0 where all experts have as much (Shazeer et al. 2017: importance). */
export function unevenness(weights: Tensor): Tensor {
  const of = sum(weights, { axis: 0 });
  return div(variance(of, { correction: 0 }), affine(square(mean(of)), 1, 1e-10));
}

/**
 * How likely each expert is among a row's k best when its noise is drawn again, [rows, experts] (Shazeer et al. 2017: load). Against the
 * threshold of the others, which is the k-th noisy logit for who is not among the best, and the next one for who is.
 * @param clean logits without noise
 * @param noisy the same with it
 * @param width of the noise
 */
export function chance(clean: Tensor, noisy: Tensor, width: Tensor, k: number): Tensor {
  const experts = clean.shape.at(-1)!;
  if (k >= experts) return affine(mul(clean, 0), 1, 1);
  const top = topK(noisy, k + 1).values;
  const at = (i: number): Tensor => slice(top, { axis: 1, from: i, to: i + 1 });
  const threshold = where(kept(noisy, k), at(k), at(k - 1));
  return affine(erf(affine(div(sub(clean, threshold), width), Math.SQRT1_2, 0)), 0.5, 0.5);
}
