// The round loop over clients whose model is one number: who is asked what and when, and what becomes of the answers.
import fc from "fast-check";
import { mock } from "node:test";
import type { Host, Order } from "../../src/federated/hosts/host.ts";
import type { ServerSide, Vectors } from "../../src/federated/method.ts";
import { fedavg } from "../../src/federated/methods/fedavg.ts";
import { type RoundsOptions, runRounds } from "../../src/federated/rounds.ts";
import { firstState, type Report, type RoundsState } from "../../src/federated/roundsState.ts";
import { alike, averaging } from "../../src/federated/servers.ts";
import { States } from "../../src/federated/states.ts";
import { lastClient } from "../../src/moe/methods/authors.ts";
import { key } from "../../src/runtime/random.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

interface Asked {
  readonly what: "train" | "evaluate";
  readonly clients: readonly number[];
  readonly round: number;
  readonly value: number;
}

/**
 * Clients whose model is one number: in round r client c adds c + r/100 to what it is given. A validation finds `loss` of
 * the number it is asked about.
 */
class Scripted implements Host {
  readonly asked: Asked[] = [];
  readonly #loss: (value: number, round: number, client: number) => number;

  constructor(loss: (value: number, round: number, client: number) => number = () => 1) {
    this.#loss = loss;
  }

  async train(orders: readonly Order[], round: number): ReturnType<Host["train"]> {
    this.#note("train", orders, round);
    return orders.map(({ client, down }) => ({
      client,
      up: { model: Float32Array.of(down["model"]![0]! + client + round / 100) },
      examples: 10 * (client + 1),
      metrics: { trainLoss: client },
    }));
  }

  async evaluate(orders: readonly Order[], round: number): ReturnType<Host["evaluate"]> {
    this.#note("evaluate", orders, round);
    return orders.map(({ client, down }) => ({
      client,
      examples: client + 1,
      metrics: { loss: this.#loss(down["model"]![0]!, round, client), accuracy: 0.5 },
    }));
  }

  of(what: Asked["what"]): Asked[] {
    return this.asked.filter((at) => at.what === what);
  }

  #note(what: Asked["what"], orders: readonly Order[], round: number): void {
    this.asked.push({ what, clients: orders.map(({ client }) => client), round, value: modelOf(orders[0]!.down) });
  }
}

const modelOf = (vectors: Vectors): number => vectors["model"]![0]!;

const ten = [3, 4, 7, 8, 11, 12, 15, 20, 21, 30];

const initial = { model: Float32Array.of(0) };

interface Ran {
  readonly host: Scripted;
  readonly reports: Report[];
  readonly states: RoundsState[];
  readonly end: RoundsState;
}

type Changes = Partial<RoundsOptions> & { loss?: (value: number, round: number, client: number) => number };

async function run({ loss, ...changes }: Changes = {}, state?: RoundsState): Promise<Ran> {
  const host = new Scripted(loss);
  const reports: Report[] = [];
  const states: RoundsState[] = [];
  const { server = averaging() } = changes;
  const end = await runRounds(
    {
      host,
      server,
      sends: ["model"],
      states: new States(),
      clients: ten,
      rounds: 12,
      cohort: 3,
      validation: { every: 4, patience: 100, clients: 4 },
      key: key(1),
      onRound: (report, state) => {
        reports.push(report);
        states.push(state);
      },
      ...changes,
    },
    state ?? firstState(server, initial),
  );
  return { host, reports, states, end };
}

const authors = (): ServerSide => lastClient(fedavg).server({}, undefined as never);

test("a cohort is distinct clients of those that take part, another one every round", async () => {
  const { host } = await run({ rounds: 60 });
  const cohorts = host.of("train").map(({ clients }) => clients);
  assert.is(cohorts.length, 60);
  for (const cohort of cohorts) {
    assert.is(cohort.length, 3);
    assert.is(new Set(cohort).size, 3);
    assert.ok(cohort.every((client) => ten.includes(client)));
  }
  assert.equal(
    [...new Set(cohorts.flat())].toSorted((a, b) => a - b),
    ten,
    "in time everybody has a turn",
  );
  assert.ok(new Set(cohorts.map((cohort) => cohort.join())).size > 40);
});

test("every client is drawn about equally often", async () => {
  const { host } = await run({ rounds: 2000, validation: { every: 3000, patience: 1, clients: 1 } });
  for (const client of ten) {
    const times = host.of("train").filter(({ clients }) => clients.includes(client)).length;
    // 600 expected, with standard deviation 20.5
    assert.ok(Math.abs(times - 600) < 103, `client ${client}: ${times}`);
  }
});

async function cohorts(options: Parameters<typeof run>[0]): Promise<string[]> {
  return (await run(options)).reports.map(({ clients }) => clients.join());
}

test("cohorts depend on the key and the round alone", async () => {
  const first = await cohorts({});
  assert.equal(await cohorts({ validation: { every: 1, patience: 100, clients: 1 } }), first);
  assert.equal((await cohorts({ rounds: 20 })).slice(0, 12), first);
  assert.not.equal(await cohorts({ key: key(2) }), first);
});

test("the generalist is the average by examples of the round's updates", async () => {
  const { states, reports } = await run({ rounds: 3 });
  let before = 0;
  for (const [round, { clients }] of reports.entries()) {
    const total = clients.reduce((n, c) => n + 10 * (c + 1), 0);
    const wanted = clients.reduce((sum, c) => sum + (10 * (c + 1) * (before + c + round / 100)) / total, 0);
    const got = modelOf(states[round]!.now);
    assert.ok(Math.abs(got - wanted) < 1e-5 * wanted);
    before = got;
  }
});

test("the training loss is weighted by examples", async () => {
  const { reports } = await run({ rounds: 1 });
  const { clients, trainLoss } = reports[0]!;
  const total = clients.reduce((n, c) => n + c + 1, 0);
  assert.ok(Math.abs(trainLoss! - clients.reduce((sum, c) => sum + c * (c + 1), 0) / total) < 1e-12);
});

test("validation comes in the first round and every fourth from there, always by the same clients", async () => {
  const { host, reports } = await run({ rounds: 10 });
  assert.equal(
    host.of("evaluate").map(({ round }) => round),
    [0, 4, 8],
  );
  assert.is(new Set(host.of("evaluate").map(({ clients }) => clients.join())).size, 1);
  assert.is(host.of("evaluate")[0]!.clients.length, 4);
  assert.equal(
    reports.map(({ validationLoss }) => validationLoss !== undefined),
    [true, false, false, false, true, false, false, false, true, false],
  );
});

test("no more clients validate than take part", async () => {
  const { host } = await run({ rounds: 1, validation: { every: 1, patience: 1, clients: 50 } });
  assert.equal(
    host.of("evaluate")[0]!.clients.toSorted((a, b) => a - b),
    ten,
  );
});

test("validation scores the new average, and weighs clients by examples", async () => {
  const { host, states, reports } = await run({ rounds: 1, loss: (_, __, client) => client });
  const [asked] = host.of("evaluate");
  assert.is(asked!.value, modelOf(states[0]!.now));
  const total = asked!.clients.reduce((n, c) => n + c + 1, 0);
  assert.is(reports[0]!.validationLoss, asked!.clients.reduce((sum, c) => sum + c * (c + 1), 0) / total);
  assert.is(reports[0]!.validationAccuracy, 0.5);
});

/** A loss that falls until round `lowest` and rises from there. */
const valley = (lowest: number) => (_: number, round: number) => Math.abs(round - lowest);

test("the best average is kept, not the last", async () => {
  const { end, states } = await run({ rounds: 12, loss: valley(4) });
  assert.is(end.bestRound, 4);
  assert.equal(end.best.server, states[4]!.now);
  assert.not.equal(end.best.server, end.now);
  assert.is(end.bestLoss, 0);
});

test("of equal losses the first is the best", async () => {
  const { end } = await run({ loss: () => 1 });
  assert.equal([end.bestRound, end.waited], [0, 2]);
});

test("patience is validations without a lower loss", async () => {
  const validation = { every: 2, patience: 3, clients: 2 };
  const { end, reports } = await run({ rounds: 100, validation, loss: valley(6) });
  // best in round 6; 8, 10 and 12 are worse
  assert.equal([end.round, end.bestRound, end.waited, end.done], [13, 6, 3, true]);
  assert.equal(
    reports.flatMap(({ best, round }) => (best ? [round] : [])),
    [0, 2, 4, 6],
  );
});

test("an improvement gives all of the patience back", async () => {
  const losses = [5, 6, 6, 4, 6, 6, 6];
  const validation = { every: 1, patience: 3, clients: 1 };
  const { end } = await run({ rounds: 100, validation, loss: (_, round) => losses[round]! });
  assert.equal([end.round, end.bestRound], [7, 3]);
});

test("the authors' selection keeps the last client of a round, scored by the cohort on what the round began with", async () => {
  const { host, reports, end } = await run({ rounds: 12, server: authors(), loss: valley(8) });
  for (const [i, { clients, round, value }] of host.of("evaluate").entries()) {
    const trained = host.of("train").find((at) => at.round === round)!;
    assert.equal(clients, trained.clients, "the cohort itself validates");
    assert.is(value, trained.value, "before it trains");
    assert.is(i * 4, round);
  }
  assert.is(end.bestRound, 8);
  const chosen = host.of("train")[8]!;
  const last = chosen.clients[2]!;
  assert.is(end.best.server["last"]![0], Math.fround(chosen.value + last + 8 / 100));
  // unweighted, as in the authors' code
  const { validationLoss } = (await run({ rounds: 1, server: authors(), loss: (_, __, c) => c })).reports[0]!;
  assert.is(validationLoss, reports[0]!.clients.reduce((sum, c) => sum + c, 0) / 3);
});

/** Up and down, but the same for the same round and model. */
function bumpy(value: number, round: number, client: number): number {
  return Math.abs(Math.sin(value * 1000 + round + client));
}

test("a federation cut anywhere and continued is the federation in one piece", async () => {
  const options = fc.record({
    rounds: fc.integer({ min: 1, max: 14 }),
    cohort: fc.integer({ min: 1, max: 10 }),
    server: fc.constantFrom(averaging(), authors()),
    validation: fc.record({
      every: fc.integer({ min: 1, max: 4 }),
      patience: fc.integer({ min: 1, max: 4 }),
      clients: fc.integer({ min: 1, max: 10 }),
    }),
    key: fc.nat().map(key),
  });
  await fc.assert(
    fc.asyncProperty(options, fc.nat(), async (options, cut) => {
      const whole = await run({ ...options, loss: bumpy });
      const at = cut % whole.states.length;
      // a state that has been written and read
      const state = structuredClone(whole.states[at]!);
      const rest = await run({ ...options, loss: bumpy }, state);
      assert.equal(rest.reports, whole.reports.slice(at + 1));
      assert.equal(rest.end, whole.end);
    }),
    { numRuns: 60 },
  );
});

test("an abort ends the loop after the round at hand, and going on from there changes nothing", async () => {
  const whole = await run();
  for (const round of [0, 3, 4, 11]) {
    const controller = new AbortController();
    const first = await run({
      signal: controller.signal,
      onRound: (report) => {
        if (report.round === round) controller.abort();
      },
    });
    assert.equal([first.end.round, first.end.done], [round + 1, round === 11]);
    assert.equal((await run({}, first.end)).end, whole.end);
  }
});

test("an abort before the beginning does nothing at all", async () => {
  const { end, host } = await run({ signal: AbortSignal.abort() });
  assert.equal([end.round, host.asked.length], [0, 0]);
});

test("a finished federation stays finished", async () => {
  const { end } = await run();
  const { host, end: again } = await run({}, end);
  assert.equal([host.asked.length, again], [0, end]);
});

test("rounds wait for their listener", async () => {
  let open = 0;
  await run({
    onRound: async () => {
      assert.is(open++, 0);
      await new Promise((resolve) => setTimeout(resolve, 1));
      open--;
    },
  });
});

test("a loss that is not a number is an error that says in which round", async () => {
  await refusesLater(
    () => run({ loss: (_, round) => (round === 4 ? NaN : 1) }),
    "federate: the loss is NaN in round 4; lower the learning rate or look at the data",
  );
  const broken = new Scripted();
  const train = broken.train.bind(broken);
  broken.train = async (orders, round) =>
    (await train(orders, round)).map((at) => ({ ...at, metrics: { trainLoss: NaN } }));
  await refusesLater(() => run({ host: broken }), /the loss is NaN in round 0/);
});

test("a cohort larger than those that take part is refused", async () => {
  await refusesLater(
    () => run({ cohort: 11 }),
    "federate: a cohort of 11, but only 10 clients have opted in; lower the cohort or the opt-out",
  );
});

test("whoever does not answer is told of after one minute, after two, after four, and nothing else comes of it", async () => {
  const told: (readonly [readonly number[], number])[] = [];
  const ordinary = await run({ clients: [3, 4], cohort: 2, rounds: 2 });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const host = new Scripted();
    let answer = (): void => {};
    const quiet = new Promise<void>((resolve) => (answer = resolve));
    const slow: Host = {
      train: async (...asked) => {
        await quiet;
        return host.train(...asked);
      },
      evaluate: (...asked) => host.evaluate(...asked),
    };
    const onSilence = (clients: readonly number[], seconds: number): void => void told.push([clients, seconds]);
    const running = run({ clients: [3, 4], cohort: 2, rounds: 2, host: slow, onSilence });
    await new Promise(setImmediate);
    for (let seconds = 0; seconds < 250; seconds += 10) mock.timers.tick(10_000);
    answer();
    const { end } = await running;
    assert.equal(
      told.map(([, seconds]) => seconds),
      [60, 120, 240],
    );
    for (const [clients] of told) assert.equal(clients.toSorted(), [3, 4]);
    assert.equal(end, ordinary.end);
  } finally {
    mock.timers.reset();
  }
});

test("another way to average takes the place of FedAvg's", async () => {
  const { end, reports } = await run({ rounds: 1, server: averaging({ weight: alike }) });
  assert.is(modelOf(end.now), Math.fround(reports[0]!.clients.reduce((sum, c) => sum + c, 0) / 3));
});

test("the state before the first round has seen nothing", () => {
  assert.equal(firstState(averaging(), initial), {
    round: 0,
    now: initial,
    best: { server: initial, marks: {} },
    bestRound: -1,
    bestLoss: Infinity,
    waited: 0,
    bytes: { down: 0, up: 0 },
    done: false,
  });
});

test("a round holds a bounded number of vectors, and averages as if it held all", async () => {
  const clients = Array.from({ length: 200 }, (_, i) => i);
  const { host, end, reports } = await run({
    clients,
    cohort: 200,
    rounds: 1,
    validation: { every: 1, patience: 1, clients: 1 },
  });
  const asked = host.of("train").map(({ clients }) => clients);
  assert.is(asked.length, 4);
  assert.ok(asked.every(({ length }) => length <= 64));
  assert.equal(
    asked.flat().toSorted((a, b) => a - b),
    clients,
  );
  const total = clients.reduce((sum, client) => sum + client + 1, 0);
  const mean = clients.reduce((sum, client) => sum + client * (client + 1), 0) / total;
  assert.is(modelOf(end.now), Math.fround(mean));
  assert.is(reports[0]!.trainLoss, mean);
});

test("a client that has other names for what it measures is told which are expected", async () => {
  class Other extends Scripted {
    readonly #wrong: "train" | "evaluate";

    constructor(wrong: "train" | "evaluate") {
      super();
      this.#wrong = wrong;
    }

    override async train(...of: Parameters<Host["train"]>): ReturnType<Host["train"]> {
      const found = await super.train(...of);
      return this.#wrong === "train" ? found.map((one) => ({ ...one, metrics: { loss: 1 } })) : found;
    }

    override async evaluate(...of: Parameters<Host["evaluate"]>): ReturnType<Host["evaluate"]> {
      const found = await super.evaluate(...of);
      return this.#wrong === "evaluate" ? found.map((one) => ({ ...one, metrics: {} })) : found;
    }
  }
  for (const [wrong, message] of [
    ["train", /client \d+: trainLoss, got undefined, expected a number/],
    ["evaluate", /client \d+: loss, got undefined, expected a number/],
  ] as const)
    await refusesLater(() => run({ host: new Other(wrong) }), message);
});

test.run();
