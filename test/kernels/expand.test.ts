import { expand } from "../../src/runtime/reference/expand.ts";
import { f32, kernelTest, output } from "../support/kernel.ts";
import { test } from "../support/suite.ts";

/** Every order of the numbers below n. */
function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
  );
}

/** Strides of a contiguous x of this shape. */
const contiguous = (shape: number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));

function checkExpand(sizes: number[], strides: number[], size: number): void {
  const total = sizes.reduce((product, length) => product * length, 1);
  kernelTest({
    kernel: "expand",
    reference: expand,
    operands: { x: f32(size), y: output(total) },
    args: ({ x, y }) => [x, y, ...sizes, ...strides],
    exact: true,
    seed: total,
  });
}

test("expand copies, fills and transposes every length 0..67", () => {
  for (let n = 0; n <= 67; n++) {
    checkExpand([1, 2, 3, n], [0, 3 * n, n, 1], 6 * n);
    checkExpand([1, 2, 3, n], [0, 3, 1, 0], 6);
    checkExpand([1, 1, 6, n], [0, 0, 1, 6], 6 * n);
    checkExpand([1, 1, n, 6], [0, 0, 1, n], 6 * n);
  }
});

test("expand permutes four dimensions in every order", () => {
  for (const shape of [
    [2, 3, 4, 5],
    [3, 1, 9, 7],
  ])
    for (const order of permutations(4)) {
      const strides = contiguous(shape);
      checkExpand(
        order.map((axis) => shape[axis]!),
        order.map((axis) => strides[axis]!),
        shape.reduce((product, length) => product * length, 1),
      );
    }
});

test("expand broadcasts along every set of dimensions", () => {
  const sizes = [2, 3, 5, 6];
  for (let kept = 0; kept < 16; kept++) {
    const shape = sizes.map((size, axis) => ((kept >> axis) & 1 ? size : 1));
    const strides = contiguous(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
    checkExpand(
      sizes,
      strides,
      shape.reduce((product, length) => product * length, 1),
    );
  }
});

test.run();
