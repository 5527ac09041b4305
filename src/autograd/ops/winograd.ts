// Convolution with kernels of 3x3 and stride 1 by tiles of 4x4 outputs (Winograd), for what has channels enough to pay for the
// transforms. Each of value and gradients is bilinear, so each one's gradients are the other two.
import { extra } from "../../runtime/extra.ts";
import { defineOp, type Op } from "../op.ts";
import { formatShape, type Shape } from "../shape.ts";
import { scratch, type Tensor } from "../tensor.ts";
import { conv2d, conv2dGradBias, conv2dGradWeight } from "./conv2d.ts";
import { permute } from "./permute.ts";
import { flip } from "./strided.ts";

interface Padding {
  /** Zeros around a plane, 0 to 2. */
  readonly pad: number;
}

interface Plan extends Padding {
  /** Whether w is [in, out, 3, 3] and read from its end: the gradient of the input, padded by 2 less its padding. */
  readonly mirrored: boolean;
}

type Operands = readonly [x: Tensor, w: Tensor, b: Tensor | null];
type Pair = readonly [x: Tensor, g: Tensor];
type Four = readonly [number, number, number, number];

// elements of the weights' values, and of a row of tiles', that working memory is to hold at most
const MOST_WEIGHTS = 2 ** 20;
const MOST_ROW = 2 ** 16;

/** Throws unless x [batch, in, h, w] has a padded output of some size; returns its sides. */
function sidesOf(op: string, { shape }: Tensor, channels: number, { pad }: Padding): readonly [number, number] {
  const [oh, ow] = [2, 3].map((axis) => (shape[axis] ?? 0) + 2 * pad - 2) as [number, number];
  if (shape.length !== 4 || ![0, 1, 2].includes(pad) || !(oh >= 1 && ow >= 1 && shape[1]! >= 1 && channels >= 1))
    throw new RangeError(
      `${op}: got ${formatShape(shape)} with padding ${pad} for ${channels} channels, ` +
        `expected [batch,in,h,w] with padding 0, 1 or 2 and an output of some size`,
    );
  if (!fits(shape[1]!, channels, ow))
    throw new RangeError(`${op}: ${formatShape(shape)} for ${channels} channels is larger than kernels can address`);
  return [oh, ow];
}

function fits(ic: number, oc: number, ow: number): boolean {
  return (ic + 3) * (oc + 3) <= MOST_WEIGHTS && (ow + 4) * (Math.max(ic, oc) + 3) <= MOST_ROW * 4;
}

function work([n, ic]: Shape, oc: number, oh: number, ow: number): number {
  return scratch(extra().winogradScratchBytes(n!, ic!, oc, oh, ow)).ptr;
}

const winogradOp: Op<Operands, Plan> = /* @__PURE__ */ defineOp<Operands, Plan>({
  name: "winograd",
  shape: ([x, w, b], plan) => {
    const [inputs, outputs] = plan.mirrored ? [0, 1] : [1, 0];
    const channels = w.shape[outputs] ?? 0;
    const [oh, ow] = sidesOf("winograd", x, channels, plan);
    if (w.shape.length !== 4 || w.shape[2] !== 3 || w.shape[3] !== 3 || w.shape[inputs] !== x.shape[1])
      throw new RangeError(
        `winograd: weights, got ${formatShape(w.shape)}, ` +
          `expected ${plan.mirrored ? `[${x.shape[1]},out,3,3]` : `[out,${x.shape[1]},3,3]`}`,
      );
    if (b && (b.shape.length !== 1 || b.shape[0] !== channels))
      throw new RangeError(`winograd: bias, got ${formatShape(b.shape)}, expected [${channels}]`);
    return [x.shape[0]!, channels, oh, ow];
  },
  forward: (y, [x, w, b], { pad, mirrored }) => {
    const { 0: n, 1: ic, 2: ih, 3: iw } = x.shape as Four;
    const { 1: oc, 2: oh, 3: ow } = y.shape as Four;
    const pointers = [x.ptr, w.ptr, b?.ptr ?? 0, y.ptr] as const;
    extra().winograd(...pointers, n, ic, ih, iw, oc, pad, +mirrored, work(x.shape, oc, oh, ow));
  },
  vjp: [
    (g, { x: [, w], attrs: { pad, mirrored }, out }) =>
      mirrored ? winogradOp([g, w, null], { pad: 2 - pad, mirrored: false }, out) : gradInput(w, g, pad, out),
    (g, { x: [x], attrs: { pad, mirrored }, out }) =>
      mirrored ? gradWeight(g, x, 2 - pad, out) : gradWeight(x, g, pad, out),
    (g, { out }) => conv2dGradBias(g, out),
  ],
});

// of fewer channels or tiles the direct kernels' sums are so short that tiles would have more than four times their errors
const LEAST_OUTPUTS = 32;
const LEAST_TILES = 128;

function gradInput(w: Tensor, g: Tensor, pad: number, out: Tensor | undefined): Tensor<"f32"> {
  if (w.shape[0]! >= LEAST_OUTPUTS) return winogradOp([g, w, null], { pad: 2 - pad, mirrored: true }, out);
  // lanes are pixels there, of which a plane has more than channels
  return conv2d(g, flip(flip(permute(w, [1, 0, 2, 3]), 2), 3), null, { pad: 2 - pad });
}

function gradWeight(x: Tensor, g: Tensor, pad: number, out: Tensor | undefined): Tensor<"f32"> {
  const { 0: batch, 1: oc, 2: oh, 3: ow } = g.shape as Four;
  if (batch * Math.ceil(oh / 4) * Math.ceil(ow / 4) >= LEAST_TILES) return winogradGradWeightOp([x, g], { pad }, out);
  return conv2dGradWeight(x, g, { stride: 1, pad, input: x.shape, weight: [oc, x.shape[1]!, 3, 3] }, out);
}

const winogradGradWeightOp: Op<Pair, Padding> = /* @__PURE__ */ defineOp<Pair, Padding>({
  name: "winogradGradWeight",
  shape: ([x, g], plan) => {
    const channels = g.shape[1] ?? 0;
    const [oh, ow] = sidesOf("winogradGradWeight", x, channels, plan);
    if (g.shape.length !== 4 || g.shape[0] !== x.shape[0] || g.shape[2] !== oh || g.shape[3] !== ow)
      throw new RangeError(
        `winogradGradWeight: gradient, got ${formatShape(g.shape)}, expected [${x.shape[0]},out,${oh},${ow}]`,
      );
    return [channels, x.shape[1]!, 3, 3];
  },
  forward: (gw, [x, g], { pad }) => {
    const { 0: n, 1: ic, 2: ih, 3: iw } = x.shape as Four;
    const { 1: oc, 2: oh, 3: ow } = g.shape as Four;
    extra().winogradGradWeight(x.ptr, g.ptr, gw.ptr, n, ic, ih, iw, oc, pad, work(x.shape, oc, oh, ow));
  },
  vjp: [
    (u, { x: [, g], attrs: { pad } }) => winogradOp([g, u, null], { pad: 2 - pad, mirrored: true }),
    (u, { x: [x], attrs: { pad } }) => winogradOp([x, u, null], { pad, mirrored: false }),
  ],
});

// fewer channels than fill the tiles of a product, or outputs that mostly lie beyond the plane, and direct kernels are faster
const LEAST_CHANNELS = 16;
const LEAST_SHARE = 0.55;

// whether value and both gradients are faster in tiles: a question of shapes alone
function pays(x: Shape, w: Shape, { stride, pad }: Windows): boolean {
  const [oc, ic, kh, kw] = w as Four;
  if (stride !== 1 || kh !== 3 || kw !== 3 || pad > 2 || Math.min(ic, oc) < LEAST_CHANNELS) return false;
  const [oh, ow] = [x[2]! + 2 * pad - 2, x[3]! + 2 * pad - 2];
  const covered = 16 * Math.ceil(oh / 4) * Math.ceil(ow / 4);
  return fits(ic, oc, ow) && oh * ow >= LEAST_SHARE * covered;
}

interface Windows extends Padding {
  /** From one window to the next. */
  readonly stride: number;
}

/**
 * Cross-correlation with one stride and one padding for both axes: by tiles where that is faster, which are the same sums in another
 * order, with an error of up to four times that of `conv2d`; and of numbers near the largest, or beyond, NaN for all that a tile sees.
 * @param x [batch, in, h, w]
 * @param w [out, in, kh, kw]
 * @param b [out] or null
 * @returns [batch, out, (h + 2 pad - kh) / stride + 1, (w + 2 pad - kw) / stride + 1], rounded down
 */
export function plain(x: Tensor, w: Tensor, b: Tensor | null, windows: Windows): Tensor<"f32"> {
  if (!pays(x.shape, w.shape, windows)) return conv2d(x, w, b, windows);
  return winogradOp([x, w, b], { pad: windows.pad, mirrored: false });
}
