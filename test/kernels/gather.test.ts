import { gather } from "../../src/runtime/reference/gather.ts";
import { f32, i32, kernelTest, output, u8, updated } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

const rowsStored = 5;
const byte = (random: () => number): number => Math.floor(random() * 256);
const rowNumbers = (rows: number) => i32(rows, (random) => Math.floor(random() * rowsStored));

test("gatherNormalize equals its twin for every plane size 0..67 and every number of rows", () => {
  for (let length = 0; length <= 67; length++)
    for (const [rows, channels, plane] of [
      [3, 1, length],
      [2, 3, length],
      [length, 1, 5],
    ] as const)
      kernelTest({
        kernel: "gatherNormalize",
        reference: gather,
        operands: {
          src: u8(rowsStored * channels * plane, byte),
          indices: rowNumbers(rows),
          scale: f32(channels),
          shift: f32(channels),
          y: output(rows * channels * plane),
        },
        args: ({ src, indices, scale, shift, y }) => [src, indices, y, rows, channels, plane, scale, shift],
        absolute: 2e-5,
        relative: 2e-7,
        seed: length,
      });
});

test("gather and scatterAdd equal their twins for every width 0..67 and every number of rows", () => {
  for (let length = 0; length <= 67; length++)
    for (const [rows, width] of [
      [9, length],
      [length, 3],
    ] as const) {
      const common = { reference: gather, absolute: 2e-6, relative: 0, seed: length };
      const indices = rowNumbers(rows);
      kernelTest({
        ...common,
        kernel: "gather",
        operands: { x: f32(rowsStored * width), indices, y: output(rows * width) },
        args: ({ x, indices, y }) => [x, indices, y, rows, width],
      });
      kernelTest({
        ...common,
        kernel: "scatterAdd",
        operands: { gy: f32(rows * width), indices, gx: updated(rowsStored * width) },
        args: ({ gy, indices, gx }) => [gy, indices, gx, rows, width],
      });
    }
});

test("gatherInt equals its twin for every number of rows 0..67", () => {
  for (let rows = 0; rows <= 67; rows++) {
    const common = { reference: gather, seed: rows };
    const indices = rowNumbers(rows);
    kernelTest({
      ...common,
      kernel: "gatherInt",
      operands: { src: i32(rowsStored, (random) => byte(random) - 128), indices, y: output(rows, "i32") },
      args: ({ src, indices, y }) => [src, indices, y, rows],
    });
  }
});

test("outside finds the first index that is out of range, at every position of every length 0..67", () => {
  for (let n = 0; n <= 67; n++)
    for (let at = 0; at <= n; at++)
      for (const bad of [-1, 5, -100, 2 ** 31 - 1, -(2 ** 31)])
        kernelTest({
          kernel: "outside",
          reference: gather,
          // everything behind the first is as bad
          operands: {
            indices: i32(n, (random, i) => (i === at || (i > at && random() < 0.3) ? bad : Math.floor(random() * 5))),
          },
          args: ({ indices }) => [indices, n, 5],
          absolute: 0,
          relative: 0,
          seed: n + at,
        });
});

test.run();
