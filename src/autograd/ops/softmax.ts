// Softmax and log-softmax: over the last axis, to which any other is brought.
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { alike, checkAxis, formatShape, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { mul, sub } from "./arithmetic.ts";
import { permute } from "./permute.ts";
import { sum } from "./sum.ts";
import { exp } from "./unary.ts";

type One = readonly [Tensor];
type Pair = readonly [Tensor, Tensor];

/** A tensor seen as rows over its last axis. */
export function rowsOf(op: string, shape: Shape): { rows: number; cols: number } {
  const cols = shape[shape.length - 1];
  if (!cols) throw new RangeError(`${op}: a last axis with at least one element expected, got ${formatShape(shape)}`);
  let rows = 1;
  for (let i = 0; i < shape.length - 1; i++) rows *= shape[i]!;
  return { rows, cols };
}

const LAST = { axis: -1, keep: true } as const;

const softmaxOp: Op<One, undefined> = /* @__PURE__ */ defineOp<One>({
  name: "softmax",
  shape: ([x]) => x.shape,
  forward: (y, [x]) => {
    const { rows, cols } = rowsOf("softmax", x.shape);
    engine().kernels.softmax(x.ptr, y.ptr, rows, cols);
  },
  vjp: [(g, { y }) => softmaxGrad(y, g)],
});

// gx = y (g - sum(g y))
const softmaxGradOp: Op<Pair, undefined> = /* @__PURE__ */ defineOp<Pair>({
  name: "softmaxGrad",
  shape: ([y, g]) => alike("softmaxGrad", y.shape, g.shape),
  forward: (gx, [y, g]) => {
    const { rows, cols } = rowsOf("softmaxGrad", y.shape);
    engine().kernels.softmaxGrad(y.ptr, g.ptr, gx.ptr, rows, cols);
  },
  vjp: [
    // d/dy: u (g - sum(g y)) - g sum(u y)
    (u, { x: [y, g] }) => sub(mul(u, sub(g, sum(mul(g, y), LAST))), mul(g, sum(mul(u, y), LAST))),
    (u, { x: [y] }) => softmaxGrad(y, u),
  ],
});

const logSoftmaxOp: Op<One, undefined> = /* @__PURE__ */ defineOp<One>({
  name: "logSoftmax",
  shape: (of) => of[0].shape,
  forward: (y, of) => {
    const x = of[0];
    const { rows, cols } = rowsOf("logSoftmax", x.shape);
    engine().kernels.logSoftmax(x.ptr, y.ptr, rows, cols);
  },
  vjp: [(g, { y }) => logSoftmaxGradOp([y, g], undefined)],
});

// gx = g - e^y sum(g)
const logSoftmaxGradOp: Op<Pair, undefined> = /* @__PURE__ */ defineOp<Pair>({
  name: "logSoftmaxGrad",
  shape: (of) => alike("logSoftmaxGrad", of[0].shape, of[1].shape),
  forward: (gx, of) => {
    const y = of[0];
    const g = of[1];
    const { rows, cols } = rowsOf("logSoftmaxGrad", y.shape);
    engine().kernels.logSoftmaxGrad(y.ptr, g.ptr, gx.ptr, rows, cols);
  },
  vjp: [
    (u, { x: [y, g] }) => mul(mul(mul(u, exp(y)), sum(g, LAST)), -1),
    (u, { x: [y] }) => sub(u, sum(mul(u, exp(y)), LAST)),
  ],
});

/** Which axis, the last unless said; negative counts from the end. */
export interface AxisOption {
  /** The axis that sums to 1; the last one unless said, negative ones count from it. */
  readonly axis?: number;
}

/** Runs what works on the last axis on another one. */
function overAxis(op: string, x: Tensor, axis: number, fn: (x: Tensor) => Tensor<"f32">): Tensor<"f32"> {
  if (axis === -1 || axis === x.shape.length - 1) return fn(x);
  const at = checkAxis(op, x.shape, axis);
  const order = x.shape.map((_, i) => i).filter((i) => i !== at);
  order.push(at);
  return permute(
    fn(permute(x, order)),
    order.map((_, i) => order.indexOf(i)),
  );
}

/** `softmax` over the last axis, for what does not need to bring any other one there. */
export function softmaxRows(x: Tensor): Tensor<"f32"> {
  return softmaxOp([x], undefined);
}

/** y_i = e^{x_i} / sum_j e^{x_j} over an axis, the last unless said. */
export function softmax(x: Tensor, { axis = -1 }: AxisOption = {}): Tensor<"f32"> {
  return overAxis("softmax", x, axis, softmaxRows);
}

/** The gradient of softmax from its output. */
export function softmaxGrad(y: Tensor, g: Tensor): Tensor<"f32"> {
  return softmaxGradOp([y, g], undefined);
}

/** y_i = x_i - ln sum_j e^{x_j} over an axis, the last unless said. */
export function logSoftmax(x: Tensor, { axis = -1 }: AxisOption = {}): Tensor<"f32"> {
  return overAxis("logSoftmax", x, axis, (x) => logSoftmaxOp([x], undefined));
}
