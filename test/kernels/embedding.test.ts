import { embedding } from "../../src/runtime/reference/embedding.ts";
import { optimizer } from "../../src/runtime/reference/optimizer.ts";
import { f32, i32, kernelTest, output, plain, updated } from "../support/kernel.ts";
import { assert, test } from "../support/suite.ts";

const inThirds = (_: unknown, row: number): number => Number(row % 3 === 0);

test("embeddingGrad equals its twin for every width 1..67 and every number of rows, with and without marks", () => {
  for (let length = 0; length <= 67; length++)
    for (const [count, rows, width] of [
      [7, 5, Math.max(1, length)],
      [length, 9, 3],
      [4, length + 1, 2],
    ] as const) {
      const common = {
        kernel: "embeddingGrad",
        reference: embedding,
        absolute: 2e-6,
        relative: 0,
        seed: length,
      };
      const gy = f32(count * width);
      const indices = i32(count, (random) => Math.floor(random() * rows));
      kernelTest({
        ...common,
        operands: { gy, indices, gx: output(rows * width) },
        args: ({ gy, indices, gx }) => [gy, indices, gx, 0, count, rows, width],
      });
      // what is not marked is zero already, and is not written: a canary would stay
      kernelTest({
        ...common,
        operands: {
          gy,
          indices,
          gx: updated(rows * width, (random, at) => (Math.floor(at / width) % 3 === 0 ? plain(random, at) : 0)),
          touched: { ...i32(rows, inThirds), written: "compared" },
        },
        args: ({ gy, indices, gx, touched }) => [gy, indices, gx, touched, count, rows, width],
      });
    }
});

test("embeddingGrad leaves rows alone that are neither marked nor reached", () => {
  const { gx } = kernelTest({
    kernel: "embeddingGrad",
    // this twin knows nothing of clearing
    reference: () => ({ embeddingGrad: () => {} }),
    operands: {
      gy: f32(0),
      indices: i32(0, () => 0),
      gx: updated(12),
      touched: { ...i32(4, () => 0), written: "compared" },
    },
    args: ({ gy, indices, gx, touched }) => [gy, indices, gx, touched, 0, 4, 3],
  });
  assert.ok(gx.some((value) => value !== 0));
});

const step = [0.003, 0.9, 0.999, 1e-8, 0, 0.271, 0.002997, 0] as const;

/** Filled so in these rows, 0 elsewhere. */
function where(row: (at: number) => boolean, fill: typeof plain): typeof plain {
  return (random, at) => (row(at) ? fill(random, at) : 0);
}

test("adamRows equals adam over all rows, bit for bit, where rows without a gradient have no moments either", () => {
  for (let width = 1; width <= 19; width++) {
    const rows = 11;
    // every third row has a gradient now, rows 0 and 4 had one before
    const has = (at: number): boolean => Math.floor(at / width) % 3 === 0;
    const had = (at: number): boolean => Math.floor(at / width) % 4 === 0;
    const common = {
      absolute: 1e-7,
      relative: 5e-6,
      seed: width,
    };
    const operands = {
      w: updated(rows * width),
      g: f32(rows * width, where(has, plain)),
      m: updated(rows * width, where(had, plain)),
      v: updated(
        rows * width,
        where(had, (random) => random()),
      ),
    };
    const sparse = kernelTest({
      ...common,
      kernel: "adamRows",
      reference: embedding,
      operands: {
        ...operands,
        touched: i32(rows, inThirds),
        live: { ...i32(rows, (_, row) => Number(row % 4 === 0)), written: "compared" },
      },
      args: ({ w, g, m, v, touched, live }) => [w, g, m, v, touched, live, rows, width, ...step],
    });
    const dense = kernelTest({
      ...common,
      kernel: "adam",
      reference: optimizer,
      operands,
      args: ({ w, g, m, v }) => [w, g, m, v, rows * width, ...step],
    });
    for (const name of ["w", "m", "v"] as const) assert.equal(sparse[name], dense[name]);
  }
});

test("adamRows moves every row under weight decay", () => {
  const [rows, width] = [5, 6];
  for (const decoupled of [0, 1])
    kernelTest({
      kernel: "adamRows",
      reference: embedding,
      operands: {
        w: updated(rows * width),
        g: f32(rows * width, () => 0),
        m: updated(rows * width, () => 0),
        v: updated(rows * width, () => 0),
        touched: i32(rows, () => 0),
        live: { ...i32(rows, () => 0), written: "compared" },
      },
      args: ({ w, g, m, v, touched, live }) => [
        w,
        g,
        m,
        v,
        touched,
        live,
        rows,
        width,
        0.1,
        0.9,
        0.999,
        1e-8,
        0.5,
        0.271,
        0.003,
        decoupled,
      ],
      relative: 1e-5,
    });
});

test.run();
