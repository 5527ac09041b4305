// Losses, with the arithmetic of torch.nn.functional: of numbers, of probabilities, of directions and distances.
import { checkOne, checkOptions, FINITE, NOT_NEGATIVE, POSITIVE } from "../runtime/options.ts";
import { logSigmoid, relu } from "../autograd/ops/activation.ts";
import { add } from "../autograd/ops/add.ts";
import { affine, div, mul, neg, sub } from "../autograd/ops/arithmetic.ts";
import { equal, greater } from "../autograd/ops/compare.ts";
import { counted, perRow } from "../autograd/ops/indices.ts";
import { crossEntropy, nll } from "../autograd/ops/nll.ts";
import { gather, scatter } from "../autograd/ops/rows.ts";
import { clip, where } from "../autograd/ops/select.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import { mean, sum } from "../autograd/ops/sum.ts";
import { abs, log, sqrt, square } from "../autograd/ops/unary.ts";
import { formatShape, sameShape } from "../autograd/shape.ts";
import type { Tensor } from "../autograd/tensor.ts";

/** One number for each element or row, their sum, or their mean, which is what losses give unless said. */
export interface Reduction {
  /** The mean unless said, the sum, or a loss for each row. */
  readonly reduction?: "none" | "sum" | "mean";
}

function reduce(values: Tensor<"f32">, { reduction = "mean" }: Reduction): Tensor<"f32"> {
  checkOne("loss", "reduction", reduction, ["none", "sum", "mean"]);
  return reduction === "none" ? values : reduction === "sum" ? sum(values) : mean(values);
}

/** A prediction of another shape than its target would be spread over it without a word. */
export function alike(op: string, ...x: readonly Tensor[]): void {
  if (x.some((t) => !sameShape(t.shape, x[0]!.shape)))
    throw new RangeError(
      `${op}: got shapes ${x.map((t) => formatShape(t.shape)).join(" ")}, expected equal ones; reshape before`,
    );
}

/** (y - target)^2. */
export function meanSquaredError(y: Tensor, target: Tensor, options: Reduction = {}): Tensor<"f32"> {
  alike("meanSquaredError", y, target);
  return reduce(square(sub(y, target)), options);
}

/** |y - target|. */
export function meanAbsoluteError(y: Tensor, target: Tensor, options: Reduction = {}): Tensor<"f32"> {
  alike("meanAbsoluteError", y, target);
  return reduce(abs(sub(y, target)), options);
}

/** d^2 / 2 for d = |y - target| up to delta, beyond it delta (d - delta / 2) (Huber 1964). */
export function huber(
  y: Tensor,
  target: Tensor,
  { delta = 1, ...options }: Reduction & { delta?: number } = {},
): Tensor<"f32"> {
  alike("huber", y, target);
  checkOptions("huber", { delta }, { delta: POSITIVE });
  const d = abs(sub(y, target));
  const near = clip(d, { high: delta });
  return reduce(mul(near, sub(d, affine(near, 0.5, 0))), options);
}

/**
 * -t ln s(z) - (1 - t) ln(1 - s(z)) for logits z, s the logistic function, without overflow.
 * @param target probabilities of z's shape: 0 and 1, or between
 * @param positiveWeight how much the first term counts, 1 unless said
 */
export function binaryCrossEntropy(
  z: Tensor,
  target: Tensor,
  { positiveWeight = 1, ...options }: Reduction & { positiveWeight?: number } = {},
): Tensor<"f32"> {
  alike("binaryCrossEntropy", z, target);
  checkOptions("binaryCrossEntropy", { positiveWeight }, { positiveWeight: NOT_NEGATIVE });
  // (1 - t) z - (1 + (w - 1) t) ln s(z)
  const positive = mul(affine(target, positiveWeight - 1, 1), logSigmoid(z));
  return reduce(sub(mul(affine(target, -1, 1), z), positive), options);
}

export interface CrossEntropyOptions extends Reduction {
  /** How much each class counts, [classes]; the mean is then weighted by the rows' classes. */
  readonly weight?: Tensor;
  /** So much of each target is spread evenly over all classes (Szegedy et al. 2016). */
  readonly labelSmoothing?: number;
  /** Rows with this label, which need not be a class, are left out. */
  readonly ignoreIndex?: number;
}

/**
 * Cross-entropy of logits against labels or against probabilities, as torch.nn.functional.cross_entropy.
 * @param x [rows, classes]
 * @param target i32 labels [rows], or probabilities [rows, classes]
 */
export function softmaxCrossEntropy(x: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor<"f32"> {
  const { weight, labelSmoothing: smooth = 0, ignoreIndex, reduction = "mean" } = options;
  if (!(smooth >= 0 && smooth <= 1))
    throw new RangeError(`softmaxCrossEntropy: got labelSmoothing ${smooth}, expected 0 to 1`);
  checkOne("softmaxCrossEntropy", "reduction", reduction, ["none", "sum", "mean"]);
  if (x.shape.length !== 2 || (weight && weight.size !== x.shape[1]))
    throw new RangeError(
      `softmaxCrossEntropy: got ${formatShape(x.shape)}${weight ? ` and weights ${formatShape(weight.shape)}` : ""}, ` +
        `expected [rows,classes] and a weight for each class`,
    );
  if (target.dtype === "f32") return soft(x, target, weight, smooth, { reduction });
  const chosen = ignoreIndex === undefined ? {} : { ignoreIndex };
  if (!weight && smooth === 0) return crossEntropy(x, target, { ...chosen, reduction });
  perRow("softmaxCrossEntropy", x, target);
  const some = counted(target, ignoreIndex);
  const labels = some?.labels ?? target;
  const logp = logSoftmax(some ? gather(x, some.rows) : x);
  const share = weight && gather(weight, labels);
  const own = nll(logp, labels);
  const hard = affine(share ? mul(own, share) : own, 1 - smooth, 0);
  const spread = neg(sum(weight ? mul(logp, weight) : logp, { axis: 1 }));
  const values = smooth === 0 ? hard : add(hard, affine(spread, smooth / x.shape[1]!, 0));
  if (reduction === "none") return some ? scatter(values, some.rows, [target.size]) : values;
  return reduction === "mean" && share ? div(sum(values), sum(share)) : reduce(values, { reduction });
}

function soft(
  x: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  smooth: number,
  options: Reduction,
): Tensor<"f32"> {
  alike("softmaxCrossEntropy", x, target);
  const spread = smooth === 0 ? target : affine(target, 1 - smooth, smooth / x.shape[1]!);
  const terms = mul(logSoftmax(x), spread);
  return reduce(neg(sum(weight ? mul(terms, weight) : terms, { axis: 1 })), options);
}

/**
 * sum of t (ln t - logp) over the last axis, 0 where t is 0: how far probabilities are from t (Kullback & Leibler 1951).
 * @param logp log-probabilities of the target's shape
 * @returns the mean over all but the last axis, what PyTorch calls batchmean, unless said
 */
export function klDivergence(logp: Tensor, target: Tensor, options: Reduction = {}): Tensor<"f32"> {
  alike("klDivergence", logp, target);
  const some = greater(target, 0);
  const terms = where(some, mul(target, sub(log(where(some, target, 1)), logp)), 0);
  return reduce(sum(terms, { axis: -1 }), options);
}

/** a . b / (|a| |b|) over an axis, the last unless said; lengths count as at least `eps`. */
export function cosineSimilarity(
  a: Tensor,
  b: Tensor,
  { axis = -1, eps = 1e-8 }: { axis?: number; eps?: number } = {},
): Tensor<"f32"> {
  alike("cosineSimilarity", a, b);
  checkOptions("cosineSimilarity", { eps }, { eps: NOT_NEGATIVE });
  const length = (x: Tensor): Tensor<"f32"> => sqrt(clip(sum(square(x), { axis }), { low: eps * eps }));
  return div(sum(mul(a, b), { axis }), mul(length(a), length(b)));
}

/**
 * 1 - cos(a, b) for pairs that belong together, max(0, cos(a, b) - margin) for those that do not.
 * @param a [rows, width], as b
 * @param alikeness [rows]: 1 or -1
 */
export function cosineEmbedding(
  a: Tensor,
  b: Tensor,
  alikeness: Tensor,
  { margin = 0, ...options }: Reduction & { margin?: number } = {},
): Tensor<"f32"> {
  checkOptions("cosineEmbedding", { margin }, { margin: FINITE });
  const cosine = cosineSimilarity(a, b);
  alike("cosineEmbedding", cosine, alikeness);
  const apart = relu(affine(cosine, 1, -margin));
  return reduce(where(equal(alikeness, 1), affine(cosine, -1, 1), apart), options);
}

/**
 * max(0, |anchor - positive| - |anchor - negative| + margin) (Schroff et al. 2015), lengths over the last axis.
 * @param anchor [..., width], as the others
 */
export function triplet(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  { margin = 1, ...options }: Reduction & { margin?: number } = {},
): Tensor<"f32"> {
  alike("triplet", anchor, positive, negative);
  checkOptions("triplet", { margin }, { margin: FINITE });
  // as in PyTorch, so that the length of nothing has a gradient
  const distance = (x: Tensor): Tensor<"f32"> => sqrt(sum(square(affine(sub(anchor, x), 1, 1e-6)), { axis: -1 }));
  return reduce(relu(affine(sub(distance(positive), distance(negative)), 1, margin)), options);
}
