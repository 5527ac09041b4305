import { matmul } from "../../src/runtime/reference/matmul.ts";
import { f32, kernelTest, output, plain, updated, wild } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

interface Shape {
  m: number;
  n: number;
  k: number;
  transA?: number;
  transB?: number;
  accumulate?: number;
  /** Elements that each row of a, b, y is longer than it needs to be. */
  slack?: number;
  /** Bytes past a 64-byte boundary at which a, b, y start. */
  skew?: number;
  seed?: number;
}

/** Elements of a matrix of `rows` rows with stride `ld`, the last row not padded. */
const extent = (rows: number, columns: number, ld: number): number =>
  rows > 0 && columns > 0 ? (rows - 1) * ld + columns : 0;

function checkMatmul({ m, n, k, transA = 0, transB = 0, accumulate = 0, slack = 0, skew = 0, seed = 1 }: Shape) {
  const lda = (transA ? m : k) + slack;
  const ldb = (transB ? k : n) + slack;
  const ldy = n + slack;
  const size = extent(m, n, ldy);
  return kernelTest({
    kernel: "matmul",
    reference: matmul,
    operands: {
      a: f32(transA ? extent(k, m, lda) : extent(m, k, lda), plain, skew),
      b: f32(transB ? extent(n, k, ldb) : extent(k, n, ldb), plain, skew),
      y: accumulate || slack ? updated(size, plain, skew) : output(size, "f32", skew),
    },
    args: ({ a, b, y }) => [a, b, y, m, n, k, lda, ldb, ldy, transA, transB, accumulate],
    absolute: 2e-7 * (k + 4),
    seed,
  });
}

const orientations = [
  { transA: 0, transB: 0 },
  { transA: 0, transB: 1 },
  { transA: 1, transB: 0 },
  { transA: 1, transB: 1 },
];

for (const { transA, transB } of orientations) {
  const name = `matmul ${transA ? "T" : "N"}${transB ? "T" : "N"}`;

  test(`${name} equals its twin for every small shape, down to empty ones`, () => {
    for (let m = 0; m <= 9; m++)
      for (let n = 0; n <= 17; n++)
        for (let k = 0; k <= 9; k++) checkMatmul({ m, n, k, transA, transB, accumulate: (m + n + k) & 1 });
  });

  test(`${name} equals its twin for every length 0..67 of each size`, () => {
    for (let length = 0; length <= 67; length++) {
      checkMatmul({ m: length, n: 11, k: 13, transA, transB });
      checkMatmul({ m: 10, n: length, k: 7, transA, transB, slack: 3 });
      checkMatmul({ m: 5, n: 9, k: length, transA, transB, accumulate: 1, skew: 4 });
      checkMatmul({ m: 35, n: length, k: 18, transA, transB });
    }
  });

  test(`${name} equals its twin for every shape of tile, with sums long enough for all of them`, () => {
    for (let m = 1; m <= 13; m++)
      for (let n = 1; n <= 20; n++) checkMatmul({ m, n, k: 97, transA, transB, accumulate: (m + n) & 1 });
  });

  test(`${name} equals its twin where blocks of every kind meet`, () => {
    checkMatmul({ m: 131, n: 523, k: 11, transA, transB });
    checkMatmul({ m: 7, n: 1030, k: 5, transA, transB, slack: 1 });
    checkMatmul({ m: 37, n: 70, k: 521, transA, transB, accumulate: 1 });
    checkMatmul({ m: 133, n: 31, k: 259, transA, transB, skew: 12 });
    checkMatmul({ m: 3, n: 17, k: 1025, transA, transB });
    checkMatmul({ m: 1, n: 1, k: 1031, transA, transB });
    checkMatmul({ m: 5, n: 600, k: 130, transA, transB });
    // row strides of 512 elements, which are packed
    checkMatmul({ m: 71, n: 71, k: 197, transA, transB, slack: 441 });
  });

  test(`${name} gives the same bits wherever its operands lie`, () => {
    for (const [m, n, k] of [
      [10, 84, 120],
      [128, 10, 84],
      [1, 33, 67],
      [33, 1, 67],
    ] as const) {
      const shape = { m, n, k, transA, transB };
      const aligned = checkMatmul(shape);
      assert.equal(checkMatmul({ ...shape, skew: 20 }).y, aligned.y);
    }
  });
}

function strange(random: () => number): number {
  const pick = random();
  return pick < 0.02 ? NaN : pick < 0.04 ? Infinity : pick - 0.5;
}

test("matmul lets NaN and infinity through", () => {
  kernelTest({
    kernel: "matmul",
    reference: matmul,
    operands: { a: f32(13 * 9, strange), b: f32(9 * 21, strange), y: output(13 * 21) },
    args: ({ a, b, y }) => [a, b, y, 13, 21, 9, 9, 21, 21, 0, 0, 0],
  });
});

const identity = (_: () => number, index: number): number => (index % 20 === 0 ? 1 : 0);

test("matmul by the identity returns the other matrix, whatever its magnitudes", () => {
  kernelTest({
    kernel: "matmul",
    reference: matmul,
    operands: { a: f32(19 * 19, identity), b: f32(19 * 37, wild), y: output(19 * 37) },
    args: ({ a, b, y }) => [a, b, y, 19, 37, 19, 19, 37, 37, 0, 0, 0],
    exact: true,
  });
});

function checkLinear(m: number, n: number, k: number, bias: boolean, relu: number, skew = 0): void {
  kernelTest({
    kernel: "linear",
    reference: matmul,
    operands: {
      x: f32(m * k, plain, skew),
      w: f32(n * k, plain, skew),
      b: f32(n, plain, skew),
      y: output(m * n, "f32", skew),
    },
    args: ({ x, w, b, y }) => [x, w, bias ? b : 0, y, m, n, k, relu],
    absolute: 2e-7 * (k + 4),
  });
}

test("linear equals its twin for every small shape, with and without bias and ReLU", () => {
  for (let m = 0; m <= 9; m++)
    for (let n = 0; n <= 17; n++)
      for (const k of [0, 1, 2, 3, 4, 5, 8, 11]) checkLinear(m, n, k, ((m + n) & 1) === 0, (n + k) & 1);
});

test("linear equals its twin for every length 0..67 of each size", () => {
  for (let length = 0; length <= 67; length++) {
    checkLinear(length, 11, 13, true, 1);
    checkLinear(10, length, 7, true, 0, 8);
    checkLinear(6, 9, length, length % 3 > 0, 1);
    checkLinear(10, 1, length, true, 0);
    checkLinear(length, 1, 21, true, 1);
  }
});

test("linear equals its twin on the layers of the model zoo", () => {
  const layers = [
    [10, 120, 400],
    [128, 84, 120],
    [10, 10, 84],
    [128, 1, 84],
    [16, 200, 784],
    [1, 10, 200],
  ] as const;
  for (const [m, n, k] of layers) checkLinear(m, n, k, true, 1);
});

test("linear's ReLU keeps NaN", () => {
  const { y } = kernelTest({
    kernel: "linear",
    reference: matmul,
    operands: { x: f32(5 * 6, () => NaN), w: f32(9 * 6), b: f32(9), y: output(5 * 9) },
    args: ({ x, w, b, y }) => [x, w, b, y, 5, 9, 6, 1],
  });
  assert.ok(y.every(Number.isNaN));
});

test.run();
