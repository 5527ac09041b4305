// Convolution in two dimensions and both of its gradients; each is bilinear, so each one's gradients are the other two.
import { engine } from "../../runtime/engine.ts";
import { defineOp, type Op } from "../op.ts";
import { alike, checkShape, formatShape, isSize, type Shape } from "../shape.ts";
import { scratch, type Tensor } from "../tensor.ts";
import { expand } from "./expand.ts";
import { throughRelu } from "./matmul.ts";
import { reshape } from "./reshape.ts";

interface Geometry {
  /** From one window to the next, 1 unless said. */
  readonly stride: number;
  /** Zeros around a plane, 0 unless said. */
  readonly pad: number;
}

interface Forward extends Geometry {
  /** Whether what is below 0 becomes 0. */
  readonly relu: boolean;
}

/** The gradients need the size that a stride rounds away. */
interface Backward extends Geometry {
  readonly input: Shape;
  readonly weight: Shape;
}

type Pair = readonly [Tensor, Tensor];
type Four = readonly [number, number, number, number];

function outputShape(x: Shape, w: Shape, { stride, pad }: Geometry): Shape {
  if (x.length !== 4 || w.length !== 4 || x[1] !== w[1] || !(w[2]! >= 1 && w[3]! >= 1))
    throw new RangeError(
      `conv2d: [batch,in,h,w] and [out,in,kh,kw] expected, got ${formatShape(x)} and ${formatShape(w)}`,
    );
  if (!(isSize(stride) && stride >= 1 && isSize(pad)))
    throw new RangeError(`conv2d: stride at least 1 and pad at least 0, integers, got ${stride} and ${pad}`);
  const oh = Math.floor((x[2]! + 2 * pad - w[2]!) / stride) + 1;
  const ow = Math.floor((x[3]! + 2 * pad - w[3]!) / stride) + 1;
  if (!(oh >= 1 && ow >= 1))
    throw new RangeError(
      `conv2d: the kernel of ${formatShape(w)} is larger than the input ${formatShape(x)} with padding ${pad}`,
    );
  // the kernels' working memory for a sample, which they address with 32 bits: it, padded, and the output's gradient
  // with its strides laid open, four times
  const places = (x[2]! + 2 * pad) * (x[3]! + 2 * pad);
  if (!(places * Math.max(x[1]!, 4 * (w[0]! + 3)) < MOST_PLACES))
    throw new RangeError(
      `conv2d: a sample of ${formatShape(x)} with padding ${pad} for ${w[0]} channels is larger than kernels can address`,
    );
  return [x[0]!, w[0]!, oh, ow];
}

// in elements: 4 GiB less what tables and weights may take
const MOST_PLACES = 2 ** 30 - 2 ** 26;

/** What a gradient's attributes make the output; they are a caller's word where it is run by name. */
function behind(op: string, attrs: Backward): Shape {
  checkShape(op, attrs.input);
  checkShape(op, attrs.weight);
  return outputShape(attrs.input, attrs.weight, attrs);
}

const conv2dOp: Op<readonly [Tensor, Tensor, Tensor | null], Forward> = /* @__PURE__ */ defineOp<
  readonly [x: Tensor, w: Tensor, b: Tensor | null],
  Forward
>({
  name: "conv2d",
  shape: (of, attrs) => {
    const x = of[0];
    const w = of[1];
    const b = of[2];
    if (b && (b.shape.length !== 1 || b.shape[0] !== w.shape[0]))
      throw new RangeError(`conv2d: a bias of ${formatShape([w.shape[0]!])} expected, got ${formatShape(b.shape)}`);
    return outputShape(x.shape, w.shape, attrs);
  },
  forward: (y, of, { stride, pad, relu }) => {
    const { kernels } = engine();
    const x = of[0];
    const w = of[1];
    const b = of[2];
    const { 0: n, 1: ic, 2: ih, 3: iw } = x.shape as Four;
    const { 0: oc, 2: kh, 3: kw } = w.shape as Four;
    const work = scratch(kernels.conv2dScratchBytes(n, ic, ih, iw, oc, kh, kw, stride, pad));
    const bias = b?.ptr ?? 0;
    kernels.conv2d(x.ptr, w.ptr, bias, y.ptr, n, ic, ih, iw, oc, kh, kw, stride, pad, +relu, work.ptr);
  },
  through: throughRelu(),
  vjp: [
    (g, { x, attrs, out }) => conv2dGradInputOp([g, x[1]], geometry(x[0], x[1], attrs), out),
    (g, { x, attrs, out }) => conv2dGradWeightOp([x[0], g], geometry(x[0], x[1], attrs), out),
    (g, { out }) => conv2dGradBiasOp([g], undefined, out),
  ],
});

const conv2dGradInputOp: Op<Pair, Backward> = /* @__PURE__ */ defineOp<Pair, Backward>({
  name: "conv2dGradInput",
  shape: (of, attrs) => {
    alike("conv2dGradInput", behind("conv2dGradInput", attrs), of[0].shape);
    alike("conv2dGradInput", attrs.weight, of[1].shape);
    return attrs.input;
  },
  forward: (gx, of, { input, weight, stride, pad }) => {
    const { kernels } = engine();
    const g = of[0];
    const w = of[1];
    const { 0: n, 1: ic, 2: ih, 3: iw } = input as Four;
    const { 0: oc, 2: kh, 3: kw } = weight as Four;
    const work = scratch(kernels.conv2dGradInputScratchBytes(n, ic, ih, iw, oc, kh, kw, stride, pad));
    kernels.conv2dGradInput(g.ptr, w.ptr, gx.ptr, n, ic, ih, iw, oc, kh, kw, stride, pad, work.ptr);
  },
  vjp: [
    (u, { x: [, w], attrs }) => conv2dOp([u, w, null], { ...attrs, relu: false }),
    (u, { x: [g], attrs }) => conv2dGradWeightOp([u, g], attrs),
  ],
});

const conv2dGradWeightOp: Op<Pair, Backward> = /* @__PURE__ */ defineOp<Pair, Backward>({
  name: "conv2dGradWeight",
  shape: (of, attrs) => {
    alike("conv2dGradWeight", behind("conv2dGradWeight", attrs), of[1].shape);
    alike("conv2dGradWeight", attrs.input, of[0].shape);
    return attrs.weight;
  },
  forward: (gw, of, { input, weight, stride, pad }) => {
    const { kernels } = engine();
    const x = of[0];
    const g = of[1];
    const { 0: n, 1: ic, 2: ih, 3: iw } = input as Four;
    const { 0: oc, 2: kh, 3: kw } = weight as Four;
    const work = scratch(kernels.conv2dGradWeightScratchBytes(n, ic, ih, iw, oc, kh, kw, stride, pad));
    kernels.conv2dGradWeight(x.ptr, g.ptr, gw.ptr, n, ic, ih, iw, oc, kh, kw, stride, pad, work.ptr);
  },
  vjp: [
    (u, { x: [, g], attrs }) => conv2dGradInputOp([g, u], attrs),
    (u, { x: [x], attrs }) => conv2dOp([x, u, null], { ...attrs, relu: false }),
  ],
});

const conv2dGradBiasOp: Op<readonly [Tensor], undefined> = /* @__PURE__ */ defineOp<readonly [Tensor]>({
  name: "conv2dGradBias",
  shape: ([g]) => {
    if (g.shape.length !== 4)
      throw new RangeError(`conv2dGradBias: [batch,out,h,w] expected, got ${formatShape(g.shape)}`);
    return [g.shape[1]!];
  },
  forward: (gb, [g]) =>
    engine().kernels.conv2dGradBias(g.ptr, gb.ptr, g.shape[0]!, g.shape[1]!, g.shape[2]! * g.shape[3]!),
  vjp: [(u, { x: [g] }) => expand(reshape(u, [1, u.size, 1, 1]), g.shape)],
});

/** The gradient of the weights, from x and the output's gradient. */
export function conv2dGradWeight(x: Tensor, g: Tensor, geometry: Backward, out?: Tensor): Tensor<"f32"> {
  return conv2dGradWeightOp([x, g], geometry, out);
}

/** The gradient of a bias, [out], from that of [batch, out, h, w]. */
export function conv2dGradBias(g: Tensor, out?: Tensor): Tensor<"f32"> {
  return conv2dGradBiasOp([g], undefined, out);
}

function geometry(x: Tensor, w: Tensor, { stride, pad }: Geometry): Backward {
  return { stride, pad, input: x.shape, weight: w.shape };
}

/** Stride, zero padding on every side, and whether max(0, .) is applied in the same pass. */
export interface Conv2dOptions {
  /** From one window to the next, 1 unless said. */
  readonly stride?: number;
  /** Zeros around a plane, 0 unless said. */
  readonly pad?: number;
  /** Whether what is below 0 becomes 0. */
  readonly relu?: boolean;
}

/**
 * Cross-correlation as in torch.nn.functional.conv2d.
 * @param x [batch, in, h, w]
 * @param w [out, in, kh, kw]
 * @param b [out] or null
 * @returns [batch, out, (h + 2 pad - kh) / stride + 1, (w + 2 pad - kw) / stride + 1], rounded down
 */
export function conv2d(x: Tensor, w: Tensor, b: Tensor | null, options: Conv2dOptions = {}): Tensor<"f32"> {
  const { stride = 1, pad = 0, relu = false } = options;
  return conv2dOp([x, w, b], { stride, pad, relu });
}
