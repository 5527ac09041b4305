// Element-wise arithmetic of two operands with broadcasting. The engine sums gradients back over broadcast axes.
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { broadcastShapes } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { elementwise } from "./broadcast.ts";

type One = readonly [Tensor];
type Pair = readonly [Tensor, Tensor];
type Name = "sub" | "mul" | "div" | "maximum" | "minimum";

/** Declares an element-wise op of two broadcast operands over the kernel of its name. */
export function binary(name: Name, vjp: Op<Pair, undefined>["vjp"]): Op<Pair, undefined> {
  return defineOp<Pair>({
    name,
    shape: ([a, b]) => broadcastShapes(name, a.shape, b.shape),
    forward: (y, [a, b]) => elementwise(engine().kernels[name], y, a, b),
    vjp,
  });
}

const subOp: Op<Pair, undefined> = /* @__PURE__ */ binary("sub", [(g) => g, (g) => neg(g)]);
const mulOp: Op<Pair, undefined> = /* @__PURE__ */ binary("mul", [
  (g, { x: [, b] }) => mul(g, b),
  (g, { x: [a] }) => mul(g, a),
]);
// d(a/b)/db = -y/b
const divOp: Op<Pair, undefined> = /* @__PURE__ */ binary("div", [
  (g, { x: [, b] }) => div(g, b),
  (g, { x: [, b], y }) => neg(div(mul(g, y), b)),
]);
const negOp: Op<One, undefined> = /* @__PURE__ */ defineOp<One>({
  name: "neg",
  shape: ([x]) => x.shape,
  forward: (y, [x]) => engine().kernels.neg(x.ptr, y.ptr, x.size),
  vjp: [(g) => neg(g)],
});

interface Affine {
  readonly scale: number;
  readonly shift: number;
}

const affineOp: Op<One, Affine> = /* @__PURE__ */ defineOp<One, Affine>({
  name: "affine",
  shape: (of) => of[0].shape,
  forward: (y, of, { scale, shift }) => engine().kernels.affine(of[0].ptr, y.ptr, y.size, scale, shift),
  vjp: [(g, { attrs }) => affine(g, attrs.scale, 0)],
});

/** y = a - b, broadcast. */
export function sub(a: Tensor, b: Tensor): Tensor<"f32"> {
  return subOp([a, b], undefined);
}

/** y = a * b, element by element, broadcast; a number scales. */
export function mul(a: Tensor, b: Tensor | number): Tensor<"f32"> {
  return typeof b === "number" ? affine(a, b, 0) : mulOp([a, b], undefined);
}

/** y = a / b, element by element, broadcast. */
export function div(a: Tensor, b: Tensor): Tensor<"f32"> {
  return divOp([a, b], undefined);
}

/** y = -x. */
export function neg(x: Tensor): Tensor<"f32"> {
  return negOp([x], undefined);
}

/** y = scale x + shift, for numbers known outside the graph. */
export function affine(x: Tensor, scale: number, shift: number): Tensor<"f32"> {
  return affineOp([x], { scale, shift });
}
