import fc from "fast-check";
import { logSoftmax, mean, memory, mul, nll, scope, sum, type Tensor, tensor } from "../../src/autograd/index.ts";
import {
  Adam,
  type Batch,
  type Examples,
  fit,
  type FitOptions,
  FloatExamples,
  Linear,
  type Mode,
  Net,
  type Optimizer,
  predictAll,
  Sequential,
  trainEpoch,
} from "../../src/nn/index.ts";
import { Apply } from "../../src/nn/module.ts";
import { COUNT, COUNT_OR_ENDLESS, COUNT_OR_NONE, NOT_NEGATIVE } from "../../src/runtime/options.ts";
import { key } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { wrong } from "../support/options.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

/** Examples that are their own numbers; every batch asked for is noted. */
function numbered(count: number): Examples & { readonly asked: number[][] } {
  const asked: number[][] = [];
  const inner = new FloatExamples(tensor(Float32Array.from({ length: count }, (_, i) => i)), new Int32Array(count));
  return {
    asked,
    count,
    labels: inner.labels,
    batch: (rows) => {
      asked.push(Array.from(rows.toArray()));
      return inner.batch(rows);
    },
    dispose: () => inner.dispose(),
  };
}

/** A weight for losses to hang on to. */
const weight = tensor([0]);
weight.requiresGrad = true;

/** Sums the inputs of the batch, so the loss of an epoch can be told. */
const loss = ({ x }: Batch): Tensor => mean(mul(x, sum(weight)));

const still: Optimizer = { step: () => {}, reset: () => {}, dispose: () => {} };

const epoch = { loss, optimizer: still, key: key(1) };

test("an epoch visits every example once, in batches, the last of them smaller", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 15 }), (count, batchSize) => {
      const examples = numbered(count);
      trainEpoch({ ...epoch, examples, batchSize });
      const sizes = examples.asked.map((rows) => rows.length);
      assert.ok(sizes.slice(0, -1).every((size) => size === batchSize));
      assert.is(sizes[sizes.length - 1], count % batchSize || batchSize);
      assert.equal(
        examples.asked.flat().toSorted((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      );
    }),
    { numRuns: 30 },
  );
});

test("the order is the key's", () => {
  const orders = [1, 1, 2].map((seed) => {
    const examples = numbered(50);
    trainEpoch({ ...epoch, examples, batchSize: 50, key: key(seed) });
    return examples.asked[0]!;
  });
  assert.equal(orders[0], orders[1]);
  assert.not.equal(orders[0], orders[2]);
  assert.not.equal(
    orders[0],
    Array.from({ length: 50 }, (_, i) => i),
  );
});

test("only the rows that are named are visited, and the list of them stays as it was", () => {
  const examples = numbered(10);
  const rows = Int32Array.of(7, 2, 9);
  trainEpoch({ ...epoch, examples, batchSize: 2, rows });
  assert.equal(examples.asked.flat().toSorted(), [2, 7, 9]);
  assert.equal(Array.from(rows), [7, 2, 9]);
});

test("the loss of an epoch is the mean over examples, not over batches", () => {
  weight.set([1]);
  // mean of 0..6, which the mean of batch means is not
  near([trainEpoch({ ...epoch, examples: numbered(7), batchSize: 4 })], [3]);
});

test("every step of an epoch has random numbers of its own", () => {
  const keys: string[] = [];
  const noting = (batch: Batch, mode: Mode): Tensor => {
    assert.ok(mode.train);
    if (mode.train) keys.push(mode.key.join());
    return loss(batch);
  };
  for (const seed of [1, 2, 1])
    trainEpoch({ ...epoch, loss: noting, examples: numbered(6), batchSize: 2, key: key(seed) });
  assert.is(new Set(keys.slice(0, 6)).size, 6);
  assert.equal(keys.slice(6), keys.slice(0, 3));
});

test("an epoch that ends in an error leaves no scope open and no memory behind", () => {
  const examples = numbered(6);
  const fail = (batch: Batch): Tensor => {
    if (examples.asked.length === 2) throw new Error("on purpose");
    return loss(batch);
  };
  trainEpoch({ ...epoch, examples, batchSize: 2 });
  examples.asked.length = 0;
  const before = memory();
  refuses(() => trainEpoch({ ...epoch, loss: fail, examples, batchSize: 2 }), "on purpose");
  assert.equal(memory(), before);
});

interface Run {
  readonly validatedAt: number[];
  readonly kept: number[];
  readonly result: ReturnType<typeof fit>;
}

/** Fits with validation losses given in advance; the last of them goes on for ever. */
function run(losses: readonly number[], options: Partial<FitOptions> = {}): Run {
  const validatedAt: number[] = [];
  const kept: number[] = [];
  let n = 0;
  let at = 0;
  const result = fit({
    ...epoch,
    examples: numbered(1),
    batchSize: 1,
    epochs: 100,
    validateEvery: 5,
    margin: 0.01,
    patience: 3,
    validate: () => ({ loss: losses[Math.min(n++, losses.length - 1)]!, accuracy: n }),
    keep: () => kept.push(at),
    onValidation: ({ epoch }) => {
      validatedAt.push(epoch);
      at = epoch;
    },
    ...options,
  });
  return { validatedAt, kept, result };
}

test("validation comes after the first epoch and every fifth from there", () => {
  const falling = Array.from({ length: 100 }, (_, i) => 10 - i);
  const { validatedAt, result } = run(falling, { epochs: 13 });
  assert.equal(validatedAt, [0, 5, 10]);
  assert.equal([result.epochs, result.bestEpoch, result.best.loss], [13, 10, 8]);
});

test("training stops after as many validations without improvement as it has patience for", () => {
  const { validatedAt, result } = run([1, 0.5, 0.6]);
  assert.equal(validatedAt, [0, 5, 10, 15, 20]);
  assert.equal([result.epochs, result.bestEpoch], [21, 5]);
  assert.equal(result.best, { loss: 0.5, accuracy: 2 });
});

test("an improvement smaller than the margin is none, but does not become the mark either", () => {
  // each is below the one before by less than 0.01; the third is below the first by more
  const { result, kept } = run([1, 0.995, 0.985, 0.98], { patience: 4 });
  assert.is(result.bestEpoch, 10);
  assert.is(kept.length, 2);
  assert.is(run([1, 0.99, 0.99]).result.bestEpoch, 0, "exactly the margin is not more than it");
});

test("an improvement gives all of the patience back", () => {
  const { validatedAt } = run([1, 2, 2, 0.5, 2, 2, 2, 2]);
  assert.equal(validatedAt, [0, 5, 10, 15, 20, 25, 30]);
});

test("keep is called at every improvement, before it is told of", () => {
  const { kept, result } = run([3, 2, 4, 1, 5]);
  // `at` is the validation before
  assert.equal(kept, [0, 0, 10]);
  assert.is(result.bestEpoch, 15);
});

test("a validation loss that is not a number is an error", () => {
  refuses(
    () => run([1, NaN]),
    "fit: the validation loss is NaN in epoch 5; lower the learning rate or look at the data",
  );
});

test("a fit without epochs is one", () => {
  assert.equal(run([1], { epochs: 0 }).result, { epochs: 0, bestEpoch: -1, best: { loss: Infinity, accuracy: 0 } });
});

/** The order of every epoch of a fit. */
function orders(epochs: number): number[][] {
  const examples = numbered(20);
  run([1], { epochs, examples, batchSize: 20, patience: 99 });
  return examples.asked;
}

test("epochs have random numbers of their own, and a longer fit begins like a shorter one", () => {
  const long = orders(6);
  assert.is(new Set(long.map((order) => order.join())).size, 6);
  assert.equal(orders(3), long.slice(0, 3));
});

test("a network learns what can be learned", () => {
  const net = new Net(
    new Sequential({ a: new Linear(2, 16, { relu: true }), b: new Linear(16, 2), output: new Apply(logSoftmax) }),
    { group: "private" },
  ).init(4);
  // exclusive or, which no linear model can do
  const examples = new FloatExamples(tensor([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]), [0, 1, 1, 0]);
  const optimizer = new Adam(net.parameters, { lr: 0.02 });
  const train = ({ x, labels }: Batch, mode: Mode): Tensor => mean(nll(net.forward(x, mode), labels));
  for (let i = 0; i < 200; i++) trainEpoch({ examples, loss: train, optimizer, batchSize: 2, key: key(i) });
  const logp = predictAll(examples, 2, (x) => net.predict(x));
  const right = [0, 1, 1, 0].map((label, i) => Math.exp(logp.toArray()[i * 2 + label]!));
  assert.ok(
    right.every((p) => p > 0.95),
    `${right}`,
  );
});

/** Weights after three epochs. */
function train(): number[] {
  const net = new Net(new Sequential({ a: new Linear(1, 3) }), { group: "private" }).init(1);
  const optimizer = new Adam(net.parameters, { lr: 0.1 });
  const loss = ({ x }: Batch, mode: Mode): Tensor => mean(net.forward(x, mode));
  const examples = new FloatExamples(tensor([1, 2, 3, 4, 5], [5, 1]), [0, 0, 0, 0, 0]);
  for (let i = 0; i < 3; i++) trainEpoch({ examples, loss, optimizer, batchSize: 2, key: key(i) });
  return Array.from(net.parameters.toArray());
}

test("the same key trains to the same bits", () => {
  const first = train();
  // what happens in between does not matter
  scope(() => void trainEpoch({ ...epoch, examples: numbered(3), batchSize: 1 }));
  assert.equal(train(), first);
});

test("an epoch over no examples takes no step and has no loss", () => {
  const moved: Optimizer = { ...still, step: () => assert.unreachable("there is nothing to learn from") };
  assert.is(trainEpoch({ ...epoch, optimizer: moved, examples: numbered(0), batchSize: 4 }), 0);
});

test("an option of fit that is not what it should be is refused before the first batch", () => {
  const rules = {
    epochs: COUNT_OR_NONE,
    batchSize: COUNT,
    validateEvery: COUNT,
    patience: COUNT_OR_ENDLESS,
    margin: NOT_NEGATIVE,
  };
  fc.assert(
    fc.property(wrong(rules), ({ name, value, expected }) => {
      const examples = numbered(5);
      const options = {
        ...epoch,
        examples,
        epochs: 1,
        batchSize: 2,
        validateEvery: 1,
        patience: 1,
        margin: 0,
        validate: () => ({ loss: 1, accuracy: 1 }),
        keep: () => {},
        [name]: value,
      };
      let said = "";
      try {
        fit(options);
      } catch (error) {
        said = (error as Error).message;
      }
      assert.ok(said.startsWith(`fit: ${name}, got `) && said.endsWith(`, expected ${expected}`), said);
      assert.equal(examples.asked, []);
    }),
    { numRuns: 100 },
  );
  for (const batchSize of [0, -1, 2.5, NaN])
    refuses(
      () => trainEpoch({ ...epoch, examples: numbered(3), batchSize }),
      `fit: batchSize, got ${batchSize}, expected a whole number of at least 1`,
    );
});

test.run();
