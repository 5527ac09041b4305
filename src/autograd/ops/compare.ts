// Comparisons as tensors of 1 and 0, which masks and `where` take. They have no gradient.
import { extra } from "../../runtime/extra.ts";
import { defineOp, type Op } from "../op.ts";
import { broadcastShapes } from "../shape.ts";
import { type Tensor, tensor } from "../tensor.ts";
import { affine } from "./arithmetic.ts";
import { type BinaryKernel, elementwise } from "./broadcast.ts";

/** a < b, a <= b, a = b, by their numbers in the kernel. */
type Kind = 0 | 1 | 2;

const compareOp: Op<readonly [Tensor, Tensor], Kind> = /* @__PURE__ */ defineOp<readonly [Tensor, Tensor], Kind>({
  name: "compare",
  shape: ([a, b], kind) => {
    if (kind !== 0 && kind !== 1 && kind !== 2)
      throw new RangeError(`compare: kind, got ${String(kind)}, expected 0, 1 or 2`);
    return broadcastShapes("compare", a.shape, b.shape);
  },
  forward: (y, [a, b], kind) => {
    const kernel: BinaryKernel = (...args) => extra().compare(...args, kind);
    elementwise(kernel, y, a, b);
  },
  vjp: [null, null],
});

const wrap = (x: Tensor | number): Tensor => (typeof x === "number" ? tensor(x) : x);

/** 1 where a < b, else 0, broadcast; 0 where either is NaN. */
export function less(a: Tensor | number, b: Tensor | number): Tensor<"f32"> {
  return compareOp([wrap(a), wrap(b)], 0);
}

/** 1 where a <= b, else 0, broadcast; 0 where either is NaN. */
export function lessEqual(a: Tensor | number, b: Tensor | number): Tensor<"f32"> {
  return compareOp([wrap(a), wrap(b)], 1);
}

/** 1 where a > b, else 0, broadcast; 0 where either is NaN. */
export function greater(a: Tensor | number, b: Tensor | number): Tensor<"f32"> {
  return less(b, a);
}

/** 1 where a >= b, else 0, broadcast; 0 where either is NaN. */
export function greaterEqual(a: Tensor | number, b: Tensor | number): Tensor<"f32"> {
  return lessEqual(b, a);
}

/** 1 where a = b, else 0, broadcast; NaN equals nothing. */
export function equal(a: Tensor | number, b: Tensor | number): Tensor<"f32"> {
  return compareOp([wrap(a), wrap(b)], 2);
}

/** 1 where a differs from b, else 0, broadcast; NaN differs from everything. */
export function notEqual(a: Tensor | number, b: Tensor | number): Tensor<"f32"> {
  return affine(equal(a, b), -1, 1);
}
