import { optimizer } from "../../src/runtime/reference/optimizer.ts";
import { f32, kernelTest, plain, updated } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

type Fill = typeof plain;

const square: Fill = (random) => random() ** 2;
/** Around the bounds below which values count as 0. */
const faint: Fill = (random) => (random() < 0.5 ? -1 : 1) * 10 ** (-22 + 10 * random());
const faintSquare: Fill = (random) => 10 ** (-40 + 8 * random());

function checkAdam(n: number, weightDecay: number, decoupled: number, small: boolean): { m: number[]; v: number[] } {
  const { m, v } = kernelTest({
    kernel: "adam",
    reference: optimizer,
    operands: {
      w: updated(n),
      g: f32(n, small ? faint : plain),
      m: updated(n, small ? faint : plain),
      v: updated(n, small ? faintSquare : square),
    },
    args: ({ w, g, m, v }) => [w, g, m, v, n, 0.003, 0.9, 0.999, 1e-8, weightDecay, 0.271, 0.002997, decoupled],
    // mean and gradient may cancel
    absolute: small ? 1e-23 : 1e-7,
    relative: 5e-6,
    seed: n,
  });
  return { m: Array.from(m, Math.abs), v: Array.from(v) };
}

for (const decoupled of [0, 1])
  test(`${decoupled ? "AdamW" : "Adam"} equals its twin for every length 0..67, with and without weight decay`, () => {
    for (let n = 0; n <= 67; n++) for (const weightDecay of [0, 0.01]) checkAdam(n, weightDecay, decoupled, false);
  });

test("adam sets moments that have become too small to matter to zero", () => {
  for (let n = 0; n <= 67; n++) checkAdam(n, 0, 0, true);
  const { m, v } = checkAdam(1000, 0, 0, true);
  for (const [moments, least] of [
    [m, 1e-17],
    [v, 1e-36],
  ] as const) {
    assert.ok(moments.some((value) => value === 0));
    assert.ok(moments.some((value) => value > 0));
    assert.ok(moments.every((value) => value === 0 || value > 0.999 * least));
  }
});

test("NaN gradients are not passed over: they reach the weights", () => {
  const nan: Fill = () => NaN;
  const operands = { w: updated(9), g: f32(9, nan), m: updated(9), v: updated(9, square) };
  for (const weightDecay of [0, 0.01]) {
    const args = (at: Record<keyof typeof operands, number>): number[] => {
      const { w, g, m, v } = at;
      return [w, g, m, v, 9, 0.003, 0.9, 0.999, 1e-8, weightDecay, 0.271, 0.002997, 0];
    };
    const { w, m } = kernelTest({ kernel: "adam", reference: optimizer, operands, args });
    assert.ok([...w, ...m].every(Number.isNaN));
  }
  const { w } = kernelTest({
    kernel: "sgd",
    reference: optimizer,
    operands: { w: updated(9), g: f32(9, nan), velocity: updated(9) },
    args: ({ w, g, velocity }) => [w, g, velocity, 9, 0.1, 0.9, 0, 0, 0],
  });
  assert.ok(w.every(Number.isNaN));
});

test("sgd equals its twin for every length 0..67, in every variant", () => {
  for (let n = 0; n <= 67; n++)
    for (const weightDecay of [0, 0.01]) {
      const common = { kernel: "sgd", reference: optimizer, absolute: 3e-7, relative: 3e-7, seed: n };
      const [w, g] = [updated(n), f32(n)];
      kernelTest({
        ...common,
        operands: { w, g },
        args: ({ w, g }) => [w, g, 0, n, 0.1, 0, 0, weightDecay, 0],
      });
      for (const [dampening, nesterov] of [
        [0, 0],
        [0.3, 0],
        [0, 1],
      ])
        kernelTest({
          ...common,
          operands: { w, g, velocity: updated(n) },
          args: ({ w, g, velocity }) => [w, g, velocity, n, 0.1, 0.9, dampening!, weightDecay, nesterov!],
        });
    }
});

test.run();
