// Losses of classification, one value per row; average them with mean().
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { add } from "./add.ts";
import { mul } from "./arithmetic.ts";
import { checkLabels, counted, perRow } from "./indices.ts";
import { alike } from "../shape.ts";
import { reshape } from "./reshape.ts";
import { gather, scatter } from "./rows.ts";
import { softmaxGrad, softmaxRows } from "./softmax.ts";
import { mean, sum } from "./sum.ts";

type Labelled = readonly [x: Tensor, labels: Tensor];

const nllOp: Op<Labelled, undefined> = /* @__PURE__ */ defineOp<Labelled>({
  name: "nll",
  takes: { 1: "i32" },
  // no patterns for what runs in every step: they are iterators until V8 has seen them often
  shape: (of) => perRow("nll", of[0], of[1]),
  forward: (y, of) => {
    const x = of[0];
    const labels = of[1];
    checkLabels("nll", labels, x.shape[1]!);
    engine().kernels.nll(x.ptr, labels.ptr, y.ptr, x.shape[0]!, x.shape[1]!);
  },
  vjp: [(g, { x }) => nllGradOp([x[1], g], x[0].shape[1]!), null],
});

// -g in the label's column, 0 elsewhere
const nllGradOp: Op<readonly [labels: Tensor, g: Tensor], number> = /* @__PURE__ */ defineOp<
  readonly [labels: Tensor, g: Tensor],
  number
>({
  name: "nllGrad",
  takes: { 0: "i32" },
  shape: (of, cols) => {
    alike("nllGrad", of[0].shape, of[1].shape);
    return [of[0].size, cols];
  },
  forward: (gx, of, cols) => {
    const labels = of[0];
    const g = of[1];
    checkLabels("nllGrad", labels, cols);
    engine().kernels.nllGrad(labels.ptr, g.ptr, gx.ptr, labels.size, cols);
  },
  vjp: [null, (u, { x: [labels] }) => nll(u, labels)],
});

const crossEntropyOp: Op<Labelled, undefined> = /* @__PURE__ */ defineOp<Labelled>({
  name: "crossEntropy",
  takes: { 1: "i32" },
  shape: ([x, labels]) => perRow("crossEntropy", x, labels),
  forward: (y, [x, labels]) => {
    checkLabels("crossEntropy", labels, x.shape[1]!);
    engine().kernels.crossEntropy(x.ptr, labels.ptr, y.ptr, x.shape[0]!, x.shape[1]!);
  },
  vjp: [(g, { x: [x, labels] }) => crossEntropyGradOp([x, labels, g], undefined), null],
});

// gx = g (softmax(x) - onehot(label))
const crossEntropyGradOp: Op<readonly [Tensor, Tensor, Tensor], undefined> = /* @__PURE__ */ defineOp<
  readonly [x: Tensor, labels: Tensor, g: Tensor]
>({
  name: "crossEntropyGrad",
  takes: { 1: "i32" },
  shape: ([x, labels, g]) => {
    alike("crossEntropyGrad", perRow("crossEntropyGrad", x, labels), g.shape);
    return x.shape;
  },
  forward: (gx, [x, labels, g]) => {
    checkLabels("crossEntropyGrad", labels, x.shape[1]!);
    engine().kernels.crossEntropyGrad(x.ptr, labels.ptr, g.ptr, gx.ptr, x.shape[0]!, x.shape[1]!);
  },
  vjp: [
    (u, { x: [x, , g] }) => softmaxGrad(softmaxRows(x), mul(u, reshape(g, [g.size, 1]))),
    null,
    // sum_j u_j softmax_j - u_label
    (u, { x: [x, labels] }) => add(sum(mul(u, softmaxRows(x)), { axis: -1 }), nll(u, labels)),
  ],
});

/** What a loss against labels does with its rows. */
export interface LossOptions {
  /** Rows with this label, which need not be a class, are left out: they have loss 0 and no gradient. */
  readonly ignoreIndex?: number;
  /** One value per row unless said, or the sum, or the mean over the rows that are not left out (NaN if none is). */
  readonly reduction?: "none" | "sum" | "mean";
}

/** Runs a loss on the rows that count. `loss` takes the rows of each of `x`, and labels. */
export function reduceLoss(
  loss: (x: readonly Tensor[], labels: Tensor) => Tensor<"f32">,
  x: readonly Tensor[],
  labels: Tensor,
  { ignoreIndex, reduction = "none" }: LossOptions,
): Tensor<"f32"> {
  const some = counted(labels, ignoreIndex);
  const values = some
    ? loss(
        x.map((t) => gather(t, some.rows)),
        some.labels,
      )
    : loss(x, labels);
  if (reduction === "none") return some ? scatter(values, some.rows, [labels.size]) : values;
  if (reduction === "sum") return sum(values);
  if (reduction === "mean") return mean(values);
  throw new RangeError(`loss: reduction, got ${reduction as string}, expected none, sum, mean`);
}

/**
 * -x[i, label_i] for log-probabilities x.
 * @param x [rows, classes]
 * @param labels i32 [rows]; RangeError for one that is neither a class nor ignoreIndex
 * @returns [rows], or a scalar if reduced
 */
export function nll(x: Tensor, labels: Tensor, options: LossOptions = PLAIN): Tensor<"f32"> {
  if (options === PLAIN) return nllOp([x, labels], undefined);
  perRow("nll", x, labels);
  return reduceLoss(([x], labels) => nllOp([x!, labels], undefined), [x], labels, options);
}

/**
 * ln sum_j e^{x_ij} - x[i, label_i] for logits x: nll(logSoftmax(x)) in one pass.
 * @param x [rows, classes]
 * @param labels i32 [rows]; RangeError for one that is neither a class nor ignoreIndex
 * @returns [rows], or a scalar if reduced
 */
export function crossEntropy(x: Tensor, labels: Tensor, options: LossOptions = PLAIN): Tensor<"f32"> {
  if (options === PLAIN) return crossEntropyOp([x, labels], undefined);
  perRow("crossEntropy", x, labels);
  return reduceLoss(([x], labels) => crossEntropyOp([x!, labels], undefined), [x], labels, options);
}

const PLAIN: LossOptions = {};
