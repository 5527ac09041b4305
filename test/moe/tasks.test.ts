// A federation whose answers are numbers, or several labels at once: from clients' rows to mixtures that are saved and asked.
import { type Model, Mixture, personalize, trainGeneralist } from "../../src/moe/index.ts";
import { Linear, Sequential, type TaskName } from "../../src/nn/index.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const model = (task: TaskName, outputs: number): Model => ({
  expert: new Sequential({ hidden: new Linear(3, 12, { relu: true }), out: new Linear(12, outputs) }),
  gate: new Sequential({ out: new Linear(3, 1) }),
  shape: [3],
  classes: Array.from({ length: outputs }, (_, i) => `output ${i}`),
  task,
});

/** Rows of client `c`, whose targets lie as much beside everybody's as it is strange. */
function rowsOf(c: number, task: TaskName, count = 60): { x: number[][]; labels: number[][] } {
  const stream = new Stream(fold(key(5), c, count));
  const x = Array.from({ length: count }, () => [0, 1, 2].map(() => 2 * stream.uniform() - 1));
  const strange = c === 0 ? 1.5 : 0;
  const labels = x.map(([a, b, d]) => {
    const values = [a! - b! + strange, b! * d! + 2 * d! - strange];
    return task === "regression" ? values : values.map((value) => (value > 0 ? 1 : 0));
  });
  return { x, labels };
}

for (const [task, metric] of [
  ["regression", "r2"],
  ["multi-label", "accuracy"],
] as const)
  test(`${task}: a generalist serves most, a mixture the strange client, and both are saved`, async () => {
    const clients = [0, 1, 2, 3, 4].map((c) => rowsOf(c, task));
    const options = { rounds: 20, localEpochs: 2, lr: 0.01, validateEvery: 5, seed: 1 };
    const generalist = await trainGeneralist(model(task, 2), clients, options);
    const usual = rowsOf(3, task, 200);
    assert.ok(generalist.metrics(usual)[metric]! > 0.8, JSON.stringify(generalist.metrics(usual)));
    const own = rowsOf(0, task, 200);
    const mixture = await personalize(generalist, clients[0]!, { lr: 0.01, seed: 1 });
    const [shared, mixed] = [generalist.metrics(own)[metric]!, mixture.metrics(own)[metric]!];
    assert.ok(mixed > shared + 0.05, `${shared} ${mixed}`);
    const again = await Mixture.load(model(task, 2), mixture.save());
    const read = (m: Mixture): number[] => m.values(own.x.slice(0, 3)).flatMap((row) => Array.from(row));
    assert.equal(read(again), read(mixture));
    // flat labels are the same rows
    near(
      Object.values(mixture.metrics({ x: own.x, labels: own.labels.flat() })),
      Object.values(mixture.metrics(own)),
      0,
    );
    refuses(
      () => generalist.predict(own.x),
      `predict: task, got ${task}, expected classification; ask values() and metrics()`,
    );
  });

const rejected = async (labels: unknown, task: TaskName): Promise<string> => {
  const { x } = rowsOf(1, task, 4);
  try {
    await trainGeneralist(model(task, 2), [{ x, labels: labels as number[][] }], { rounds: 1 });
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
};

test("targets that are none are refused by their row, before anything is trained", async () => {
  const good = rowsOf(1, "regression", 4).labels;
  const replaced = (row: number, value: unknown): unknown => good.map((one, i) => (i === row ? value : one));
  assert.is(await rejected(replaced(2, [1]), "regression"), "client 0: labels: row 2, got 1, expected 2");
  assert.is(await rejected(replaced(2, null), "regression"), "client 0: labels: row 2, got none, expected 2");
  assert.is(
    await rejected(replaced(1, [1, Infinity]), "regression"),
    "client 0: labels: row 1, got Infinity, expected a finite number",
  );
  const told = rowsOf(1, "multi-label", 4).labels;
  assert.is(
    await rejected([...told.slice(0, 3), [1, 2]], "multi-label"),
    "client 0: labels: row 3, got 2, expected 0 to 1",
  );
  assert.is(await rejected([1, 2, 3], "regression"), "client 0: labels: got 3, expected 8, 2 for each input");
  assert.is(await rejected("labels", "regression"), "client 0: labels: got labels, expected 2 numbers for each input");
});

test.run();
