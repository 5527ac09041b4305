// Vertical federation: what is split over parties learns what the whole would, to the bit, and who is not asked costs nothing.
import fc from "fast-check";
import { Audited, type Sent } from "../../src/federated/audit.ts";
import type { Host, Order } from "../../src/federated/hosts/host.ts";
import {
  answerVertical,
  Exchange,
  Parties,
  type Party,
  runVertical,
  unasked,
  type VerticalRound,
} from "../../src/federated/vertical/index.ts";
import { Sha256 } from "../../src/io/index.ts";
import { likelihood, Net, Sequential, trainEpoch } from "../../src/nn/index.ts";
import { optimizerOf } from "../../src/nn/rule.ts";
import { fold } from "../../src/runtime/random.ts";
import { assert, suite } from "../support/suite.ts";
import { adam, CLASSES, encoder, head, made, root, type Shape, train, trainWhole } from "../support/vertical.ts";

const test = suite("vertical federation");

test("one party with all columns is central training, to the bit, with a gate over it or without", async () => {
  for (const gated of [true, false]) {
    const shape: Shape = { columns: [0, 6], k: 1, width: 4, gated };
    const all = made(shape);
    const parts = [all.parties[0]!.learner.nets.encoder!, all.active.learner.nets.head!];
    const state = (): Float32Array => Float32Array.from(parts.flatMap(({ parameters }) => [...parameters.toArray()]));
    const central = new Net(new Sequential({ encoder: encoder(6, 4), head: head(4) }), { group: "private" });
    central.parameters.copyFrom(state());
    const reports = await train(all, shape);
    assert.equal(
      reports.map(({ trainLoss }) => trainLoss),
      trainWhole({ ...all, joint: central }, shape),
    );
    assert.equal(state(), central.parameters.toArray());
  }
});

test("with all parties asked, the parts of a model learn what the whole does, to the bit", async () => {
  for (const gated of [true, false])
    for (const optimizer of [adam, { kind: "sgd", lr: 0.1, momentum: 0.9 } as const]) {
      const shape: Shape = { columns: [3, 2, 4], k: 2, width: 4, gated, optimizer };
      const all = made(shape);
      const reports = await train(all, shape);
      assert.equal(
        reports.map(({ trainLoss }) => trainLoss),
        trainWhole(all, shape),
      );
      assert.equal(all.state(), all.joint.parameters.toArray());
    }
});

const shapes: fc.Arbitrary<Shape> = fc
  .record({
    columns: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 }),
    k: fc.integer({ min: 1, max: 4 }),
    width: fc.integer({ min: 1, max: 5 }),
    rows: fc.integer({ min: 1, max: 25 }),
    batchSize: fc.integer({ min: 1, max: 12 }),
  })
  .map((one) => ({ ...one, k: Math.min(one.k, one.columns.length - 1), optimizer: { kind: "sgd", lr: 0.1 } }));

test("whoever is asked, learning is the sparse model's, and bytes are those of the rows that were asked for", () =>
  fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const { k, width, rows = 0 } = shape;
      const all = made(shape);
      const before = all.state();
      const [report] = await train(all, shape, 1);
      const [loss] = trainWhole(all, shape, 1);
      // a party sums its gradient over the rows it has, and the whole over zeros as well
      assert.ok(Math.abs(report!.trainLoss - loss!) < 1e-5);
      const whole = all.joint.parameters.toArray();
      all.state().forEach((value, i) => assert.ok(Math.abs(value - whole[i]!) < 1e-5, `${i}: ${value}, ${whole[i]}`));
      assert.ok(all.state().some((value, i) => value !== before[i]));
      for (const { down, up, rows: asked } of report!.asked) {
        assert.is(up, 4 * width * asked);
        assert.is(down, 4 * (1 + width) * asked);
      }
      assert.is(
        report!.asked.reduce((sum, one) => sum + one.rows, 0),
        k * rows,
      );
    }),
    { numRuns: 25 },
  ));

/** A host that remembers what was asked. */
function listening(parties: readonly Party[]): { host: Host; orders: Order[] } {
  const orders: Order[] = [];
  const inner = new Parties(parties);
  const host: Host = {
    train: (asked, round) => (orders.push(...asked), inner.train(asked, round)),
    evaluate: (asked) => inner.evaluate(asked),
  };
  return { host, orders };
}

test("a party that is never chosen is not asked, sends nothing, costs nothing and stays as it was", async () => {
  const shape: Shape = { columns: [3, 2, 2], k: 1, width: 4, optimizer: { kind: "sgd", lr: 1e-3 } };
  const all = made(shape);
  all.active.learner.nets.gate!.parameters.write((name) => name === "bias", Float32Array.of(-50, 50));
  const before = all.parties[0]!.learner.nets.encoder!.parameters.toArray();
  const { host, orders } = listening(all.parties);
  const reports = await train(all, shape, 2, host);
  const found = await answerVertical({ active: all.active, host, width: 4, parties: 2, classes: CLASSES });
  assert.equal(new Set(orders.map(({ client }) => client)), new Set([1]));
  assert.equal(reports.at(-1)!.asked[0], { down: 0, up: 0, rows: 0 });
  assert.equal(found.asked, [
    { down: 0, up: 0, rows: 0 },
    { down: 120, up: 480, rows: 30 },
  ]);
  assert.equal(all.parties[0]!.learner.nets.encoder!.parameters.toArray(), before);
});

test("with k = 0 nobody is asked, and the active party trains by itself to the bit", async () => {
  const shape: Shape = { columns: [4, 2], k: 0, width: 3 };
  const all = made(shape);
  const { host, orders } = listening(all.parties);
  await train(all, shape, 2, host);
  assert.is(orders.length, 0);
  const { own, head: top } = all.active.learner.nets;
  const parameters = [own!, top!].flatMap((net) => [...net.parameters.toArray()]);
  const whole = new Net(new Sequential({ own: encoder(4, 3), head: head(3) }), { group: "private" });
  const first = made(shape).active.learner.nets;
  whole.parameters.copyFrom([first.own!, first.head!].flatMap((net) => [...net.parameters.toArray()]));
  const steps = optimizerOf(adam, [whole.parameters]);
  for (const round of [0, 1])
    trainEpoch({
      examples: all.active.examples.train,
      loss: likelihood(whole),
      optimizer: steps,
      batchSize: 8,
      key: fold(root, "train", "round", round),
    });
  assert.equal(Float32Array.from(parameters), whole.parameters.toArray());
});

test("what is sent is declared: embeddings up, row numbers and gradients down, no labels and no columns", async () => {
  const shape: Shape = { columns: [3, 2, 2], k: 1, width: 4, noise: 1 };
  const all = made(shape);
  const { host, orders } = listening(all.parties);
  const log: Sent[] = [];
  const audited = new Audited(host, {
    hash: (bytes) => new Sha256().update(bytes).hex(),
    write: async (sent) => void log.push(...sent),
  });
  const [report] = await train(all, shape, 1, audited);
  assert.equal(new Set(orders.flatMap(({ down }) => Object.keys(down))), new Set(["rows.train", "gradient"]));
  assert.equal(new Set(log.flatMap(({ vectors = [] }) => vectors.map(({ name }) => name))), new Set(["embedding"]));
  const sent = log.flatMap(({ vectors = [] }) => vectors).reduce((sum, { size }) => sum + 4 * size, 0);
  assert.is(
    sent,
    report!.asked.reduce((sum, { up }) => sum + up, 0),
  );
  assert.is(log.flatMap(({ scalars = [] }) => scalars).length, 0);
});

test("what goes on from a round's end is what was never stopped, to the bit", async () => {
  const shape: Shape = { columns: [3, 2, 2], k: 1, width: 4, noise: 1 };
  const whole = made(shape);
  const reports = await train(whole, shape, 3);
  const first = made(shape);
  const half = await train(first, shape, 1);
  const second = made(shape);
  second.active.learner.restore(first.active.learner.state());
  second.parties.forEach((party, p) => party.learner.restore(first.parties[p]!.learner.state()));
  const rest: VerticalRound[] = [];
  const options = { active: second.active, host: new Parties(second.parties), rounds: 3, batchSize: 8, width: 4 };
  await runVertical({
    ...options,
    key: fold(root, "train"),
    from: { round: 1, asked: half[0]!.asked },
    onRound: (one) => void rest.push(one),
  });
  assert.equal([...half, ...rest], reports);
  assert.equal(second.state(), whole.state());
});

test("what does not fit is refused by name", async () => {
  const { parties, active } = made({ columns: [0, 2], k: 1, width: 4 });
  const [party] = parties as [Party];
  assert.throws(() => party.exchange({ gradient: new Float32Array(4) }, 0), /party 0, got a gradient of nothing; ask/);
  assert.throws(
    () => party.exchange({ "rows.train": Float32Array.of(30) }, 0),
    /party 0: row 0, got 30, expected 0 to 29/,
  );
  assert.throws(
    () => party.exchange({ labels: Float32Array.of(1) }, 0),
    /party 0, got labels, expected rows or a gradient/,
  );
  party.exchange({ "rows.train": Float32Array.of(1) }, 0);
  assert.throws(() => party.exchange({ gradient: new Float32Array(3) }, 0), /gradient, got 3 numbers, expected 4/);
  assert.throws(() => active.learner.restore({}), /state, got no net\.gate, expected 2 numbers; begin anew/);
  const silent: Host = { train: async () => [], evaluate: async () => [] };
  const exchange = new Exchange(silent, 4, unasked(1));
  await exchange.ask("train", [0], [Int32Array.of(0)], 0).then(
    () => assert.unreachable(),
    (error: Error) =>
      assert.match(error.message, /party 0, got no answer, expected its answer; resume when it is back/),
  );
});

test.run();
