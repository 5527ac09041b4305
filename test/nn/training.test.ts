// What surrounds an optimiser: schedules, groups, clipping, averages, accumulation; and that training goes on to the bit from a file.
import fc from "fast-check";
import { backward, logSoftmax, mul, reshape, scope, sum, tensor } from "../../src/autograd/index.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/io/index.ts";
import {
  Accumulated,
  Adagrad,
  Adam,
  AMSGrad,
  Apply,
  Averaged,
  Clipped,
  clipGradientValues,
  Dropout,
  Embedding,
  factorAt,
  FeatureExamples,
  Groups,
  likelihood,
  Linear,
  Lion,
  Net,
  type Optimizer,
  optimizerState,
  Parameters,
  type Rated,
  restoreOptimizer,
  RMSprop,
  Scheduled,
  Sequential,
  SGD,
  type Schedule,
  trainEpoch,
  ValueClipped,
} from "../../src/nn/index.ts";
import { fold, key } from "../../src/runtime/random.ts";
import { cosHalfTurn } from "../../src/runtime/scalar.ts";
import { golden, wave } from "../support/golden.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const block = (values: readonly number[]): Parameters =>
  new Parameters([{ name: "w", shape: [values.length] }], "shared").copyFrom(values);

function step(parameters: Parameters, optimizer: Optimizer, slope: ArrayLike<number>): number[] {
  scope(() => backward(sum(mul(parameters.tensors[0]!, tensor(slope)))));
  optimizer.step();
  return Array.from(parameters.toArray());
}

test("half a turn's cosine is that of Math but for rounding, and exact where it is 1, 0 and -1", () => {
  for (let i = 0; i <= 10_000; i++) near([cosHalfTurn(i / 1e4)], [Math.cos(Math.PI * (i / 1e4))], 5e-16);
  assert.equal([0, 1].map(cosHalfTurn), [1, -1]);
  assert.is(Math.abs(cosHalfTurn(0.5)), 0);
  assert.ok(Number.isNaN(cosHalfTurn(1.5)));
});

const torch = golden<Record<string, number[]>>(new URL("golden/schedules.json", import.meta.url));
const schedules: Record<string, Schedule> = {
  step: { kind: "exponential", gamma: 0.5, every: 3 },
  exponential: { kind: "exponential", gamma: 0.9 },
  linear: { kind: "linear", rounds: 12, end: 0.25 },
  cosine: { kind: "cosine", rounds: 20, end: 0.1 },
  "one-cycle": { kind: "one-cycle", rounds: 20 },
  "one-cycle, everything": { kind: "one-cycle", rounds: 20, rise: 0.4, start: 0.1, end: 0.02 },
};

test("every schedule that PyTorch was asked for is tried", () => {
  assert.equal(Object.keys(schedules).toSorted(), Object.keys(torch).toSorted());
});

for (const [name, schedule] of Object.entries(schedules))
  test(`${name} goes as PyTorch's, and behind a warm-up as without one`, () => {
    const factors = Array.from({ length: 20 }, (_, at) => factorAt(schedule, at));
    near(factors, torch[name]!, 1e-12);
    const behind = Array.from({ length: 24 }, (_, at) => factorAt({ ...schedule, warmup: 4 }, at));
    assert.equal(behind, [0.25, 0.5, 0.75, 1, ...factors]);
  });

test("schedules stay where they end", () => {
  for (const schedule of Object.values(schedules))
    if ("rounds" in schedule)
      assert.is(factorAt(schedule, schedule.rounds + 100), factorAt(schedule, schedule.rounds + 7));
});

test("any optimiser steps at its schedule's rates, counted from its first step", () => {
  const schedule: Schedule = { kind: "cosine", rounds: 4, warmup: 2 };
  const p = block([0]);
  const scheduled = new Scheduled(new SGD(p, { lr: 2 }), schedule);
  const places = [0, 1, 2, 3, 4, 5].map(() => step(p, scheduled, [1])[0]!);
  near(
    places.map((place, i) => (places[i - 1] ?? 0) - place),
    [0, 1, 2, 3, 4, 5].map((at) => 2 * factorAt(schedule, at)),
    1e-6,
  );
  scheduled.reset();
  near([places.at(-1)! - step(p, scheduled, [1])[0]!], [1], 1e-6);
  refuses(
    () => new Scheduled(new SGD(p), { kind: "cosine", rounds: 0 }),
    "schedule: rounds, got 0, expected a whole number of at least 1",
  );
});

test("groups step by rules of their own, a schedule keeps their rates in proportion, and none is left out or twice", () => {
  const specs = [
    { name: "body.weight", shape: [2] },
    { name: "head.weight", shape: [2] },
  ];
  const p = new Parameters(specs, "private").copyFrom([1, 1, 1, 1]);
  const of = (part: string) => (name: string) => name.startsWith(part);
  const groups = new Groups(p, [
    { only: of("body"), make: (at, only) => new SGD(at, { lr: 0.1, only }) },
    { only: of("head"), make: (at, only) => new SGD(at, { lr: 0.4, weightDecay: 0.5, only }) },
  ]);
  const walk = (): number[] => {
    scope(() => backward(sum(mul(p.tensors[0]!, p.tensors[1]!))));
    groups.step();
    return Array.from(p.toArray());
  };
  near(walk(), [0.9, 0.9, 1 - 0.4 * 1.5, 1 - 0.4 * 1.5], 1e-6);
  groups.lr = 0;
  near(walk(), [0.9, 0.9, 0.4, 0.4], 1e-6);
  groups.lr = 0.05;
  near(walk(), [0.88, 0.88, 0.4 - 0.2 * (0.9 + 0.2), 0.4 - 0.2 * (0.9 + 0.2)], 1e-6);
  const only = of("body");
  const make = (at: Parameters): Rated => new SGD(at);
  refuses(() => new Groups(p, [{ only, make }]), "Groups: head.weight, got it in 0 groups, expected one");
  refuses(
    () =>
      new Groups(p, [
        { only: () => true, make },
        { only, make },
      ]),
    "Groups: body.weight, got it in 2 groups, expected one",
  );
});

test("clipping by value holds every element, whatever the gradient", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 9 }),
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      (slope, most) => {
        const p = block(slope.map(() => 0));
        const after = step(p, new ValueClipped(new SGD(p, { lr: 1 }), [p], most), slope);
        near(
          after,
          slope.map((g) => -Math.max(-most, Math.min(most, g))),
          1e-6,
        );
      },
    ),
  );
  const p = block([1]);
  refuses(() => clipGradientValues([p], 0), "clip: got value 0, expected a number above 0");
  refuses(() => new ValueClipped(new SGD(p), [p], -1), "clip: got value -1, expected a number above 0");
});

test("an average of weights follows them by its rule, and is not what is trained", () => {
  const p = block([1, 2]);
  const averaged = new Averaged(new SGD(p, { lr: 0.5 }), p, { decay: 0.9 });
  let expected = [1, 2];
  for (let t = 0; t < 5; t++) {
    const weights = step(p, averaged, [t - 1, 0.3]);
    expected = expected.map((mean, i) => 0.9 * mean + 0.1 * weights[i]!);
  }
  near(Array.from(averaged.weights()), expected, 1e-6);
  averaged.reset();
  assert.equal(averaged.weights(), p.toArray());
});

test("accumulated batches step as one batch of all their rows would", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 100 }), (every, at) => {
      const slopes = Array.from({ length: 2 * every }, (_, i) => wave(3, 1, 0.3 + at + i));
      const [p, q] = [block([1, 2, 3]), block([1, 2, 3])];
      const accumulated = new Accumulated(new Adam(p, { lr: 0.1 }), [p], every);
      const whole = new Adam(q, { lr: 0.1 });
      for (const slope of slopes) step(p, accumulated, slope);
      for (const from of [0, every]) {
        const mean = slopes[0]!.map((_, i) => slopes.slice(from, from + every).reduce((n, s) => n + s[i]! / every, 0));
        step(q, whole, mean);
      }
      near(Array.from(p.toArray()), Array.from(q.toArray()), 1e-4);
    }),
  );
});

test("what no accumulated batch has reached does not move", () => {
  const specs = [
    { name: "a", shape: [1] },
    { name: "b", shape: [1] },
  ];
  const p = new Parameters(specs, "private").copyFrom([1, 1]);
  const optimizer = new Accumulated(new Adam(p, { lr: 0.1 }), [p], 2);
  const reach = (...which: number[]): void => {
    for (const i of which) {
      scope(() => backward(sum(p.tensors[i]!)));
      optimizer.step();
    }
  };
  reach(0, 1);
  near(Array.from(p.toArray()), [0.9, 0.9], 1e-4);
  const [, still] = p.toArray();
  reach(0, 0);
  assert.ok(p.toArray()[0]! < 0.85);
  assert.is(p.toArray()[1], still);
});

// ---- to the bit

const rows = 40;
const examples = new FeatureExamples({
  x: Float32Array.from(wave(rows * 6, 1, 0.7)),
  labels: Int32Array.from({ length: rows }, (_, i) => (i * 7) % 3),
  shape: [6],
});
const module = new Sequential({
  hidden: new Linear(6, 8, { relu: true }),
  dropout: new Dropout(0.3),
  out: new Linear(8, 3),
  answer: new Apply(logSoftmax),
});

const kinds: Record<string, (p: Parameters) => Rated> = {
  adam: (p) => new Adam(p, { lr: 0.01 }),
  momentum: (p) => new SGD(p, { lr: 0.01, momentum: 0.9, dampening: 0.5 }),
  rmsprop: (p) => new RMSprop(p, { centered: true, momentum: 0.5 }),
  adagrad: (p) => new Adagrad(p, { lrDecay: 0.1 }),
  amsgrad: (p) => new AMSGrad(p, { lr: 0.01 }),
  lion: (p) => new Lion(p, { lr: 1e-3 }),
  scheduled: (p) => new Scheduled(new Adam(p, { lr: 0.01 }), { kind: "one-cycle", rounds: 100, warmup: 3 }),
  "clipped and averaged": (p) => new Averaged(new Clipped(new Adam(p, { lr: 0.01 }), [p], 0.1), p, { decay: 0.9 }),
  // 7 batches an epoch: some wait when the state is taken
  accumulated: (p) => new Accumulated(new Scheduled(new Adam(p), { kind: "cosine", rounds: 20 }), [p], 3),
  groups: (p) =>
    new Groups(p, [
      { only: (name) => name.startsWith("hidden"), make: (at, only) => new Adam(at, { lr: 0.01, only }) },
      { only: (name) => name.startsWith("out"), make: (at, only) => new SGD(at, { momentum: 0.9, only }) },
    ]),
};

function train(net: Net, optimizer: Rated, from: number, to: number): void {
  const root = key(3);
  for (let epoch = from; epoch < to; epoch++)
    trainEpoch({ examples, loss: likelihood(net), optimizer, batchSize: 6, key: fold(root, "epoch", epoch) });
}

const made = (): Net => new Net(module, { group: "private" }).init(1);

for (const [name, make] of Object.entries(kinds))
  test(`10 epochs with ${name} are 5 epochs, a file and 5 more, to the bit`, () => {
    const through = made();
    const whole = make(through.parameters);
    train(through, whole, 0, 10);

    const first = made();
    const before = make(first.parameters);
    train(first, before, 0, 5);
    const files = [Object.entries(first.parameters.toRecord()), Object.entries(optimizerState(before))].map((tensors) =>
      decodeSafetensors(encodeSafetensors(tensors)),
    );
    const second = made();
    second.parameters.fromRecord(Object.fromEntries(files[0]!.tensors) as never);
    const after = make(second.parameters);
    restoreOptimizer(after, Object.fromEntries(files[1]!.tensors));
    train(second, after, 5, 10);
    assert.equal(second.parameters.toArray(), through.parameters.toArray());
    assert.equal(optimizerState(after), optimizerState(whole));
  });

test("a table's rows go on to the bit, also those that no batch has reached", () => {
  const table = (): Net =>
    new Net(
      new Sequential({
        table: new Embedding(9, 2),
        flat: new Apply((x) => reshape(x, [-1, 4])),
        out: new Linear(4, 2),
      }),
      { group: "private" },
    ).init(1);
  const walk = (net: Net, optimizer: Rated, steps: readonly number[]): void => {
    for (const t of steps) {
      const words = tensor([t % 5, (t * 3) % 7], [1, 2], "i32");
      scope(() => backward(sum(net.forward(words))));
      optimizer.step();
    }
  };
  const make = (net: Net): Rated => new Adam(net.parameters, { lr: 0.1, weightDecay: 0.1 });
  const [whole, half] = [table(), table()];
  walk(whole, make(whole), [0, 1, 2, 3, 4, 5]);
  const first = make(half);
  walk(half, first, [0, 1, 2]);
  const again = make(half);
  restoreOptimizer(again, optimizerState(first));
  walk(half, again, [3, 4, 5]);
  assert.equal(half.parameters.toArray(), whole.parameters.toArray());
});

for (const [name, make] of Object.entries(kinds))
  test(`a state with anything missing, cut, swollen or no number leaves ${name} as it was`, () => {
    const net = made();
    const optimizer = make(net.parameters);
    train(net, optimizer, 0, 1);
    const state = optimizerState(optimizer);
    train(net, optimizer, 1, 2);
    const later = optimizerState(optimizer);
    for (const of of Object.keys(state)) {
      const { [of]: part, ...rest } = state;
      const nan = Float64Array.from(part!.data);
      nan[nan.length - 1] = NaN;
      for (const bad of [
        rest,
        { ...state, [of]: { shape: [0], data: new Float32Array() } },
        { ...state, [of]: { shape: [], data: new Float32Array(part!.data.length + 1) } },
        { ...state, [of]: { shape: [], data: nan } },
        { ...state, [of]: { shape: [], data: new BigInt64Array(part!.data.length) } },
      ]) {
        refuses(() => restoreOptimizer(optimizer, bad), new RegExp(`^optimizer: .*`));
        assert.equal(optimizerState(optimizer), later);
      }
    }
    restoreOptimizer(optimizer, state);
    assert.equal(optimizerState(optimizer), state);
  });

test.run();
