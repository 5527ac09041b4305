import { elementwise } from "../../src/runtime/reference/elementwise.ts";
import { f32, kernelTest, output, plain, updated, wild } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

const operations = ["add", "sub", "mul", "div", "maximum", "minimum"];
const special = [0, -0, 1, -1, Infinity, -Infinity, NaN];

/** How one operand lies under the output: strides of its rows and columns, and how many elements that takes. */
const layouts = (rows: number, cols: number) => [
  { row: cols, col: 1, size: rows * cols },
  { row: 0, col: 1, size: cols },
  { row: 1, col: 0, size: rows },
  { row: 0, col: 0, size: 1 },
  { row: cols + 3, col: 1, size: Math.max(0, rows * (cols + 3) - 3) },
];

for (const kernel of operations) {
  test(`${kernel} equals its twin to the bit for every length 0..67 and every broadcast`, () => {
    for (let cols = 0; cols <= 67; cols++)
      for (const left of layouts(3, cols))
        for (const right of layouts(3, cols))
          kernelTest({
            kernel,
            reference: elementwise,
            operands: { a: f32(left.size), b: f32(right.size), y: output(3 * cols) },
            args: ({ a, b, y }) => [a, b, y, 3, cols, left.row, left.col, right.row, right.col],
            exact: true,
            seed: cols,
          });
  });

  test(`${kernel} works in place on either side`, () => {
    for (let n = 0; n <= 67; n++) {
      const inPlace = { kernel, reference: elementwise, exact: true, seed: n };
      const operands = { a: updated(n, wild), b: f32(n, wild) };
      kernelTest({ ...inPlace, operands, args: ({ a, b }) => [a, b, a, 1, n, 0, 1, 0, 1] });
      kernelTest({ ...inPlace, operands, args: ({ a, b }) => [b, a, a, 1, n, 0, 1, 0, 1] });
      kernelTest({
        ...inPlace,
        operands: { a: updated(n, plain), b: f32(1) },
        args: ({ a, b }) => [a, b, a, 1, n, 0, 1, 0, 0],
      });
    }
  });

  test(`${kernel} treats zeros of either sign, infinities and NaN as its twin does`, () => {
    const count = special.length ** 2;
    kernelTest({
      kernel,
      reference: elementwise,
      operands: {
        a: f32(count, (_, index) => special[index % special.length]!),
        b: f32(count, (_, index) => special[Math.floor(index / special.length)]!),
        y: output(count),
      },
      args: ({ a, b, y }) => [a, b, y, 1, count, 0, 1, 0, 1],
      exact: true,
    });
  });
}

test.run();
