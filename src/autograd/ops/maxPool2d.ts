import { engine } from "../../runtime/engine.ts";
import { defineOp, notTwice, type Op } from "../op.ts";
import { alike, formatShape, isSize, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

interface Window {
  readonly kernel: number;
  readonly stride: number;
  /** max(0, .) in the same pass: pooling and ReLU commute, and one backward pass serves both. */
  readonly relu: boolean;
}

function pooled(x: Shape, { kernel, stride }: Window): Shape {
  const [n, c, h, w] = x;
  if (!(isSize(kernel) && kernel >= 1 && isSize(stride) && stride >= 1))
    throw new RangeError(`maxPool2d: kernel and stride at least 1, integers, got ${kernel} and ${stride}`);
  if (x.length !== 4 || h! < kernel || w! < kernel)
    throw new RangeError(`maxPool2d: [batch,channels,h,w] with h, w >= ${kernel} expected, got ${formatShape(x)}`);
  return [n!, c!, Math.floor((h! - kernel) / stride) + 1, Math.floor((w! - kernel) / stride) + 1];
}

const maxPool2dOp: Op<readonly [Tensor], Window> = /* @__PURE__ */ defineOp<readonly [Tensor], Window>({
  name: "maxPool2d",
  shape: ([x], attrs) => pooled(x.shape, attrs),
  forward: (y, [x], { kernel, stride, relu }) => {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    engine().kernels.maxPool2d(x.ptr, y.ptr, n * c, h, w, kernel, stride, +relu);
  },
  vjp: [(g, { x: [x], y, attrs }) => maxPool2dGradOp([x, y, g], attrs)],
});

const maxPool2dGradOp: Op<readonly [Tensor, Tensor, Tensor], Window> = /* @__PURE__ */ defineOp<
  readonly [x: Tensor, y: Tensor, g: Tensor],
  Window
>({
  name: "maxPool2dGrad",
  shape: ([x, y, g], attrs) => {
    alike("maxPool2dGrad", pooled(x.shape, attrs), y.shape, g.shape);
    return x.shape;
  },
  forward: (gx, [x, y, g], { kernel, stride, relu }) => {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    engine().kernels.maxPool2dGrad(x.ptr, y.ptr, g.ptr, gx.ptr, n * c, h, w, kernel, stride, +relu);
  },
  vjp: [null, null, notTwice("maxPool2d")],
});

/**
 * The largest value of each window, without padding; the first of equals gets the gradient, as in PyTorch. A
 * window with a NaN is NaN, and passes no gradient back (PyTorch gives it to the NaN).
 * @param x [batch, channels, h, w]
 */
export function maxPool2d(
  x: Tensor,
  { kernel = 2, stride = kernel, relu = false }: { kernel?: number; stride?: number; relu?: boolean } = {},
): Tensor<"f32"> {
  return maxPool2dOp([x], { kernel, stride, relu });
}
