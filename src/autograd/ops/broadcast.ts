// How an element-wise kernel walks two operands of different shapes: axes that lie the same way are merged until two
// are left; where that fails, an operand is written out in full first.
import { engine } from "../../runtime/engine.ts";
import { broadcastStrides, type Shape, sizeOf } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";

/** An element-wise kernel of two operands with a row and a column stride each. */
export type BinaryKernel = (
  a: number,
  b: number,
  y: number,
  rows: number,
  cols: number,
  aRow: number,
  aCol: number,
  bRow: number,
  bCol: number,
) => void;

/** Sizes and one stride list per operand after merging every pair of axes that no operand tells apart. */
export function mergeAxes(shape: Shape, strides: readonly number[][]): { sizes: number[]; strides: number[][] } {
  const sizes: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    if (size === 1) continue;
    const inner = sizes.length > 0;
    if (inner && strides.every((s, i) => s[axis] === merged[i]![0]! * sizes[0]!)) sizes[0]! *= size;
    else {
      sizes.unshift(size);
      strides.forEach((s, i) => merged[i]!.unshift(s[axis]!));
    }
  }
  return { sizes, strides: merged };
}

/** Writes `x`, broadcast or permuted by `strides`, contiguously to `y`; at most four axes after merging. */
export function writeOut(name: string, x: Tensor, y: Tensor, strides: readonly number[], from: number = x.ptr): void {
  const plan = mergeAxes(y.shape, [[...strides]]);
  if (plan.sizes.length > 4)
    throw new RangeError(`${name}: at most 4 axes after merging, got ${plan.sizes.length}; reshape before`);
  const [s0, s1, s2, s3] = [0, 0, 0, 0, ...plan.strides[0]!].slice(-4) as [number, number, number, number];
  const [d0, d1, d2, d3] = [1, 1, 1, 1, ...plan.sizes].slice(-4) as [number, number, number, number];
  if (y.size > 0) engine().kernels.expand(from, y.ptr, d0, d1, d2, d3, s0, s1, s2, s3);
}

/** Runs an element-wise kernel over two operands that broadcast to `y`. */
export function elementwise(name: string, kernel: BinaryKernel, y: Tensor, a: Tensor, b: Tensor): void {
  const n = y.size;
  if (a.size === n && b.size === n) return kernel(a.ptr, b.ptr, y.ptr, 1, n, 0, 1, 0, 1);
  if (b.size === 1) return kernel(a.ptr, b.ptr, y.ptr, 1, n, 0, 1, 0, 0);
  if (a.size === 1) return kernel(a.ptr, b.ptr, y.ptr, 1, n, 0, 0, 0, 1);
  const { sizes, strides } = mergeAxes(y.shape, [
    broadcastStrides(a.shape, y.shape),
    broadcastStrides(b.shape, y.shape),
  ]);
  const [as, bs] = strides as [number[], number[]];
  // at most one axis is left only when both operands have all elements, which was handled above
  if (sizes.length === 2 && as[1]! <= 1 && bs[1]! <= 1)
    return kernel(a.ptr, b.ptr, y.ptr, sizes[0]!, sizes[1]!, as[0]!, as[1]!, bs[0]!, bs[1]!);
  elementwise(name, kernel, y, full(name, a, y.shape), full(name, b, y.shape));
}

function full(name: string, x: Tensor, shape: Shape): Tensor {
  if (x.size === sizeOf(shape)) return x;
  const y = empty(shape);
  writeOut(name, x, y, broadcastStrides(x.shape, shape));
  return y;
}
