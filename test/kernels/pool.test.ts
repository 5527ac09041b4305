import { pool } from "../../src/runtime/reference/pool.ts";
import { f32, kernelTest, output, plain } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

/** Few different values, zeros of either sign among them, so that maxima tie. */
const ties: Fill = (random) => [-1, -0, 0, 0.5, 1][Math.floor(random() * 5)]!;
const withNaN: Fill = (random, index) => (random() < 0.05 ? NaN : plain(random, index));

interface Shape {
  planes: number;
  ih: number;
  iw: number;
  kernel: number;
  stride: number;
}

const windows = (size: number, kernel: number, stride: number): number =>
  size < kernel ? 0 : Math.floor((size - kernel) / stride) + 1;

function checkPool({ planes, ih, iw, kernel, stride }: Shape, relu: number, fill: Fill): void {
  const outputs = planes * windows(ih, kernel, stride) * windows(iw, kernel, stride);
  const common = { reference: pool, seed: ih * 97 + iw };
  const x = f32(planes * ih * iw, fill);
  const { y } = kernelTest({
    ...common,
    kernel: "maxPool2d",
    operands: { x, y: output(outputs) },
    args: ({ x, y }) => [x, y, planes, ih, iw, kernel, stride, relu],
    absolute: 0,
    relative: 0,
  });
  kernelTest({
    ...common,
    kernel: "maxPool2dGrad",
    // the first operand draws the same numbers as above
    operands: { x, y: f32(outputs, (_, index) => y[index]!), gy: f32(outputs), gx: output(planes * ih * iw) },
    args: ({ x, y, gy, gx }) => [x, y, gy, gx, planes, ih, iw, kernel, stride, relu],
    absolute: stride < kernel ? 1e-6 : 0,
    relative: 0,
  });
}

for (const relu of [0, 1])
  for (const [what, fill] of Object.entries({ plain, ties, "with NaN": withNaN }))
    test(`2 by 2 windows: pooling and its gradient equal their twins for every width 0..67, ${what}, relu ${relu}`, () => {
      for (let iw = 0; iw <= 67; iw++)
        for (const ih of [2, 5]) checkPool({ planes: 2, ih, iw, kernel: 2, stride: 2 }, relu, fill);
      for (let ih = 0; ih <= 9; ih++) checkPool({ planes: 3, ih, iw: 12, kernel: 2, stride: 2 }, relu, fill);
    });

for (const relu of [0, 1])
  test(`windows of every size and stride, overlapping or apart, equal their twins, relu ${relu}`, () => {
    for (let kernel = 1; kernel <= 4; kernel++)
      for (let stride = 1; stride <= 4; stride++)
        for (const [ih, iw] of [
          [9, 13],
          [4, 4],
          [3, 11],
        ] as const)
          for (const fill of [plain, ties, withNaN]) checkPool({ planes: 2, ih, iw, kernel, stride }, relu, fill);
  });

test.run();
