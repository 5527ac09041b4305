// Clients that really train, in this process and on a pool.
import { logSoftmax, memory, type Tensor, tensor } from "../../src/autograd/index.ts";
import {
  admitted,
  beginning,
  type ClientCalls,
  fedAvg,
  federate,
  type FederationState,
  InProcess,
  LocalClient,
  SharedVector,
  Workers,
} from "../../src/federated/index.ts";
import { Adam, Dropout, FloatExamples, Linear, Net, Sequential } from "../../src/nn/index.ts";
import { Apply } from "../../src/nn/module.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const module = new Sequential({
  fc1: new Linear(3, 8, { relu: true }),
  drop: new Dropout(0.5),
  fc2: new Linear(8, 2),
  output: new Apply(logSoftmax),
});
const net = new Net(module, { group: "shared" });
const optimizer = new Adam(net.parameters, { lr: 0.05 });
const initial = net.init(7).parameters.toArray();

/** Rows of a client: three numbers, and whether the first is the larger half. */
function rowsOf(seed: number, count: number): FloatExamples {
  const stream = new Stream(fold(key(seed), "rows"));
  const x = Float32Array.from({ length: count * 3 }, () => 2 * stream.uniform() - 1);
  const labels = Array.from({ length: count }, (_, i) => (x[i * 3]! > 0 ? 1 : 0));
  return new FloatExamples(tensor(x, [count, 3]), labels);
}

function clientOf(id: number, options: Partial<ConstructorParameters<typeof LocalClient>[0]> = {}): LocalClient {
  return new LocalClient({
    id,
    net,
    optimizer,
    train: rowsOf(id, 20 + id),
    validation: rowsOf(100 + id, 15),
    classes: 2,
    epochs: 2,
    batchSize: 8,
    key: key(5),
    ...options,
  });
}

test("a client answers with its weights, its number of examples and its loss", () => {
  const reply = clientOf(3).train(initial, 0);
  assert.instance(reply.shared, SharedVector);
  assert.is(reply.examples, 23);
  assert.ok(reply.metrics["trainLoss"]! > 0);
  assert.equal(
    reply.shared.specs.map(({ name }) => name),
    ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"],
  );
  assert.not.equal(Array.from(reply.shared.values), Array.from(initial));
  assert.equal(
    clientOf(3).specs.map(({ name, shape }) => [name, shape]),
    [
      ["fc1.weight", [8, 3]],
      ["fc1.bias", [8]],
      ["fc2.weight", [2, 8]],
      ["fc2.bias", [2]],
    ],
  );
});

test("what a client answers depends on its id, the round and the generalist, and on nothing that went before", () => {
  const train = (id: number, round: number, from = initial): number[] =>
    Array.from(clientOf(id).train(from, round).shared.values);
  const first = train(1, 0);
  const other = train(2, 0);
  clientOf(2).evaluate(initial, 0);
  assert.equal(train(1, 0), first);
  assert.not.equal(train(1, 1), first);
  assert.not.equal(other, first);
  assert.not.equal(train(1, 0, Float32Array.from(first)), first);
});

test("every epoch of a client has an order of its own", () => {
  const rows = rowsOf(1, 12);
  const orders: string[] = [];
  const train = {
    count: rows.count,
    labels: rows.labels,
    batch: (order: Tensor) => {
      orders.push(Array.from(order.toArray()).join());
      return rows.batch(order);
    },
    dispose: () => {},
  };
  clientOf(1, { train, epochs: 3, batchSize: 12 }).train(initial, 0);
  assert.equal([orders.length, new Set(orders).size], [3, 3]);
});

test("the generalist it is given stays as it was", () => {
  const given = initial.slice();
  clientOf(1).train(given, 0);
  clientOf(1).evaluate(given, 0);
  assert.equal(Array.from(given), Array.from(initial));
});

test("evaluation is over the validation rows, without dropout", () => {
  const client = clientOf(1);
  const [first, second] = [client.evaluate(initial, 0), client.evaluate(initial, 9)];
  assert.equal(first, second);
  assert.is(first.examples, 15);
  const { loss, accuracy } = first.metrics;
  assert.ok(loss! > 0 && accuracy! >= 0 && accuracy! <= 1);
  // by hand
  net.parameters.copyFrom(initial);
  const validation = rowsOf(101, 15);
  const rows = tensor(
    Int32Array.from({ length: 15 }, (_, i) => i),
    [15],
    "i32",
  );
  const logp = net.predict(validation.batch(rows).x).toArray();
  const losses = Array.from(validation.labels, (label, i) => -logp[i * 2 + label]!);
  near([loss!], [losses.reduce((a, b) => a + b) / 15]);
});

test("a client's work leaves no memory behind", () => {
  const client = clientOf(4);
  client.train(initial, 0);
  client.evaluate(initial, 0);
  const before = memory();
  client.train(initial, 1);
  client.evaluate(initial, 1);
  assert.equal(memory(), before);
});

const federation = {
  clients: [0, 1, 2, 3, 4, 5],
  rounds: 6,
  cohort: 3,
  validation: { every: 2, patience: 5, clients: 4 },
  selection: "average",
  key: key(11),
} as const;

const inProcess = new InProcess(clientOf);

const calls: ClientCalls = {
  train: ({ client, generalist, round }) => {
    const { shared, ...rest } = clientOf(client).train(generalist, round);
    return { client, values: shared.values, ...rest };
  },
  evaluate: ({ client, generalist, round }) => ({ client, ...clientOf(client).evaluate(generalist, round) }),
};

test("the same clients in this process and on a pool give the same federation, bit for bit", async () => {
  const direct = await federate({ ...federation, backend: inProcess }, beginning(initial));
  const pooled = await federate({ ...federation, backend: new Workers(new InThread(calls)) }, beginning(initial));
  assert.equal(pooled, direct);
  assert.not.equal(Array.from(direct.generalist), Array.from(initial));
});

test("a federation of real clients cut anywhere and continued is the one in one piece", async () => {
  const states: FederationState[] = [];
  const options = {
    ...federation,
    backend: inProcess,
    onRound: (_: unknown, at: FederationState) => void states.push(at),
  };
  const whole = await federate(options, beginning(initial));
  for (const state of states.slice()) assert.equal(await federate(options, structuredClone(state)), whole);
});

test("a federation learns", async () => {
  const options = { ...federation, rounds: 25, cohort: 6, backend: inProcess };
  const before = admitted(await inProcess.evaluate(federation.clients, initial, 0));
  const { best, bestLoss } = await federate(options, beginning(initial));
  const after = admitted(await inProcess.evaluate(federation.clients, best, 0));
  const mean = (of: typeof before, metric: string): number =>
    of.reduce((sum, { metrics }) => sum + metrics[metric]!, 0) / of.length;
  assert.ok(mean(after, "loss") < 0.5 * mean(before, "loss"), `${mean(before, "loss")} to ${mean(after, "loss")}`);
  assert.ok(mean(after, "accuracy") > 0.9, `${mean(after, "accuracy")}`);
  assert.ok(bestLoss < 0.4);
});

test("one client alone makes a federation of itself", async () => {
  const { generalist } = await federate(
    { ...federation, clients: [2], cohort: 1, rounds: 1, backend: inProcess },
    beginning(initial),
  );
  assert.equal(Array.from(generalist), Array.from(clientOf(2).train(initial, 0).shared.values));
});

test("in this process clients are asked in the order given, and answers are in that order", async () => {
  const updates = admitted(await inProcess.train([4, 1, 3], initial, 2));
  assert.equal(
    updates.map(({ client, examples }) => [client, examples]),
    [
      [4, 24],
      [1, 21],
      [3, 23],
    ],
  );
  assert.ok(fedAvg(updates).length === initial.length);
  const found = await inProcess.evaluate([5, 0], initial, 2);
  assert.equal(
    found.map(({ client }) => client),
    [5, 0],
  );
});

test("a backend takes nothing but what a shared group made", async () => {
  const real = clientOf(1);
  const forged = new InProcess(() => ({
    id: 1,
    specs: real.specs,
    train: () => ({
      shared: { values: initial, specs: real.specs } as unknown as SharedVector,
      examples: 1,
      metrics: {},
    }),
    evaluate: () => ({ examples: 1, metrics: {} }),
  }));
  assert.equal(await forged.train([1], initial, 0), [
    { client: 1, fault: "failed", reason: "sent something else than a SharedVector" },
  ]);
});

test("a generalist of another size is refused", async () => {
  await refusesLater(async () => clientOf(1).train(Float32Array.of(1), 0), /values expected, got 1; the models differ/);
});

test.run();
