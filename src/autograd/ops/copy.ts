import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { formatShape } from "../shape.ts";
import { checkOpen, markWritten, type Tensor } from "../tensor.ts";

const copyOp: Op<readonly [Tensor], undefined> = /* @__PURE__ */ defineOp<readonly [Tensor]>({
  name: "copy",
  shape: ([x]) => x.shape,
  forward: (y, [x]) => engine().kernels.copy(x.ptr, y.ptr, x.size),
  vjp: [(g) => g],
});

/** y = x, in memory of its own. */
export function copy(x: Tensor): Tensor<"f32"> {
  return copyOp([x], undefined);
}

/** Overwrites `y` with `x`, without history; sizes must be equal. */
export function copyInto(y: Tensor, x: Tensor): void {
  checkWrite("copyInto", y, x);
  engine().kernels.copy(x.ptr, y.ptr, x.size);
  markWritten(y);
}

/** Refuses to write where it would hit something else: over a tensor of another size, or one whose memory is gone. */
export function checkWrite(op: string, y: Tensor, x: Tensor): void {
  checkOpen(y);
  checkOpen(x);
  if (x.size !== y.size)
    throw new RangeError(
      `${op}: ${formatShape(x.shape)} does not fit into ${formatShape(y.shape)}; sizes must be equal`,
    );
}
