import fc from "fast-check";
import {
  add,
  affine,
  backward,
  concat,
  copy,
  crossEntropy,
  exp,
  expand,
  grad,
  log,
  matmul,
  mean,
  mul,
  noGrad,
  relu,
  reshape,
  scope,
  sigmoid,
  slice,
  softmax,
  square,
  sub,
  sum,
  tanh,
  type Tensor,
  tensor,
  transpose,
} from "../../src/autograd/index.ts";
import { defineOp, type Op } from "../../src/autograd/op.ts";
import { engine } from "../../src/runtime/engine.ts";
import { broadcastable, point, type Point } from "../../src/testing/index.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { near } from "../support/near.ts";

const list = (t: Tensor | null): number[] => Array.from(t!.toArray());

function leaf(values: ArrayLike<number> | number, shape?: readonly number[]): Tensor {
  const t = tensor(values, shape);
  t.requiresGrad = true;
  return t;
}

test("the gradient of a quadratic form is what calculus says", () => {
  // f = x^T A x, so df/dx = (A + A^T) x
  const a = tensor([1, 2, 3, 4], [2, 2]);
  const x = leaf([5, -1], [2, 1]);
  backward(sum(matmul(transpose(x), matmul(a, x))));
  assert.equal(list(x.grad), [2 * 5 + 5 * -1, 5 * 5 + 8 * -1]);
});

test("the gradient of logistic regression is (p - y) x", () => {
  const x = tensor([0.5, -1, 2], [1, 3]);
  const w = leaf([0.1, 0.2, 0.3], [3, 1]);
  const p = sigmoid(matmul(x, w));
  // -ln p for the label 1
  backward(sum(affine(log(p), -1, 0)));
  const z = 0.5 * 0.1 - 0.2 + 0.6;
  const slope = 1 / (1 + Math.exp(-z)) - 1;
  near(list(w.grad), [slope * 0.5, -slope, slope * 2]);
});

test("the gradient of mean cross-entropy is (softmax - one at the label) / rows", () => {
  const x = leaf([1, 2, 3, 0, 0, 0], [2, 3]);
  backward(mean(crossEntropy(x, tensor([0, 2], [2], "i32"))));
  const total = Math.exp(1) + Math.exp(2) + Math.exp(3);
  near(list(x.grad), [
    (Math.exp(1) / total - 1) / 2,
    Math.exp(2) / total / 2,
    Math.exp(3) / total / 2,
    1 / 6,
    1 / 6,
    (1 / 3 - 1) / 2,
  ]);
});

test("a tensor used twice gets both gradients", () => {
  const x = leaf(3);
  // x^2 + x e^x
  backward(add(mul(x, x), mul(x, exp(x))));
  near(list(x.grad), [6 + 4 * Math.exp(3)], 1e-6);
});

test("shared parts of a graph are walked once", () => {
  // forty sums of a tensor with itself make 2^40 paths
  const x = leaf(1);
  let y = x;
  for (let i = 0; i < 40; i++) y = affine(add(y, y), 0.5, 0);
  backward(y);
  assert.is(x.grad!.item(), 1);
});

test("gradients of broadcast operands are summed back to their shapes", () => {
  const a = leaf([1, 2, 3], [3, 1]);
  const b = leaf([10, 20], [2]);
  const c = leaf(2);
  backward(sum(mul(mul(a, b), c)));
  assert.equal(
    [a.grad!.shape, list(a.grad)],
    [
      [3, 1],
      [60, 60, 60],
    ],
  );
  assert.equal([b.grad!.shape, list(b.grad)], [[2], [12, 12]]);
  assert.equal([c.grad!.shape, list(c.grad)], [[], [180]]);
});

/** Value and gradients of sum((a b)^2), broadcasting by the op or by expand. */
function product([a, b]: readonly [Point, Point], explicit: boolean): number[][] {
  return scope(() => {
    const [x, y] = [leaf(a.values, a.shape), leaf(b.values, b.shape)];
    const full = add(x, y).shape;
    const z = explicit ? mul(expand(x, full), expand(y, full)) : mul(x, y);
    backward(sum(square(z)));
    return [list(z), list(x.grad), list(y.grad)];
  });
}

test("broadcasting is explicit expansion, in values and in gradients", () => {
  const operands = broadcastable().chain(([a, b]) => fc.tuple(point(a), point(b)));
  fc.assert(
    fc.property(operands, (at) => {
      const [got, wanted] = [product(at, false), product(at, true)];
      assert.equal(got[0], wanted[0]);
      near(got[1]!, wanted[1]!, 1e-4);
      near(got[2]!, wanted[2]!, 1e-4);
    }),
    { numRuns: 50 },
  );
});

test("differentiation is linear", () => {
  fc.assert(
    fc.property(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 }), (a, b) => {
      const x = leaf([0.5, -1, 2]);
      const [f, g] = [sum(tanh(x)), sum(square(x))];
      const [df] = grad(f, [x]);
      const [dg] = grad(g, [x]);
      const [both] = grad(add(affine(f, a, 0), affine(g, b, 0)), [x]);
      near(list(both!), list(add(affine(df!, a, 0), affine(dg!, b, 0))), 1e-5);
    }),
    { numRuns: 20 },
  );
});

test("slices of a whole and the whole have the same gradient", () => {
  const x = leaf([1, 2, 3, 4, 5, 6], [2, 3]);
  const parts = [0, 1, 2].map((i) => slice(x, { axis: 1, from: i, to: i + 1 }));
  backward(sum(square(concat(parts, 1))));
  assert.equal(list(x.grad), [2, 4, 6, 8, 10, 12]);
});

test("backward replaces what an earlier one left", () => {
  const x = leaf([1, 2]);
  backward(sum(x));
  backward(sum(affine(x, 3, 0)));
  assert.equal(list(x.grad), [3, 3]);
});

test("a graph can be walked more than once", () => {
  const x = leaf([2]);
  const y = sum(square(x));
  backward(y);
  backward(y);
  assert.equal(list(x.grad), [4]);
  assert.equal(grad(y, [x]).map(list), [[4]]);
});

test("the gradient of a scalar with respect to itself is one", () => {
  const x = leaf(5);
  backward(x);
  assert.is(x.grad!.item(), 1);
  assert.is(grad(x, [x])[0]!.item(), 1);
});

test("what asks for no gradient gets none", () => {
  const [x, y] = [leaf([1]), tensor([2])];
  backward(sum(mul(x, y)));
  assert.is(y.grad, null);
  assert.equal(list(x.grad), [2]);
});

test("inside noGrad nothing is recorded, and afterwards recording goes on, also after an error", () => {
  const x = leaf([1]);
  assert.not(noGrad(() => square(x)).requiresGrad);
  refuses(() => noGrad(() => tensor([1], [2])), /has 2 elements, got 1/);
  assert.ok(square(x).requiresGrad);
  assert.not(noGrad(() => [noGrad(() => 0), square(x)] as const)[1].requiresGrad);
});

test("errors say what is missing", () => {
  const x = leaf([1, 2]);
  refuses(() => backward(square(x)), "backward: a scalar is expected, got shape [2]; sum or average it first");
  refuses(() => grad(square(x), [x]), "grad: a scalar is expected, got shape [2]; sum or average it first");
  const plain = tensor([1, 2]);
  refuses(() => backward(sum(plain)), "backward: the tensor does not depend on anything that requires a gradient");
  refuses(
    () => grad(sum(x), [x, plain]),
    "grad: input 1, Tensor(f32[2]), does not require a gradient; set requiresGrad before it is used",
  );
});

test("grad leaves the leaves' own gradients alone", () => {
  const x = leaf([1]);
  backward(sum(x));
  grad(sum(affine(x, 5, 0)), [x]);
  assert.equal(list(x.grad), [1]);
});

test("grad gives zeros where the scalar does not depend on an input", () => {
  const [x, y] = [leaf([1, 2]), leaf([3, 4, 5])];
  assert.equal(grad(sum(x), [y, x]).map(list), [
    [0, 0, 0],
    [1, 1],
  ]);
});

test("grad takes results as inputs, inputs that depend on each other, and an input twice", () => {
  const x = leaf([3]);
  const h = square(x);
  const y = sum(mul(h, x));
  // y = h x: dy/dh = x = 3; dy/dx = h + x dh/dx = 9 + 18
  assert.equal(grad(y, [h, x, h]).map(list), [[3], [27], [3]]);
  // the history of h is as it was
  assert.is(h.op?.name, "square");
});

test("an error in a rule leaves no half-made gradients behind", () => {
  let broken = true;
  const fragile: Op<readonly [Tensor], undefined> = defineOp<readonly [Tensor]>({
    name: "test:fragile",
    shape: ([x]) => x.shape,
    forward: (y, [x]) => engine().kernels.copy(x.ptr, y.ptr, x.size),
    vjp: [
      (g) => {
        if (broken) throw new Error("broken rule");
        return g;
      },
    ],
  });
  const x = leaf([1, 2]);
  // the other branch has handed its gradient to h before the rule breaks
  const h = square(x);
  const y = sum(add(fragile([h], undefined), affine(h, 10, 0)));
  refuses(() => grad(y, [x]), "broken rule");
  refuses(() => backward(y), "broken rule");
  broken = false;
  assert.equal(grad(y, [x]).map(list), [[22, 44]]);
  backward(y);
  assert.equal(list(x.grad), [22, 44]);
  assert.ok(square(x).requiresGrad, "recording goes on");
});

test("the gradient of a gradient of x^4 is 12 x^2, and the third derivative 24 x", () => {
  const x = leaf([1.5, -2]);
  const f = sum(square(square(x)));
  const [first] = grad(f, [x], { createGraph: true });
  const [second] = grad(sum(first!), [x], { createGraph: true });
  const [third] = grad(sum(second!), [x]);
  near(list(first!), [4 * 1.5 ** 3, 4 * -8], 1e-5);
  near(list(second!), [27, 48], 1e-5);
  near(list(third!), [36, -48], 1e-5);
});

test("without createGraph gradients have no history", () => {
  const x = leaf([1]);
  const [g] = grad(sum(square(x)), [x]);
  assert.not(g!.requiresGrad);
});

test("Hessians are symmetric", () => {
  const x = leaf([0.3, -0.7, 1.1]);
  const [g] = grad(sum(square(softmax(x))), [x], { createGraph: true });
  const rows = [0, 1, 2].map((i) => list(grad(sum(slice(g!, { axis: 0, from: i, to: i + 1 })), [x])[0]!));
  near(
    rows.flat(),
    [0, 1, 2].flatMap((i) => rows.map((row) => row[i]!)),
    1e-6,
  );
});

test("a gradient penalty can be trained on: backward goes through grad", () => {
  const w = leaf([2]);
  const x = leaf([3]);
  const [gx] = grad(sum(mul(w, square(x))), [x], { createGraph: true });
  // (2 w x)^2, so its derivative by w is 8 w x^2
  backward(sum(square(gx!)));
  near(list(w.grad), [8 * 2 * 9]);
});

test("relu passes gradients where its output is above 0 and nowhere else", () => {
  const x = leaf([-1, 0, 2]);
  backward(sum(relu(x)));
  assert.equal(list(x.grad), [0, 0, 1]);
});

test("gradients go through views", () => {
  const x = leaf([1, 2, 3, 4], [2, 2]);
  backward(sum(mul(reshape(x, [4]), tensor([1, 2, 3, 4]))));
  assert.equal(
    [x.grad!.shape, list(x.grad)],
    [
      [2, 2],
      [1, 2, 3, 4],
    ],
  );
});

test("a long chain does not overflow the stack", () => {
  const x = leaf([1]);
  let y: Tensor = x;
  for (let i = 0; i < 20_000; i++) y = affine(y, 1, 0);
  backward(sum(y));
  assert.equal(list(x.grad), [1]);
});

test("mul by a number, sub and mean have the gradients of their formulas", () => {
  const [a, b] = [leaf([1, 2, 3, 4]), leaf([4, 3, 2, 1])];
  backward(mean(square(sub(mul(a, 2), b))));
  assert.equal(list(a.grad), [-2, 1, 4, 7]);
  assert.equal(list(b.grad), [1, -0.5, -2, -3.5]);
});

// rules that hand on what they are given, as it is, as a view, or as something saved
const saved: Op<readonly [Tensor, Tensor], undefined> = defineOp<readonly [Tensor, Tensor]>({
  name: "test:saved",
  shape: ([x]) => x.shape,
  forward: (y, [x]) => engine().kernels.copy(x.ptr, y.ptr, x.size),
  vjp: [(_, { x: [, b] }) => b, (g) => g],
});

const handingOn: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  add,
  (a, b) => add(reshape(a, [2, 1]), reshape(b, [2, 1])),
  (a, b) => copy(add(a, b)),
  (a, b) => saved([reshape(a, [2]), reshape(b, [2])], undefined),
  (a, b) => sub(a, b),
  (a, b) => add(expand(a, [2]), b),
];

/** Overwrites one tensor after another and says whether any of the others changed. */
function entangled(gradients: readonly Tensor[], others: readonly Tensor[]): boolean {
  const all = [...gradients, ...others];
  return gradients.some((g) => {
    const before = all.map(list);
    g.set(list(g).map((v) => v + 1000));
    return all.some((t, i) => t !== g && list(t).some((v, j) => v !== before[i]![j]));
  });
}

test("gradients share memory neither with each other nor with anything else", () => {
  const program = fc.array(fc.tuple(fc.nat(5), fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(program, fc.boolean(), (program, slotted) => {
      const leaves = [leaf([1, 2]), leaf([3, 4]), leaf([5, 6])];
      if (slotted) leaves[0]!.slot = tensor([0, 0]);
      const nodes = [...leaves];
      for (const [op, i, j] of program)
        nodes.push(
          reshape(handingOn[op]!(reshape(nodes[i % nodes.length]!, [2]), reshape(nodes[j % nodes.length]!, [2])), [2]),
        );
      const y = sum(nodes.at(-1)!);
      const asked = nodes.filter((t) => t.requiresGrad && t !== y);
      assert.not(entangled(grad(y, [...asked, ...asked]), nodes));
      backward(y);
      assert.not(
        entangled(
          leaves.flatMap(({ grad }) => grad ?? []),
          nodes,
        ),
      );
    }),
  );
});

// g' = 2 x g by way of a sweep inside the rule, as in gradient checkpointing
const inside: Op<readonly [Tensor], undefined> = defineOp<readonly [Tensor]>({
  name: "test:inside",
  shape: ([x]) => x.shape,
  forward: (y, [x]) => void y.set(square(x).toArray()),
  vjp: [
    (g, { x: [x] }) => {
      const fixed = noGrad(() => copy(g));
      return grad(sum(mul(square(x), fixed)), [x], { createGraph: true })[0]!;
    },
  ],
});

test("a rule that takes gradients itself changes nothing of the sweep it is in", () => {
  const program = fc.array(fc.tuple(fc.nat(2), fc.nat(9), fc.nat(9)), { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(program, (program) => {
      const run = (squared: (x: Tensor) => Tensor): number[] => {
        const nodes = [leaf([0.5, -0.75]), leaf([1.25, 0.25])];
        for (const [op, i, j] of program) {
          const [a, b] = [nodes[i % nodes.length]!, nodes[j % nodes.length]!];
          nodes.push(op === 0 ? tanh(squared(a)) : op === 1 ? mul(a, b) : add(a, b));
        }
        return grad(sum(add(nodes.at(-1)!, affine(nodes[0]!, 5, 0))), nodes.slice(0, 2), { createGraph: true }).flatMap(
          list,
        );
      };
      near(
        run((x) => inside([x], undefined)),
        run(square),
        1e-5,
      );
    }),
  );
});

test("a rule that calls backward is refused, for it would write over what is on its way", () => {
  const rude: Op<readonly [Tensor], undefined> = defineOp<readonly [Tensor]>({
    name: "test:rude",
    shape: ([x]) => x.shape,
    forward: (y, [x]) => engine().kernels.copy(x.ptr, y.ptr, x.size),
    vjp: [
      (g, { x: [x] }) => {
        backward(sum(x));
        return g;
      },
    ],
  });
  const x = leaf([1, 2]);
  refuses(() => backward(sum(rude([x], undefined))), /^backward: called by a gradient rule/);
  backward(sum(x));
  assert.equal(list(x.grad), [1, 1]);
});

const functions: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  add,
  sub,
  mul,
  (a) => square(a),
  (a) => exp(a),
  (a) => relu(a),
  (a) => affine(a, 3, 1),
  (a, b) => matmul(reshape(a, [1, 2]), reshape(b, [2, 1])),
  (a) => softmax(a),
  (a) => log(square(a)),
  (a, b) => concat([a, b], 0),
  (a) => slice(a, { axis: 0, from: 0, to: 1 }),
];

test("a value that is overwritten between forward and backward is an error where the gradient needs it, and nothing where not", () => {
  fc.assert(
    fc.property(fc.constantFrom(...functions), fc.constantFrom(...functions), fc.nat(4), (f, g, which) => {
      const gradients = (touch: boolean): number[][] => {
        const [a, b] = [leaf([0.5, -0.75]), leaf([1.25, 0.25])];
        const h = f(a, b);
        const y = g(reshape(h, [-1]).size === 2 ? reshape(h, [2]) : a, b);
        const loss = sum(y);
        if (touch) [a, b, h, y, reshape(a, [1, 2])][which]!.set(list([a, b, h, y, a][which]!).map(() => 77));
        return grad(add(loss, sum(add(a, b))), [a, b]).map(list);
      };
      let got: number[][] | undefined;
      try {
        got = gradients(true);
      } catch (error) {
        assert.match((error as Error).message, /its gradient needs Tensor\(.*\), which has been overwritten since/);
      }
      if (got) assert.equal(got, gradients(false));
    }),
    { numRuns: 300 },
  );
});

test("the value of a loss that its gradient does not need may be overwritten", () => {
  const [x, y] = [leaf([1, 2]), leaf([3, 4])];
  const loss = sum(add(x, y));
  x.set([5, 6]);
  backward(loss);
  assert.equal(
    [x, y].map((t) => list(t.grad)),
    [
      [1, 1],
      [1, 1],
    ],
  );
  const square3 = sum(square(x));
  x.set([7, 8]);
  refuses(
    () => backward(square3),
    "square: its gradient needs Tensor(f32[2]), which has been overwritten since; take the gradient before, or use a copy()",
  );
  assert.is(x.grad, null);
});

test.run();
