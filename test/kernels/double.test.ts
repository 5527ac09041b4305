import { double } from "../../src/runtime/reference/double.ts";
import { f32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

const ulp = 2 ** -23;

const between =
  (low: number, high: number): Fill =>
  (random) =>
    low + (high - low) * random();

/** Every magnitude a float has, either sign. */
const anyMagnitude: Fill = (random) => (random() < 0.5 ? -1 : 1) * 2 ** (random() * 252 - 126);

/** Arguments that reach all of the function's branches; results are within 0.6 ULP of the exact value. */
const maps: Record<string, { fills: Fill[]; extra?: number[] }> = {
  erf: { fills: [plain, between(-7, 7), anyMagnitude] },
  elu: { fills: [plain, between(-20, 20), anyMagnitude], extra: [0.75] },
  expm1: { fills: [plain, between(-20, 88), anyMagnitude] },
  log1p: { fills: [plain, between(-0.999, 3), (random, i) => Math.abs(anyMagnitude(random, i))] },
  sin: { fills: [plain, between(-1000, 1000), anyMagnitude] },
  cos: { fills: [plain, between(-1000, 1000), anyMagnitude] },
};

for (const [kernel, { fills, extra = [] }] of Object.entries(maps)) {
  test(`${kernel} equals its twin for every length 0..67, also in place`, () => {
    for (let n = 0; n <= 67; n++)
      for (const fill of fills) {
        const common = { kernel, reference: double, relative: 0.6 * ulp, absolute: 2e-38, seed: n };
        kernelTest({ ...common, operands: { x: f32(n, fill), y: output(n) }, args: ({ x, y }) => [x, y, n, ...extra] });
        kernelTest({ ...common, operands: { x: updated(n, fill) }, args: ({ x }) => [x, x, n, ...extra] });
      }
  });

  test(`${kernel} stays within 0.6 ULP of the exact value`, () => {
    for (const fill of fills)
      kernelTest({
        kernel,
        reference: double,
        operands: { x: f32(50_000, fill), y: output(50_000) },
        args: ({ x, y }) => [x, y, 50_000, ...extra],
        relative: 0.6 * ulp,
        absolute: 2e-38,
      });
  });

  test(`${kernel} has the right limits: infinities, NaN, zeros, denormals, the ends of its range`, () => {
    const large = kernel === "log1p" ? [3.4e38] : [3.4e38, -3.4e38, -86.9, -105];
    const values = [0, -0, 1, -1, Infinity, -Infinity, NaN, 1e-45, -1e-45, 1e-39, 88.5, 89, 4.1e8, 2e5, ...large];
    kernelTest({
      kernel,
      reference: double,
      operands: { x: f32(values.length, (_, index) => values[index]!), y: output(values.length) },
      args: ({ x, y }) => [x, y, values.length, ...extra],
      relative: 0.6 * ulp,
      absolute: 2e-38,
    });
  });
}

for (const kernel of ["eluGrad"])
  test(`${kernel} equals its twin for every length 0..67, over its own gradient and in its limits`, () => {
    const extra = [0.75];
    // around its zeros a slope keeps an absolute error
    const common = { kernel, reference: double, absolute: 1e-9, relative: 0.6 * ulp };
    for (let n = 0; n <= 67; n++)
      for (const fill of [plain, between(-9, 9)]) {
        kernelTest({
          ...common,
          operands: { x: f32(n, fill), gy: f32(n), gx: output(n) },
          args: ({ x, gy, gx }) => [x, gy, gx, n, ...extra],
          seed: n,
        });
        kernelTest({
          ...common,
          operands: { x: f32(n, fill), gy: updated(n) },
          args: ({ x, gy }) => [x, gy, gy, n, ...extra],
          seed: n,
        });
      }
    const limits = [0, -0, Infinity, -Infinity, NaN, 3.4e38, -3.4e38, 50, -50, -300];
    kernelTest({
      ...common,
      operands: {
        x: f32(limits.length, (_, index) => limits[index]!),
        gy: f32(limits.length),
        gx: output(limits.length),
      },
      args: ({ x, gy, gx }) => [x, gy, gx, limits.length, ...extra],
    });
  });

test.run();
