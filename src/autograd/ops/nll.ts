// Losses of classification, one value per row; average them with mean().
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { formatShape, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { add } from "./add.ts";
import { mul } from "./arithmetic.ts";
import { reshape } from "./reshape.ts";
import { softmax, softmaxGrad } from "./softmax.ts";
import { sum } from "./sum.ts";

type Labelled = readonly [x: Tensor, labels: Tensor];

/** Checks [rows, classes] against i32 labels [rows] and gives the shape of one value per row. */
export function perRow(op: string, x: Tensor, labels: Tensor): Shape {
  if (x.shape.length !== 2 || labels.dtype !== "i32" || labels.size !== x.shape[0])
    throw new RangeError(
      `${op}: [rows,classes] and i32 labels [rows] expected, got ${formatShape(x.shape)} and ${labels.dtype}${formatShape(labels.shape)}`,
    );
  return [x.shape[0]!];
}

const nllOp: Op<Labelled, undefined> = defineOp<Labelled>({
  name: "nll",
  takes: { 1: "i32" },
  shape: ([x, labels]) => perRow("nll", x, labels),
  forward: (y, [x, labels]) => engine().kernels.nll(x.ptr, labels.ptr, y.ptr, x.shape[0]!, x.shape[1]!),
  vjp: [(g, { x: [x, labels] }) => nllGradOp([labels, g], x.shape[1]!), null],
});

// -g in the label's column, 0 elsewhere
const nllGradOp: Op<readonly [labels: Tensor, g: Tensor], number> = defineOp<
  readonly [labels: Tensor, g: Tensor],
  number
>({
  name: "nllGrad",
  takes: { 0: "i32" },
  shape: ([labels], cols) => [labels.size, cols],
  forward: (gx, [labels, g], cols) => engine().kernels.nllGrad(labels.ptr, g.ptr, gx.ptr, labels.size, cols),
  vjp: [null, (u, { x: [labels] }) => nll(u, labels)],
});

const crossEntropyOp: Op<Labelled, undefined> = defineOp<Labelled>({
  name: "crossEntropy",
  takes: { 1: "i32" },
  shape: ([x, labels]) => perRow("crossEntropy", x, labels),
  forward: (y, [x, labels]) => engine().kernels.crossEntropy(x.ptr, labels.ptr, y.ptr, x.shape[0]!, x.shape[1]!),
  vjp: [(g, { x: [x, labels] }) => crossEntropyGradOp([x, labels, g], undefined), null],
});

// gx = g (softmax(x) - onehot(label))
const crossEntropyGradOp: Op<readonly [Tensor, Tensor, Tensor], undefined> = defineOp<
  readonly [x: Tensor, labels: Tensor, g: Tensor]
>({
  name: "crossEntropyGrad",
  takes: { 1: "i32" },
  shape: ([x]) => x.shape,
  forward: (gx, [x, labels, g]) =>
    engine().kernels.crossEntropyGrad(x.ptr, labels.ptr, g.ptr, gx.ptr, x.shape[0]!, x.shape[1]!),
  vjp: [
    (u, { x: [x, , g] }) => softmaxGrad(softmax(x), mul(u, reshape(g, [g.size, 1]))),
    null,
    // sum_j u_j softmax_j - u_label
    (u, { x: [x, labels] }) => add(sum(mul(u, softmax(x)), { axis: -1 }), nll(u, labels)),
  ],
});

/**
 * -x[i, label_i] for log-probabilities x.
 * @param x [rows, classes]
 * @param labels i32 [rows], each below classes (not checked)
 * @returns [rows]
 */
export function nll(x: Tensor, labels: Tensor): Tensor {
  return nllOp([x, labels], undefined);
}

/**
 * ln sum_j e^{x_ij} - x[i, label_i] for logits x: nll(logSoftmax(x)) in one pass.
 * @param x [rows, classes]
 * @param labels i32 [rows]
 * @returns [rows]
 */
export function crossEntropy(x: Tensor, labels: Tensor): Tensor {
  return crossEntropyOp([x, labels], undefined);
}
