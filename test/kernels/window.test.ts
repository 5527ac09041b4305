import { window } from "../../src/runtime/reference/window.ts";
import { f32, kernelTest, output, updated } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

interface Sizes {
  ih: number;
  iw: number;
  kernel: [number, number];
  stride: [number, number];
  pad: [number, number];
  dilation: [number, number];
}

/** Every width 0..67 with some windows, and some sizes with every small window. */
function eachWindow(check: (sizes: Sizes, oh: number, ow: number) => void): void {
  const tried = (sizes: Sizes): void => {
    const [oh, ow] = [sizes.ih, sizes.iw].map((size, i) => {
      const room = size + 2 * sizes.pad[i]! - (sizes.kernel[i]! - 1) * sizes.dilation[i]! - 1;
      return room < 0 ? 0 : Math.floor(room / sizes.stride[i]!) + 1;
    }) as [number, number];
    check(sizes, oh, ow);
  };
  for (let iw = 0; iw <= 67; iw++) {
    tried({ ih: 4, iw, kernel: [3, 3], stride: [1, 1], pad: [1, 1], dilation: [1, 1] });
    tried({ ih: 5, iw, kernel: [2, 5], stride: [2, 2], pad: [0, 2], dilation: [1, 1] });
    tried({ ih: 5, iw, kernel: [2, 3], stride: [1, 1], pad: [1, 0], dilation: [2, 3] });
  }
  for (const kernel of [1, 2, 4])
    for (const stride of [1, 2, 3])
      for (const pad of [0, 1, 3])
        for (const dilation of [1, 2])
          tried({ ih: 7, iw: 9, kernel: [kernel, 3], stride: [stride, 2], pad: [pad, 1], dilation: [dilation, 1] });
}

test("columns and their gradient equal their twins for every width 0..67 and every kind of window", () => {
  eachWindow(({ ih, iw, kernel, stride, pad, dilation }, oh, ow) => {
    const sizes = [ih, iw, oh, ow, ...kernel, ...stride, ...pad, ...dilation];
    const taps = kernel[0] * kernel[1];
    kernelTest({
      kernel: "columns",
      reference: window,
      operands: { x: f32(2 * ih * iw), y: output(2 * taps * oh * ow) },
      args: ({ x, y }) => [x, y, 2, ...sizes],
      absolute: 0,
      relative: 0,
      seed: iw,
    });
    kernelTest({
      kernel: "columnsGrad",
      reference: window,
      operands: { gy: f32(2 * taps * oh * ow), gx: output(2 * ih * iw) },
      args: ({ gy, gx }) => [gy, gx, 2, ...sizes],
      absolute: 5e-6,
      relative: 0,
      seed: iw,
    });
  });
});

test("depthwise convolution and its gradients equal their twins for every width 0..67 and every kind of window", () => {
  eachWindow(({ ih, iw, kernel, stride, pad, dilation }, oh, ow) => {
    const sizes = [2, 3, ih, iw, oh, ow, ...kernel, ...stride, ...pad, ...dilation];
    const taps = kernel[0] * kernel[1];
    const [inputs, outputs] = [6 * ih * iw, 6 * oh * ow];
    const common = { reference: window, absolute: 5e-6, relative: 0, seed: iw };
    kernelTest({
      ...common,
      kernel: "depthwise",
      operands: { x: f32(inputs), w: f32(3 * taps), y: updated(outputs) },
      args: ({ x, w, y }) => [x, w, y, ...sizes],
    });
    kernelTest({
      ...common,
      kernel: "depthwiseGradInput",
      operands: { gy: f32(outputs), w: f32(3 * taps), gx: updated(inputs) },
      args: ({ gy, w, gx }) => [gy, w, gx, ...sizes],
    });
    kernelTest({
      ...common,
      kernel: "depthwiseGradWeight",
      operands: { x: f32(inputs), gy: f32(outputs), gw: updated(3 * taps) },
      args: ({ x, gy, gw }) => [x, gy, gw, ...sizes],
      absolute: 5e-5,
    });
  });
});

test("average pooling and its gradient equal their twins for every width 0..67 and every window", () => {
  eachWindow(({ ih, iw, kernel, stride, pad, dilation }, oh, ow) => {
    if (dilation[0] > 1 || dilation[1] > 1 || pad[0] > kernel[0] / 2 || pad[1] > kernel[1] / 2) return;
    for (const padded of [0, 1]) {
      const sizes = [2, ih, iw, oh, ow, ...kernel, ...stride, ...pad, padded];
      const common = { reference: window, absolute: 2e-6, relative: 0, seed: iw };
      kernelTest({
        ...common,
        kernel: "avgPool2d",
        operands: { x: f32(2 * ih * iw), y: output(2 * oh * ow) },
        args: ({ x, y }) => [x, y, ...sizes],
      });
      kernelTest({
        ...common,
        kernel: "avgPool2dGrad",
        operands: { gy: f32(2 * oh * ow), gx: output(2 * ih * iw) },
        args: ({ gy, gx }) => [gy, gx, ...sizes],
      });
    }
  });
});

test.run();
