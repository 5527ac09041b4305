// The loop, its hosts and what is held against a method that says one thing and does another.
import { Audited, type Sent } from "../../src/federated/audit.ts";
import { isRejection } from "../../src/federated/admission.ts";
import { clientCalls, PoolHost } from "../../src/federated/hosts/pool.ts";
import { likelihood } from "../../src/federated/kit.ts";
import { type ClientSide, method, type Method, optionsOf } from "../../src/federated/method.ts";
import { methods } from "../../src/federated/methods/index.ts";
import { sharedModel } from "../../src/federated/methods/sharedModel.ts";
import { outgoing } from "../../src/federated/outgoing.ts";
import { averaging, noticeboard, posted, stepping, Sums } from "../../src/federated/servers.ts";
import { States } from "../../src/federated/states.ts";
import { byClass, classMeans } from "../../src/federated/statistics.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { benchOf, federation, kitOf, settings } from "../support/federation.ts";
import { refuses, refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const fedavg = methods.get("fedavg")!;

/** A method whose client sends what `up` says. */
function sending(sends: readonly string[], up: Record<string, Float32Array>): Method {
  return method({
    name: "leaky",
    paper: "",
    about: "sends something else than it says",
    options: {},
    sends: sends as readonly string[],
    client: (kit) => ({
      ...(sharedModel(kit) as unknown as ClientSide<string, string, never>),
      *train() {
        yield;
        return { up, metrics: { trainLoss: 0 } };
      },
    }),
    server: () => averaging(),
  });
}

test("what a method does not declare does not leave a client, and what it declares must", async () => {
  const one = Float32Array.of(1);
  await refusesLater(
    () => federation(sending(["model"], { model: one, diary: one })),
    /leaky: client \d was to send diary, which is not declared; declared is model/,
  );
  await refusesLater(
    () => federation(sending(["model"], {})),
    /leaky: client \d did not send model, which is declared/,
  );
  const families = { name: "m", sends: ["expert.*", "wants?"] };
  const send = (up: Record<string, Float32Array>, metrics: Record<string, number> = {}): unknown =>
    outgoing(families, 0, { up, metrics: { trainLoss: 1, ...metrics } }, 7);
  send({ "expert.1": one, "expert.2": one, wants: one });
  assert.equal(send({}), { up: {}, examples: 7, metrics: { trainLoss: 1 } });
  refuses(() => send({ expert: one }), /expert, which is not declared/);
  refuses(() => send({ wants: Float32Array.of(NaN) }), /wants, got NaN at 0, expected finite numbers/);
  refuses(() => send({}, { secret: Infinity }), /secret, got Infinity, expected a finite number/);
  const many = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`m${i}`, i]));
  refuses(() => send({}, many), /has 17 scalars, expected at most 16/);
});

test("the compiler holds a method to the names it declares", () => {
  const net = kitOf().net();
  const loss = likelihood(net);
  const base = { name: "typed", paper: "", about: "", options: { mu: 1 }, server: () => averaging() };
  const made = method({
    ...base,
    sends: ["model", "expert.*", "wants?"],
    keeps: ["own"],
    client: (kit) => ({
      initial: () => ({}),
      *train(turn) {
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer: kit.optimizer(net.parameters) });
        // @ts-expect-error nothing of this name is sent down
        void turn.down.diary;
        // @ts-expect-error nothing of this name is kept
        void turn.kept.diary;
        return { up: { model: turn.down.model, "expert.1": turn.down.model }, kept: {}, metrics: { trainLoss } };
      },
      answers: () => ({ own: (x) => x }),
    }),
  });
  assert.is(made.name, "typed");
  const refused = [
    method({
      ...base,
      sends: ["model", "control"],
      client: () => ({
        initial: () => ({}),
        // @ts-expect-error the control is missing
        *train(turn) {
          yield;
          return { up: { model: turn.down.model }, metrics: { trainLoss: 0 } };
        },
        answers: () => ({ own: (x) => x }),
      }),
    }),
    // @ts-expect-error a diary is too much
    method({
      ...base,
      sends: ["model"],
      client: () => ({
        initial: () => ({}),
        *train(turn) {
          yield;
          return { up: { model: turn.down.model, diary: turn.down.model }, metrics: { trainLoss: 0 } };
        },
        answers: () => ({ own: (x) => x }),
      }),
    }),
    method({
      ...base,
      sends: ["model"],
      client: () => ({
        initial: () => ({}),
        // @ts-expect-error a training without its loss
        *train(turn) {
          yield;
          return { up: { model: turn.down.model }, metrics: {} };
        },
        answers: () => ({ own: (x) => x }),
      }),
    }),
  ];
  assert.is(refused.length, 3);
});

test("options are the declared ones, of their type and in their range", () => {
  const ditto = methods.get("ditto")!;
  assert.equal(optionsOf(ditto, { lambda: 0.5 }), { ...ditto.options, lambda: 0.5 });
  refuses(() => optionsOf(ditto, { mu: 1 }), "ditto: no option mu; there are lambda, order, epochs");
  refuses(() => optionsOf(ditto, { lambda: "much" }), 'ditto: lambda, got "much", expected a number');
  refuses(() => optionsOf(ditto, { lambda: -1 }), "ditto: lambda, got -1, expected a number from 0 to Infinity");
  refuses(() => optionsOf(ditto, { lambda: NaN }), "ditto: lambda, got NaN, expected a finite number");
  refuses(() => optionsOf(ditto, { epochs: 1.5 }), "ditto: epochs, got 1.5, expected a whole number");
  refuses(
    () => optionsOf(ditto, { order: "before" }),
    'ditto: order, got "before", expected one of after, interleaved',
  );
});

test("a client that fails is named, with its round, and where it failed", async () => {
  const bench = benchOf(fedavg, {}, settings);
  const calls = clientCalls({
    ...bench,
    stage: (client, round) => {
      if (client === 2) throw new Error("client 2 has opted out");
      return bench.stage(client, round);
    },
  });
  const host = new PoolHost(new InThread(calls), new States());
  const orders = [1, 2, 3].map((client) => ({ client, down: bench.side.initial() }));
  const answers = await host.train(orders, 0);
  assert.equal(
    answers.map((answer) => (isRejection(answer) ? answer.reason : answer.client)),
    [1, "client 2 has opted out", 3],
  );
  const { reports, end } = await federation(fedavg, {}, { cohort: 6, pool: () => new InThread(calls) });
  for (const { round, refused } of reports) {
    const named = { client: 2, fault: "failed", reason: "client 2 has opted out" };
    // it is asked to validate as well
    assert.equal(refused?.[0], named, `round ${round}`);
    assert.ok(refused!.every((one) => one.client === 2));
  }
  // the rounds are those without it, whatever it does instead of failing
  const [model, own] = [Float32Array.of(1), new Float32Array(bench.kit.initial.length)];
  for (const [what, fault] of [
    [{ up: { model } }, "malformed"],
    [{ up: { model: own.map(() => NaN) } }, "diverged"],
    [{ up: { model: own, diary: own } }, "malformed"],
    [{ up: null }, "malformed"],
    [{ up: {}, examples: -1 }, "malformed"],
    [{ up: {}, metrics: { trainLoss: NaN } }, "diverged"],
    [{ client: 3 }, "malformed"],
  ] as const) {
    const lying = clientCalls(bench);
    const train: typeof lying.train = async (list) =>
      (await lying.train(list)).map((answer) =>
        answer.client === 2 ? ({ ...answer, examples: 5, ...what } as unknown as typeof answer) : answer,
      );
    const found = await federation(fedavg, {}, { cohort: 6, pool: () => new InThread({ ...lying, train }) });
    assert.equal(found.end.now, end.now, Object.keys(what).join());
    for (const { refused } of found.reports)
      assert.equal([refused?.[0]?.client, refused?.[0]?.fault], [2, fault], Object.keys(what).join());
  }
  await refusesLater(
    () => federation(sending(["model"], { model: own.map(() => Infinity) })),
    /the loss is NaN in round 0; lower the learning rate/,
  );
});

test("a client that has less time does fewer epochs, but one at least", () => {
  const bench = benchOf(fedavg, {}, settings);
  const own = bench.stage(0, 0);
  const epochs = (effort: number, of: number): number => {
    const turn = { own, key: bench.key, effort };
    return new Set([...bench.kit.batches(turn, { epochs: of })].map(({ epoch }) => epoch)).size;
  };
  assert.equal(
    [1, 0.5, 0.01, 0].map((effort) => epochs(effort, 4)),
    [4, 2, 1, 1],
  );
  assert.is(epochs(1, 0), 0);
  own.dispose();
});

test("clients that drop out and slow ones are drawn by round and client, whatever the method", async () => {
  const troubled = { cohort: 6, dropout: 0.5, slow: 0.5, kit: { epochs: 4 } };
  const first = await federation(fedavg, {}, troubled);
  const goneIn = ({ reports }: typeof first): (readonly number[])[] =>
    reports.map(({ refused = [] }) => refused.map(({ client }) => client));
  const gone = goneIn(first);
  assert.ok(gone.flat().length > 8 && gone.flat().length < 28, `${gone.flat().length} of 36`);
  for (const { clients, refused } of first.reports) {
    assert.ok(!refused?.some(({ client }) => client === clients[0]), "the first of a cohort answers");
    assert.ok(refused?.every(({ fault }) => fault === "silent"));
  }
  assert.equal(goneIn(await federation(methods.get("ditto")!, {}, troubled)), gone);
  assert.equal((await federation(fedavg, {}, troubled)).end, first.end);
  const { end } = await federation(fedavg, {}, { ...troubled, slow: 0 });
  assert.not.equal(end.now, first.end.now, "slow clients do less");
  const fine = await federation(fedavg, {}, { ...troubled, slow: 0, dropout: 0 });
  assert.equal(fine.end, (await federation(fedavg, {}, { cohort: 6, kit: { epochs: 4 } })).end);
});

test("the audit log is written from the messages, and changes nothing", async () => {
  const written: Sent[] = [];
  const bench = benchOf(methods.get("scaffold")!, { lr: 1, control: 1, weights: "alike" }, settings);
  const orders = [4, 1].map((client) => {
    const { model } = bench.side.initial();
    return { client, down: { model: model!, control: new Float32Array(model!.length) } };
  });
  const host = (): PoolHost => new PoolHost(new InThread(clientCalls(bench)), new States());
  const plain = host();
  const audited = new Audited(host(), {
    hash: (bytes) => `${bytes.length}:${bytes.reduce((n, byte) => (31 * n + byte) % 65521, 7)}`,
    write: async (sent) => void written.push(...sent),
  });
  assert.equal(await audited.train(orders, 3), await plain.train(orders, 3));
  assert.equal(await audited.evaluate(orders, 3), await plain.evaluate(orders, 3));
  const size = bench.kit.initial.length;
  assert.equal(
    written.map(({ client, kind, round, scalars, vectors }) => ({
      client,
      kind,
      round,
      scalars,
      vectors: vectors!.map(({ name, size }) => `${name} ${size}`),
    })),
    [4, 1]
      .flatMap((client) => [
        {
          client,
          kind: "train",
          round: 3,
          scalars: ["trainLoss"],
          vectors: [`model ${size}`, `control ${size}`],
        },
      ])
      .concat(
        [4, 1].map((client) => ({ client, kind: "evaluate", round: 3, scalars: ["loss", "accuracy"], vectors: [] })),
      ),
  );
  assert.is.not(written[0]!.vectors![0]!.sha256, written[1]!.vectors![0]!.sha256);
});

test("who could not answer is in the log with the reason, and what could not be logged is not handed on", async () => {
  const written: Sent[] = [];
  const host = {
    train: async () => [{ client: 2, fault: "failed", reason: "label 7 in row 3" } as const],
    evaluate: async () => [{ client: 2, fault: "failed", reason: "no rows" } as const],
  };
  const audited = new Audited(host, { hash: () => "", write: async (sent) => void written.push(...sent) });
  await audited.train([], 0);
  await audited.evaluate([], 0);
  assert.equal(written, [
    { round: 0, client: 2, kind: "train", error: "label 7 in row 3" },
    { round: 0, client: 2, kind: "evaluate", error: "no rows" },
  ]);
  const full = new Audited(host, { hash: () => "", write: () => Promise.reject(new Error("disk full")) });
  await refusesLater(() => full.train([], 0), "disk full");
  await refusesLater(() => full.evaluate([], 0), "disk full");
});

const round = { round: 0, cohort: 2, clients: 4, key: [0, 0] as const };
const update = (client: number, examples: number, up: Record<string, Float32Array>) =>
  ({ client, examples, up, metrics: {} }) as const;

test("averages are weighted, keep what nobody sent, and name whose model differs", () => {
  const [a, b] = [update(0, 1, { w: Float32Array.of(1, 2) }), update(1, 3, { w: Float32Array.of(5, 2) })];
  const gathering = averaging().gather({ w: Float32Array.of(0, 0), c: Float32Array.of(9) }, round);
  gathering.add(a);
  gathering.add(b);
  assert.equal(gathering.result(), { w: Float32Array.of(4, 2), c: Float32Array.of(9) });
  assert.throws(
    () => gathering.add(update(7, 1, { w: Float32Array.of(1) })),
    /client 7 sent 1 values of w, expected 2/,
  );
  const empty = averaging().gather({ w: Float32Array.of(6) }, round);
  empty.add(update(0, 0, { w: Float32Array.of(1) }));
  assert.equal(empty.result(), { w: Float32Array.of(6) });
  const sums = new Sums();
  sums.add("w", Float32Array.of(1), 2);
  assert.equal(sums.over(4), { w: Float32Array.of(0.5) });
});

test("a server that steps remembers beside what it sends, and sends none of it", () => {
  const server = stepping(averaging(), "w", {
    begin: (like) => ({ m: like.map(() => 0) }),
    step: (w, target, { m }) => {
      const next = m!.map((x, i) => 0.5 * x + (target[i]! - w[i]!));
      return { w: w.map((x, i) => x + next[i]!), memory: { m: next } };
    },
  });
  let state = server.begin({ w: Float32Array.of(1) });
  for (let i = 0; i < 2; i++) {
    assert.equal(Object.keys(server.down!(state, { client: 0, purpose: "turn", ...round })), ["w"]);
    const gathering = server.gather(state, round);
    gathering.add(update(0, 1, { w: state["w"]!.map((x) => x + 2) as Float32Array }));
    state = gathering.result();
  }
  assert.equal(state, { w: Float32Array.of(6), "w.m": Float32Array.of(3) });
});

test("a noticeboard remembers the newest of everybody", () => {
  const server = noticeboard({ merge: { seen: (before, now) => (before ? now.map((x, i) => x + before[i]!) : now) } });
  let state = server.begin({});
  for (let i = 0; i < 2; i++) {
    const gathering = server.gather(state, round);
    for (const client of [11, 2])
      gathering.add(update(client, 1, { w: Float32Array.of(client + i), seen: Float32Array.of(1) }));
    state = gathering.result();
  }
  assert.equal(posted(state, "w"), [
    { client: 2, vector: Float32Array.of(3) },
    { client: 11, vector: Float32Array.of(12) },
  ]);
  assert.equal(state["seen.2"], Float32Array.of(2));
});

test("class means are merged by counts, and a class that nobody has stays", () => {
  const one = byClass({ z: { values: Float32Array.of(1, 1, 3, 3, 10, 10), width: 2 } }, [0, 0, 2], 3);
  assert.equal(one, { z: Float32Array.of(2, 2, 0, 0, 10, 10), counts: Float32Array.of(2, 0, 1) });
  const two = byClass({ z: { values: Float32Array.of(5, 5), width: 2 } }, [0], 3);
  const state = { z: Float32Array.of(0, 0, 7, 7, 0, 0), counts: new Float32Array(3) };
  const gathering = classMeans(["z"]).gather(state, round);
  for (const [client, up] of [one, two].entries()) gathering.add(update(client, 1, up as Record<string, Float32Array>));
  assert.equal(gathering.result(), { z: Float32Array.of(3, 3, 7, 7, 10, 10), counts: Float32Array.of(3, 0, 1) });
});

test.run();
