import { cumulative } from "../../src/runtime/reference/cumulative.ts";
import { place } from "../../src/runtime/reference/place.ts";
import { topK } from "../../src/runtime/reference/topK.ts";
import { f32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

type Fill = typeof plain;

/** Few different values, so that some are equal, and now and then NaN or an infinity. */
const ties: Fill = (random) => {
  const pick = random();
  return pick < 0.05 ? NaN : pick < 0.1 ? -Infinity : pick < 0.15 ? Infinity : Math.floor(random() * 5) - 2;
};

test("cumsum equals its twin over every view, in both directions, also in place", () => {
  for (let length = 0; length <= 67; length++)
    for (const [outer, n, inner] of [
      [2, length, 1],
      [2, 5, length],
      [length, 3, 2],
    ] as const)
      for (const reverse of [0, 1]) {
        const size = outer * n * inner;
        const common = { kernel: "cumsum", reference: cumulative, absolute: 1e-6 * (n + 1), relative: 0, seed: length };
        kernelTest({
          ...common,
          operands: { x: f32(size), y: output(size) },
          args: ({ x, y }) => [x, y, outer, n, inner, reverse],
        });
        kernelTest({ ...common, operands: { x: updated(size) }, args: ({ x }) => [x, x, outer, n, inner, reverse] });
      }
});

test("place equals its twin for every length 0..67 and distances of either sign, and leaves what lies between", () => {
  for (let n = 0; n <= 67; n++)
    for (const step of [1, 2, 3, -1])
      kernelTest({
        kernel: "place",
        reference: place,
        operands: { x: f32(6 * n), y: updated(6 * (3 * n + 1)) },
        args: ({ x, y }) => {
          const from = step < 0 && n > 0 ? y + 4 * (n - 1) : y;
          return [x, from, 1, 2, 3, n, 0, 3 * (3 * n + 1), 3 * n + 1, step];
        },
        exact: true,
        seed: n,
      });
});

test("topK gives the places its twin gives for every length 0..67 and every k, ties and NaN among them", () => {
  for (let cols = 0; cols <= 67; cols++)
    for (const k of [0, 1, 2, 5, cols])
      for (const fill of [plain, ties])
        if (k <= cols)
          kernelTest({
            kernel: "topK",
            reference: topK,
            operands: { x: f32(3 * cols, fill), y: output(3 * k, "i32") },
            args: ({ x, y }) => [x, y, 3, cols, k],
            seed: cols,
          });
});

test.run();
