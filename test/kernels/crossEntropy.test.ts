import { crossEntropy } from "../../src/runtime/reference/crossEntropy.ts";
import { f32, i32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

const logits: Fill = (random) => random() * 60 - 30;
const far: Fill = (random) => (random() < 0.5 ? 1e4 : -1e4) * random();

/** Every number of classes in three rows, every number of rows of ten classes. */
function eachShape(check: (rows: number, cols: number) => void): void {
  for (let length = 0; length <= 67; length++) {
    if (length > 0) check(3, length);
    check(length, 10);
  }
  check(2, 1000);
}

const labelsOf = (rows: number, cols: number) => i32(rows, (random) => Math.floor(random() * cols));

test("nll and nllGrad equal their twins for every length", () => {
  eachShape((rows, cols) => {
    const common = { reference: crossEntropy, exact: true, seed: rows + cols };
    const labels = labelsOf(rows, cols);
    kernelTest({
      ...common,
      kernel: "nll",
      operands: { logp: f32(rows * cols), labels, y: output(rows) },
      args: ({ logp, labels, y }) => [logp, labels, y, rows, cols],
    });
    kernelTest({
      ...common,
      kernel: "nllGrad",
      operands: { labels, gy: f32(rows), gx: output(rows * cols) },
      args: ({ labels, gy, gx }) => [labels, gy, gx, rows, cols],
    });
  });
});

for (const [what, fill] of Object.entries({ plain, "of a wide range": logits, far })) {
  test(`crossEntropy equals its twin for every length, values ${what}`, () => {
    eachShape((rows, cols) =>
      kernelTest({
        kernel: "crossEntropy",
        reference: crossEntropy,
        operands: { x: f32(rows * cols, fill), labels: labelsOf(rows, cols), y: output(rows) },
        args: ({ x, labels, y }) => [x, labels, y, rows, cols],
        absolute: 3e-7,
        relative: 3e-7,
        seed: rows + cols,
      }),
    );
  });

  test(`crossEntropyGrad equals its twin for every length, also over the logits, values ${what}`, () => {
    eachShape((rows, cols) => {
      const common = { kernel: "crossEntropyGrad", reference: crossEntropy, absolute: 3e-7, relative: 6e-7 };
      const n = rows * cols;
      const labels = labelsOf(rows, cols);
      kernelTest({
        ...common,
        operands: { x: f32(n, fill), labels, gy: f32(rows), gx: output(n) },
        args: ({ x, labels, gy, gx }) => [x, labels, gy, gx, rows, cols],
        seed: n,
      });
      kernelTest({
        ...common,
        operands: { x: updated(n, fill), labels, gy: f32(rows) },
        args: ({ x, labels, gy }) => [x, labels, gy, x, rows, cols],
        seed: n,
      });
    });
  });
}

test.run();
