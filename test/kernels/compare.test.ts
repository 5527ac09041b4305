import { compare } from "../../src/runtime/reference/compare.ts";
import { f32, kernelTest, output, plain } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

const ulp = 2 ** -23;
const special = [0, -0, 1, -1, 2, -2, 0.5, -3, Infinity, -Infinity, NaN, 1e-40, 3e38, 127, -150.5];
/** Few different values, so that some are equal. */
const ties: Fill = (random) => Math.floor(random() * 4) - 1.5;

/** How one operand lies under the output: strides of its rows and columns, and how many elements that takes. */
const layouts = (rows: number, cols: number) => [
  { row: cols, col: 1, size: rows * cols },
  { row: 0, col: 1, size: cols },
  { row: 1, col: 0, size: rows },
  { row: 0, col: 0, size: 1 },
];

test("compare equals its twin to the bit for every length 0..67 and every broadcast", () => {
  for (const kind of [0, 1, 2])
    for (let cols = 0; cols <= 67; cols++)
      for (const left of layouts(3, cols))
        for (const right of layouts(3, cols))
          kernelTest({
            kernel: "compare",
            reference: compare,
            operands: { a: f32(left.size, ties), b: f32(right.size, ties), y: output(3 * cols) },
            args: ({ a, b, y }) => [a, b, y, 3, cols, left.row, left.col, right.row, right.col, kind],
            exact: true,
            seed: cols,
          });
});

test("pow equals its twin within 0.6 ULP for every length 0..67 and every broadcast", () => {
  for (let cols = 0; cols <= 67; cols++)
    for (const left of layouts(2, cols))
      for (const right of layouts(2, cols))
        kernelTest({
          kernel: "pow",
          reference: compare,
          operands: {
            a: f32(left.size, (random) => 2 ** (random() * 60 - 30)),
            b: f32(right.size, (random) => random() * 8 - 4),
            y: output(2 * cols),
          },
          args: ({ a, b, y }) => [a, b, y, 2, cols, left.row, left.col, right.row, right.col],
          relative: 0.6 * ulp,
          absolute: 2e-38,
          seed: cols,
        });
});

test("comparisons and powers of zeros of either sign, infinities, NaN and negative numbers are their twins'", () => {
  const count = special.length ** 2;
  const operands = {
    a: f32(count, (_, index) => special[index % special.length]!),
    b: f32(count, (_, index) => special[Math.floor(index / special.length)]!),
    y: output(count),
  };
  for (const kind of [0, 1, 2])
    kernelTest({
      kernel: "compare",
      reference: compare,
      operands,
      args: ({ a, b, y }) => [a, b, y, 1, count, 0, 1, 0, 1, kind],
      exact: true,
    });
  kernelTest({
    kernel: "pow",
    reference: compare,
    operands,
    args: ({ a, b, y }) => [a, b, y, 1, count, 0, 1, 0, 1],
    relative: 0.6 * ulp,
    absolute: 1e-44,
  });
});

test.run();
