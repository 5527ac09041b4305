// Samples of attention, and of cells that run over all steps.
import fc from "fast-check";
import { attention } from "../../../src/autograd/ops/attention.ts";
import { zeros } from "../../../src/autograd/ops/fill.ts";
import { selfAttention } from "../../../src/autograd/ops/selfAttention.ts";
import { type Tensor, tensor } from "../../../src/autograd/tensor.ts";
import { point } from "../../../src/testing/index.ts";
import { int, op, points, type Sample } from "./sample.ts";

const heads = fc.record({
  batch: int(1, 2),
  heads: int(1, 2),
  queries: int(1, 5),
  keys: int(1, 6),
  d: int(1, 5),
  dv: int(1, 4),
  causal: fc.boolean(),
  mask: fc.option(fc.array(fc.constantFrom(0, 1, 1), { minLength: 12, maxLength: 12 })),
});

const cells = fc.record({
  steps: int(1, 4),
  batch: int(1, 3),
  inputs: int(1, 4),
  width: int(1, 6),
  reverse: fc.boolean(),
  started: fc.boolean(),
});

const ONCE = { order: 1, reason: "its gradient kernel has no gradient", tolerance: 1e-5 } as const;
const NEVER = {
  order: 0,
  reason: "the gradient of a recurrence cannot be differentiated again",
  tolerance: 1e-5,
} as const;

const first = (n: number, from: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(from + i) / 2 + 0.5);

export const sequences: Readonly<Record<string, Sample>> = {
  attention: {
    cases: heads.chain(({ batch, heads, queries, keys, d, dv, causal, mask }) =>
      points(point([batch, heads, queries, d]), point([batch, heads, keys, d]), point([batch, heads, keys, dv])).map(
        (points) => ({
          f: (q, k, v) => {
            const given = mask ? { mask: tensor(mask.slice(0, batch * keys), [batch, keys]) } : {};
            return attention(q!, k!, v!, { causal, ...given });
          },
          points,
        }),
      ),
    ),
    tolerance: 1e-5,
  },
  attentionGrad: {
    cases: heads.chain(({ queries, keys, d, dv, causal }) =>
      points(point([1, queries, d]), point([1, keys, d]), point([1, keys, dv]), point([1, queries, dv])).map(
        (points) => ({
          f: (q, k, v, g) => {
            const plan = { batch: 1, heads: 1, causal, scale: 0.5, sums: tensor(first(queries, 3)), found: {} };
            return op("attentionGrad", [q!, k!, v!, null, g!, g!], plan);
          },
          points,
        }),
      ),
    ),
    ...NEVER,
    reason: "the gradient of attention cannot be differentiated again",
  },
  selfAttention: {
    cases: heads.chain(({ batch, heads, queries: steps, d, causal, mask }) =>
      points(point([batch, steps, 3 * heads * d])).map((points) => ({
        f: (x) => {
          const given = mask ? { mask: tensor(mask.slice(0, batch * steps), [batch, steps]) } : {};
          return selfAttention(x!, heads, { causal, ...given });
        },
        points,
      })),
    ),
    tolerance: 1e-5,
  },
  selfAttentionGrad: {
    cases: heads.chain(({ queries: steps, d, causal }) =>
      points(point([1, steps, 3 * d]), point([1, steps, d])).map((points) => ({
        f: (x, g) => {
          const plan = { heads: 1, causal, scale: 0.5, sums: tensor(first(steps, 3)) };
          return op("selfAttentionGrad", [x!, null, g!, g!], plan);
        },
        points,
      })),
    ),
    ...NEVER,
    reason: "the gradient of attention cannot be differentiated again",
  },
  lstmSteps: {
    cases: cells.chain(({ steps, batch, inputs, width, reverse, started }) =>
      points(
        ...[[steps * batch, inputs], [4 * width, inputs], [4 * width, width], [4 * width], [4 * width]].map((of) =>
          point(of),
        ),
        ...(started ? [point([batch, width]), point([batch, width])] : []),
      ).map((points) => ({
        f: (...x) => {
          const rows = steps * batch;
          const states = (): Tensor => zeros([rows, width]);
          const kept = { gates: zeros([rows, 4 * width]), hidden: states(), cells: states(), squashed: states() };
          return op("lstmSteps", started ? x : [...x, null, null], { steps, batch, reverse, ...kept, found: {} });
        },
        points,
      })),
    ),
    ...ONCE,
  },
  lstmStepsGrad: {
    cases: cells.chain(({ steps, batch, width, reverse }) =>
      points(point([(steps + 1) * batch, width]), point([4 * width, width])).map((points) => ({
        f: (g, wh) => {
          const rows = steps * batch;
          const [gates, states] = [
            tensor(first(rows * 4 * width, 1), [rows, 4 * width]),
            tensor(first(rows * width, 2), [rows, width]),
          ];
          const run = { steps, batch, reverse, gates, hidden: states, cells: states, squashed: states, found: {} };
          return op("lstmStepsGrad", [g!, wh!, g!], run);
        },
        points,
      })),
    ),
    ...NEVER,
  },
  gruSteps: {
    cases: cells.chain(({ steps, batch, inputs, width, reverse, started }) =>
      points(
        ...[[steps * batch, inputs], [3 * width, inputs], [3 * width, width], [3 * width], [3 * width]].map((of) =>
          point(of),
        ),
        ...(started ? [point([batch, width])] : []),
      ).map((points) => ({
        f: (...x) => {
          const rows = steps * batch;
          const kept = { gates: zeros([rows, 3 * width]), hidden: zeros([rows, width]), inner: zeros([rows, width]) };
          return op("gruSteps", started ? x : [...x, null], { steps, batch, reverse, ...kept, found: {} });
        },
        points,
      })),
    ),
    ...ONCE,
  },
  gruStepsGrad: {
    cases: cells.chain(({ steps, batch, width, reverse }) =>
      points(point([steps * batch, width]), point([3 * width, width])).map((points) => ({
        f: (g, wh) => {
          const rows = steps * batch;
          const [gates, states] = [
            tensor(first(rows * 3 * width, 1), [rows, 3 * width]),
            tensor(first(rows * width, 2), [rows, width]),
          ];
          const run = { steps, batch, reverse, gates, hidden: states, inner: states, found: {} };
          return op("gruStepsGrad", [g!, wh!, g!], run);
        },
        points,
      })),
    ),
    ...NEVER,
  },
  aside: {
    cases: fc.constant({ f: (by) => op("aside", [by!], tensor([1, 2, 3])), points: [{ shape: [2], values: [1, 2] }] }),
    order: 0,
    reason: "what was found beside a gradient has no rule of its own",
  },
};
