import { gated } from "../../src/runtime/reference/gated.ts";
import { f32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

type Fill = typeof plain;

const ulp = 2 ** -23;

const between =
  (low: number, high: number): Fill =>
  (random) =>
    low + (high - low) * random();

/** Every magnitude a float has, either sign. */
const anyMagnitude: Fill = (random) => (random() < 0.5 ? -1 : 1) * 2 ** (random() * 252 - 126);

/** Allowed error in ULP, and beside it: the argument of geluTanh's exponential is rounded, and a slope has zeros. */
const bounds: Record<string, { ulps: number; absolute: number; fill: Fill }> = {
  gelu: { ulps: 4, absolute: 2e-37, fill: between(-12.5, 12.5) },
  silu: { ulps: 3, absolute: 2e-36, fill: between(-86, 20) },
  geluTanh: { ulps: 3, absolute: 2e-8, fill: between(-6, 6) },
  geluGrad: { ulps: 2, absolute: 2e-7, fill: between(-9, 9) },
  siluGrad: { ulps: 2, absolute: 2e-7, fill: between(-30, 30) },
  geluTanhGrad: { ulps: 2, absolute: 4e-7, fill: between(-6, 6) },
};

for (const [kernel, { ulps, absolute, fill }] of Object.entries(bounds)) {
  const back = kernel.endsWith("Grad");
  const check = (n: number, values: Fill, inPlace: boolean): void => {
    const common = { kernel, reference: gated, relative: ulps * ulp, absolute, seed: n };
    if (!back && inPlace) kernelTest({ ...common, operands: { x: updated(n, values) }, args: ({ x }) => [x, x, 0, n] });
    else if (!back)
      kernelTest({ ...common, operands: { x: f32(n, values), y: output(n) }, args: ({ x, y }) => [x, y, 0, n] });
    else if (inPlace)
      kernelTest({
        ...common,
        operands: { x: f32(n, values), gy: updated(n) },
        args: ({ x, gy }) => [x, gy, gy, n],
      });
    else
      kernelTest({
        ...common,
        operands: { x: f32(n, values), gy: f32(n), gx: output(n) },
        args: ({ x, gy, gx }) => [x, gy, gx, n],
      });
  };

  if (!back)
    test(`${kernel} keeps the slopes that ${kernel}Grad multiplies by, to the bit, and the same values, for every length 0..67`, () => {
      const keep = (n: number, values: Fill): void => {
        const common = { reference: gated, relative: ulps * ulp, seed: n };
        const operands = { x: f32(n, values), y: output(n), slopes: output(n) };
        const slopeError = bounds[`${kernel}Grad`]!.absolute;
        const kept = kernelTest({
          ...common,
          kernel,
          operands,
          absolute: Math.max(absolute, slopeError),
          args: ({ x, y, slopes }) => [x, y, slopes, n],
        });
        const alone = kernelTest({
          ...common,
          kernel,
          operands: { x: operands.x, y: output(n) },
          absolute,
          args: ({ x, y }) => [x, y, 0, n],
        });
        const ones = kernelTest({
          ...common,
          kernel: `${kernel}Grad`,
          operands: { x: operands.x, gy: f32(n, () => 1), gx: output(n) },
          absolute: slopeError,
          args: ({ x, gy, gx }) => [x, gy, gx, n],
        });
        assert.equal(kept.y, alone.y);
        assert.equal(kept.slopes, ones.gx);
      };
      for (let n = 0; n <= 67; n++) for (const values of [plain, fill]) keep(n, values);
    });

  test(`${kernel} equals its twin for every length 0..67, also in place`, () => {
    for (let n = 0; n <= 67; n++)
      for (const values of [plain, fill]) for (const inPlace of [false, true]) check(n, values, inPlace);
  });

  test(`${kernel} stays within ${ulps} ULP or ${absolute} of the exact value`, () => {
    for (const values of [plain, fill, anyMagnitude]) check(50_000, values, false);
  });

  test(`${kernel} has the right limits: infinities, NaN, zeros, denormals, the ends of its range`, () => {
    const limits = [
      0,
      -0,
      1,
      -1,
      Infinity,
      -Infinity,
      NaN,
      1e-45,
      -1e-39,
      3.4e38,
      -3.4e38,
      50,
      -50,
      -300,
      13,
      -13.5,
      -20,
    ];
    check(limits.length, (_, index) => limits[index]!, false);
  });
}

test.run();
