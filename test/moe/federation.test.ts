import { logSoftmax } from "../../src/autograd/ops/softmax.ts";
import { trainGeneralist } from "../../src/moe/federation.ts";
import type { Model } from "../../src/moe/model.ts";
import { Linear } from "../../src/nn/layers.ts";
import { Apply, Sequential } from "../../src/nn/module.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { corner, points } from "../support/points.ts";
import { rejects } from "../support/rejects.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("federation of clients in this process");

const clients = [0, 1, 2, 3].map((client) => points(40, new Stream(key(client)), client % 3));
const options = { rounds: 6, lr: 0.01, seed: 1 };

test("a generalist learns what no client alone has seen much of", async () => {
  const generalist = await trainGeneralist(corner, clients, { ...options, rounds: 20 });
  assert.ok(generalist.accuracy(points(200, new Stream(key(9)), 1)) > 0.9);
});

const save = async (seed: number, slice: number): Promise<Uint8Array> =>
  (await trainGeneralist(corner, clients, { ...options, seed, slice })).save();

test("the same clients and seed give the same bytes", async () => {
  assert.equal(await save(1, 0), await save(1, 1000));
  assert.not.equal(await save(1, 0), await save(2, 0));
});

test("nothing of a client that opts out reaches the generalist", async () => {
  const train = async (other: (typeof clients)[number]): Promise<Uint8Array> =>
    (await trainGeneralist(corner, [...clients.slice(0, 3), { ...other, optOut: true }], options)).save();
  assert.equal(await train(clients[3]!), await train(points(17, new Stream(key(99)), 2)));
});

test("rounds are told as they end, and a federation can be aborted in one", async () => {
  const rounds: number[] = [];
  const controller = new AbortController();
  const work = trainGeneralist(corner, clients, {
    ...options,
    rounds: 1000,
    signal: controller.signal,
    onRound: ({ round }) => {
      rounds.push(round);
      if (round === 2) controller.abort(new Error("enough"));
    },
  });
  assert.is(await work.catch((error: Error) => error.message), "enough");
  assert.equal(rounds, [0, 1, 2]);
});

test("rows that do not fit say whose they are", async () => {
  const odd = { x: new Float32Array(5), labels: [0, 0] };
  await rejects(
    () => trainGeneralist(corner, [clients[0]!, odd]),
    /^client 1: inputs: got 5 values, expected a multiple/,
  );
  await rejects(() => trainGeneralist(corner, [{ ...clients[0]!, optOut: true }]), /expected one at least/);
});

const refuses = (wrong: Partial<Model>, message: RegExp): Promise<void> =>
  rejects(() => trainGeneralist({ ...corner, ...wrong }, clients), message);

test("networks that do not answer the model are refused before they train", async () => {
  const logits = new Sequential({ out: new Linear(2, 3) });
  const two = new Sequential({ out: new Linear(2, 2), output: new Apply(logSoftmax) });
  await refuses({ expert: logits }, /expected log-probabilities; end in logSoftmax/);
  await refuses({ expert: two }, /got \[2,2\], expected \[2,3\]/);
  await refuses({ gate: two }, /the gate's output for 2 rows, got \[2,2\], expected \[2,1\]/);
  await refuses({ shape: [4] }, /got/);
});

test.run();
