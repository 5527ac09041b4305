import { optimizers } from "../../src/runtime/reference/optimizers.ts";
import { f32, kernelTest, plain, updated } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

type Fill = typeof plain;

const square: Fill = (random) => random() ** 2;
const nan: Fill = () => NaN;
/** Around the bounds below which values count as 0. */
const faint: Fill = (random) => (random() < 0.5 ? -1 : 1) * 10 ** (-22 + 10 * random());
const common = { reference: optimizers, absolute: 3e-7, relative: 5e-6 };

for (const weightDecay of [0, 0.01]) {
  test(`rmsprop equals its twin for every length 0..67, weight decay ${weightDecay}`, () => {
    for (let n = 0; n <= 67; n++)
      for (const [centred, moved] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ] as const) {
        // a mean below the root of the mean square, as it is in every step
        const mean: Fill = (random) => random() * 0.1;
        const spread: Fill = (random) => 0.05 + random() ** 2;
        kernelTest({
          ...common,
          kernel: "rmsprop",
          operands: {
            w: updated(n),
            g: f32(n),
            square: updated(n, spread),
            mean: updated(n, mean),
            velocity: updated(n),
          },
          args: ({ w, g, square, mean, velocity }) => [
            w,
            g,
            square,
            centred ? mean : 0,
            moved ? velocity : 0,
            n,
            0.01,
            0.9,
            1e-5,
            weightDecay,
            0.8,
          ],
          seed: n,
        });
      }
  });

  test(`adagrad equals its twin for every length 0..67, weight decay ${weightDecay}`, () => {
    for (let n = 0; n <= 67; n++)
      kernelTest({
        ...common,
        kernel: "adagrad",
        operands: { w: updated(n), g: f32(n), total: updated(n, square) },
        args: ({ w, g, total }) => [w, g, total, n, 0.1, 1e-6, weightDecay],
        seed: n,
      });
  });

  test(`amsgrad equals its twin for every length 0..67, weight decay ${weightDecay}`, () => {
    for (let n = 0; n <= 67; n++)
      kernelTest({
        ...common,
        kernel: "amsgrad",
        operands: { w: updated(n), g: f32(n), m: updated(n), v: updated(n, square), most: updated(n, square) },
        args: ({ w, g, m, v, most }) => [w, g, m, v, most, n, 0.003, 0.9, 0.999, 1e-6, weightDecay, 0.271, 0.002997],
        seed: n,
      });
  });

  test(`lion equals its twin for every length 0..67, weight decay ${weightDecay}`, () => {
    for (let n = 0; n <= 67; n++)
      kernelTest({
        ...common,
        kernel: "lion",
        operands: { w: updated(n), g: f32(n), m: updated(n) },
        args: ({ w, g, m }) => [w, g, m, n, 0.01, 0.9, 0.99, weightDecay],
        seed: n,
      });
  });
}

test("moments that have become too small to matter are zero, and so is a step of lion along nothing", () => {
  const n = 1000;
  const { m, w } = kernelTest({
    ...common,
    kernel: "lion",
    operands: { w: updated(n), g: f32(n, faint), m: updated(n, faint) },
    args: ({ w, g, m }) => [w, g, m, n, 0, 0.9, 0.99, 0],
    absolute: 1e-23,
  });
  const sizes = Array.from(m, Math.abs);
  assert.ok(sizes.some((size) => size === 0) && sizes.some((size) => size > 0));
  assert.ok(sizes.every((size) => size === 0 || size > 0.999e-17));
  assert.ok(w.every(Number.isFinite));
  const zero: Fill = () => 0;
  const still = kernelTest({
    ...common,
    kernel: "lion",
    operands: { w: updated(9, zero), g: f32(9, zero), m: updated(9, zero) },
    args: ({ w, g, m }) => [w, g, m, 9, 0.1, 0.9, 0.99, 0],
  });
  assert.equal([...still.w, ...still.m], new Array(18).fill(0));
});

test("NaN gradients are not passed over: they reach the weights", () => {
  const [w, g] = [updated(9), f32(9, nan)];
  const found = [
    kernelTest({
      ...common,
      kernel: "rmsprop",
      operands: { w, g, square: updated(9, square) },
      args: ({ w, g, square }) => [w, g, square, 0, 0, 9, 0.1, 0.9, 1e-5, 0, 0],
    }),
    kernelTest({
      ...common,
      kernel: "adagrad",
      operands: { w, g, total: updated(9, square) },
      args: ({ w, g, total }) => [w, g, total, 9, 0.1, 1e-6, 0],
    }),
    kernelTest({
      ...common,
      kernel: "amsgrad",
      operands: { w, g, m: updated(9), v: updated(9, square), most: updated(9, square) },
      args: ({ w, g, m, v, most }) => [w, g, m, v, most, 9, 0.003, 0.9, 0.999, 1e-6, 0, 0.271, 0.002997],
    }),
    kernelTest({
      ...common,
      kernel: "lion",
      operands: { w, g, m: updated(9) },
      args: ({ w, g, m }) => [w, g, m, 9, 0.1, 0.9, 0.99, 0],
    }),
  ];
  for (const after of found) assert.ok([...after.w].every(Number.isNaN));
});

test.run();
