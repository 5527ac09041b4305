import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import type { Tensor } from "../tensor.ts";

const copyOp: Op<readonly [Tensor], undefined> = defineOp<readonly [Tensor]>({
  name: "copy",
  shape: ([x]) => x.shape,
  forward: (y, [x]) => engine().kernels.copy(x.ptr, y.ptr, x.size),
  vjp: [(g) => g],
});

/** y = x, in memory of its own. */
export function copy(x: Tensor): Tensor {
  return copyOp([x], undefined);
}

/** Overwrites `y` with `x`, without history. */
export function copyInto(y: Tensor, x: Tensor): void {
  engine().kernels.copy(x.ptr, y.ptr, x.size);
}
