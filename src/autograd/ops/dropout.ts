import { engine } from "../../runtime/engine.ts";
import type { Key } from "../../runtime/random.ts";
import { defineOp, type Op } from "../op.ts";
import type { Tensor } from "../tensor.ts";

interface Mask {
  readonly p: number;
  readonly key: Key;
}

// the mask is a function of the key, so the gradient draws it again instead of keeping it
const dropoutOp: Op<readonly [Tensor], Mask> = /* @__PURE__ */ defineOp<readonly [Tensor], Mask>({
  name: "dropout",
  shape: ([x], { p, key }) => {
    if (!(p >= 0 && p < 1)) throw new RangeError(`dropout: p in [0,1) expected, got ${p}`);
    if (key.length !== 2 || !key.every((word) => Number.isInteger(word) && Math.abs(word) < 2 ** 32))
      throw new RangeError(
        `dropout: key, got [${key.join()}], expected two 32-bit words, as key() and fold() make them`,
      );
    return x.shape;
  },
  forward: (y, [x], { p, key }) => engine().kernels.dropout(x.ptr, y.ptr, x.size, p, key[0], key[1]),
  vjp: [(g, { attrs, out }) => dropoutOp([g], attrs, out)],
});

/** Zeroes each element with probability p and scales the rest by 1/(1-p); which ones is decided by the key alone. */
export function dropout(x: Tensor, p: number, key: Key): Tensor<"f32"> {
  return p === 0 ? (x as Tensor<"f32">) : dropoutOp([x], { p, key });
}
