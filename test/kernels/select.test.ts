import { select } from "../../src/runtime/reference/select.ts";
import { f32, kernelTest, output, plain } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

/** Values on, between and beyond the limits, NaN among them. */
const steps: Fill = (random) => [-2, -0.5, -0, 0, 0.25, 0.5, 3, NaN, Infinity, -Infinity][Math.floor(random() * 10)]!;

test("where, clip and their like equal their twins to the bit for every length 0..67", () => {
  for (let n = 0; n <= 67; n++)
    for (const fill of [plain, steps]) {
      const common = { reference: select, exact: true, seed: n };
      kernelTest({
        ...common,
        kernel: "where",
        operands: { c: f32(n, fill), a: f32(n, fill), b: f32(n, fill), y: output(n) },
        args: ({ c, a, b, y }) => [c, a, b, y, n],
      });
      kernelTest({
        ...common,
        kernel: "clip",
        operands: { x: f32(n, fill), y: output(n) },
        args: ({ x, y }) => [x, y, n, -0.5, 0.5],
      });
      kernelTest({
        ...common,
        kernel: "clipGrad",
        operands: { x: f32(n, fill), gy: f32(n), gx: output(n) },
        args: ({ x, gy, gx }) => [x, gy, gx, n, -0.5, 0.5],
      });
      kernelTest({
        ...common,
        kernel: "leakyReluGrad",
        operands: { x: f32(n, fill), gy: f32(n, fill), gx: output(n) },
        args: ({ x, gy, gx }) => [x, gy, gx, n, 0.25],
      });
    }
});

test.run();
