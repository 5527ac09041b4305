import fc from "fast-check";
import {
  add,
  backward,
  embedding,
  grad,
  matmul,
  memory,
  mul,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
} from "../../src/autograd/index.ts";
import { Adam, checkFinite, Linear, Net, type Optimizer, Parameters, Sequential, SGD } from "../../src/nn/index.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const specs = [
  { name: "a.weight", shape: [2, 3] },
  { name: "a.bias", shape: [2] },
  { name: "scale", shape: [] },
];

function numbered(): Parameters<"shared"> {
  return new Parameters(specs, "shared").copyFrom([0, 1, 2, 3, 4, 5, 6, 7, 8]);
}

test("tensors lie one after the other in one vector", () => {
  const p = numbered();
  assert.is(p.size, 9);
  assert.equal(
    p.tensors.map((t) => [t.shape, Array.from(t.toArray())]),
    [
      [
        [2, 3],
        [0, 1, 2, 3, 4, 5],
      ],
      [[2], [6, 7]],
      [[], [8]],
    ],
  );
  p.tensors[1]!.set([60, 70]);
  assert.equal(Array.from(p.toArray()), [0, 1, 2, 3, 4, 5, 60, 70, 8]);
});

test("toArray copies, and copyFrom takes vectors and other blocks", () => {
  const p = numbered();
  p.toArray()[0] = 9;
  const q = new Parameters(specs, "private").copyFrom(p);
  assert.equal(Array.from(q.toArray()), Array.from(p.toArray()));
  q.tensors[0]!.set([1, 1, 1, 1, 1, 1]);
  assert.is(p.toArray()[0], 0);
  refuses(() => p.copyFrom([1, 2]), "parameters: 9 values expected, got 2; the models differ");
  refuses(
    () => p.copyFrom(new Parameters([{ name: "w", shape: [4] }], "shared")),
    "parameters: 9 values expected, got 4; the models differ",
  );
});

test("weights from outside are finite as single floats, or refused by name before any is written", () => {
  fc.assert(
    fc.property(fc.nat(8), fc.constantFrom(NaN, Infinity, -Infinity, 1e39, -3.5e38), (at, bad) => {
      const p = numbered();
      const values = Float64Array.from(p.toArray(), (x) => x + 1);
      values[at] = bad;
      const record = {
        "a.weight": { shape: [2, 3], data: values.subarray(0, 6) },
        "a.bias": { shape: [2], data: values.subarray(6, 8) },
        scale: { shape: [], data: values.subarray(8) },
      };
      refuses(() => p.fromRecord(record), /^parameters: (a\.weight|a\.bias|scale), got \S+ at \d, expected finite/);
      assert.equal(Array.from(p.toArray()), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
      refuses(
        () => checkFinite("op", "weights", values),
        `op: weights, got ${bad} at ${at}, expected finite numbers; the model diverged or its bytes are damaged`,
      );
    }),
  );
  checkFinite("op", "weights", [3.4e38, -0, 1e-320]);
});

test("copyMatching takes what has the same name and shape, and nothing else", () => {
  const other = new Parameters(
    [
      { name: "a.bias", shape: [2] },
      { name: "scale", shape: [1] },
      { name: "a.weight", shape: [2, 3] },
      { name: "b", shape: [2] },
    ],
    "shared",
  ).copyFrom([10, 20, 30, 1, 2, 3, 4, 5, 6, 40, 50]);
  assert.equal(Array.from(numbered().copyMatching(other).toArray()), [1, 2, 3, 4, 5, 6, 10, 20, 8]);
});

test("records go there and back by name, and a missing or misshapen tensor changes nothing", () => {
  const p = numbered();
  const record = p.toRecord();
  assert.equal(Object.keys(record), ["a.weight", "a.bias", "scale"]);
  const q = new Parameters(specs, "shared").copyFrom(new Float32Array(9));
  const { "a.weight": weight, "a.bias": bias, scale } = record;
  refuses(
    () => q.fromRecord({ "a.weight": weight!, scale: scale! }),
    "parameters: a.bias is missing, got a.weight, scale",
  );
  refuses(
    () => q.fromRecord({ ...record, scale: { shape: [1], data: [1] } }),
    "parameters: scale, got [1], expected []",
  );
  assert.equal(Array.from(q.toArray()), [0, 0, 0, 0, 0, 0, 0, 0, 0]);
  q.fromRecord({ scale: scale!, "a.bias": bias!, "a.weight": weight!, more: scale! });
  assert.equal(Array.from(q.toArray()), Array.from(p.toArray()));
});

test("backward writes into one flat gradient", () => {
  const p = numbered();
  scope(() => {
    const y = add(matmul(tensor([1, 2], [1, 2]), p.tensors[0]!), p.tensors[2]!);
    backward(sum(y));
  });
  assert.equal(Array.from(p.gradient!.toArray()).slice(0, 6), [1, 1, 1, 2, 2, 2]);
  assert.equal(p.gradient!.toArray()[8], 3);
  assert.equal(Array.from(p.tensors[0]!.grad!.toArray()), [1, 1, 1, 2, 2, 2]);
  assert.is(p.tensors[1]!.grad, null);
});

test("a parameter used twice gets both gradients in its slot, and grad leaves the slot alone", () => {
  const p = numbered();
  const scale = p.tensors[2]!;
  scope(() => {
    backward(add(mul(scale, scale), scale));
    assert.is(p.gradient!.toArray()[8], 17);
    assert.is(grad(square(scale), [scale])[0]!.item(), 16);
  });
  assert.is(p.gradient!.toArray()[8], 17);
});

test("a frozen block has no gradient, and backward never reaches it", () => {
  const p = new Parameters(specs, "shared", { trainable: false }).copyFrom(new Float32Array(9).fill(2));
  assert.is(p.gradient, null);
  scope(() => {
    const w = tensor([1]);
    w.requiresGrad = true;
    backward(sum(mul(w, p.tensors[1]!)));
    assert.ok(p.tensors.every((t) => t.grad === null && !t.requiresGrad));
    assert.is(w.grad!.item(), 4);
  });
  refuses(() => new Adam(p), "optimizer: the parameters are frozen; make them trainable or leave them out");
  refuses(() => new SGD(p), /the parameters are frozen/);
});

test("a parameter that a loss does not reach is not moved by the gradient of an earlier step", () => {
  const p = new Parameters(
    [
      { name: "a", shape: [1] },
      { name: "b", shape: [1] },
    ],
    "shared",
  ).copyFrom([1, 1]);
  const optimizer = new SGD(p, { lr: 1 });
  const [a, b] = p.tensors;
  scope(() => backward(sum(add(a!, b!))));
  optimizer.step();
  assert.equal(Array.from(p.toArray()), [0, 0]);
  scope(() => backward(sum(a!)));
  optimizer.step();
  assert.equal(Array.from(p.toArray()), [-1, 0]);
});

test("a step without a backward moves nothing", () => {
  const p = new Parameters([{ name: "a", shape: [2] }], "shared").copyFrom([1, 2]);
  for (const optimizer of [new SGD(p, { lr: 1, weightDecay: 1 }), new Adam(p, { lr: 1, weightDecay: 1 })]) {
    optimizer.step();
    assert.equal(Array.from(p.toArray()), [1, 2]);
  }
});

const pair = [
  { name: "a", shape: [2] },
  { name: "b", shape: [3] },
  { name: "table", shape: [4, 2], table: true },
  { name: "c", shape: [] },
];
const sizes = pair.map(({ shape }) => shape.reduce((n, size) => n * size, 1));
const zeros = (n: number): number[] => new Array<number>(n).fill(0);

/** One turn: which parameters the loss reaches and by which slopes, what is added, and whether a step follows. */
const turns = fc.array(
  fc.record({
    reached: fc.subarray(pair.map((_, i) => i)),
    slope: fc.integer({ min: 1, max: 9 }),
    added: fc.constantFrom(0, 0, -2, 3),
    steps: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);

const makes: Record<string, (p: Parameters) => Optimizer> = {
  adam: (p) => new Adam(p, { lr: 0.5, weightDecay: 0.1 }),
  sgd: (p) => new SGD(p, { lr: 0.5, momentum: 0.9, dampening: 0.3, weightDecay: 0.1 }),
};

for (const [name, make] of Object.entries(makes))
  test(`the flat gradient is the last loss's, and ${name} moves each parameter as an optimiser of its own would`, () => {
    fc.assert(
      fc.property(turns, (turns) => {
        const whole = new Parameters(pair, "shared").copyFrom(Array.from({ length: 14 }, (_, i) => i - 7));
        const optimizer = make(whole);
        const apart = pair.map((spec, i) => new Parameters([spec], "shared").copyFrom(whole.tensors[i]!.toArray()));
        const own = apart.map(make);
        const elsewhere = new Parameters([{ name: "w", shape: [1] }], "shared").copyFrom([1]);
        for (const { reached, slope, added, steps } of turns) {
          const loss = (of: readonly Tensor[]): Tensor => of.map((t) => sum(mul(t, slope))).reduce(add);
          // what reaches no parameter of this model leaves it without gradients
          scope(() => backward(loss(reached.length ? reached.map((i) => whole.tensors[i]!) : elsewhere.tensors)));
          const slopes = pair.flatMap((_, i) => zeros(sizes[i]!).fill(reached.includes(i) ? slope : 0));
          if (reached.length) assert.equal(Array.from(whole.gradient!.toArray()), slopes);
          for (const i of reached) scope(() => backward(loss(apart[i]!.tensors)));
          // a sweep that reaches the model replaces what an earlier one left of the others
          if (reached.length) for (const [i, p] of apart.entries()) if (!reached.includes(i)) p.spendGradient();
          if (added) {
            scope(() => whole.addGradient(tensor(new Float32Array(14).fill(1)), added));
            for (const p of apart) scope(() => p.addGradient(tensor(new Float32Array(p.size).fill(1)), added));
            if (reached.length)
              assert.equal(
                Array.from(whole.gradient!.toArray()),
                slopes.map((g) => g + added),
              );
          }
          if (!steps) continue;
          const before = Array.from(whole.toArray());
          optimizer.step();
          for (const o of own) o.step();
          assert.equal(
            Array.from(whole.toArray()),
            apart.flatMap((p) => Array.from(p.toArray())),
          );
          if (turns.length === 1 && !added) {
            let at = 0;
            sizes.forEach((size, i) => {
              const moved = Array.from(whole.toArray())
                .slice(at, at + size)
                .some((w, j) => w !== before[at + j]);
              assert.is(moved, reached.includes(i));
              at += size;
            });
          }
          scope(() => backward(loss(elsewhere.tensors)));
          assert.equal(Array.from(whole.gradient!.toArray()), zeros(14));
        }
        for (const held of [optimizer, ...own, whole, ...apart, elsewhere]) held.dispose();
      }),
      { numRuns: 60 },
    );
  });

test("what is added to the gradient moves rows of a table that no batch has reached, every step by as much", () => {
  const p = new Parameters([{ name: "t", shape: [3, 2], table: true }], "shared").copyFrom([1, 2, 3, 4, 5, 6]);
  const optimizer = new SGD(p, { lr: 1 });
  const one = tensor([1, 1, 1, 1, 1, 1]);
  for (let step = 1; step <= 3; step++) {
    scope(() => backward(sum(embedding(p.tensors[0]!, tensor([1], [1], "i32")))));
    p.addGradient(one, 0.5);
    optimizer.step();
    assert.equal(
      Array.from(p.toArray()),
      [1, 2, 3, 4, 5, 6].map((w, i) => w - step * (i === 2 || i === 3 ? 1.5 : 0.5)),
    );
  }
  refuses(
    () => p.addGradient(tensor([1])),
    "addGradient: got Tensor(f32[1]), expected [6], a number for each parameter",
  );
  refuses(
    () => new Parameters(specs, "shared", { trainable: false }).addGradient(one),
    "addGradient: got a frozen block, which has no gradient; make it trainable",
  );
});

test("a clone has the weights and a life of its own", () => {
  const net = new Net(new Sequential({ fc: new Linear(3, 2) }), { group: "shared" }).init(1);
  const copy = net.clone({ group: "private" });
  assert.is(copy.parameters.group, "private");
  assert.equal(Array.from(copy.parameters.toArray()), Array.from(net.parameters.toArray()));
  net.parameters.copyFrom(new Float32Array(8));
  assert.not.equal(Array.from(copy.parameters.toArray()), Array.from(net.parameters.toArray()));
});

test("disposing of nets and optimisers gives all of their memory back", () => {
  const round = (i: number): void => {
    const net = new Net(new Sequential({ fc: new Linear(30, 20) }), { group: "shared" }).init(i);
    const optimizers = [new Adam(net.parameters), new SGD(net.parameters, { momentum: 0.9 })];
    for (const optimizer of optimizers) optimizer.dispose();
    net.dispose();
  };
  // memory may grow for the first, and the arena then gives its empty chunks back
  round(0);
  const before = memory();
  for (let i = 0; i < 10; i++) round(i);
  const after = memory();
  assert.equal([after.used, after.blocks], [before.used, before.blocks]);
});

test("a net that has been disposed of is refused, by whoever still holds it", () => {
  const net = new Net(new Sequential({ fc: new Linear(3, 2) }), { group: "shared" }).init(1);
  const optimizers = [new Adam(net.parameters), new SGD(net.parameters)];
  const x = tensor([1, 2, 3], [1, 3]);
  net.dispose();
  refuses(() => net.predict(x), /used after dispose\(\)/);
  refuses(() => net.init(1), /used after dispose\(\)/);
  refuses(() => net.parameters.toRecord(), /used after dispose\(\)/);
  refuses(() => net.parameters.copyFrom(new Float32Array(8)), /used after dispose\(\)/);
  for (const optimizer of optimizers) refuses(() => optimizer.step(), /used after dispose\(\)/);
});

test("ten thousand training steps leave memory as they found it", () => {
  const net = new Net(new Sequential({ fc: new Linear(4, 3, { relu: true }), out: new Linear(3, 1) }), {
    group: "shared",
  }).init(1);
  const optimizer = new Adam(net.parameters);
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]);
  const step = (): void => {
    scope(() => {
      backward(sum(square(net.forward(x))));
      optimizer.step();
    });
  };
  for (let i = 0; i < 100; i++) step();
  const before = memory();
  for (let i = 0; i < 10_000; i++) step();
  assert.equal(memory(), before);
});

test.run();
