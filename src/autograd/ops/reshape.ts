import { defineOp, type Op } from "../op.ts";
import { formatShape, ownShape, sameShape, type Shape, sizeOf } from "../shape.ts";
import { type DType, type Tensor, view } from "../tensor.ts";

const reshapeOp: Op<readonly [Tensor], Shape, DType> = /* @__PURE__ */ defineOp<readonly [Tensor], Shape, DType>({
  name: "reshape",
  view: (of, shape) => {
    const x = of[0];
    if (sizeOf(shape) !== x.size)
      throw new RangeError(`reshape: ${formatShape(x.shape)} has ${x.size} elements, got ${formatShape(shape)}`);
    return view(x, 0, shape, "reshape");
  },
  vjp: [(g, { x }) => reshape(g, x[0].shape)],
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
  const sizes = shape.slice();
  let open = -1;
  let known = 1;
  let several = false;
  for (let i = 0; i < sizes.length; i++) {
    if (sizes[i] !== -1) known *= sizes[i]!;
    else {
      several ||= open >= 0;
      open = i;
    }
  }
  if (several || known === 0 || x.size % known !== 0)
    throw new RangeError(`reshape: cannot infer -1 of ${formatShape(shape)} for ${formatShape(x.shape)}`);
  sizes[open] = x.size / known;
  return sizes;
}
