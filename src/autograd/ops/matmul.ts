// Matrix products, and the affine layer with its activation fused in.
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op, type Vjp } from "../op.ts";
import { formatShape, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { reluGrad } from "./activation.ts";
import { batchMatmul } from "./batchMatmul.ts";
import { reshape } from "./reshape.ts";
import { sumRows } from "./sum.ts";

/** Which operands are read transposed. */
export interface MatmulOptions {
  /** Whether the first is transposed on its last two axes. */
  readonly transA?: boolean;
  /** Whether the second is. */
  readonly transB?: boolean;
}

type Pair = readonly [Tensor, Tensor];

interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

function sizes(a: Shape, b: Shape, { transA = false, transB = false }: MatmulOptions): Sizes {
  if (a.length !== 2 || b.length !== 2)
    throw new RangeError(`matmul: two matrices expected, got ${formatShape(a)} and ${formatShape(b)}`);
  const k = a[transA ? 0 : 1]!;
  if (k !== b[transB ? 1 : 0])
    throw new RangeError(
      `matmul: inner dimensions differ, got ${formatShape(a)}${transA ? "^T" : ""} and ${formatShape(b)}${transB ? "^T" : ""}`,
    );
  return { m: a[transA ? 1 : 0]!, n: b[transB ? 0 : 1]!, k };
}

const matmulOp: Op<Pair, MatmulOptions> = /* @__PURE__ */ defineOp<Pair, MatmulOptions>({
  name: "matmul",
  shape: ([a, b], attrs) => {
    const { m, n } = sizes(a.shape, b.shape, attrs);
    return [m, n];
  },
  forward: (y, [a, b], attrs) => {
    const { m, n, k } = sizes(a.shape, b.shape, attrs);
    const { transA = false, transB = false } = attrs;
    engine().kernels.matmul(a.ptr, b.ptr, y.ptr, m, n, k, a.shape[1]!, b.shape[1]!, n, +transA, +transB, 0);
  },
  // Y = AB: dA = G B^T, dB = A^T G, and the transposes of both where an operand was read transposed
  vjp: [
    (g, { x: [, b], attrs: { transA = false, transB = false }, out }) =>
      transA ? matmulOp([b, g], { transA: transB, transB: true }, out) : matmulOp([g, b], { transB: !transB }, out),
    (g, { x: [a], attrs: { transA = false, transB = false }, out }) =>
      transB ? matmulOp([g, a], { transA: true, transB: transA }, out) : matmulOp([a, g], { transA: !transA }, out),
  ],
});

type Layer = readonly [x: Tensor, w: Tensor, b: Tensor | null];

interface Activation {
  readonly relu: boolean;
}

/** Hands on the gradient in front of a fused ReLU. */
export function throughRelu<X extends readonly (Tensor | null)[], A extends Activation>(): Vjp<X, A> {
  return (g, { y, attrs }) => (attrs.relu ? reluGrad(y, g) : g);
}

const linearOp: Op<Layer, Activation> = /* @__PURE__ */ defineOp<Layer, Activation>({
  name: "linear",
  shape: ([x, w, b]) => {
    if (x.shape.length !== 2 || w.shape.length !== 2 || x.shape[1] !== w.shape[1])
      throw new RangeError(
        `linear: [batch,in] and [out,in] expected, got ${formatShape(x.shape)} and ${formatShape(w.shape)}`,
      );
    if (b && (b.shape.length !== 1 || b.shape[0] !== w.shape[0]))
      throw new RangeError(`linear: a bias of ${formatShape([w.shape[0]!])} expected, got ${formatShape(b.shape)}`);
    return [x.shape[0]!, w.shape[0]!];
  },
  forward: (y, [x, w, b], { relu }) =>
    engine().kernels.linear(x.ptr, w.ptr, b?.ptr ?? 0, y.ptr, x.shape[0]!, w.shape[0]!, w.shape[1]!, +relu),
  through: throughRelu(),
  vjp: [
    (g, { x: [, w], out }) => matmulOp([g, w], PLAIN, out),
    (g, { x: [x], out }) => matmulOp([g, x], TRANSPOSED, out),
    (g, { out }) => sumRows(g, out),
  ],
});

const PLAIN: MatmulOptions = {};
const TRANSPOSED: MatmulOptions = { transA: true };

/**
 * Y = A B for matrices, either read transposed in its last two axes; written to `out` if given. With more axes these are
 * stacks of matrices, whose leading axes broadcast.
 * @param a [..., m, k], or [..., k, m] with transA
 * @param b [..., k, n], or [..., n, k] with transB
 * @returns [..., m, n]
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = PLAIN, out?: Tensor): Tensor<"f32"> {
  const ranks = [a.shape.length, b.shape.length] as const;
  if (out || Math.max(...ranks) <= 2 || Math.min(...ranks) < 2) return matmulOp([a, b], options, out);
  if (ranks[1] > 2 || options.transA) return batchMatmul(a, b, options);
  // one product: the rows of all matrices below each other
  const y = matmulOp([reshape(a, [a.size / a.shape.at(-1)!, a.shape.at(-1)!]), b], options);
  return reshape(y, [...a.shape.slice(0, -1), y.shape[1]!]);
}

/**
 * Y = X W^T + b, optionally max(0, .) in the same pass.
 * @param x [batch, in]
 * @param w [out, in], as PyTorch stores it
 * @param b [out] or null
 */
export function linear(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  { relu = false }: { relu?: boolean } = {},
): Tensor<"f32"> {
  return linearOp([x, w, b], { relu });
}
