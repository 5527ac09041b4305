import { extra } from "../../runtime/extra.ts";
import { defineOp, type Op } from "../op.ts";
import { broadcastShapes } from "../shape.ts";
import { type Tensor, tensor } from "../tensor.ts";
import { affine, mul } from "./arithmetic.ts";
import { elementwise } from "./broadcast.ts";
import { equal, greaterEqual } from "./compare.ts";
import { where } from "./select.ts";
import { log, square } from "./unary.ts";

const powOp: Op<readonly [Tensor, Tensor], undefined> = /* @__PURE__ */ defineOp<readonly [a: Tensor, b: Tensor]>({
  name: "pow",
  shape: ([a, b]) => broadcastShapes("pow", a.shape, b.shape),
  forward: (y, [a, b]) => elementwise(extra().pow, y, a, b),
  vjp: [
    // b a^(b-1), and 0 where b is 0, whatever a is
    (g, { x: [a, b] }) => where(equal(b, 0), 0, mul(mul(g, b), powOp([a, affine(b, 1, -1)], undefined))),
    // a^b ln a, which tends to 0 where a is 0 and b is not below it
    (g, { x: [a, b], y }) => where(mul(equal(a, 0), greaterEqual(b, 0)), 0, mul(mul(g, y), log(a))),
  ],
});

/** y = a^b, element by element, broadcast, within 0.6 ULP; NaN where a < 0 and b is no integer. Special cases as in `Math.pow`. */
export function pow(a: Tensor, b: Tensor | number): Tensor<"f32"> {
  if (b === 2) return square(a);
  return powOp([a, typeof b === "number" ? tensor(b) : b], undefined);
}
