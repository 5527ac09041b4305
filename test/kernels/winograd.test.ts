import fc from "fast-check";
import { winograd } from "../../src/runtime/reference/winograd.ts";
import { conv2d } from "../../src/runtime/reference/conv2d.ts";
import { builds } from "../support/builds.ts";
import { f32, kernels, kernelTest, output, plain, scratch, seeded } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

interface Shape {
  batch: number;
  ic: number;
  oc: number;
  /** Sides of the output. */
  oh: number;
  ow: number;
  pad: number;
  skew?: number;
}

const fits = ({ oh, ow, pad }: Shape): boolean => Math.min(oh, ow) + 2 - 2 * pad >= 1;

/** Runs convolution, gradient of the input and gradient of the weights on one shape; returns what they wrote. */
function check({ batch, ic, oc, oh, ow, pad, skew = 0 }: Shape, bias = true): Float32Array[] {
  const [ih, iw] = [oh + 2 - 2 * pad, ow + 2 - 2 * pad];
  const work = (from: number, to: number, h: number, w: number) =>
    scratch(Number(kernels.winogradScratchBytes!(batch, from, to, h, w)));
  const [xs, ys] = [batch * ic * ih * iw, batch * oc * oh * ow];
  const common = { reference: winograd, relative: 0 };
  const forward = kernelTest({
    ...common,
    kernel: "winograd",
    operands: {
      x: f32(xs, plain, skew),
      w: f32(9 * ic * oc, plain, skew),
      b: f32(oc),
      y: output(ys, "f32", skew),
      s: work(ic, oc, oh, ow),
    },
    args: ({ x, w, b, y, s }) => [x, w, bias ? b : 0, y, batch, ic, ih, iw, oc, pad, 0, s],
    absolute: 2e-6 * (ic + 4),
  });
  const mirrored = kernelTest({
    ...common,
    kernel: "winograd",
    operands: {
      x: f32(ys, plain, skew),
      w: f32(9 * ic * oc, plain, skew),
      b: f32(ic),
      y: output(xs, "f32", skew),
      s: work(oc, ic, ih, iw),
    },
    args: ({ x, w, b, y, s }) => [x, w, bias ? b : 0, y, batch, oc, oh, ow, ic, 2 - pad, 1, s],
    absolute: 2e-6 * (oc + 4),
  });
  const weights = kernelTest({
    ...common,
    kernel: "winogradGradWeight",
    operands: {
      x: f32(xs, plain, skew),
      gy: f32(ys, plain, skew),
      gw: output(9 * ic * oc, "f32", skew),
      s: work(ic, oc, oh, ow),
    },
    args: ({ x, gy, gw, s }) => [x, gy, gw, batch, ic, ih, iw, oc, pad, s],
    absolute: 2e-6 * (batch * oh * ow + 4),
  });
  return [forward.y, mirrored.y, weights.gw];
}

test("Winograd's convolutions equal their twins for every side and padding", () => {
  for (let ow = 1; ow <= 13; ow++)
    for (const oh of [1, 3, 4, 6])
      for (const pad of [0, 1, 2]) {
        const shape = { batch: 2, ic: 1 + (ow % 5), oc: 1 + (oh % 6), oh, ow, pad };
        if (fits(shape)) check(shape, ow > 2);
      }
});

test("Winograd's convolutions equal their twins for every length 0..67 of each size", () => {
  for (let length = 0; length <= 67; length++) {
    check({ batch: length, ic: 2, oc: 3, oh: 3, ow: 5, pad: 1 });
    if (length === 0) continue;
    check({ batch: 1, ic: length, oc: 3, oh: 4, ow: 5, pad: 1 });
    check({ batch: 1, ic: 2, oc: length, oh: 4, ow: 5, pad: 0 });
    check({ batch: 1, ic: 3, oc: 2, oh: length, ow: 4, pad: 1 });
    check({ batch: 2, ic: 1, oc: 4, oh: 4, ow: length, pad: 1 });
  }
});

test("Winograd's convolutions equal their twins where blocks of tiles end within a sample and within a batch", () => {
  check({ batch: 1, ic: 40, oc: 36, oh: 34, ow: 30, pad: 1 });
  check({ batch: 21, ic: 16, oc: 20, oh: 7, ow: 8, pad: 1 });
  check({ batch: 1, ic: 4, oc: 4, oh: 5, ow: 270, pad: 2 });
});

test("Winograd's convolutions give the same bits wherever their operands lie", () => {
  const shape = { batch: 3, ic: 5, oc: 6, oh: 9, ow: 11, pad: 1 };
  assert.equal(check(shape), check({ ...shape, skew: 12 }));
});

/** Root mean square errors of both ways to each of value and gradients, on numbers of one seed. */
function errors(
  { batch, ic, oc, oh, ow, pad }: Shape,
  seed: number,
  positive: boolean,
): [tiles: number, direct: number][] {
  const { kernels: run, memory } = builds[0]!;
  const [ih, iw] = [oh + 2 - 2 * pad, ow + 2 - 2 * pad];
  const sizes = { x: batch * ic * ih * iw, w: 9 * ic * oc, y: batch * oc * oh * ow };
  const [x, w, gy, out, work] = [1, 4, 5, 8, 16].map((mib) => mib << 20) as [number, number, number, number, number];
  const floats = new Float32Array(memory.buffer);
  const random = seeded(seed);
  const fill = (at: number, n: number, next: () => number): void => {
    for (let i = 0; i < n; i++) floats[at / 4 + i] = next();
  };
  fill(x, sizes.x, positive ? random : () => random() * 2 - 1);
  fill(w, sizes.w, () => random() * 2 - 1);
  fill(gy, sizes.y, () => random() * 2 - 1);
  const double = {
    f: Float64Array.from(floats.subarray(0, out / 4 + 2 ** 20)),
    i32: new Int32Array(0),
    u8: new Uint8Array(0),
  };
  const direct = conv2d(double);
  const whole = [batch, ic, ih, iw, oc, 3, 3, 1, pad] as const;
  const error = (n: number): number => {
    let sum = 0;
    for (let i = out / 4; i < out / 4 + n; i++) sum += (floats[i]! - double.f[i]!) ** 2;
    return Math.sqrt(sum / n);
  };
  const both = (n: number, exact: () => void, tiles: () => void, plainly: () => void): [number, number] => {
    exact();
    return [tiles, plainly].map((each) => {
      each();
      return error(n);
    }) as [number, number];
  };
  return [
    both(
      sizes.y,
      () => direct.conv2d(x, w, 0, out, ...whole, 0, work),
      () => run.winograd!(x, w, 0, out, batch, ic, ih, iw, oc, pad, 0, work),
      () => run.conv2d!(x, w, 0, out, ...whole, 0, work),
    ),
    both(
      sizes.x,
      () => direct.conv2dGradInput(gy, w, out, ...whole, work),
      () => run.winograd!(gy, w, 0, out, batch, oc, oh, ow, ic, 2 - pad, 1, work),
      () => run.conv2dGradInput!(gy, w, out, ...whole, work),
    ),
    both(
      sizes.w,
      () => direct.conv2dGradWeight(x, gy, out, ...whole, work),
      () => run.winogradGradWeight!(x, gy, out, batch, ic, ih, iw, oc, pad, work),
      () => run.conv2dGradWeight!(x, gy, out, ...whole, work),
    ),
  ];
}

test("Winograd's errors are within four times those of the direct kernels wherever it is taken", () => {
  // what src/autograd/ops/winograd.ts asks for: 32 outputs for the gradient of the input, 128 tiles for that of the weights
  const shapes = fc.record({
    batch: fc.integer({ min: 8, max: 11 }),
    ic: fc.integer({ min: 16, max: 24 }),
    oc: fc.integer({ min: 32, max: 40 }),
    oh: fc.integer({ min: 13, max: 16 }),
    ow: fc.integer({ min: 13, max: 16 }),
    pad: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(shapes, fc.nat(), fc.boolean(), (shape, seed, positive) => {
      errors(shape, seed, positive).forEach(([tiles, direct], which) =>
        assert.ok(tiles <= 4 * direct, `${tiles / direct} times the error, ${which}`),
      );
    }),
    { numRuns: 4 },
  );
});

test.run();
