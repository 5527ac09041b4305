// One of two values, element by element.
import { extra } from "../../runtime/extra.ts";
import { defineOp, type Op } from "../op.ts";
import { alike, broadcastShapes, type Shape } from "../shape.ts";
import { type Tensor, tensor } from "../tensor.ts";
import { expand } from "./expand.ts";
import { zeros } from "./fill.ts";

type Choice = readonly [condition: Tensor, a: Tensor, b: Tensor];

// of equal shapes: `where` has spread them
const whereOp: Op<Choice, undefined> = /* @__PURE__ */ defineOp<Choice>({
  name: "where",
  shape: ([condition, a, b]) => alike("where", condition.shape, a.shape, b.shape),
  forward: (y, [condition, a, b]) => extra().where(condition.ptr, a.ptr, b.ptr, y.ptr, y.size),
  vjp: [
    null,
    (g, { x: [condition] }) => whereOp([condition, g, zeros(g.shape)], undefined),
    (g, { x: [condition] }) => whereOp([condition, zeros(g.shape), g], undefined),
  ],
});

interface Limits {
  readonly low: number;
  readonly high: number;
}

function checkLimits({ low, high }: Limits): void {
  if (!(low <= high)) throw new RangeError(`clip: limits, got ${low} and ${high}, expected low <= high`);
}

const clipOp: Op<readonly [Tensor], Limits> = /* @__PURE__ */ defineOp<readonly [Tensor], Limits>({
  name: "clip",
  shape: ([x], limits) => {
    checkLimits(limits);
    return x.shape;
  },
  forward: (y, [x], { low, high }) => extra().clip(x.ptr, y.ptr, x.size, low, high),
  vjp: [(g, { x: [x], attrs }) => clipGradOp([x, g], attrs)],
});

const clipGradOp: Op<readonly [Tensor, Tensor], Limits> = /* @__PURE__ */ defineOp<
  readonly [x: Tensor, g: Tensor],
  Limits
>({
  name: "clipGrad",
  shape: ([x, g], limits) => {
    checkLimits(limits);
    return alike("clipGrad", x.shape, g.shape);
  },
  forward: (gx, [x, g], { low, high }) => extra().clipGrad(x.ptr, g.ptr, gx.ptr, gx.size, low, high),
  vjp: [null, (u, { x: [x], attrs }) => clipGradOp([x, u], attrs)],
});

/** y = a where the condition is not 0 (NaN is not), else b; all three broadcast. No gradient comes from what was not taken. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor<"f32"> {
  const [left, right] = [a, b].map((x) => (typeof x === "number" ? tensor(x) : x)) as [Tensor, Tensor];
  const shape: Shape = [left, right].reduce((all, x) => broadcastShapes("where", all, x.shape), condition.shape);
  return whereOp([expand(condition, shape), expand(left, shape), expand(right, shape)], undefined);
}

/** y = x, at least `low` and at most `high`; NaN stays NaN. At the limits the gradient passes, beyond them it is 0, as in PyTorch. */
export function clip(x: Tensor, { low = -Infinity, high = Infinity }: Partial<Limits>): Tensor<"f32"> {
  return clipOp([x], { low, high });
}
