// Products of stacks of matrices, one call per pair; leading axes broadcast.
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { broadcastShapes, broadcastStrides, formatShape, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Which operands are read transposed in their last two axes. */
interface Orientation {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

function sizes(a: Shape, b: Shape, { transA = false, transB = false }: Orientation): Sizes {
  const [rows, cols] = a.slice(-2) as [number, number];
  const [from, to] = b.slice(-2) as [number, number];
  const k = transA ? rows : cols;
  if (k !== (transB ? to : from))
    throw new RangeError(
      `matmul: inner dimensions differ, got ${formatShape(a)}${transA ? "^T" : ""} and ${formatShape(b)}${transB ? "^T" : ""}`,
    );
  return { m: transA ? cols : rows, n: transB ? from : to, k };
}

const batchMatmulOp: Op<readonly [Tensor, Tensor], Orientation> = /* @__PURE__ */ defineOp<
  readonly [Tensor, Tensor],
  Orientation
>({
  name: "batchMatmul",
  shape: ([a, b], attrs) => {
    const { m, n } = sizes(a.shape, b.shape, attrs);
    return [...broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
  },
  forward: (y, [a, b], attrs) => {
    const { m, n, k } = sizes(a.shape, b.shape, attrs);
    const { transA = false, transB = false } = attrs;
    const { matmul } = engine().kernels;
    const [lda, ldb] = [a.shape.at(-1)!, b.shape.at(-1)!];
    const batch = y.shape.slice(0, -2);
    const aSteps = broadcastStrides(a.shape.slice(0, -2), batch);
    const bSteps = broadcastStrides(b.shape.slice(0, -2), batch);
    const walk = (axis: number, from: number, by: number, to: number): void => {
      if (axis === batch.length) {
        const [ap, bp, yp] = [a.ptr + from * m * k * 4, b.ptr + by * k * n * 4, y.ptr + to * m * n * 4];
        return matmul(ap, bp, yp, m, n, k, lda, ldb, n, +transA, +transB, 0);
      }
      const inner = sizeOf(batch.slice(axis + 1));
      for (let i = 0; i < batch[axis]!; i++)
        walk(axis + 1, from + i * aSteps[axis]!, by + i * bSteps[axis]!, to + i * inner);
    };
    walk(0, 0, 0, 0);
  },
  // as for one pair; the engine sums over what was broadcast
  vjp: [
    (g, { x: [, b], attrs: { transA = false, transB = false } }) =>
      transA
        ? batchMatmul(b, g, { transA: transB, transB: true })
        : batchMatmul(g, b, { transA: false, transB: !transB }),
    (g, { x: [a], attrs: { transA = false, transB = false } }) =>
      transB
        ? batchMatmul(g, a, { transA: true, transB: transA })
        : batchMatmul(a, g, { transA: !transA, transB: false }),
  ],
});

/** Y[..., m, n] = A[..., m, k] B[..., k, n] for at least one axis in front of either's last two. */
export function batchMatmul(a: Tensor, b: Tensor, options: Orientation): Tensor<"f32"> {
  return batchMatmulOp([a, b], options);
}
