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

/**
 * Calls a strided kernel over any number of axes: what is left beyond four after merging is walked here.
 * @param strided address of the first element that strides place
 * @param dense address of the contiguous elements
 */
export function overAxes(
  kernel: (strided: number, dense: number, sizes: Four, strides: Four) => void,
  strided: number,
  dense: number,
  shape: Shape,
  strides: readonly number[],
): void {
  if (sizeOf(shape) === 0) return;
  const plan = mergeAxes(shape, [[...strides]]);
  const walk = (from: number, to: number, sizes: number[], steps: number[]): void => {
    if (sizes.length <= 4)
      return kernel(from, to, [1, 1, 1, 1, ...sizes].slice(-4) as Four, [0, 0, 0, 0, ...steps].slice(-4) as Four);
    const inner = sizeOf(sizes.slice(1));
    for (let i = 0; i < sizes[0]!; i++)
      walk(from + i * steps[0]! * 4, to + i * inner * 4, sizes.slice(1), steps.slice(1));
  };
  walk(strided, dense, plan.sizes, plan.strides[0]!);
}

/** Four sizes or strides. */
export type Four = [number, number, number, number];

/** Writes `x`, broadcast or permuted by `strides`, contiguously to `y`. */
export function writeOut(x: Tensor, y: Tensor, strides: readonly number[], from: number = x.ptr): void {
  const { expand } = engine().kernels;
  overAxes((strided, dense, d, s) => expand(strided, dense, ...d, ...s), from, y.ptr, y.shape, strides);
}

/** Runs an element-wise kernel over two operands that broadcast to `y`. */
export function elementwise(kernel: BinaryKernel, y: Tensor, a: Tensor, b: Tensor): void {
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
  elementwise(kernel, y, full(a, y.shape), full(b, y.shape));
}

function full(x: Tensor, shape: Shape): Tensor<"f32"> {
  if (x.size === sizeOf(shape)) return x as Tensor<"f32">;
  const y = empty(shape);
  writeOut(x, y, broadcastStrides(x.shape, shape));
  return y;
}
