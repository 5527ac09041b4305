import { defineOp, type Op } from "../op.ts";
import { broadcastStrides, formatShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { writeOut } from "./broadcast.ts";

type Order = readonly number[];

const permuteOp: Op<readonly [Tensor], Order> = /* @__PURE__ */ defineOp<readonly [Tensor], Order>({
  name: "permute",
  shape: ([x], order) => {
    if (order.length !== x.shape.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i))
      throw new RangeError(`permute: [${order.join(",")}] is not an order of the axes of ${formatShape(x.shape)}`);
    return order.map((axis) => x.shape[axis]!);
  },
  forward: (y, [x], order) => {
    const strides = broadcastStrides(x.shape, x.shape);
    writeOut(
      x,
      y,
      order.map((axis) => strides[axis]!),
    );
  },
  vjp: [
    (g, { attrs }) =>
      permute(
        g,
        attrs.map((_, i) => attrs.indexOf(i)),
      ),
  ],
});

/** Axis i of the result is axis `order[i]` of x; copies. */
export function permute(x: Tensor, order: Order): Tensor<"f32"> {
  return permuteOp([x], order);
}

/** Swaps the two axes of a matrix. */
export function transpose(x: Tensor): Tensor<"f32"> {
  return permuteOp([x], [1, 0]);
}
