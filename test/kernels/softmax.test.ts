import { softmax } from "../../src/runtime/reference/softmax.ts";
import { f32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

const logits: Fill = (random) => random() * 60 - 30;
const far: Fill = (random) => (random() < 0.5 ? 1e30 : -1e30) * random();
const masked: Fill = (random, index) => (random() < 0.3 && index % 7 ? -Infinity : logits(random, index));
const logProbability: Fill = (random) => -10 * random();

/** Every number of columns in three rows, every number of rows of ten columns. */
function eachShape(check: (rows: number, cols: number) => void): void {
  for (let length = 0; length <= 67; length++) {
    check(3, length);
    check(length, 10);
  }
  check(2, 1000);
}

for (const kernel of ["softmax", "logSoftmax"])
  for (const [what, fill] of Object.entries({ plain, "of a wide range": logits, far, "partly -Infinity": masked }))
    test(`${kernel} equals its twin for every length, also in place, values ${what}`, () => {
      eachShape((rows, cols) => {
        const n = rows * cols;
        // exp(x - max) is known no better than x - max, here up to 60; log-softmax near 0 is the logarithm of a sum near
        // 1, known to an ULP of 1
        const relative = kernel === "softmax" ? 5e-6 : 6e-7;
        const common = { kernel, reference: softmax, absolute: kernel === "softmax" ? 1e-38 : 2e-7, relative, seed: n };
        kernelTest({
          ...common,
          operands: { x: f32(n, fill), y: output(n) },
          args: ({ x, y }) => [x, y, rows, cols],
        });
        kernelTest({ ...common, operands: { x: updated(n, fill) }, args: ({ x }) => [x, x, rows, cols] });
      });
    });

for (const kernel of ["softmax", "logSoftmax"])
  test(`${kernel} of a row with a NaN is NaN, wherever it stands; other rows are not touched by it`, () => {
    for (let at = 0; at < 22; at++)
      kernelTest({
        kernel,
        reference: softmax,
        operands: { x: f32(44, (random, index) => (index === at ? NaN : random())), y: output(44) },
        args: ({ x, y }) => [x, y, 4, 11],
      });
  });

test("softmaxGrad and logSoftmaxGrad equal their twins for every length, also over their own gradient", () => {
  for (const [kernel, fill] of [
    ["softmaxGrad", (random) => random() * 0.1],
    ["logSoftmaxGrad", logProbability],
  ] as [string, Fill][])
    eachShape((rows, cols) => {
      const n = rows * cols;
      const common = { kernel, reference: softmax, absolute: 2e-7 * (cols + 4), relative: 1e-6, seed: n };
      kernelTest({
        ...common,
        operands: { y: f32(n, fill), gy: f32(n), gx: output(n) },
        args: ({ y, gy, gx }) => [y, gy, gx, rows, cols],
      });
      kernelTest({
        ...common,
        operands: { y: f32(n, fill), gy: updated(n) },
        args: ({ y, gy }) => [y, gy, gy, rows, cols],
      });
    });
});

test.run();
