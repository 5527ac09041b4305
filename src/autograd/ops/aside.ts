import { defineOp, notTwice, type Op } from "../op.ts";
import { type Tensor, view } from "../tensor.ts";

const asideOp: Op<readonly [Tensor], Tensor> = /* @__PURE__ */ defineOp<readonly [by: Tensor], Tensor>({
  name: "aside",
  view: (_, found) => view(found, 0, found.shape),
  vjp: [notTwice("aside")],
});

/**
 * A gradient that a kernel found beside the one an op has for its output, as a result of that op: it exists by then, and
 * whoever differentiates it is refused rather than told that it depends on nothing.
 */
export function aside(found: Tensor, by: Tensor): Tensor<"f32"> {
  return asideOp([by], found);
}
