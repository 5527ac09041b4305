import { largest, reduce } from "../../src/runtime/reference/reduce.ts";
import { f32, i32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

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
        reference: largest,
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

test("dot equals its twin for every length 0..67", () => {
  for (let n = 0; n <= 67; n++) {
    const common = { reference: reduce, absolute: 1e-7 * (n + 1), relative: 0, seed: n };
    const operands = { x: f32(n), w: f32(n) };
    kernelTest({ ...common, kernel: "dot", operands, args: ({ x, w }) => [x, w, n] });
  }
});

// behind the point where sums go by blocks, and on both sides of it: every number of rows left over, every tail of columns
const long: readonly (readonly [number, number, number])[] = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 23].map((inner) => [1, 4096 + 64 + inner, inner] as const),
  ...[4095, 4096, 4097, 4159, 4160, 4161, 8192, 12_345].map((n) => [2, n, 3] as const),
  ...[65_535, 65_536, 65_537, 66_559, 66_560, 70_001, 131_072].map((n) => [1, n, 1] as const),
];

test("long sums equal their twin, and lose no more than a block and the logarithm of their length", () => {
  for (const [outer, n, inner] of long)
    for (const bias of [0, 1])
      kernelTest({
        kernel: "sum",
        reference: reduce,
        operands: { x: f32(outer * n * inner, (random) => random() - 0.5 + bias), y: output(outer * inner) },
        args: ({ x, y }) => [x, y, outer, n, inner],
        // of n numbers around 0 the sum is about sqrt(n): what counts is the size of what is added
        absolute: bias ? 0 : 1e-4,
        relative: bias ? (n > (inner > 1 ? 4096 : 65_536) ? 4e-7 : 3e-5) : 0,
        seed: n + inner,
      });
});

test("short sums keep the order they have always had: one row after the other", () => {
  for (const n of [10, 128, 1770, 4096]) {
    const { x, y } = kernelTest({
      kernel: "sum",
      reference: reduce,
      operands: { x: updated(n * 4, (random) => random() + 1), y: output(4) },
      args: ({ x, y }) => [x, y, 1, n, 4],
      absolute: 0,
      relative: 1e-5,
    });
    for (let column = 0; column < 4; column++) {
      let sum = 0;
      for (let row = 0; row < n; row++) sum = Math.fround(sum + x[row * 4 + column]!);
      assert.is(y[column], sum);
    }
  }
});

test("dot of long rows is as good as sum", () => {
  for (const n of [65_537, 100_003]) {
    const operands = { x: f32(n, (random) => random()), w: f32(n, (random) => random()) };
    kernelTest({
      reference: reduce,
      kernel: "dot",
      operands,
      args: ({ x, w }) => [x, w, n],
      absolute: 0,
      relative: 4e-7,
    });
  }
});

test.run();
