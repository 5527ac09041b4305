// The transpose of a convolution, which is its gradient in the input.
import { formatShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { along, checkBias, convolveGradInputOp, flat, row, withBias } from "./convolve.ts";
import { pairOf, type PerAxis } from "./window.ts";

/** The convolution whose gradient this is. */
export interface ConvolveTransposedOptions {
  /** From one window to the next, 1 unless said. */
  readonly stride?: PerAxis;
  /** Zeros at the ends of each axis of the output, 0 unless said. */
  readonly pad?: PerAxis;
  /** From one element of a kernel to the next, 1 unless said. */
  readonly dilation?: PerAxis;
  /** In how many parts channels are, each with kernels of its own; 1 unless said. */
  readonly groups?: number;
  /** Of the sizes that a stride rounds to this one, so many above the smallest. */
  readonly outputPad?: PerAxis;
}

/**
 * The transpose of `convolve`, as torch.nn.functional.conv_transpose2d: (h - 1) stride - 2 pad + dilation (kh - 1) + outputPad + 1.
 * @param x [batch, in, h, w], or [batch, in, length]
 * @param w [in, out / groups, kh, kw], or [in, out / groups, k]
 * @param b [out] or null
 */
export function convolveTransposed(
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  options: ConvolveTransposedOptions = {},
): Tensor<"f32"> {
  if (x.shape.length === 3 && w.shape.length === 3)
    return flat(x, (x4) => convolveTransposed(x4, row(w), b, lengthwise(options)));
  const { groups = 1 } = options;
  const op = "convolveTransposed";
  const stride = pairOf(op, "stride", options.stride ?? 1, 1);
  const before = pairOf(op, "pad", options.pad ?? 0, 0);
  const dilation = pairOf(op, "dilation", options.dilation ?? 1, 1);
  const extra = pairOf(op, "outputPad", options.outputPad ?? 0, 0);
  const { shape: output } = x;
  const { shape: weight } = w;
  if (
    output.length !== 4 ||
    weight.length !== 4 ||
    output[1] !== weight[0] ||
    !(Number.isInteger(groups) && groups >= 1) ||
    weight[0]! % groups !== 0
  )
    throw new RangeError(
      `${op}: got ${formatShape(output)} and ${formatShape(weight)} in ${groups} groups, ` +
        `expected [batch,in,h,w] and [in,out/groups,kh,kw], or [batch,in,length] and [in,out/groups,k]`,
    );
  if (extra.some((n, i) => n >= Math.max(stride[i]!, dilation[i]!)))
    throw new RangeError(`${op}: got outputPad ${extra.join("x")}, expected less than stride or dilation`);
  checkBias(op, b, weight[1]! * groups);
  const size = [0, 1].map(
    (i) => (output[i + 2]! - 1) * stride[i]! - 2 * before[i]! + (weight[i + 2]! - 1) * dilation[i]! + extra[i]! + 1,
  );
  if (!(size[0]! >= 1 && size[1]! >= 1))
    throw new RangeError(`${op}: padding ${before.join("x")} leaves nothing of ${formatShape(output)}`);
  const input = [output[0]!, weight[1]! * groups, ...size];
  return withBias(convolveGradInputOp([x, w], { stride, before, dilation, groups, input, weight, output }), b);
}

function lengthwise({
  /** From one window to the next, 1 unless said. */
  stride = 1,
  pad = 0,
  dilation = 1,
  groups = 1,
  outputPad = 0,
}: ConvolveTransposedOptions): ConvolveTransposedOptions {
  const padding = { pad: along(pad, 0), outputPad: along(outputPad, 0) };
  return { stride: along(stride, 1), dilation: along(dilation, 1), groups, ...padding };
}
