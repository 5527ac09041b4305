import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { broadcastShapes } from "../shape.ts";
import { markWritten, type Tensor } from "../tensor.ts";
import { elementwise } from "./broadcast.ts";
import { checkWrite } from "./copy.ts";

const addOp: Op<readonly [Tensor, Tensor], undefined> = /* @__PURE__ */ defineOp<readonly [Tensor, Tensor]>({
  name: "add",
  shape: ([a, b]) => broadcastShapes("add", a.shape, b.shape),
  forward: (y, [a, b]) => elementwise(engine().kernels.add, y, a, b),
  vjp: [(g) => g, (g) => g],
});

/** y = a + b, broadcast. */
export function add(a: Tensor, b: Tensor): Tensor<"f32"> {
  return addOp([a, b], undefined);
}

/** Adds `scale` times `x` to `y` in place, without history; sizes must be equal. */
export function addInto(y: Tensor, x: Tensor, scale = 1): void {
  checkWrite("addInto", y, x);
  engine().kernels.axpy(x.ptr, y.ptr, y.size, scale);
  markWritten(y);
}
