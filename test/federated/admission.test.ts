// One bad client among honest ones: whatever it answers, the federation is that of the others, and it alone is named.
import fc from "fast-check";
import { admitScores, admitVectors, isRejection } from "../../src/federated/admission.ts";
import type { Host, Order } from "../../src/federated/hosts/host.ts";
import { clientCalls, PoolHost } from "../../src/federated/hosts/pool.ts";
import type { Update } from "../../src/federated/method.ts";
import { fedavg } from "../../src/federated/methods/fedavg.ts";
import { runRounds } from "../../src/federated/rounds.ts";
import { firstState, type Report, type RoundsState } from "../../src/federated/roundsState.ts";
import { averaging } from "../../src/federated/servers.ts";
import { States } from "../../src/federated/states.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { key } from "../../src/runtime/random.ts";
import { benchOf, settings } from "../support/federation.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const SIZE = 4;
const BAD = 3;

const honest = (client: number, model: Float32Array): Update => ({
  client,
  up: { model: model.map((value) => value + 0.1 * (1 - value)) },
  examples: 10 + client,
  metrics: { trainLoss: 1 - model[0]! },
});

const scores = (client: number, generalist: Float32Array): object => ({
  client,
  examples: 10,
  metrics: { loss: Math.abs(1 - generalist[0]!), accuracy: 0.5 },
});

type Evil = (client: number, generalist: Float32Array) => unknown;

interface Ran {
  readonly state: RoundsState;
  readonly reports: Report[];
}

type Each = (orders: readonly Order[], good: Evil, evil: Evil | undefined) => Promise<never>;

const each: Each = (orders, good, evil) =>
  Promise.all(
    orders.map(async ({ client, down }) =>
      (client === BAD && evil ? evil : good)(client, down["model"] as Float32Array),
    ),
  ) as Promise<never>;

/** Six rounds of a host's clients. */
async function rounds(host: Host, answerSeconds = Infinity): Promise<Ran> {
  const reports: Report[] = [];
  const state = await runRounds(
    {
      host,
      server: averaging(),
      sends: ["model"],
      states: new States(),
      clients: [0, 1, 2, BAD],
      rounds: 6,
      cohort: 4,
      validation: { every: 2, patience: 100, clients: 4 },
      key: key(1),
      answerSeconds,
      onRound: (report) => void reports.push(report),
    },
    firstState(averaging(), { model: new Float32Array(SIZE) }),
  );
  return { state, reports };
}

/** Of clients of whom one may train or score badly. */
const run = (bad: { train?: Evil; evaluate?: Evil }, answerSeconds?: number): Promise<Ran> =>
  rounds(
    {
      train: (orders) => each(orders, honest, bad.train),
      evaluate: (orders) => each(orders, scores, bad.evaluate),
    },
    answerSeconds,
  );

const without = await run({
  train: () => {
    throw new Error("away");
  },
});

const notFinite = fc.constantFrom(NaN, Infinity, -Infinity);
const notANumber = fc.oneof(fc.string(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.bigInt());
const badLength = fc.integer({ min: 0, max: 20 }).filter((length) => length !== SIZE);

/** Every kind of answer to `train` that cannot be averaged. */
const badUpdate: fc.Arbitrary<Evil> = fc.oneof(
  fc.tuple(notFinite, fc.nat(SIZE - 1)).map(([value, at]): Evil => (id, g) => ({
    ...honest(id, g),
    up: { model: g.map((old, i) => (i === at ? value : old)) },
  })),
  badLength.map((length): Evil => (id, g) => ({ ...honest(id, g), up: { model: new Float32Array(length) } })),
  fc
    .oneof(notANumber, fc.array(fc.float()), fc.object())
    .map((model): Evil => (id, g) => ({ ...honest(id, g), up: { model } })),
  fc
    .oneof(notANumber, fc.constant({}), fc.constant({ model: new Float32Array(SIZE), gate: new Float32Array(1) }))
    .map((up): Evil => (id, g) => ({ ...honest(id, g), up })),
  fc
    .oneof(notANumber, notFinite, fc.double({ max: -1e-9 }), fc.double({ min: 10_000_000.5 }), fc.constant(0.5))
    .map((examples): Evil => (id, g) => ({ ...honest(id, g), examples })),
  fc
    .oneof(notANumber, notFinite, fc.constantFrom(1e39, -1e308))
    .map((trainLoss): Evil => (id, g) => ({ ...honest(id, g), metrics: { trainLoss } })),
  fc.oneof(notANumber, fc.constant({})).map((metrics): Evil => (id, g) => ({ ...honest(id, g), metrics })),
  fc
    .integer()
    .filter((id) => id !== BAD)
    .map(
      (client): Evil =>
        (_, g) =>
          honest(client, g),
    ),
  fc
    .anything()
    .filter((value) => typeof value !== "object" || value === null || !("client" in value))
    .map(
      (value): Evil =>
        () =>
          value,
    ),
  fc.string().map((message): Evil => () => {
    throw new Error(message);
  }),
);

test("whatever one client answers, the rounds are those without it, and it is the one that is named", async () => {
  await fc.assert(
    fc.asyncProperty(badUpdate, async (train) => {
      const { state, reports } = await run({ train });
      assert.equal(state.now, without.state.now);
      assert.is(reports.length, 6);
      for (const { refused } of reports) {
        assert.equal(
          refused!.map(({ client }) => client),
          [BAD],
        );
        assert.not.match(refused![0]!.reason, /\p{Cc}/u);
      }
    }),
    { numRuns: 300 },
  );
});

/** Every kind of scores that cannot be averaged. */
const badScores: fc.Arbitrary<Evil> = fc.oneof(
  fc.tuple(fc.constantFrom("loss", "accuracy"), fc.oneof(notANumber, notFinite)).map(([name, value]): Evil => (id) => ({
    client: id,
    examples: 1,
    metrics: { loss: 0, accuracy: 1, [name]: value },
  })),
  fc
    .oneof(notANumber, notFinite, fc.constantFrom(1e9, -1, 0.1))
    .map((examples): Evil => (id) => ({ client: id, examples, metrics: { loss: -1e6, accuracy: 1 } })),
  fc.constant(() => undefined),
);

test("scores that are none choose no generalist", async () => {
  const good = await run({ evaluate: () => ({ client: BAD, examples: NaN, metrics: {} }) });
  await fc.assert(
    fc.asyncProperty(badScores, async (evaluate) => {
      const { state, reports } = await run({ evaluate });
      assert.equal(state, good.state);
      for (const { round, refused } of reports)
        assert.equal(
          refused?.map(({ client }) => client),
          round % 2 === 0 ? [BAD] : undefined,
        );
    }),
    { numRuns: 100 },
  );
});

test("one that never answers is left out after its time, behind a backend that waits for all", async () => {
  const { state, reports } = await run({ train: () => new Promise(() => {}) }, 0.02);
  assert.equal(state.now, without.state.now);
  assert.equal(reports[0]!.refused, [{ client: BAD, fault: "silent", reason: "no answer in 0.02 s" }]);
});

test("a round without any answer is an error that says why", async () => {
  const nobody = (reply: unknown, error: RegExp): Promise<void> =>
    refusesLater(
      () => rounds({ train: async (orders) => orders.map(() => reply) as never, evaluate: async () => [] }),
      error,
    );
  await nobody(
    undefined,
    /no client's answer could be used in round 0, got client \d: no answer; client \d: no answer/,
  );
  await nobody(
    { client: 2, up: { model: new Float32Array(SIZE) }, examples: 1, metrics: {} },
    /client 2: trainLoss, got undefined, expected a number/,
  );
});

test("an answer of a client that is listed twice would count twice", async () => {
  const host = { train: async () => [], evaluate: async () => [] };
  const options = { host, server: averaging(), sends: [], states: new States(), rounds: 1, cohort: 2, key: key(1) };
  const validation = { every: 1, patience: 1, clients: 2 };
  await refusesLater(
    () => runRounds({ ...options, validation, clients: [0, 0, 1] }, firstState(averaging(), {})),
    "federate: clients, got 3 of which 2 differ; each has one say",
  );
});

test("fewer answers than clients: each speaks for who it says it is", async () => {
  const { state, reports } = await rounds({
    train: (orders) =>
      each(
        orders.filter(({ client }) => client !== BAD),
        honest,
        undefined,
      ),
    evaluate: (orders) => each(orders, scores, undefined),
  });
  assert.equal(state.now, without.state.now);
  assert.equal(reports[0]!.refused, [{ client: BAD, fault: "silent", reason: "no answer" }]);
});

test("what passes the gate is what was sent, and only the scalars that were asked for", () => {
  const answer = { client: 1, up: { model: Float32Array.of(1) }, examples: 2, metrics: { trainLoss: 3, gate0: 0.25 } };
  const expected = { client: 1, sends: ["model"], metrics: ["trainLoss"] };
  const found = admitVectors(answer, { ...expected, sizes: new Map() });
  assert.equal(found, { ...answer, metrics: isRejection(found) ? {} : found.metrics });
  assert.ok(isRejection(admitScores(answer, { client: 1, metrics: ["loss"] })));
  assert.ok(isRejection(admitVectors(answer, { ...expected, sizes: new Map([["model", 2]]) })));
  assert.ok(isRejection(admitVectors(answer, { ...expected, sizes: new Map(), mostExamples: 1 })));
});

test("in this process a client that throws or lies costs its own answer", async () => {
  const bench = benchOf(fedavg, {}, settings);
  const good = bench.side;
  const bad: Record<number, () => never | object> = {
    1: () => {
      throw new Error("disk on fire\nat line 3");
    },
    2: () => ({ up: { model: bench.kit.initial }, metrics: { trainLoss: NaN } }),
    3: () => ({ up: { model: bench.kit.initial }, examples: 1e308, metrics: { trainLoss: 1 } }),
  };
  const side = {
    ...good,
    *train(turn: Parameters<typeof good.train>[0]) {
      return (bad[turn.client]?.() as never) ?? (yield* good.train(turn));
    },
  };
  const host = new PoolHost(new InThread(clientCalls({ ...bench, side })), new States());
  const orders = [0, 1, 2, 3, 5].map((client) => ({ client, down: { model: bench.kit.initial } }));
  const answers = await host.train(orders, 0);
  assert.equal(
    answers.map((answer) =>
      isRejection(answer) ? `${answer.client} ${answer.fault}: ${answer.reason}` : answer.client,
    ),
    [
      0,
      "1 failed: disk on fire",
      "2 diverged: trainLoss, got NaN, expected a finite number",
      "3 failed: examples, got 1e+308, expected a whole number from 0 to 10000000; not sent",
      5,
    ],
  );
});

test.run();
