import { unary } from "../../src/runtime/reference/unary.ts";
import { f32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

type Fill = typeof plain;

/** An ULP at the bottom of its binade is this much of the value. */
const ulp = 2 ** -23;

const between =
  (low: number, high: number): Fill =>
  (random) =>
    low + (high - low) * random();

/** Every magnitude a float has, either sign. */
const anyMagnitude: Fill = (random) => (random() < 0.5 ? -1 : 1) * 2 ** (random() * 252 - 126);
const positive: Fill = (random, index) => Math.abs(anyMagnitude(random, index));

/** Allowed error in ULP, and arguments that reach all of the function's branches. */
const maps: Record<string, { ulps: number; fills: Fill[] }> = {
  relu: { ulps: 0, fills: [anyMagnitude] },
  neg: { ulps: 0, fills: [anyMagnitude] },
  sqrt: { ulps: 0.5, fills: [positive] },
  square: { ulps: 0.5, fills: [between(-9, 9)] },
  abs: { ulps: 0, fills: [anyMagnitude] },
  reciprocal: { ulps: 0.5, fills: [between(-9, -1e-3), between(1e-3, 9)] },
  exp: { ulps: 1, fills: [plain, between(-87.33, 88.7), anyMagnitude] },
  log: { ulps: 0.9, fills: [positive, between(0.5, 2)] },
  sigmoid: { ulps: 2.4, fills: [plain, between(-86, 20), anyMagnitude] },
  tanh: { ulps: 1.4, fills: [plain, between(-10, 10), anyMagnitude] },
  logSigmoid: { ulps: 1.7, fills: [plain, between(-100, 86)] },
};

for (const [kernel, { ulps, fills }] of Object.entries(maps)) {
  test(`${kernel} equals its twin for every length 0..67, also in place`, () => {
    for (let n = 0; n <= 67; n++)
      for (const fill of fills) {
        const common = { kernel, reference: unary, relative: ulps * ulp, absolute: 2e-38, seed: n };
        kernelTest({ ...common, operands: { x: f32(n, fill), y: output(n) }, args: ({ x, y }) => [x, y, n] });
        kernelTest({ ...common, operands: { x: updated(n, fill) }, args: ({ x }) => [x, x, n] });
      }
  });

  test(`${kernel} stays within ${ulps} ULP of the exact value`, () => {
    for (const fill of fills)
      kernelTest({
        kernel,
        reference: unary,
        operands: { x: f32(50_000, fill), y: output(50_000) },
        args: ({ x, y }) => [x, y, 50_000],
        relative: ulps * ulp,
        // what is flushed to zero or denormal
        absolute: 2e-38,
      });
  });

  test(`${kernel} has the right limits: infinities, NaN, zeros, denormals, the ends of its range`, () => {
    const values = [
      0,
      -0,
      1,
      -1,
      Infinity,
      -Infinity,
      NaN,
      1e-45,
      -1e-45,
      1e-39,
      3.4e38,
      -3.4e38,
      88.5,
      89,
      -86.9,
      -88,
    ];
    kernelTest({
      kernel,
      reference: unary,
      operands: { x: f32(values.length, (_, index) => values[index]!), y: output(values.length) },
      args: ({ x, y }) => [x, y, values.length],
      relative: Math.max(ulps, 1) * ulp,
      absolute: kernel === "log" || kernel === "sqrt" ? 1e-24 : 2e-38,
    });
  });
}

/** Floats next to each other, from the largest down: every one there is. */
const below =
  (start: number): Fill =>
  (_, index) => {
    const bits = new DataView(new ArrayBuffer(4));
    bits.setFloat32(0, start);
    bits.setInt32(0, bits.getInt32(0) + index);
    return bits.getFloat32(0);
  };

test("exp keeps its promise at every float down to the smallest normal number, and is 0 below it", () => {
  const n = 60_000;
  // e^-87.3365402 is the last that is normal
  const last = Math.fround(-87.3365402);
  for (let at = -86.5; at > last; at -= n * 2 ** -17) {
    const start = Math.fround(at);
    const count = Math.min(n, Math.floor((start - last) * 2 ** 17) + 1);
    kernelTest({
      kernel: "exp",
      reference: unary,
      operands: { x: f32(count, below(start)), y: output(count) },
      args: ({ x, y }) => [x, y, count],
      relative: ulp,
      absolute: 0,
    });
  }
  const { y } = kernelTest({
    kernel: "exp",
    reference: unary,
    operands: { x: f32(n, below(last - 2 ** -17)), y: output(n) },
    args: ({ x, y }) => [x, y, n],
    relative: 0,
    absolute: 2 ** -126,
  });
  assert.ok(y.every((value) => value === 0));
});

for (const kernel of ["reluGrad", "sigmoidGrad", "tanhGrad", "logSigmoidGrad"])
  test(`${kernel} equals its twin for every length 0..67, also over its own gradient`, () => {
    for (let n = 0; n <= 67; n++) {
      const common = { kernel, reference: unary, absolute: 3e-7, relative: 0, seed: n };
      kernelTest({
        ...common,
        operands: { saved: f32(n), gy: f32(n), gx: output(n) },
        args: ({ saved, gy, gx }) => [saved, gy, gx, n],
      });
      kernelTest({
        ...common,
        operands: { saved: f32(n), gy: updated(n) },
        args: ({ saved, gy }) => [saved, gy, gy, n],
      });
    }
  });

test("affine and axpy equal their twins for every length 0..67", () => {
  for (let n = 0; n <= 67; n++) {
    const common = { reference: unary, absolute: 3e-7, relative: 0, seed: n };
    kernelTest({
      ...common,
      kernel: "affine",
      operands: { x: f32(n), y: output(n) },
      args: ({ x, y }) => [x, y, n, -0.75, 1.5],
    });
    kernelTest({
      ...common,
      kernel: "axpy",
      operands: { x: f32(n), y: updated(n) },
      args: ({ x, y }) => [x, y, n, -0.75],
    });
  }
});

test("fill and copy equal their twins for every length 0..67, overlapping copies too", () => {
  for (let n = 0; n <= 67; n++) {
    const common = { reference: unary, exact: true, seed: n };
    kernelTest({ ...common, kernel: "fill", operands: { y: output(n) }, args: ({ y }) => [y, n, -0.125] });
    kernelTest({ ...common, kernel: "copy", operands: { x: f32(n), y: output(n) }, args: ({ x, y }) => [x, y, n] });
    for (const [from, to] of [
      [0, 12],
      [12, 0],
    ])
      kernelTest({
        ...common,
        kernel: "copy",
        operands: { x: updated(n + 3) },
        args: ({ x }) => [x + from!, x + to!, n],
      });
  }
});

test.run();
