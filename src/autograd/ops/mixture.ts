// Two experts weighed by a gate. Experts give log-probabilities ls (specialist) and lg (generalist) [rows, classes], the
// gate a logit z [rows]; h = sigmoid(z) is the weight of the specialist.
import { engine } from "../../runtime/engine.ts";
import { defineOp, notTwice, type Op } from "../op.ts";
import { alike, formatShape, sameShape, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { checkLabels, perRow } from "./indices.ts";
import { reshape } from "./reshape.ts";
import { type LossOptions, reduceLoss } from "./nll.ts";

type Experts = readonly [ls: Tensor, lg: Tensor, z: Tensor];
type Labelled = readonly [ls: Tensor, lg: Tensor, z: Tensor, labels: Tensor];

/** Which operand a gradient is for: 0 the specialist, 1 the generalist, 2 the gate. */
type Operand = 0 | 1 | 2;

function checkOperand(op: string, operand: number): void {
  if (operand !== 0 && operand !== 1 && operand !== 2)
    throw new RangeError(`${op}: operand, got ${String(operand)}, expected 0, 1 or 2`);
}

function check(op: string, [ls, lg, z]: readonly Tensor[]): Shape {
  if (ls!.shape.length !== 2 || !sameShape(ls!.shape, lg!.shape) || z!.size !== ls!.shape[0])
    throw new RangeError(
      `${op}: experts of one shape [rows,classes] and a gate of [rows] expected, got ${[ls, lg, z].map((t) => formatShape(t!.shape)).join(" ")}`,
    );
  return ls!.shape;
}

// the kernels take one pointer per gradient and skip those that are 0
function pointers(gx: Tensor, operand: Operand): [number, number, number] {
  return [operand === 0 ? gx.ptr : 0, operand === 1 ? gx.ptr : 0, operand === 2 ? gx.ptr : 0];
}

const mixtureOp: Op<Experts, undefined> = /* @__PURE__ */ defineOp<Experts>({
  name: "mixture",
  shape: (x) => check("mixture", x),
  forward: (y, [ls, lg, z]) => engine().kernels.mixture(ls.ptr, lg.ptr, z.ptr, y.ptr, ls.shape[0]!, ls.shape[1]!),
  vjp: [
    (g, { x }) => mixtureGradOp([...x, g], 0),
    (g, { x }) => mixtureGradOp([...x, g], 1),
    (g, { x }) => mixtureGradOp([...x, g], 2),
  ],
});

const mixtureGradOp: Op<readonly Tensor[], Operand> = /* @__PURE__ */ defineOp<readonly Tensor[], Operand>({
  name: "mixtureGrad",
  shape: (x, operand) => {
    checkOperand("mixtureGrad", operand);
    alike("mixtureGrad", check("mixtureGrad", x), x[3]!.shape);
    return x[operand]!.shape;
  },
  forward: (gx, x, operand) => {
    const [ls, lg, z, g] = x as readonly [Tensor, Tensor, Tensor, Tensor];
    const [rows, cols] = ls.shape as readonly [number, number];
    const { mixtureGrad } = engine().kernels;
    mixtureGrad(ls.ptr, lg.ptr, z.ptr, g.ptr, ...pointers(gx, operand), rows, cols);
  },
  vjp: new Array(4).fill(notTwice("mixture")),
});

const mixtureNllOp: Op<Labelled, undefined> = /* @__PURE__ */ defineOp<Labelled>({
  name: "mixtureNll",
  takes: { 3: "i32" },
  shape: (x) => {
    check("mixtureNll", x);
    return perRow("mixtureNll", x[0], x[3]);
  },
  forward: (y, [ls, lg, z, labels]) => {
    checkLabels("mixtureNll", labels, ls.shape[1]!);
    engine().kernels.mixtureNll(ls.ptr, lg.ptr, z.ptr, labels.ptr, y.ptr, ls.shape[0]!, ls.shape[1]!);
  },
  vjp: [
    (g, { x }) => mixtureNllGradOp([...x, g], 0),
    (g, { x }) => mixtureNllGradOp([...x, g], 1),
    (g, { x }) => mixtureNllGradOp([...x, g], 2),
    null,
  ],
});

const mixtureNllGradOp: Op<readonly Tensor[], Operand> = /* @__PURE__ */ defineOp<readonly Tensor[], Operand>({
  name: "mixtureNllGrad",
  takes: { 3: "i32" },
  shape: (x, operand) => {
    checkOperand("mixtureNllGrad", operand);
    check("mixtureNllGrad", x);
    alike("mixtureNllGrad", perRow("mixtureNllGrad", x[0]!, x[3]!), x[4]!.shape);
    return x[operand]!.shape;
  },
  forward: (gx, x, operand) => {
    const [ls, lg, z, labels, g] = x as readonly [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [rows, cols] = ls.shape as readonly [number, number];
    checkLabels("mixtureNllGrad", labels, cols);
    const { mixtureNllGrad } = engine().kernels;
    mixtureNllGrad(ls.ptr, lg.ptr, z.ptr, labels.ptr, g.ptr, ...pointers(gx, operand), rows, cols);
  },
  vjp: new Array(5).fill(notTwice("mixtureNll")),
});

const mixtureLogOp: Op<Experts, undefined> = /* @__PURE__ */ defineOp<Experts>({
  name: "mixtureLog",
  shape: (x) => check("mixtureLog", x),
  forward: (y, [ls, lg, z]) => engine().kernels.mixtureLog(ls.ptr, lg.ptr, z.ptr, y.ptr, ls.shape[0]!, ls.shape[1]!),
  vjp: [
    (g, { x }) => mixtureLogGradOp([...x, g], 0),
    (g, { x }) => mixtureLogGradOp([...x, g], 1),
    (g, { x }) => mixtureLogGradOp([...x, g], 2),
  ],
});

const mixtureLogGradOp: Op<readonly Tensor[], Operand> = /* @__PURE__ */ defineOp<readonly Tensor[], Operand>({
  name: "mixtureLogGrad",
  shape: (x, operand) => {
    checkOperand("mixtureLogGrad", operand);
    alike("mixtureLogGrad", check("mixtureLogGrad", x), x[3]!.shape);
    return x[operand]!.shape;
  },
  forward: (gx, x, operand) => {
    const [ls, lg, z, g] = x as readonly [Tensor, Tensor, Tensor, Tensor];
    const [rows, cols] = ls.shape as readonly [number, number];
    engine().kernels.mixtureLogGrad(ls.ptr, lg.ptr, z.ptr, g.ptr, ...pointers(gx, operand), rows, cols);
  },
  vjp: new Array(4).fill(notTwice("mixtureLog")),
});

/** ln(h e^ls + (1-h) e^lg): the log-probabilities of the mixture (arXiv 2010.02056), without under- or overflow. */
export function mixture(ls: Tensor, lg: Tensor, z: Tensor): Tensor<"f32"> {
  return mixtureOp([ls, lg, z], undefined);
}

/** -ln(h p_s(label) + (1-h) p_g(label)), one value per row unless reduced: the likelihood the mixture is trained on. */
export function mixtureNll(ls: Tensor, lg: Tensor, z: Tensor, labels: Tensor, options?: LossOptions): Tensor<"f32"> {
  if (!options) return mixtureNllOp([ls, lg, z, labels], undefined);
  check("mixtureNll", [ls, lg, z]);
  perRow("mixtureNll", ls, labels);
  const loss = ([ls, lg, z]: readonly Tensor[], labels: Tensor): Tensor<"f32"> =>
    mixtureNllOp([ls!, lg!, z!, labels], undefined);
  return reduceLoss(loss, [ls, lg, reshape(z, [z.size])], labels, options);
}

/**
 * h ls + (1-h) lg: the authors' code, which mixes what its experts put out (log-probabilities, or the probabilities of
 * its Fashion-MNIST net) without normalising.
 */
export function mixtureLog(ls: Tensor, lg: Tensor, z: Tensor): Tensor<"f32"> {
  return mixtureLogOp([ls, lg, z], undefined);
}
