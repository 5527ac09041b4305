import { defineOp, type Op } from "../op.ts";
import { formatShape, ownShape, sameShape, type Shape, sizeOf } from "../shape.ts";
import { type DType, type Tensor, view } from "../tensor.ts";

const reshapeOp: Op<readonly [Tensor], Shape, DType> = /* @__PURE__ */ defineOp<readonly [Tensor], Shape, DType>({
  name: "reshape",
  view: ([x], shape) => {
    if (sizeOf(shape) !== x.size)
      throw new RangeError(`reshape: ${formatShape(x.shape)} has ${x.size} elements, got ${formatShape(shape)}`);
    return view(x, 0, shape, "reshape");
  },
  vjp: [(g, { x: [x] }) => reshape(g, x.shape)],
});

/**
 * The same elements in another shape, without copying. One size may be -1 and is worked out from the rest.
 * Throws RangeError when the numbers of elements differ.
 */
export function reshape<D extends DType>(x: Tensor<D>, shape: Shape): Tensor<D> {
  const wanted = shape.includes(-1) ? inferred(x, shape) : shape;
  return sameShape(x.shape, wanted) ? x : (reshapeOp([x], ownShape("reshape", wanted)) as Tensor<D>);
}

function inferred(x: Tensor, shape: Shape): Shape {
  const known = shape.reduce((n, size) => (size === -1 ? n : n * size), 1);
  if (shape.filter((size) => size === -1).length > 1 || known === 0 || x.size % known !== 0)
    throw new RangeError(`reshape: cannot infer -1 of ${formatShape(shape)} for ${formatShape(x.shape)}`);
  return shape.map((size) => (size === -1 ? x.size / known : size));
}
