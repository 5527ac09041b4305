import { random, threefry } from "../../src/runtime/reference/random.ts";
import { f32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

const keys = [
  [0, 0],
  [-1, -1],
  [0x13198a2e, 0x03707344],
  [7, -123456789],
] as const;

test("threefry gives the published numbers of Random123", () => {
  assert.equal(threefry(0, 0, 0, 0), [0x6b200159, 0x99ba4efe]);
  assert.equal(threefry(-1, -1, -1, -1), [0x1cb996fc, 0xbb002be7]);
  assert.equal(threefry(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3 | 0), [0xc4923a9c, 0x483df7a0]);
});

test("randomBits equals its twin to the bit for every length 0..67", () => {
  for (const [k0, k1] of keys)
    for (let n = 0; n <= 67; n++)
      kernelTest({
        kernel: "randomBits",
        reference: random,
        operands: { y: output(n, "i32") },
        args: ({ y }) => [y, n, k0, k1],
      });
});

test("uniform equals its twin for every length 0..67", () => {
  for (const [k0, k1] of keys)
    for (let n = 0; n <= 67; n++)
      kernelTest({
        kernel: "uniform",
        reference: random,
        operands: { y: output(n) },
        args: ({ y }) => [y, n, -0.25, 3, k0, k1],
        absolute: 3e-7,
        relative: 0,
      });
});

test("normal equals its twin for every length 0..67, and over many numbers", () => {
  for (const [k0, k1] of keys)
    for (const n of [...Array(68).keys(), 20_000])
      kernelTest({
        kernel: "normal",
        reference: random,
        operands: { y: output(n) },
        args: ({ y }) => [y, n, 0.5, 2, k0, k1],
        absolute: 3e-7,
        relative: 4e-7,
      });
});

test("normal has the mean, the variance and the tails of the normal distribution", () => {
  const n = 100_000;
  const { y } = kernelTest({
    kernel: "normal",
    reference: random,
    operands: { y: output(n) },
    args: ({ y }) => [y, n, 0, 1, 1, 2],
  });
  const values = Array.from(y);
  const mean = (f: (x: number) => number): number => values.reduce((total, value) => total + f(value), 0) / n;
  assert.ok(Math.abs(mean((x) => x)) < 0.01);
  assert.ok(Math.abs(mean((x) => x * x) - 1) < 0.015);
  assert.ok(Math.abs(mean((x) => Number(Math.abs(x) > 1.959964)) - 0.05) < 0.0025);
});

test("dropout drops the same elements as its twin for every length 0..67, also in place", () => {
  for (const p of [0, 0.1, 0.5, 0.999, 1])
    for (let n = 0; n <= 67; n++) {
      const common = { kernel: "dropout", reference: random, absolute: 0, relative: 1.2e-7, seed: n };
      kernelTest({
        ...common,
        operands: { x: f32(n), y: output(n) },
        args: ({ x, y }) => [x, y, n, p, 5, n],
      });
      kernelTest({ ...common, operands: { x: updated(n, plain) }, args: ({ x }) => [x, x, n, p, 5, n] });
    }
});

test.run();
