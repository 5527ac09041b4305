import { normalize } from "../../src/runtime/reference/normalize.ts";
import { f32, kernelTest, output, plain } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

const positive: Fill = (random) => random() + 0.1;
const eps = 0.0625;

/** outer, groups, inner, channels and run of every kind of normalisation, with every length 0..67 for one of them. */
function eachLayout(check: (...layout: [number, number, number, number, number]) => void): void {
  for (let length = 0; length <= 67; length++) {
    // layers, a channel per element
    check(1, 3, length, Math.max(1, length), 1);
    // batches of columns, and of planes
    check(5, length, 1, Math.max(1, length), 1);
    check(2, 3, length, 3, Math.max(1, length));
    // groups of two channels, for two samples
    check(1, 6, 2 * length, 6, Math.max(1, length));
    // instances
    check(1, 6, length, 3, Math.max(1, length));
  }
  // a last axis of one element
  check(1, 7, 1, 1, 1);
}

test("moments equal their twins over every layout", () => {
  eachLayout((outer, groups, inner) =>
    kernelTest({
      kernel: "moments",
      reference: normalize,
      operands: { x: f32(outer * groups * inner), mean: output(groups), variance: output(groups) },
      args: ({ x, mean, variance }) => [x, mean, variance, outer, groups, inner],
      absolute: 2e-6,
      relative: 1e-5,
      seed: inner,
    }),
  );
});

test("the variance of numbers far from 0 keeps its digits", () => {
  kernelTest({
    kernel: "moments",
    reference: normalize,
    operands: { x: f32(1000, (random) => 1000 + random()), mean: output(1), variance: output(1) },
    args: ({ x, mean, variance }) => [x, mean, variance, 1, 1, 1000],
    relative: 1e-4,
    absolute: 0,
  });
});

test("normalize and its gradients equal their twins over every layout, with and without scale and shift", () => {
  eachLayout((outer, groups, inner, channels, run) => {
    const size = outer * groups * inner;
    const common = { reference: normalize, absolute: 2e-5, relative: 2e-5, seed: inner };
    const layout = [outer, groups, inner, channels, run, eps];
    for (const weighted of [true, false]) {
      kernelTest({
        ...common,
        kernel: "normalize",
        operands: {
          x: f32(size),
          mean: f32(groups),
          variance: f32(groups, positive),
          w: f32(channels),
          b: f32(channels),
          y: output(size),
        },
        args: ({ x, mean, variance, w, b, y }) => [x, mean, variance, weighted ? w : 0, weighted ? b : 0, y, ...layout],
      });
      for (const fixed of [0, 1])
        kernelTest({
          ...common,
          kernel: "normalizeGrad",
          operands: {
            x: f32(size),
            mean: f32(groups),
            variance: f32(groups, positive),
            w: f32(channels),
            gy: f32(size),
            gx: output(size),
          },
          args: ({ x, mean, variance, w, gy, gx }) => [x, mean, variance, weighted ? w : 0, gy, gx, ...layout, fixed],
        });
    }
    kernelTest({
      ...common,
      absolute: 1e-4,
      kernel: "normalizeGradScale",
      operands: {
        x: f32(size),
        mean: f32(groups),
        variance: f32(groups, positive),
        gy: f32(size),
        gw: output(channels),
        gb: output(channels),
      },
      args: ({ x, mean, variance, gy, gw, gb }) => [x, mean, variance, gy, gw, gb, ...layout],
    });
  });
});

test.run();
