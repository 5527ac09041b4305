import { reduce } from "../../src/runtime/reference/reduce.ts";
import { f32, i32, kernelTest, output, plain, wild } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

/** Few different values, so that maxima tie. */
const ties: Fill = (random) => Math.floor(random() * 4) - 1.5;
const withNaN: Fill = (random, index) => (random() < 0.1 ? NaN : ties(random, index));
const onlyInfinite: Fill = () => -Infinity;

/** Every length of each of the three dimensions, the others small. */
function eachView(check: (outer: number, n: number, inner: number) => void): void {
  for (let length = 0; length <= 67; length++) {
    check(2, length, 1);
    check(2, length, 7);
    check(2, 3, length);
    check(length, 5, 1);
  }
}

test("sum equals its twin over every view", () => {
  eachView((outer, n, inner) =>
    kernelTest({
      kernel: "sum",
      reference: reduce,
      operands: { x: f32(outer * n * inner), y: output(outer * inner) },
      args: ({ x, y }) => [x, y, outer, n, inner],
      absolute: 1e-7 * (n + 1),
      relative: 0,
      seed: n + inner,
    }),
  );
});

test("sum of a long row loses little: 16 partial sums, not one", () => {
  const n = 100_003;
  kernelTest({
    kernel: "sum",
    reference: reduce,
    operands: { x: f32(n, (random) => random()), y: output(1) },
    args: ({ x, y }) => [x, y, 1, n, 1],
    absolute: 0,
    relative: 3e-6,
  });
});

for (const [what, fill] of Object.entries({ plain, ties, "with NaN": withNaN, "-Infinity": onlyInfinite })) {
  test(`max equals its twin over every view, values ${what}`, () => {
    eachView((outer, n, inner) =>
      kernelTest({
        kernel: "max",
        reference: reduce,
        operands: { x: f32(outer * n * inner, fill), y: output(outer * inner) },
        args: ({ x, y }) => [x, y, outer, n, inner],
        absolute: 0,
        relative: 0,
        seed: n + inner,
      }),
    );
  });

  test(`argmax is the first maximum of every view that is not empty, values ${what}`, () => {
    eachView((outer, n, inner) => {
      if (n > 0)
        kernelTest({
          kernel: "argmax",
          reference: reduce,
          operands: { x: f32(outer * n * inner, fill), y: output(outer * inner, "i32") },
          args: ({ x, y }) => [x, y, outer, n, inner],
          seed: n + inner,
        });
    });
  });

  test(`countCorrect counts rows whose first maximum is the label, values ${what}`, () => {
    for (let length = 1; length <= 67; length++)
      for (const [rows, cols] of [
        [length, 3],
        [40, length],
      ] as const)
        kernelTest({
          kernel: "countCorrect",
          reference: reduce,
          operands: { x: f32(rows * cols, fill), labels: i32(rows, (random) => Math.floor(random() * cols)) },
          args: ({ x, labels }) => [x, labels, rows, cols],
          absolute: 0,
          relative: 0,
          seed: length,
        });
  });
}

test("dot and sumSquares equal their twins for every length 0..67", () => {
  for (let n = 0; n <= 67; n++) {
    const common = { reference: reduce, absolute: 1e-7 * (n + 1), relative: 0, seed: n };
    const operands = { x: f32(n), w: f32(n) };
    kernelTest({ ...common, kernel: "dot", operands, args: ({ x, w }) => [x, w, n] });
    kernelTest({ ...common, kernel: "sumSquares", operands: { x: f32(n) }, args: ({ x }) => [x, n] });
    kernelTest({
      ...common,
      relative: 3e-6,
      kernel: "sumSquares",
      operands: { x: f32(n, wild) },
      args: ({ x }) => [x, n],
    });
  }
});

test.run();
