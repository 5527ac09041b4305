import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { broadcastShapes, broadcastStrides, formatShape, ownShape, sameShape, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { writeOut } from "./broadcast.ts";

const expandOp: Op<readonly [Tensor], Shape> = /* @__PURE__ */ defineOp<readonly [Tensor], Shape>({
  name: "expand",
  shape: (of, shape) => {
    const x = of[0];
    if (!sameShape(broadcastShapes("expand", x.shape, shape), shape))
      throw new RangeError(`expand: ${formatShape(x.shape)} cannot be broadcast to ${formatShape(shape)}`);
    return shape;
  },
  forward: (y, of) => {
    const x = of[0];
    // what spreads a mean's gradient over its operands
    if (x.size === 1) return engine().kernels.fill(y.ptr, y.size, x.item());
    return writeOut(x, y, broadcastStrides(x.shape, y.shape));
  },
  // the engine sums back to the input's shape
  vjp: [(g) => g],
});

/** Repeats axes of size 1 (and missing leading axes) to reach `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor<"f32"> {
  return sameShape(x.shape, shape) ? (x as Tensor<"f32">) : expandOp([x], ownShape("expand", shape));
}
