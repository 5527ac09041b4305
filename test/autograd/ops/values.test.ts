// Values worked out by hand, edges, and what ops refuse.
import fc from "fast-check";
import {
  abs,
  add,
  argmax,
  backward,
  concat,
  conv2d,
  countCorrect,
  div,
  dropout,
  expand,
  gather,
  linear,
  logSigmoid,
  logSoftmax,
  matmul,
  maximum,
  maxPool2d,
  mean,
  minimum,
  mixture,
  nll,
  permute,
  relu,
  reshape,
  slice,
  softmax,
  sum,
  type Tensor,
  tensor,
  transpose,
  zeros,
} from "../../../src/autograd/index.ts";
import { fold, key } from "../../../src/runtime/random.ts";
import { shape } from "../../../src/testing/index.ts";
import { near } from "../../support/near.ts";
import { refuses } from "../../support/refuses.ts";
import { assert, test } from "../../support/suite.ts";

const list = (t: Tensor | null): number[] => Array.from(t!.toArray());
const counting = (of: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: of.reduce((n, size) => n * size, 1) }, (_, i) => i),
    of,
  );

test("matmul multiplies, with either operand transposed", () => {
  const [a, b] = [tensor([1, 2, 3, 4, 5, 6], [2, 3]), tensor([1, 0, 2, 1, 0, 3], [3, 2])];
  const wanted = [5, 11, 14, 23];
  assert.equal(list(matmul(a, b)), wanted);
  assert.equal(list(matmul(transpose(a), b, { transA: true })), wanted);
  assert.equal(list(matmul(a, transpose(b), { transB: true })), wanted);
  assert.equal(list(matmul(transpose(a), transpose(b), { transA: true, transB: true })), wanted);
});

test("linear is X W^T + b", () => {
  const [x, w] = [tensor([1, 2], [1, 2]), tensor([3, 4, 5, 6, -7, 1], [3, 2])];
  assert.equal(list(linear(x, w, tensor([10, 20, 1]))), [21, 37, -4]);
  assert.equal(list(linear(x, w, tensor([10, 20, 1]), { relu: true })), [21, 37, 0]);
  assert.equal(list(linear(x, w, null)), [11, 17, -5]);
});

test("conv2d slides without flipping, pads with zeros and rounds down", () => {
  const x = counting([1, 1, 3, 3]);
  const w = tensor([1, 0, 0, 2], [1, 1, 2, 2]);
  assert.equal(list(conv2d(x, w, null)), [0 + 8, 1 + 10, 3 + 14, 4 + 16]);
  const padded = conv2d(x, w, tensor([100]), { stride: 2, pad: 1 });
  assert.equal(
    [padded.shape, list(padded)],
    [
      [1, 1, 2, 2],
      [100, 104, 112, 120],
    ],
  );
});

test("conv2d sums over input channels", () => {
  const x = counting([1, 2, 1, 2]);
  const w = tensor([1, 10, 100, 1000], [2, 2, 1, 1]);
  assert.equal(list(conv2d(x, w, null)), [20, 31, 2000, 3100]);
});

test("maxPool2d drops the rest of an odd size, and the first of equals gets the gradient", () => {
  const x = tensor([1, 5, 9, 5, 2, 9, 9, 9, 9], [1, 1, 3, 3]);
  x.requiresGrad = true;
  const y = maxPool2d(x);
  assert.equal([y.shape, list(y)], [[1, 1, 1, 1], [5]]);
  backward(sum(y));
  assert.equal(list(x.grad), [0, 1, 0, 0, 0, 0, 0, 0, 0]);
});

test("pooling with relu is relu after pooling, and before it", () => {
  const x = tensor([-1, -2, 3, -4, -5, -6, -7, -8], [1, 2, 2, 2]);
  assert.equal(list(maxPool2d(x, { relu: true })), [3, 0]);
  assert.equal(list(relu(maxPool2d(x))), [3, 0]);
  assert.equal(list(maxPool2d(relu(x))), [3, 0]);
});

test("softmax of huge and of equal numbers is finite and sums to one", () => {
  near(list(softmax(tensor([1000, 1000, -1000], [1, 3]))), [0.5, 0.5, 0]);
  near(list(logSoftmax(tensor([1000, 1000, -1000], [1, 3]))), [-Math.LN2, -Math.LN2, -2000 - Math.LN2], 1e-5);
  near(list(softmax(tensor([5], [1, 1]))), [1]);
});

test("logSigmoid does not overflow", () => {
  near(list(logSigmoid(tensor([-1000, 0, 1000]))), [-1000, -Math.LN2, 0]);
});

test("sums run over any axes, in either notation", () => {
  const x = counting([2, 3, 2]);
  assert.equal(list(sum(x)), [66]);
  assert.equal(sum(x).shape, []);
  assert.equal(list(sum(x, { axis: [0, 2] })), [14, 22, 30]);
  assert.equal(list(sum(x, { axis: [-1, -3] })), [14, 22, 30]);
  assert.equal(sum(x, { axis: 1, keep: true }).shape, [2, 1, 2]);
  assert.equal(list(mean(x, { axis: 1 })), [2, 3, 8, 9]);
});

test("permute and its inverse are nothing", () => {
  const order = shape().chain((of) =>
    fc.tuple(
      fc.constant(of),
      fc.shuffledSubarray(
        of.map((_, i) => i),
        { minLength: of.length },
      ),
    ),
  );
  fc.assert(
    fc.property(order, ([of, order]) => {
      const x = counting(of);
      const back = permute(
        permute(x, order),
        order.map((_, i) => order.indexOf(i)),
      );
      assert.equal([back.shape, list(back)], [of, list(x)]);
    }),
  );
});

test("transpose swaps rows and columns", () => {
  const x = transpose(counting([2, 3]));
  assert.equal(
    [x.shape, list(x)],
    [
      [3, 2],
      [0, 3, 1, 4, 2, 5],
    ],
  );
});

test("what is cut along an axis and put together again is the whole", () => {
  const cuts = shape({ minRank: 1 }).chain((of) =>
    fc
      .integer({ min: 0, max: of.length - 1 })
      .chain((axis) => fc.tuple(fc.constant(of), fc.constant(axis), fc.integer({ min: 0, max: of[axis]! }))),
  );
  fc.assert(
    fc.property(cuts, ([of, axis, cut]) => {
      const x = counting(of);
      const parts = [slice(x, { axis, from: 0, to: cut }), slice(x, { axis, from: cut, to: of[axis]! })];
      const whole = concat(parts, axis);
      assert.equal([whole.shape, list(whole)], [of, list(x)]);
    }),
  );
});

test("gather picks rows, repeatedly if asked, and its gradient adds up", () => {
  const x = counting([3, 2]);
  x.requiresGrad = true;
  const y = gather(x, tensor([2, 0, 2], [3], "i32"));
  assert.equal(list(y), [4, 5, 0, 1, 4, 5]);
  backward(sum(y));
  assert.equal(list(x.grad), [1, 1, 0, 0, 2, 2]);
});

test("argmax and countCorrect take the first of equals", () => {
  const x = tensor([1, 3, 3, 2, 2, 0], [2, 3]);
  assert.equal([list(argmax(x)), argmax(x).dtype], [[1, 0], "i32"]);
  assert.equal(list(argmax(x, 0)), [1, 0, 0]);
  assert.is(countCorrect(x, tensor([1, 1], [2], "i32")), 1);
});

test("maximum and minimum give ties to the second operand's gradient", () => {
  const [a, b] = [tensor([1, 2]), tensor([1, 3])];
  a.requiresGrad = b.requiresGrad = true;
  backward(sum(add(maximum(a, b), minimum(a, b))));
  // once each: a + b in any case
  assert.equal(
    [list(a.grad), list(b.grad)],
    [
      [0, 1],
      [2, 1],
    ],
  );
});

test("dropout keeps the expectation, zeroes about p of the elements and repeats with its key", () => {
  const x = tensor(new Float32Array(20_000).fill(1));
  const at = fold(key(1), "dropout");
  const y = list(dropout(x, 0.25, at));
  assert.ok(y.every((v) => v === 0 || v === Math.fround(1 / 0.75)));
  const dropped = y.filter((v) => v === 0).length;
  // binomial with standard deviation 61
  assert.ok(Math.abs(dropped - 5000) < 306, `${dropped}`);
  assert.equal(list(dropout(x, 0.25, at)), y);
  assert.not.equal(list(dropout(x, 0.25, fold(at, 1))), y);
  assert.is(dropout(x, 0, at), x);
});

test("the gradient of dropout has the mask of its values", () => {
  const x = tensor(new Float32Array(100).fill(2));
  x.requiresGrad = true;
  const y = dropout(x, 0.5, key(3));
  backward(sum(y));
  assert.equal(
    list(x.grad),
    list(y).map((v) => v / 2),
  );
});

test("not a number stays visible", () => {
  const x = tensor([NaN, 1]);
  assert.ok(Number.isNaN(list(relu(x))[0]!));
  assert.ok(Number.isNaN(list(maximum(x, tensor([5, 0])))[0]!));
  assert.ok(Number.isNaN(list(sum(x))[0]!));
  assert.ok(Number.isNaN(list(abs(x))[0]!));
  assert.equal(list(div(tensor([1, -1]), tensor([0, 0]))), [Infinity, -Infinity]);
});

test("tensors without elements go through", () => {
  assert.equal(list(add(zeros([0, 3]), tensor([1, 2, 3]))), []);
  assert.equal(add(zeros([0, 3]), tensor([1, 2, 3])).shape, [0, 3]);
  assert.equal(list(sum(zeros([0, 3]), { axis: 0 })), [0, 0, 0]);
  assert.equal(list(sum(zeros([0]))), [0]);
  assert.equal(matmul(zeros([0, 3]), zeros([3, 2])).shape, [0, 2]);
  assert.equal(list(matmul(zeros([2, 0]), zeros([0, 2]))), [0, 0, 0, 0]);
  assert.equal(list(linear(zeros([1, 0]), zeros([2, 0]), tensor([3, 4]))), [3, 4]);
  assert.equal(permute(zeros([0, 3]), [1, 0]).shape, [3, 0]);
  assert.equal(list(concat([zeros([2, 0]), tensor([1, 2], [2, 1])], 1)), [1, 2]);
  assert.equal(concat([zeros([0, 2]), zeros([0, 3])], 1).shape, [0, 5]);
  assert.equal(gather(zeros([3, 2]), tensor([], [0], "i32")).shape, [0, 2]);
  assert.equal(nll(zeros([0, 3]), tensor([], [0], "i32")).shape, [0]);
  assert.equal(softmax(zeros([0, 3])).shape, [0, 3]);
  assert.equal(conv2d(zeros([0, 1, 5, 5]), zeros([2, 1, 3, 3]), null).shape, [0, 2, 3, 3]);
  assert.equal(maxPool2d(zeros([0, 1, 4, 4])).shape, [0, 1, 2, 2]);
});

test("backward goes through tensors without elements", () => {
  const x = zeros([3, 2]);
  x.requiresGrad = true;
  backward(sum(slice(x, { axis: 0, from: 1, to: 1 })));
  assert.equal(list(x.grad), [0, 0, 0, 0, 0, 0]);
});

test("shapes that do not fit are refused in the op's name", () => {
  const image = zeros([2, 3, 5, 5]);
  const cases: [act: () => unknown, message: string][] = [
    [() => matmul(zeros([8, 3]), zeros([4, 8])), "matmul: inner dimensions differ, got [8,3] and [4,8]"],
    [
      () => matmul(zeros([3, 8]), zeros([4, 8]), { transA: true, transB: true }),
      "matmul: inner dimensions differ, got [3,8]^T and [4,8]^T",
    ],
    [() => matmul(zeros([8]), zeros([8, 1])), "matmul: two matrices expected, got [8] and [8,1]"],
    [() => linear(zeros([1, 3]), zeros([2, 4]), null), "linear: [batch,in] and [out,in] expected, got [1,3] and [2,4]"],
    [() => linear(zeros([1, 3]), zeros([2, 3]), zeros([3])), "linear: a bias of [2] expected, got [3]"],
    [
      () => conv2d(image, zeros([4, 2, 3, 3]), null),
      "conv2d: [batch,in,h,w] and [out,in,kh,kw] expected, got [2,3,5,5] and [4,2,3,3]",
    ],
    [() => conv2d(image, zeros([4, 3, 3, 3]), zeros([3])), "conv2d: a bias of [4] expected, got [3]"],
    [
      () => conv2d(image, zeros([4, 3, 8, 8]), null, { pad: 1 }),
      "conv2d: the kernel of [4,3,8,8] is larger than the input [2,3,5,5] with padding 1",
    ],
    [
      () => conv2d(image, zeros([4, 3, 3, 3]), null, { stride: 0 }),
      "conv2d: stride at least 1 and pad at least 0, integers, got 0 and 0",
    ],
    [() => maxPool2d(zeros([1, 1, 1, 4])), "maxPool2d: [batch,channels,h,w] with h, w >= 2 expected, got [1,1,1,4]"],
    [() => maxPool2d(image, { kernel: 0 }), "maxPool2d: kernel and stride at least 1, integers, got 0 and 0"],
    [() => maxPool2d(image, { stride: 0.5 }), "maxPool2d: kernel and stride at least 1, integers, got 2 and 0.5"],
    [() => reshape(image, [7, -1]), "reshape: cannot infer -1 of [7,-1] for [2,3,5,5]"],
    [() => reshape(image, [-1, -1]), "reshape: cannot infer -1 of [-1,-1] for [2,3,5,5]"],
    [() => reshape(image, [7]), "reshape: [2,3,5,5] has 150 elements, got [7]"],
    [() => expand(zeros([2]), [3]), "expand: shapes do not broadcast, got [2] and [3]"],
    [() => expand(zeros([2, 2]), [2]), "expand: [2,2] cannot be broadcast to [2]"],
    [() => permute(image, [0, 1, 2]), "permute: [0,1,2] is not an order of the axes of [2,3,5,5]"],
    [() => permute(image, [0, 1, 1, 2]), "permute: [0,1,1,2] is not an order of the axes of [2,3,5,5]"],
    [() => slice(image, { axis: 1, from: 2, to: 4 }), "slice: 2..4 is not within axis 1 of [2,3,5,5]"],
    [() => slice(image, { axis: 1, from: 0.5, to: 2 }), "slice: 0.5..2 is not within axis 1 of [2,3,5,5]"],
    [() => slice(image, { axis: 4, from: 0, to: 1 }), "slice: axis 4 is out of range for shape [2,3,5,5]"],
    [() => concat([], 0), "concat: at least one tensor is expected"],
    [() => concat([zeros([2, 3]), zeros([3, 3])], 1), "concat: shapes differ off axis 1, got [2,3] [3,3]"],
    [() => sum(image, { axis: [0, -4] }), "sum: axis 0,-4 named twice"],
    [() => mean(image, { axis: 7 }), "mean: axis 7 is out of range for shape [2,3,5,5]"],
    [() => softmax(tensor(1)), "softmax: a last axis with at least one element expected, got []"],
    [() => dropout(image, 1, key(1)), "dropout: p in [0,1) expected, got 1"],
    [() => dropout(image, NaN, key(1)), "dropout: p in [0,1) expected, got NaN"],
    [
      () => nll(zeros([2, 3]), tensor([0], [1], "i32")),
      "nll: [rows,classes] and i32 labels [rows] expected, got [2,3] and i32[1]",
    ],
    [
      () => mixture(zeros([2, 3]), zeros([2, 4]), zeros([2])),
      "mixture: experts of one shape [rows,classes] and a gate of [rows] expected, got [2,3] [2,4] [2]",
    ],
    [
      () => mixture(zeros([2, 3]), zeros([2, 3]), zeros([3])),
      "mixture: experts of one shape [rows,classes] and a gate of [rows] expected, got [2,3] [2,3] [3]",
    ],
    [() => gather(zeros([2]), tensor([0])), "gather: input 1, got Tensor(f32[1]), expected i32"],
    [() => countCorrect(zeros([0, 3]), tensor([], [0], "i32")), "countCorrect: no rows in [0,3]"],
  ];
  for (const [act, message] of cases) refuses(act, message);
});

test.run();
