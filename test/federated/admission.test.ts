// One bad client among honest ones: whatever it answers, the federation is that of the others, and it alone is named.
import fc from "fast-check";
import {
  admitScores,
  admitUpdate,
  beginning,
  federate,
  type FederatedClient,
  type FederationState,
  InProcess,
  isRejection,
  type RoundReport,
  SharedVector,
} from "../../src/federated/index.ts";
import { Parameters } from "../../src/nn/index.ts";
import { key } from "../../src/runtime/random.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const SIZE = 4;
const BAD = 3;

interface Answer {
  readonly client: number;
  readonly values: Float32Array;
  readonly examples: number;
  readonly metrics: Readonly<Record<string, number>>;
}

const honest = (client: number, generalist: Float32Array): Answer => ({
  client,
  values: generalist.map((value) => value + 0.1 * (1 - value)),
  examples: 10 + client,
  metrics: { trainLoss: 1 - generalist[0]! },
});

const scores = (client: number, generalist: Float32Array): object => ({
  client,
  examples: 10,
  metrics: { loss: Math.abs(1 - generalist[0]!), accuracy: 0.5 },
});

type Evil = (client: number, generalist: Float32Array) => unknown;

interface Ran {
  readonly state: FederationState;
  readonly reports: RoundReport[];
}

/** Six rounds of clients of whom one may train or score badly. */
async function run(bad: { train?: Evil; evaluate?: Evil }, answerSeconds = Infinity): Promise<Ran> {
  const reports: RoundReport[] = [];
  const each = (asked: readonly number[], good: Evil, evil: Evil | undefined, generalist: Float32Array) =>
    Promise.all(asked.map(async (id) => (id === BAD && evil ? evil : good)(id, generalist))) as Promise<never>;
  const state = await federate(
    {
      backend: {
        train: (asked, generalist) => each(asked, honest, bad.train, generalist),
        evaluate: (asked, generalist) => each(asked, scores, bad.evaluate, generalist),
      },
      clients: [0, 1, 2, BAD],
      rounds: 6,
      cohort: 4,
      validation: { every: 2, patience: 100, clients: 4 },
      selection: "average",
      key: key(1),
      answerSeconds,
      onRound: (report) => void reports.push(report),
    },
    beginning(new Float32Array(SIZE)),
  );
  return { state, reports };
}

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
  fc
    .tuple(notFinite, fc.nat(SIZE - 1))
    .map(([value, at]): Evil => (id, g) => ({ ...honest(id, g), values: g.map((old, i) => (i === at ? value : old)) })),
  badLength.map((length): Evil => (id, g) => ({ ...honest(id, g), values: new Float32Array(length) })),
  fc
    .oneof(notANumber, fc.array(fc.float()), fc.constant(new Float64Array(SIZE)), fc.object())
    .map((values): Evil => (id, g) => ({ ...honest(id, g), values })),
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
      assert.equal(state.generalist, without.state.generalist);
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
  assert.equal(state.generalist, without.state.generalist);
  assert.equal(reports[0]!.refused, [{ client: BAD, fault: "silent", reason: "no answer in 0.02 s" }]);
});

test("a round without any answer is an error that says why", async () => {
  const nobody = (reply: unknown, error: RegExp): Promise<void> =>
    refusesLater(async () => {
      const backend = {
        train: async (ids: readonly number[]) => ids.map(() => reply),
        evaluate: async () => [],
      } as never;
      const validation = { every: 1, patience: 1, clients: 2 };
      const options = { backend, clients: [5, 6], rounds: 1, cohort: 2, validation, key: key(1) };
      await federate({ ...options, selection: "average" }, beginning(new Float32Array(SIZE)));
    }, error);
  await nobody(
    undefined,
    /no client's answer could be used in round 0, got client \d: no answer; client \d: no answer/,
  );
  await nobody(
    { client: 5, values: new Float32Array(SIZE), examples: 1, metrics: {} },
    /client 5: trainLoss, got undefined, expected a number/,
  );
});

test("an answer of a client that is listed twice would count twice", async () => {
  const backend = { train: async () => [], evaluate: async () => [] };
  const validation = { every: 1, patience: 1, clients: 2 };
  const options = { backend, clients: [0, 0, 1], rounds: 1, cohort: 2, validation, key: key(1) };
  await refusesLater(
    () => federate({ ...options, selection: "average" }, beginning(new Float32Array(1))),
    "federate: clients, got 3 of which 2 differ; each has one say",
  );
});

test("fewer answers than clients: each speaks for who it says it is", async () => {
  const asked = (ids: readonly number[], g: Float32Array): Answer[] =>
    ids.filter((id) => id !== BAD).map((id) => honest(id, g));
  const reports: RoundReport[] = [];
  const state = await federate(
    {
      backend: {
        train: async (ids, g) => asked(ids, g),
        evaluate: async (ids, g) => ids.map((id) => scores(id, g)) as never,
      },
      clients: [0, 1, 2, BAD],
      rounds: 6,
      cohort: 4,
      validation: { every: 2, patience: 100, clients: 4 },
      selection: "average",
      key: key(1),
      onRound: (report) => void reports.push(report),
    },
    beginning(new Float32Array(SIZE)),
  );
  assert.equal(state.generalist, without.state.generalist);
  assert.equal(reports[0]!.refused, [{ client: BAD, fault: "silent", reason: "no answer" }]);
});

test("what passes the gate is what was sent, and only the scalars that were asked for", () => {
  const answer = { client: 1, values: Float32Array.of(1), examples: 2, metrics: { trainLoss: 3, gate0: 0.25 } };
  assert.equal(admitUpdate(answer, { client: 1, length: 1, metrics: ["trainLoss"] }), {
    ...answer,
    metrics: { trainLoss: 3 },
  });
  assert.ok(isRejection(admitScores(answer, { client: 1, metrics: ["loss"] })));
  assert.ok(isRejection(admitUpdate(answer, { client: 1, length: 1, metrics: [], mostExamples: 1 })));
});

const specs = [{ name: "w", shape: [SIZE] }];

function client(id: number, train: FederatedClient["train"]): FederatedClient {
  return { id, specs, train, evaluate: () => ({ examples: 1, metrics: { loss: 1, accuracy: 0 } }) };
}

test("in this process a client that throws, lies or is silent costs its own answer", async () => {
  const block = new Parameters(specs, "shared").copyFrom(new Float32Array(SIZE));
  const reply = { shared: SharedVector.of(block), examples: 1, metrics: { trainLoss: 0 } };
  const clients = [
    client(0, () => reply),
    client(1, () => {
      throw new Error("disk on fire\nat line 3");
    }),
    client(2, () => ({ ...reply, metrics: { trainLoss: NaN } })),
    client(3, () => new Promise(() => {})),
    client(4, async () => ({ ...reply, examples: 1e308 })),
    client(5, () => reply),
  ];
  const backend = new InProcess((id) => clients[id]!, { answerSeconds: 0.02 });
  const answers = await backend.train([0, 1, 2, 3, 4, 5], new Float32Array(SIZE), 0);
  assert.equal(
    answers.map((answer) =>
      isRejection(answer) ? `${answer.client} ${answer.fault}: ${answer.reason}` : answer.client,
    ),
    [
      0,
      "1 failed: disk on fire",
      "2 diverged: trainLoss, got NaN, expected a finite number",
      "3 silent: no answer in 0.02 s",
      "4 failed: examples, got 1e+308, expected a whole number from 0 to 10000000; not sent",
      5,
    ],
  );
});

test("an abort is no client's failure", async () => {
  const controller = new AbortController();
  const backend = new InProcess(
    (id) =>
      client(id, () => {
        controller.abort(new Error("enough"));
        throw new Error("cut off");
      }),
    { signal: controller.signal },
  );
  await refusesLater(() => backend.train([0, 1], new Float32Array(SIZE), 0), "enough");
});

test.run();
