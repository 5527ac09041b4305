// Average pooling; its gradient is linear, so each is the other's.
import { engine } from "../../runtime/engine.ts";
import { extra } from "../../runtime/extra.ts";
import { wordAt } from "../../runtime/memory.ts";
import { defineOp, type Op } from "../op.ts";
import { alike, formatShape, type Shape } from "../shape.ts";
import { empty, type Tensor } from "../tensor.ts";
import { fillInto } from "./fill.ts";
import { matmul } from "./matmul.ts";
import { pair, pairOf, type PerAxis } from "./window.ts";

interface Window {
  /** Height and width of a window. */
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Zeros around a plane; 0 unless said. */
  readonly pad: readonly [number, number];
  /** Whether padding counts as zeros. */
  readonly padded: boolean;
}

interface Behind extends Window {
  readonly input: Shape;
}

type Arguments = [
  planes: number,
  ih: number,
  iw: number,
  oh: number,
  ow: number,
  kh: number,
  kw: number,
  sh: number,
  sw: number,
  top: number,
  left: number,
  padded: number,
];

function sizes(x: Shape, y: Shape, { kernel, stride, pad, padded }: Window): Arguments {
  const [n, c, ih, iw] = x as readonly [number, number, number, number];
  return [n * c, ih, iw, y[2]!, y[3]!, ...kernel, ...stride, ...pad, +padded];
}

function averaged(x: Shape, { kernel, stride, pad }: Window): Shape {
  pairOf("avgPool2d", "kernel", kernel, 1);
  pairOf("avgPool2d", "stride", stride, 1);
  pairOf("avgPool2d", "pad", pad, 0);
  if (pad.some((size, i) => size > kernel[i]! / 2))
    throw new RangeError(
      `avgPool2d: got pad ${pad.join("x")}, expected at most half of the kernel ${kernel.join("x")}`,
    );
  const out = [0, 1].map((i) => Math.floor((x[i + 2]! + 2 * pad[i]! - kernel[i]!) / stride[i]!) + 1);
  if (x.length !== 4 || !(x[2]! >= 1 && x[3]! >= 1 && out[0]! >= 1 && out[1]! >= 1))
    throw new RangeError(
      `avgPool2d: got ${formatShape(x)}, expected [batch,channels,h,w] with room for a window of ${kernel.join("x")}`,
    );
  return [x[0]!, x[1]!, ...out];
}

const avgPool2dOp: Op<readonly [Tensor], Window> = /* @__PURE__ */ defineOp<readonly [Tensor], Window>({
  name: "avgPool2d",
  shape: ([x], window) => averaged(x.shape, window),
  forward: (y, [x], window) => extra().avgPool2d(x.ptr, y.ptr, ...sizes(x.shape, y.shape, window)),
  vjp: [(g, { x: [x], attrs }) => avgPool2dGradOp([g], { ...attrs, input: x.shape })],
});

const avgPool2dGradOp: Op<readonly [Tensor], Behind> = /* @__PURE__ */ defineOp<readonly [g: Tensor], Behind>({
  name: "avgPool2dGrad",
  shape: ([g], window) => {
    alike("avgPool2dGrad", averaged(window.input, window), g.shape);
    return window.input;
  },
  forward: (gx, [g], window) =>
    extra().avgPool2dGrad(g.ptr, gx.ptr, ...sizes(gx.shape, averaged(gx.shape, window), window)),
  vjp: [(u, { attrs }) => avgPool2dOp([u], attrs)],
});

/** Sizes of the window; one number serves both axes. */
export interface AvgPoolOptions {
  /** Height and width of a window. */
  readonly kernel?: PerAxis;
  /** The kernel's unless said. */
  readonly stride?: PerAxis;
  /** Zeros around a plane; 0 unless said. */
  readonly pad?: PerAxis;
  /** Whether padding counts as zeros (PyTorch's count_include_pad), true unless said. */
  readonly countPad?: boolean;
}

/**
 * The mean of each window, as torch.nn.functional.avg_pool2d.
 * @param x [batch, channels, h, w]
 */
export function avgPool2d(
  x: Tensor,
  { kernel = 2, stride = kernel, pad = 0, countPad = true }: AvgPoolOptions = {},
): Tensor<"f32"> {
  const window = { kernel: pair(kernel), stride: pair(stride), pad: pair(pad), padded: countPad };
  return avgPool2dOp([x], window);
}

/**
 * Means of as many windows as the result is to have, of sizes as equal as can be, as torch.nn.functional.adaptive_avg_pool2d.
 * @param x [batch, channels, h, w]
 * @param size of the result, [h, w] or both
 */
export function adaptiveAvgPool2d(x: Tensor, size: PerAxis): Tensor<"f32"> {
  const [oh, ow] = pairOf("adaptiveAvgPool2d", "size", size, 1);
  const [, , h, w] = x.shape as readonly [number, number, number, number];
  if (x.shape.length !== 4 || h < 1 || w < 1)
    throw new RangeError(`adaptiveAvgPool2d: got ${formatShape(x.shape)}, expected [batch,channels,h,w]`);
  if (h % oh === 0 && w % ow === 0) return avgPool2d(x, { kernel: [h / oh, w / ow] });
  // windows of different sizes are rows of a matrix
  return matmul(matmul(shares(oh, h), x), shares(ow, w), { transB: true });
}

/** [out, size]: row i has 1/n in its n columns floor(i size / out) to ceil((i + 1) size / out). */
function shares(out: number, size: number): Tensor<"f32"> {
  // has its memory before anything is counted out: that it cannot be had is an error at once
  const y = fillInto(empty([out, size]), 0);
  const at = wordAt(y.ptr);
  const { f } = engine().memory;
  for (let i = 0; i < out; i++) {
    const from = Math.floor((i * size) / out);
    const to = Math.ceil(((i + 1) * size) / out);
    f.fill(1 / (to - from), at + i * size + from, at + i * size + to);
  }
  return y;
}
