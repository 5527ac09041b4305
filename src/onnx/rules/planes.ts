// Convolutions and pools.
import type { Tensor } from "../../autograd/tensor.ts";
import { type Emit, names, rectified, type Rules } from "../rule.ts";

interface Convolution {
  readonly stride: readonly [number, number];
  readonly before: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

interface Averages {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  readonly padded: boolean;
}

interface Transposed extends Convolution {
  /** Of the convolution whose gradient this is: its input, [batch, in, h, w]. */
  readonly input: readonly number[];
}

const transposed: Emit = (to, _, x, { stride, before, dilation, groups, input }: Transposed) => {
  const [small, weight] = x as readonly [Tensor, Tensor];
  const after = [0, 1].map((axis) => {
    const reach = (weight.shape[2 + axis]! - 1) * dilation[axis]! + 1;
    return (small.shape[2 + axis]! - 1) * stride[axis]! + reach - before[axis]! - input[2 + axis]!;
  });
  return to.node("ConvTranspose", names(to, x), {
    strides: stride,
    pads: [...before, ...after.map((size) => Math.max(0, size))],
    // beyond where the last kernel reaches
    output_padding: after.map((size) => Math.max(0, -size)),
    dilations: dilation,
    group: groups,
  });
};

export const planes: Rules = {
  conv2d: (to, _, x, { stride, pad, relu }: { stride: number; pad: number; relu: boolean }) => {
    const attributes = { strides: [stride, stride], pads: [pad, pad, pad, pad] };
    return rectified(to, to.node("Conv", names(to, x), attributes), relu);
  },
  winograd: (to, _, x, { pad }: { pad: number }) => to.node("Conv", names(to, x), { pads: [pad, pad, pad, pad] }),
  convolve: (to, y, x, { stride, before, dilation, groups }: Convolution) => {
    const [input, weight] = x as readonly [Tensor, Tensor];
    const after = [0, 1].map((axis) => {
      const reach = (weight.shape[2 + axis]! - 1) * dilation[axis]! + 1;
      return (y.shape[2 + axis]! - 1) * stride[axis]! + reach - input.shape[2 + axis]! - before[axis]!;
    });
    // what a stride leaves over at the end is not read: ONNX takes no negative padding
    const pads = [...before, ...after.map((size) => Math.max(0, size))];
    return to.node("Conv", names(to, x), { strides: stride, pads, dilations: dilation, group: groups });
  },
  maxPool2d: (to, _, x, { kernel, stride, relu }: { kernel: number; stride: number; relu: boolean }) => {
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride] };
    return rectified(to, to.node("MaxPool", names(to, x), attributes), relu);
  },
  avgPool2d: (to, _, x, { kernel, stride, pad, padded }: Averages) => {
    const attributes = {
      kernel_shape: kernel,
      strides: stride,
      pads: [...pad, ...pad],
      count_include_pad: Number(padded),
    };
    return to.node("AveragePool", names(to, x), attributes);
  },
  convolveGradInput: transposed,
};
