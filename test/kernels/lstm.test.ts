import { lstm as reference } from "../../src/runtime/reference/lstm.ts";
import { f32, i32, kernels, kernelTest, output, scratch, seeded, updated } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

/** How many of the sequences (longest first) are there at each step. */
function activeOf(lengths: readonly number[]): number[] {
  return Array.from({ length: lengths[0] ?? 0 }, (_, t) => lengths.filter((length) => length > t).length);
}

interface Sizes {
  readonly lengths: readonly number[];
  readonly width: number;
  readonly reverse: number;
  readonly seed: number;
}

// sorted sequence i belongs in row batch - 1 - i, so that a mix-up shows
function layout({ lengths }: Sizes): {
  active: number[];
  rows: number;
  batch: number;
  order: (_: unknown, i: number) => number;
} {
  const active = activeOf(lengths);
  const batch = lengths.length;
  return { active, batch, rows: lengths.reduce((n, length) => n + length, 0), order: (_, i) => batch - 1 - i };
}

function forward(sizes: Sizes): void {
  const { width, reverse, seed } = sizes;
  const { active, rows, batch, order } = layout(sizes);
  kernelTest({
    kernel: "lstm",
    reference,
    operands: {
      gates: updated(rows * 4 * width),
      w: f32(4 * width * width),
      b: f32(4 * width),
      active: i32(active.length, (_, t) => active[t]!),
      order: i32(batch, order),
      hidden: output(rows * width),
      cells: output(rows * width),
      squashed: output(rows * width),
      y: output(batch * width),
      scratch: scratch(Number(kernels["lstmScratchBytes"]!(width))),
    },
    args: ({ gates, w, b, active: at, order, hidden, cells, squashed, y, scratch }) => [
      gates,
      w,
      b,
      at,
      order,
      hidden,
      cells,
      squashed,
      y,
      active.length,
      batch,
      width,
      reverse,
      scratch,
    ],
    seed,
  });
}

const state = (random: () => number): number => 2 * random() - 1;
const share = (random: () => number): number => random();

function backward(sizes: Sizes): void {
  const { width, reverse, seed } = sizes;
  const { active, rows, batch, order } = layout(sizes);
  kernelTest({
    kernel: "lstmGrad",
    reference,
    operands: {
      gy: f32(batch * width),
      w: f32(4 * width * width),
      active: i32(active.length, (_, t) => active[t]!),
      order: i32(batch, order),
      gates: f32(rows * 4 * width, share),
      cells: f32(rows * width, state),
      squashed: f32(rows * width, state),
      ggates: output(rows * 4 * width),
      scratch: scratch(Number(kernels["lstmGradScratchBytes"]!(batch, width))),
    },
    args: ({ gy, w, active: at, order, gates, cells, squashed, ggates, scratch }) => [
      gy,
      w,
      at,
      order,
      gates,
      cells,
      squashed,
      ggates,
      active.length,
      batch,
      width,
      reverse,
      scratch,
    ],
    absolute: 1e-4,
    relative: 1e-4,
    seed,
  });
}

const random = seeded(7);
const ragged = (batch: number, longest: number): number[] =>
  Array.from({ length: batch }, () => Math.floor(random() * (longest + 1))).toSorted((a, b) => b - a);

for (const [name, run] of [
  ["lstm", forward],
  ["lstmGrad", backward],
] as const) {
  test(`${name} equals its twin for every width up to 19 and in both directions`, () => {
    for (let width = 1; width <= 19; width++)
      for (const reverse of [0, 1]) run({ lengths: ragged(1 + (width % 5), 6), width, reverse, seed: width });
  });

  test(`${name} equals its twin for batches of equal and of different lengths, empty sequences among them`, () => {
    const batches = [[], [0], [1], [0, 0], [5], [3, 3, 3], [4, 1], [4, 0], [7, 5, 5, 2, 1, 0], ragged(10, 20)];
    for (const lengths of batches)
      for (const reverse of [0, 1]) run({ lengths, width: 6, reverse, seed: lengths.length });
  });

  test(`${name} equals its twin in the size of the paper's network`, () => {
    for (const reverse of [0, 1]) run({ lengths: ragged(10, 12), width: 64, reverse, seed: 3 });
  });
}

test("gates that are saturated either way stay finite and exact", () => {
  kernelTest({
    kernel: "lstm",
    reference,
    operands: {
      gates: updated(3 * 4 * 5, (random) => (random() < 0.5 ? -1 : 1) * 200),
      w: f32(4 * 5 * 5),
      b: f32(4 * 5),
      active: i32(3, () => 1),
      order: i32(1, () => 0),
      hidden: output(15),
      cells: output(15),
      squashed: output(15),
      y: output(5),
      scratch: scratch(Number(kernels["lstmScratchBytes"]!(5))),
    },
    args: ({ gates, w, b, active, order, hidden, cells, squashed, y, scratch }) => [
      gates,
      w,
      b,
      active,
      order,
      hidden,
      cells,
      squashed,
      y,
      3,
      1,
      5,
      0,
      scratch,
    ],
  });
  assert.ok(true);
});

test.run();
