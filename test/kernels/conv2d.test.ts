import { conv2d } from "../../src/runtime/reference/conv2d.ts";
import { f32, kernels, kernelTest, output, plain, scratch } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

interface Shape {
  batch: number;
  ic: number;
  ih: number;
  iw: number;
  oc: number;
  kh: number;
  kw: number;
  stride?: number;
  pad?: number;
  skew?: number;
}

const side = (size: number, kernel: number, stride: number, pad: number): number =>
  Math.floor((size + 2 * pad - kernel) / stride) + 1;

/** Runs the three convolution kernels on one shape; returns what they wrote. */
function check(shape: Shape, bias = true, relu = 1): Float32Array[] {
  const { batch, ic, ih, iw, oc, kh, kw, stride = 1, pad = 0, skew = 0 } = shape;
  const sizes = [batch, ic, ih, iw, oc, kh, kw, stride, pad];
  const plane = side(ih, kh, stride, pad) * side(iw, kw, stride, pad);
  const xs = f32(batch * ic * ih * iw, plain, skew);
  const ws = f32(oc * ic * kh * kw, plain, skew);
  const gys = f32(batch * oc * plane, plain, skew);
  const scratchOf = (kernel: string) => scratch(Number(kernels[`${kernel}ScratchBytes`]!(...sizes)));
  const forward = kernelTest({
    kernel: "conv2d",
    reference: conv2d,
    operands: { x: xs, w: ws, b: f32(oc), y: output(batch * oc * plane, "f32", skew), s: scratchOf("conv2d") },
    args: ({ x, w, b, y, s }) => [x, w, bias ? b : 0, y, ...sizes, relu, s],
    absolute: 2e-7 * (ic * kh * kw + 4),
  });
  const gradInput = kernelTest({
    kernel: "conv2dGradInput",
    reference: conv2d,
    operands: { gy: gys, w: ws, gx: output(xs.length, "f32", skew), s: scratchOf("conv2dGradInput") },
    args: ({ gy, w, gx, s }) => [gy, w, gx, ...sizes, s],
    absolute: 2e-7 * (oc * kh * kw + 4),
  });
  const gradWeight = kernelTest({
    kernel: "conv2dGradWeight",
    reference: conv2d,
    operands: { x: xs, gy: gys, gw: output(ws.length, "f32", skew), s: scratchOf("conv2dGradWeight") },
    args: ({ x, gy, gw, s }) => [x, gy, gw, ...sizes, s],
    absolute: 2e-7 * (batch * plane + 4),
  });
  return [forward.y, gradInput.gx, gradWeight.gw];
}

test("the convolutions equal their twins for every output width and channel count", () => {
  for (let oc = 1; oc <= 9; oc++)
    for (let ow = 1; ow <= 13; ow++)
      check({ batch: 2, ic: 1 + (ow % 3), ih: 5, iw: ow + 2, oc, kh: 3, kw: 3 }, ow > 2, oc & 1);
});

test("the convolutions equal their twins for every kernel, stride and padding", () => {
  for (const kh of [1, 2, 3, 5])
    for (const kw of [1, 2, 3, 4, 5, 6, 7])
      for (const stride of [1, 2, 3])
        for (const pad of [0, 1, 2]) check({ batch: 2, ic: 2, ih: 7, iw: 9, oc: 5, kh, kw, stride, pad });
});

test("the convolutions equal their twins for every length 0..67 of each size", () => {
  for (let length = 0; length <= 67; length++) {
    check({ batch: length, ic: 1, ih: 3, iw: 4, oc: 2, kh: 2, kw: 2 });
    check({ batch: 1, ic: length, ih: 4, iw: 5, oc: 3, kh: 2, kw: 3 });
    check({ batch: 1, ic: 2, ih: 4, iw: 5, oc: length, kh: 3, kw: 2 });
    if (length >= 3) {
      check({ batch: 1, ic: 1, ih: 4, iw: length, oc: 4, kh: 2, kw: 3, pad: length & 1 });
      check({ batch: 2, ic: 2, ih: length, iw: 3, oc: 3, kh: 3, kw: 3, stride: 1 + (length & 1) });
    }
  }
});

test("the convolutions equal their twins on the layers of the model zoo", () => {
  check({ batch: 3, ic: 3, ih: 32, iw: 32, oc: 6, kh: 5, kw: 5 });
  check({ batch: 3, ic: 6, ih: 14, iw: 14, oc: 16, kh: 5, kw: 5 });
  check({ batch: 3, ic: 1, ih: 28, iw: 28, oc: 6, kh: 5, kw: 5 });
  check({ batch: 3, ic: 6, ih: 12, iw: 12, oc: 12, kh: 5, kw: 5 });
});

test("the convolutions give the same bits wherever their operands lie", () => {
  const shape = { batch: 3, ic: 2, ih: 9, iw: 11, oc: 6, kh: 3, kw: 5 };
  assert.equal(check(shape), check({ ...shape, skew: 12 }));
});

test("conv2dGradBias equals its twin for every length 0..67 of the plane", () => {
  for (let plane = 0; plane <= 67; plane++)
    for (const oc of [1, 3])
      kernelTest({
        kernel: "conv2dGradBias",
        reference: conv2d,
        operands: { gy: f32(3 * oc * plane), gb: output(oc) },
        args: ({ gy, gb }) => [gy, gb, 3, oc, plane],
      });
});

test.run();
