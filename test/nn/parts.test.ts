// Parts of a model by name: split modules, vectors of parts, optimisers that leave the rest alone, corrected gradients.
import fc from "fast-check";
import { backward, logSoftmax, memory, relu, scope, sum, type Tensor, tensor } from "../../src/autograd/index.ts";
import { embedding } from "../../src/autograd/ops/embedding.ts";
import {
  Adam,
  Apply,
  BatchNorm,
  clipGradient,
  Dropout,
  Embedding,
  factorAt,
  gradientNorm,
  Linear,
  type Module,
  Net,
  optimizerOf,
  type OptimizerRule,
  Parameters,
  type Part,
  Sequential,
  SGD,
  TextClassifier,
  trainEpoch,
} from "../../src/nn/index.ts";
import { likelihood } from "../../src/nn/validate.ts";
import { FloatExamples } from "../../src/nn/examples.ts";
import { gradcheck } from "../../src/testing/index.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const module = new Sequential({
  fc1: new Linear(3, 5),
  norm: new BatchNorm(5),
  relu: new Apply(relu),
  drop: new Dropout(0.5),
  fc2: new Linear(5, 4, { relu: true }),
  drop2: new Dropout(0.5),
  fc3: new Linear(4, 2),
  output: new Apply(logSoftmax),
});

function rows(seed: number, count: number): FloatExamples {
  const stream = new Stream(fold(key(seed), "rows"));
  const x = Float32Array.from({ length: count * 3 }, () => 2 * stream.uniform() - 1);
  return new FloatExamples(
    tensor(x, [count, 3]),
    Array.from({ length: count }, (_, i) => (x[i * 3]! > 0 ? 1 : 0)),
  );
}

const names = module.specs.map(({ name }) => name);
const parts: fc.Arbitrary<Part> = fc.subarray(names).map((chosen) => (name) => chosen.includes(name));

test("a model and its two parts answer the same bits, in training too", () => {
  const text = new TextClassifier({ words: 7, embedding: 3, hidden: 2, outputs: 3, head: logSoftmax });
  const sentences = (): Tensor => tensor([1, 2, 3, 4, 5, -1], [2, 3], "i32");
  const numbers = (): Tensor => tensor([1, -2, 3, 0.5, 1, -1], [2, 3]);
  const cases: [Module, Required<Pick<Module, "split">>, () => Tensor][] = [
    [module, module, numbers],
    [text, text, sentences],
  ];
  for (const [whole, { split }, x] of cases) {
    const { body, head } = split.call(whole);
    assert.equal([...body.specs, ...head.specs], whole.specs);
    const net = new Net(whole, { group: "private" }).init(3);
    const values = net.parameters.toArray();
    const [first, second] = [body, head].map((part) => new Net(part, { group: "private" })) as [Net, Net];
    first.parameters.copyFrom(values.subarray(0, first.parameters.size));
    second.parameters.copyFrom(values.subarray(first.parameters.size));
    const mode = { train: true, key: key(5) } as const;
    assert.equal(
      scope(() => second.forward(first.forward(x(), mode), mode).toArray()),
      scope(() => net.forward(x(), mode).toArray()),
    );
  }
});

test("a model is split where it is told, and not at its first child", () => {
  assert.equal(
    module.split("fc2").head.specs.map(({ name }) => name),
    ["fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias"],
  );
  assert.throws(() => module.split("fc1"), /split: got fc1, expected one of norm/);
});

test("what is read of a part and written to another is there, and nothing else moved", () => {
  fc.assert(
    fc.property(parts, (part) => {
      const [one, other] = [1, 2].map((seed) => new Net(module, { group: "private" }).init(seed).parameters);
      const before = other!.toArray();
      other!.write(part, one!.read(part));
      assert.equal(other!.read(part), one!.read(part));
      const rest: Part = (name) => !part(name);
      const untouched = new Parameters(module.specs, "private").copyFrom(before);
      assert.equal(other!.read(rest), untouched.read(rest));
    }),
    { numRuns: 20 },
  );
  const { parameters } = new Net(module, { group: "private" }).init(1);
  assert.throws(() => parameters.write(() => true, new Float32Array(3)), /values expected, got 3/);
});

const rules: OptimizerRule[] = [
  { kind: "adam", lr: 0.05, weightDecay: 0.1 },
  { kind: "sgd", lr: 0.05, momentum: 0.9, weightDecay: 0.1 },
  { kind: "sgd", lr: 0.05 },
];

test("an optimiser moves the part it is told and leaves the rest alone, statistics always", () => {
  fc.assert(
    fc.property(parts, fc.constantFrom(...rules), (only, rule) => {
      const net = new Net(module, { group: "private" }).init(1);
      // statistics are measured in training, so only parameters are watched here
      const statistic = (name: string): boolean => name.includes("running");
      const stays: Part = (name) => !only(name) && !statistic(name);
      const before = net.parameters.read(stays);
      const optimizer = optimizerOf(rule, [net.parameters], only);
      const examples = rows(1, 8);
      trainEpoch({ examples, loss: likelihood(net), optimizer, batchSize: 4, key: key(2) });
      assert.equal(net.parameters.read(stays), before);
      for (const name of names.filter((one) => only(one) && one.endsWith("weight")))
        assert.not.equal(
          net.parameters.read((one) => one === name),
          new Net(module, { group: "private" }).init(1).parameters.read((one) => one === name),
        );
    }),
    { numRuns: 20 },
  );
});

test("all of a model named is the same bits as nobody named", () => {
  for (const rule of rules) {
    const [plain, named] = [undefined, () => true].map((only) => {
      const net = new Net(module, { group: "private" }).init(1);
      const optimizer = optimizerOf(rule, [net.parameters], only);
      trainEpoch({ examples: rows(1, 8), loss: likelihood(net), optimizer, batchSize: 4, key: key(2) });
      return net.parameters.toArray();
    });
    assert.equal(named, plain);
  }
});

test("statistics have no gradient and no decay", () => {
  const parameters = new Parameters(new BatchNorm(2).specs, "private").copyFrom([1, 1, 0, 0, 3, 4, 5, 6]);
  for (const optimizer of rules.map((rule) => optimizerOf(rule, [parameters])))
    for (let i = 0; i < 3; i++) {
      parameters.addGradient(tensor(new Float32Array(8).fill(1)));
      optimizer.step();
    }
  assert.equal(
    parameters.read((name) => name.startsWith("running")),
    Float32Array.of(3, 4, 5, 6),
  );
});

test("batch normalisation has the gradients of its formula", () => {
  const layer = new BatchNorm(3);
  gradcheck(
    (x, w, b) => layer.bind([w!, b!, tensor([0, 0, 0]), tensor([1, 1, 1])])(x!, { train: true, key: key(0) }),
    [
      { shape: [5, 3], values: Array.from({ length: 15 }, (_, i) => ((i * 7) % 11) / 4) },
      { shape: [3], values: [1, 2, -0.5] },
      { shape: [3], values: [0, 0.5, 1] },
    ],
  );
});

test("a correction reaches every row of an embedding, whatever the batch reached before", () => {
  const net = new Net(new Embedding(4, 2), { group: "private" });
  net.parameters.copyFrom(new Float32Array(8));
  const pull = tensor(new Float32Array(8).fill(1));
  for (const optimizer of [new SGD(net.parameters, { lr: 1 }), new Adam(net.parameters, { lr: 1 })]) {
    net.parameters.copyFrom(new Float32Array(8));
    for (let step = 1; step <= 3; step++) {
      scope(() => backward(sum(embedding(net.parameters.tensors[0]!, tensor([1], [1], "i32")))));
      net.parameters.addGradient(pull);
      const gradient = net.parameters.gradient!.toArray();
      assert.equal(gradient, Float32Array.of(1, 1, 2, 2, 1, 1, 1, 1), `step ${step}`);
      optimizer.step();
      const moved = net.parameters.toArray();
      assert.ok(moved.every((value) => value < 0));
      if (optimizer instanceof SGD)
        near(
          moved,
          [1, 1, 2, 2, 1, 1, 1, 1].map((g) => -g * step),
          0,
        );
    }
  }
});

test("what the loss did not reach is corrected from 0", () => {
  const parameters = new Parameters(
    [
      { name: "a", shape: [2] },
      { name: "b", shape: [2] },
    ],
    "private",
  ).copyFrom([0, 0, 0, 0]);
  const optimizer = new SGD(parameters, { lr: 1 });
  for (let step = 0; step < 2; step++) {
    scope(() => backward(sum(parameters.tensors[step]!)));
    parameters.addGradient(tensor([1, 2, 3, 4]), 0.5);
    optimizer.step();
  }
  assert.equal(parameters.toArray(), Float32Array.of(-2, -3, -4, -5));
});

test("gradients are shortened over all blocks together, and only if they are longer", () => {
  fc.assert(
    fc.property(fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: 4, maxLength: 4 }), (g) => {
      const blocks = [0, 2].map((at) =>
        new Parameters([{ name: "w", shape: [2] }], "private").addGradient(tensor(g.slice(at, at + 2))),
      );
      const length = Math.hypot(...g);
      near([gradientNorm(blocks)], [length], 1e-5);
      clipGradient(blocks, 2);
      near([gradientNorm(blocks)], [Math.min(2, length)], 1e-5);
    }),
    { numRuns: 50 },
  );
});

test("schedules", () => {
  const exponential = { kind: "exponential", gamma: 0.5 } as const;
  assert.equal(
    [0, 1, 2].map((round) => factorAt(exponential, round)),
    [1, 0.5, 0.25],
  );
  assert.equal(
    [0, 1, 2, 3].map((round) => factorAt({ ...exponential, every: 2 }, round)),
    [1, 1, 0.5, 0.5],
  );
  assert.equal(
    [0, 1, 2, 9].map((round) => factorAt({ kind: "linear", rounds: 2, end: 0.5 }, round)),
    [1, 0.75, 0.5, 0.5],
  );
  assert.is(factorAt({ kind: "constant" }, 7), 1);
});

test("corrections leave memory as it was", () => {
  const parameters = new Parameters([{ name: "w", shape: [100] }], "private");
  const added = tensor(new Float32Array(100));
  const step = (): void => clipGradient([parameters.addGradient(added)], 1);
  step();
  const before = memory().used;
  for (let i = 0; i < 100; i++) step();
  assert.is(memory().used, before);
});

test.run();
