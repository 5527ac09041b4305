// Reductions, picks and placements along axes: values worked out by hand, laws, and what is refused.
import fc from "fast-check";
import {
  backward,
  concat,
  cumsum,
  flip,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  min,
  oneHot,
  pad,
  permute,
  prod,
  scatterAdd,
  slice,
  softmax,
  split,
  stack,
  sum,
  take,
  takeAlong,
  type Tensor,
  tensor,
  topK,
  variance,
  zeros,
} from "../../../src/autograd/index.ts";
import { point, shape } from "../../../src/testing/index.ts";
import { near } from "../../support/near.ts";
import { refuses } from "../../support/refuses.ts";
import { assert, test } from "../../support/suite.ts";

const list = (t: Tensor | null): number[] => Array.from(t!.toArray());
const counting = (of: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: of.reduce((n, size) => n * size, 1) }, (_, i) => i),
    of,
  );

test("matmul takes stacks of matrices, whose leading axes broadcast", () => {
  const a = counting([2, 1, 2, 3]);
  const b = counting([4, 3, 2]);
  const y = matmul(a, b);
  assert.equal(y.shape, [2, 4, 2, 2]);
  const one = matmul(tensor(list(a).slice(6), [2, 3]), tensor(list(b).slice(6, 12), [3, 2]));
  assert.equal(list(y).slice(20, 24), list(one));
  // a matrix behind a stack is one product
  const w = tensor([1, 0, 2, 1, 0, 3], [3, 2]);
  assert.equal(list(matmul(a, w)), [2, 7, 11, 19, 20, 31, 29, 43]);
  const turned = tensor([1, 2, 0, 0, 1, 3], [2, 3]);
  assert.equal(list(matmul(a, turned, { transB: true })), list(matmul(a, w)));
  refuses(() => matmul(a, zeros([2, 2, 4])), "matmul: inner dimensions differ, got [2,1,2,3] and [2,2,4]");
  refuses(() => matmul(zeros([3, 2, 2]), zeros([2, 2, 2])), "matmul: shapes do not broadcast, got [3] and [2]");
  assert.equal(matmul(zeros([0, 2, 3]), zeros([3, 4])).shape, [0, 2, 4]);
});

test("softmax and logSoftmax over an axis are those over the last one of what is turned", () => {
  fc.assert(
    fc.property(
      shape({ minRank: 1, maxRank: 6, maxSize: 3 }).chain((of) => fc.tuple(point(of), fc.nat(of.length - 1))),
      ([x, axis]) => {
        const t = tensor(x.values, x.shape);
        const order = x.shape.map((_, i) => i).filter((i) => i !== axis);
        order.push(axis);
        for (const fn of [softmax, logSoftmax]) {
          const turned = fn(permute(t, order));
          assert.equal(list(permute(fn(t, { axis }), order)), list(turned));
        }
        near(list(sum(softmax(t, { axis }), { axis })), new Array(t.size / x.shape[axis]!).fill(1), 1e-6);
      },
    ),
  );
});

test("reductions run over any axes, apart or together", () => {
  const x = tensor([3, -1, 2, 5, 5, -4, 0, 1], [2, 2, 2]);
  assert.equal(list(max(x)), [5]);
  assert.equal(list(max(x, { axis: [0, 2] })), [5, 5]);
  assert.equal(list(min(x, { axis: 1 })), [2, -1, 0, -4]);
  assert.equal(max(x, { axis: -1, keep: true }).shape, [2, 2, 1]);
  assert.equal(list(prod(x, { axis: [1, 2] })), [-30, 0]);
  near(list(variance(x, { axis: 0 })), [2, 4.5, 2, 8]);
  near(list(variance(x, { correction: 0 })), [8.234375]);
  near(list(logSumExp(x, { axis: [0, 1, 2] })), [Math.log(list(x).reduce((n, v) => n + Math.exp(v), 0))]);
  assert.equal(list(cumsum(tensor([1, 2, 3]))), [1, 3, 6]);
  assert.equal(list(cumsum(tensor([1, 2, 3]), { reverse: true })), [6, 5, 3]);
  refuses(() => max(zeros([0, 2]), { axis: 0 }), "max: axes 0 of [0,2] have no elements, expected at least one");
});

test("logSumExp of infinities and of large numbers is what it tends to", () => {
  const rows = tensor([1000, 1000, -Infinity, -Infinity, Infinity, 1, NaN, 0], [4, 2]);
  near(list(logSumExp(rows, { axis: 1 })), [1000 + Math.LN2, -Infinity, Infinity, NaN]);
});

test("equal maxima share the gradient, and a product has one where factors are 0", () => {
  const x = tensor([2, 7, 7, 1]);
  x.requiresGrad = true;
  backward(max(x));
  assert.equal(list(x.grad), [0, 0.5, 0.5, 0]);
  const y = tensor([2, 0, 3, 5, 1]);
  y.requiresGrad = true;
  backward(prod(y));
  assert.equal(list(y.grad), [0, 30, 0, 0, 0]);
});

test("slices take steps, and what is flipped twice is itself", () => {
  const x = counting([2, 5]);
  assert.equal(list(slice(x, { axis: 1, from: 1, step: 2 })), [1, 3, 6, 8]);
  assert.equal(list(slice(x, { axis: 1 })), list(x));
  assert.equal(list(flip(x, 0)), [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]);
  fc.assert(
    fc.property(
      shape({ minRank: 1, maxRank: 6, maxSize: 3 }).chain((of) => fc.tuple(point(of), fc.nat(of.length - 1))),
      ([x, axis]) => {
        const t = tensor(x.values, x.shape);
        assert.equal(list(flip(flip(t, axis), axis)), list(t));
      },
    ),
  );
  refuses(
    () => slice(x, { axis: 1, step: 0 }),
    "slice: got step 0, expected an integer of at least 1; flip() turns an axis around",
  );
});

test("pad surrounds, and a slice takes the padding away again", () => {
  const x = counting([1, 2]);
  const widths = [
    [1, 0],
    [0, 2],
  ] as const;
  const y = pad(x, widths, { value: -1 });
  assert.equal(
    [y.shape, list(y)],
    [
      [2, 4],
      [-1, -1, -1, -1, 0, 1, -1, -1],
    ],
  );
  assert.equal(list(slice(slice(y, { axis: 0, from: 1 }), { axis: 1, to: 2 })), [0, 1]);
  refuses(() => pad(x, [[0, 1]]), "pad: got [0,1], expected two integers of at least 0 for each axis of [1,2]");
});

test("what is split and put together, or stacked and split, is as before", () => {
  const x = counting([3, 4]);
  assert.equal(list(concat(split(x, [1, 0, 3], 1), 1)), list(x));
  const parts = split(stack([x, x], 1), 2, 1);
  assert.equal(
    parts.map((part) => [part.shape, list(part)]),
    [x, x].map((t) => [[3, 1, 4], list(t)]),
  );
  refuses(() => split(x, 3, 1), "split: got 3 parts, expected sizes that sum to 4, axis 1 of [3,4]");
  refuses(() => stack([x, zeros([4, 3])]), "stack: got [3,4] [4,3], expected one shape");
});

test("take picks along any axis and scatterAdd puts back", () => {
  const x = counting([2, 3]);
  const numbers = tensor([2, 0, 2], [3], "i32");
  assert.equal(list(take(x, numbers, 1)), [2, 0, 2, 5, 3, 5]);
  assert.equal(take(x, tensor([0, 1, 1, 0], [2, 2], "i32")).shape, [2, 2, 3]);
  assert.equal(list(scatterAdd(tensor([1, 10, 100], [1, 3]), numbers, 4, 1)), [10, 0, 101, 0]);
  assert.equal(list(takeAlong(x, tensor([1, 2], [2, 1], "i32"))), [1, 5]);
  refuses(() => take(x, tensor([3], [1], "i32"), 1), "take: number 0, got 3, expected 0 to 2");
  refuses(() => takeAlong(x, numbers), "takeAlong: got numbers [3] for [2,3], expected shapes alike but for axis 1");
});

test("topK sorts along any axis, and its values have a gradient", () => {
  const x = tensor([3, 1, 2, 9, 9, 8], [2, 3]);
  x.requiresGrad = true;
  const { values, numbers } = topK(x, 2);
  assert.equal(
    [list(values), list(numbers)],
    [
      [3, 2, 9, 9],
      [0, 2, 0, 1],
    ],
  );
  backward(sum(values));
  assert.equal(list(x.grad), [1, 0, 1, 1, 1, 0]);
  const columns = topK(counting([3, 2, 2]), 2, { axis: 0 });
  assert.equal(
    [columns.values.shape, list(columns.values)],
    [
      [2, 2, 2],
      [8, 9, 10, 11, 4, 5, 6, 7],
    ],
  );
  refuses(() => topK(x, 4), "topK: got k 4, expected 0 to 3, the size of axis 1");
});

test("oneHot has its one at the label", () => {
  const y = oneHot(tensor([2, 0], [2, 1], "i32"), 3);
  assert.equal(
    [y.shape, list(y)],
    [
      [2, 1, 3],
      [0, 0, 1, 1, 0, 0],
    ],
  );
  refuses(() => oneHot(tensor([3], [1], "i32"), 3), "oneHot: label 0, got 3, expected 0 to 2");
});

test.run();
