import fc from "fast-check";
import { logSoftmax } from "../../src/autograd/ops/softmax.ts";
import { trainGeneralist } from "../../src/moe/federation.ts";
import type { Model } from "../../src/moe/model.ts";
import { Linear } from "../../src/nn/layers.ts";
import { Apply, Sequential } from "../../src/nn/module.ts";
import { COUNT, COUNT_OR_ENDLESS, NOT_NEGATIVE, POSITIVE, SEED, SHARE } from "../../src/runtime/options.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { corner, points } from "../support/points.ts";
import { wrong } from "../support/options.ts";
import { refusesLater } from "../support/refuses.ts";
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

const rules = {
  rounds: COUNT,
  cohort: COUNT,
  localEpochs: COUNT,
  batchSize: COUNT,
  lr: POSITIVE,
  heldOut: SHARE,
  validateEvery: COUNT,
  patience: COUNT_OR_ENDLESS,
  seed: SEED,
  slice: NOT_NEGATIVE,
};

test("an option that is not what it should be is refused by name before anything is trained", async () => {
  await fc.assert(
    fc.asyncProperty(wrong(rules), async ({ name, value, expected }) => {
      let said = "";
      const trained: number[] = [];
      try {
        await trainGeneralist(corner, clients, {
          rounds: 2,
          onRound: ({ round }) => trained.push(round),
          [name]: value,
        });
      } catch (error) {
        said = (error as Error).message;
      }
      assert.ok(said.startsWith(`trainGeneralist: ${name}, got `) && said.endsWith(`, expected ${expected}`), said);
      assert.equal(trained, []);
    }),
    { numRuns: 200 },
  );
});

test("inputs and labels that are no numbers say where, and whose they are", async () => {
  const x = [
    [0.5, 1],
    [0, 1],
    [1, 0],
  ];
  const labels = [0, 1, 2];
  const cases: readonly (readonly [unknown, unknown, RegExp])[] = [
    [
      [
        [0.5, 1],
        [0, NaN],
        [1, 0],
      ],
      labels,
      /^client 1: inputs: row 1, value 1, got NaN, expected a finite number$/,
    ],
    [
      [
        [0.5, 1],
        [0, 1],
        ["1", 0],
      ],
      labels,
      /^client 1: inputs: row 2, value 0, got "1", expected a finite number$/,
    ],
    [Float32Array.of(1, 2, 3, Infinity, 5, 6), labels, /^client 1: inputs: value 3, got Infinity, expected a finite/],
    [
      Float64Array.of(1, 2, 3, 1e300, 5, 6),
      labels,
      /^client 1: inputs: value 3, got 1e\+300, expected a finite number$/,
    ],
    [[[0.5, 1], null, [1, 0]], labels, /^client 1: inputs: row 1, got no values, expected 2 = 2$/],
    [
      undefined,
      labels,
      /^client 1: inputs: got undefined, expected a Uint8Array, a Float32Array, or an array for each/,
    ],
    [null, labels, /^client 1: inputs: got null, expected/],
    ["abcdef", labels, /^client 1: inputs: got abcdef, expected/],
    [new BigInt64Array(6), labels, /^client 1: inputs: got BigInt64Array, expected/],
    [x, undefined, /^client 1: labels: got undefined, expected a class number or a class name for each input$/],
    [x, "abc", /^client 1: labels: got abc, expected a class number/],
  ];
  for (const [x, labels, message] of cases)
    await refusesLater(
      () => trainGeneralist(corner, [clients[0]!, { x, labels } as (typeof clients)[number]], options),
      message,
    );
});

test.run();
