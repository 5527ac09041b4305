// The checker itself: it must find what is wrong, or everything it passes means nothing.
import { gradcheck } from "../../src/autograd/gradcheck.ts";
import { defineOp, type Op, type OpDeclaration } from "../../src/autograd/op.ts";
import { copy } from "../../src/autograd/ops/copy.ts";
import { crossEntropy } from "../../src/autograd/ops/nll.ts";
import { exp, square } from "../../src/autograd/ops/unary.ts";
import { affine, mul, neg } from "../../src/autograd/ops/arithmetic.ts";
import { sum } from "../../src/autograd/ops/sum.ts";
import { reshape } from "../../src/autograd/ops/reshape.ts";
import { gather } from "../../src/autograd/ops/rows.ts";
import { slice } from "../../src/autograd/ops/slice.ts";
import { Parameters } from "../../src/nn/parameters.ts";
import { scope, type Tensor, tensor } from "../../src/autograd/tensor.ts";
import { memory } from "../../src/autograd/stats.ts";
import { engine } from "../../src/runtime/engine.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

type One = readonly [Tensor];

let count = 0;

/** An op y = x^2 that lies in the facet given. */
function squareBut(facets: Partial<OpDeclaration<One, undefined>>): (x: Tensor) => Tensor {
  const op: Op<One, undefined> = defineOp<One>({
    name: `test:square${count++}`,
    shape: ([x]) => x.shape,
    forward: (y, [x]) => engine().kernels.square(x.ptr, y.ptr, x.size),
    vjp: [(g, { x: [x] }) => mul(affine(x, 2, 0), g)],
    ...facets,
  });
  return (x) => op([x], undefined);
}

const at = [{ shape: [2, 3], values: [0.5, -1, 2, 0.1, -0.3, 1.5] }];

test("a right rule passes, twice", () => {
  gradcheck(squareBut({}), at, { order: 2 });
});

test("a rule that is off by a factor is found", () => {
  const wrong = squareBut({ vjp: [(g, { x: [x] }) => mul(affine(x, 2.001, 0), g)] });
  refuses(() => gradcheck(wrong, at), /gradcheck: in double precision the gradient along a random direction/);
});

test("a rule that is wrong in a single element is found", () => {
  const wrong = squareBut({
    vjp: [(g, { x: [x] }) => mul(mul(affine(x, 2, 0), g), tensor([1, 1, 1, 1, 1, 1.01], [2, 3]))],
  });
  refuses(() => gradcheck(wrong, at), /double precision/);
});

test("a rule with the wrong sign is found", () => {
  const wrong = squareBut({ vjp: [(g, { x: [x] }) => neg(mul(affine(x, 2, 0), g))] });
  refuses(() => gradcheck(wrong, at), /double precision/);
});

test("an op that says it is not differentiable, though its values change, is found", () => {
  refuses(() => gradcheck(squareBut({ vjp: [null] }), at), /gradient along a random direction is 0,/);
});

test("a rule that loses the second gradient is found at order 2 and not before", () => {
  // the values of 2x g, without their history
  const wrong = squareBut({ vjp: [(g, { x: [x] }) => mul(tensor(affine(x, 2, 0).toArray(), x.shape), g)] });
  gradcheck(wrong, at);
  refuses(() => gradcheck(wrong, at, { order: 2 }), /double precision/);
});

test("a kernel that differs from its twin is found in single precision", () => {
  const wrong = squareBut({
    vjp: [(g, { x: [x] }) => mul(affine(x, engine().precision === "single" ? 2.01 : 2, 0), g)],
  });
  refuses(() => gradcheck(wrong, at), /single precision/);
});

test("a gradient that is not a number is found", () => {
  const wrong = squareBut({ vjp: [(g) => affine(g, NaN, 0)] });
  refuses(() => gradcheck(wrong, at), /is NaN/);
});

test("a rule that is wrong for one input of several is found", () => {
  const product: Op<readonly [Tensor, Tensor], undefined> = defineOp<readonly [Tensor, Tensor]>({
    name: `test:product${count++}`,
    shape: ([a]) => a.shape,
    forward: (y, [a, b]) => engine().kernels.mul(a.ptr, b.ptr, y.ptr, 1, y.size, 0, 1, 0, 1),
    vjp: [(g, { x: [, b] }) => mul(g, b), (g, { x: [, b] }) => mul(g, b)],
  });
  refuses(() => gradcheck((a, b) => product([a!, b!], undefined), [...at, ...at.map(twice)]), /double/);
});

function twice({ shape, values }: (typeof at)[number]): (typeof at)[number] {
  return { shape, values: values.map((v) => 2 * v + 1) };
}

test("a function that does not depend on its inputs passes, and so does a linear one at order 2", () => {
  gradcheck(() => tensor([1, 2, 3]), at);
  gradcheck((x) => neg(x), at, { order: 2 });
});

test("whole compositions pass", () => {
  gradcheck((x) => sum(square(exp(copy(x)))), at, { order: 2 });
  gradcheck((x) => crossEntropy(x, tensor([2, 0], [2], "i32")), at, { order: 2 });
});

test("a check leaves no memory behind", () => {
  const f = squareBut({});
  gradcheck(f, at);
  const before = memory();
  for (let i = 0; i < 20; i++) gradcheck(f, at, { order: 2 });
  assert.equal(memory(), before);
});

test("what a function has captured is what it reads in either precision, wherever it lies", () => {
  const values = [0.5, -1.5, 2, 3, 0.25, -0.75];
  const captures: readonly (() => { w: Tensor; labels: Tensor })[] = [
    () => ({ w: tensor(values, [2, 3]), labels: tensor([2, 0], [2], "i32") }),
    // what a scope hands out, and parts of something larger
    () => scope(() => ({ w: tensor(values, [2, 3]), labels: tensor([2, 0], [2], "i32") })),
    () => ({
      w: slice(tensor([9, 9, 9, ...values], [3, 3]), { axis: 0, from: 1, to: 3 }),
      labels: reshape(tensor([2, 0], [1, 2], "i32"), [2]),
    }),
    () => ({
      w: new Parameters([{ name: "w", shape: [2, 3] }], "private").copyFrom(values).tensors[0]!,
      labels: tensor([2, 0], [2], "i32"),
    }),
  ];
  for (const capture of captures) {
    const { w, labels } = capture();
    // memory in which the addresses of the captured would show something else
    const others = Array.from({ length: 50 }, (_, i) => tensor(new Float32Array(40).fill(i + 100)));
    const x = [{ shape: [2, 3], values: [1, 2, 3, -1, 0.5, 0.1] }];
    gradcheck((x) => crossEntropy(mul(x, reshape(w, [2, 3])), labels), x, { order: 2 });
    gradcheck((x) => mul(square(x), gather(w, tensor([1, 0], [2], "i32"))), x, { order: 2 });
    let seen: number[] = [];
    gradcheck((x) => ((seen = Array.from(w.toArray())), mul(x, w)), x);
    assert.equal(seen, values);
    assert.is(others.length, 50);
  }
});

test.run();
