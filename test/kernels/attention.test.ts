import { attention } from "../../src/runtime/reference/attention.ts";
import { f32, kernelTest, output, plain, scratch } from "../support/kernel.ts";
import { builds } from "../support/builds.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

const sometimes: Fill = (random) => (random() < 0.3 ? 0 : 1);
const given =
  (values: Float32Array): Fill =>
  (_, index) =>
    values[index]!;
const bytes = (name: string, keys: number): number => Number(builds[0]!.kernels[name]!(keys));

function check(queries: number, keys: number, d: number, dv: number, causal: number, masked: boolean): void {
  const [batch, heads] = [2, 2];
  const n = batch * heads;
  const scale = 1 / Math.sqrt(Math.max(1, d));
  const sizes = [batch, heads, queries, keys, d, dv, causal, scale, 0];
  const operands = {
    q: f32(n * queries * d),
    k: f32(n * keys * d),
    v: f32(n * keys * dv),
    mask: f32(batch * keys, sometimes),
  };
  const common = { reference: attention, absolute: 3e-6, relative: 3e-6, seed: queries * 97 + keys };
  const made = kernelTest({
    ...common,
    kernel: "attention",
    operands: {
      ...operands,
      y: output(n * queries * dv),
      sums: output(n * queries),
      work: scratch(bytes("attentionScratchBytes", keys)),
    },
    args: ({ q, k, v, mask, y, sums, work }) => [q, k, v, masked ? mask : 0, y, sums, ...sizes, work],
  });
  kernelTest({
    ...common,
    absolute: 2e-5,
    kernel: "attentionGrad",
    // the first operands draw the same numbers as above
    operands: {
      ...operands,
      y: f32(n * queries * dv, given(made.y)),
      sums: f32(n * queries, given(made.sums)),
      gy: f32(n * queries * dv),
      gq: output(n * queries * d),
      gk: output(n * keys * d),
      gv: output(n * keys * dv),
      work: scratch(bytes("attentionGradScratchBytes", keys)),
    },
    args: ({ q, k, v, mask, y, sums, gy, gq, gk, gv, work }) => [
      q,
      k,
      v,
      masked ? mask : 0,
      y,
      sums,
      gy,
      gq,
      gk,
      gv,
      ...sizes,
      work,
    ],
  });
}

/** As `check`, of a sequence over itself: queries, keys and values of all heads lie beside each other in rows of one operand. */
function checkBeside(steps: number, d: number, causal: number, masked: boolean): void {
  const [batch, heads] = [2, 3];
  const width = heads * d;
  const sizes = [batch, heads, steps, steps, d, d, causal, 1 / Math.sqrt(d), 3 * width];
  const parts = (x: number): number[] => [x, x + 4 * width, x + 8 * width];
  const operands = { x: f32(batch * steps * 3 * width), mask: f32(batch * steps, sometimes) };
  const common = { reference: attention, absolute: 3e-6, relative: 3e-6, seed: steps * 97 + d };
  const made = kernelTest({
    ...common,
    kernel: "attention",
    operands: {
      ...operands,
      y: output(batch * steps * width),
      sums: output(batch * heads * steps),
      work: scratch(bytes("attentionScratchBytes", steps)),
    },
    args: ({ x, mask, y, sums, work }) => [...parts(x), masked ? mask : 0, y, sums, ...sizes, work],
  });
  kernelTest({
    ...common,
    absolute: 2e-5,
    kernel: "attentionGrad",
    operands: {
      ...operands,
      y: f32(batch * steps * width, given(made.y)),
      sums: f32(batch * heads * steps, given(made.sums)),
      gy: f32(batch * steps * width),
      gx: output(batch * steps * 3 * width),
      work: scratch(bytes("attentionGradScratchBytes", steps)),
    },
    args: ({ x, mask, y, sums, gy, gx, work }) => [
      ...parts(x),
      masked ? mask : 0,
      y,
      sums,
      gy,
      ...parts(gx),
      ...sizes,
      work,
    ],
  });
}

test("attention within rows of one operand and its gradients equal their twins for every number of steps and width 1..67", () => {
  for (let n = 1; n <= 67; n++) {
    checkBeside(n, 5, n % 2, n % 3 === 0);
    checkBeside(5, n, (n + 1) % 2, n % 3 === 1);
  }
});

test("attention and its gradients equal their twins for every number of keys and of queries 1..67", () => {
  for (let length = 1; length <= 67; length++) {
    check(3, length, 5, 4, length % 2, length % 3 === 0);
    check(length, 7, 4, 3, (length + 1) % 2, length % 3 === 1);
    check(length, length, 3, 5, 1, false);
  }
});

test("attention and its gradients equal their twins for every width 1..67", () => {
  for (let width = 1; width <= 67; width++) {
    check(4, 6, width, 3, 0, false);
    check(4, 6, 3, width, 1, true);
  }
});

test.run();
