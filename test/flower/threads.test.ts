import { suite, assert } from "../support/suite.ts";
import { startWorker } from "../../src/runtime/platform.ts";
import { type Pool, Threads } from "../../src/runtime/pool.ts";
import {
  createKeyPair,
  identityOf,
  memoryLedger,
  pooledTrainer,
  runNode,
} from "../../src/federated/backends/flower/index.ts";
import { clientTrainer } from "../../src/federated/backends/flower/trainer.ts";
import { flatten } from "../../src/federated/backends/flower/objects.ts";
import type { FlowerObject } from "../../src/federated/backends/flower/objects.ts";
import { arrayObject, configObject, recordObject } from "../../src/federated/backends/flower/records.ts";
import { trainerCalls } from "../../src/federated/backends/flower/threads.ts";
import type {
  ClientTrainerOptions,
  Ledger,
  Task,
  Trainer,
  TrainerCalls,
} from "../../src/federated/backends/flower/index.ts";
import { smallModel, sizeOfModel, steppingClient } from "./support/clients.ts";
import { FakeSuperLink } from "./support/fake.ts";

const threads = suite("flower threads");

threads("nodes share a pool of workers, and this thread goes on while they train", async () => {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const port = await startWorker(new URL("./support/trainerWorker.mjs", import.meta.url));
  const pool = new Threads<TrainerCalls>([port], { gate });
  const link = new FakeSuperLink();
  const joining = [3, 5].map(async (client) => {
    const identity = await identityOf(await createKeyPair());
    return runNode({ transport: link, identity, trainer: pooledTrainer(pool, client), pollSeconds: [0.005, 0.01] });
  });
  const ids = await link.nodes(2);
  const zeros = new Float32Array(sizeOfModel(smallModel));

  // training holds its thread until a timer of this one, which stands for the heartbeat, has ticked ten times
  let ticks = 0;
  const timer = setInterval(() => {
    if (++ticks < 10) return;
    clearInterval(timer);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  }, 5);
  const heard = await Promise.all(ids.map((id) => link.ask(id, "train", smallModel, zeros, { "server-round": 1 })));
  assert.is(ticks, 10);
  const steps = heard.map(({ content }) => Number(content!.arrays.get("arrays")!.get("hidden.bias")!.data[0]));
  assert.equal(steps.toSorted(), [3, 5]);

  await Promise.all(ids.map((id) => link.ask(id, "query.farewell", smallModel, zeros, { "server-round": 1 })));
  await Promise.all(joining);
  await pool.close();
});

threads("a trainer that could not be made is made when it is asked for again, and then kept", async () => {
  let tries = 0;
  const { answer } = trainerCalls(() => {
    if (++tries === 1) throw new Error("the disk is asleep");
    return clientTrainer({ client: steppingClient() });
  });
  const content = await recordObject("RecordDict", [
    ["arrays", await recordObject("ArrayRecord", [["hidden.bias", await arrayObject([4], new Float32Array(4))]])],
  ]);
  const objects = new Map(flatten(content).map((object) => [object.id, object.content]));
  const ask = (): Promise<string> =>
    answer({ client: 1, task: { messageType: "train", rootId: content.id, objects } }).then(
      () => "answered",
      (error: Error) => error.message,
    );
  assert.is(await ask(), "the disk is asleep");
  assert.match(await ask(), "another model");
  assert.match(await ask(), "another model");
  assert.is(tries, 2);
});

const zeros = new Float32Array(sizeOfModel(smallModel));

async function instruction(messageType: string, config: Readonly<Record<string, number>> = {}): Promise<Task> {
  let at = 0;
  const entries: [string, FlowerObject][] = [];
  for (const { name, shape } of smallModel) {
    const length = shape.reduce((product, size) => product * size, 1);
    entries.push([name, await arrayObject(shape, zeros.subarray(at, (at += length)))]);
  }
  const content = await recordObject("RecordDict", [
    ["arrays", await recordObject("ArrayRecord", entries)],
    ["config", await configObject(config)],
  ]);
  const objects = new Map(flatten(content).map((object) => [object.id, object.content]));
  return { messageType, rootId: content.id, objects };
}

const privacy = { clip: 1, noise: { epsilon: 1, delta: 1e-5 } };

/** A pool of so many workers, each of which makes trainers of its own; calls go to them in turn. */
function workers(count: number, options: Partial<ClientTrainerOptions> = {}): Pool<TrainerCalls> {
  const each = Array.from({ length: count }, () =>
    trainerCalls((id) => clientTrainer({ client: steppingClient({ id }), privacy, ...options })),
  );
  let next = 0;
  return {
    size: count,
    map: (name, calls) => Promise.all(calls.map((call) => each[next++ % count]![name](call as never))) as never,
    close: async () => undefined,
  };
}

threads("the account of a client is one, however many workers answer for it", async () => {
  const train = await instruction("train", { "server-round": 1 });
  for (const count of [1, 2, 3, 7]) {
    const trainer = pooledTrainer(workers(count), 5);
    // at once, too: one answer is charged after the other
    const answers = await Promise.all(Array.from({ length: 6 }, () => trainer.answer(train)));
    assert.equal(
      answers.map(({ spent }) => spent!.rounds),
      [1, 2, 3, 4, 5, 6],
    );
    assert.ok(Math.abs(answers[5]!.spent!.epsilon - 2.71) < 0.01, `${count} workers`);
  }
});

threads("the account goes on where the ledger stands, and what cannot be written down is not answered", async () => {
  const train = await instruction("train", { "server-round": 1 });
  for (const pooled of [true, false]) {
    const ledger = memoryLedger();
    const trainer = (of: Ledger): Trainer =>
      pooled
        ? pooledTrainer(workers(2), 5, { ledger: of })
        : clientTrainer({ client: steppingClient(), privacy, ledger: of });
    await trainer(ledger).answer(train);
    const { spent } = await trainer(ledger).answer(train);
    assert.is(spent!.rounds, 2);
    const full: Ledger = { read: () => ledger.read(), write: () => Promise.reject(new Error("disk full")) };
    const refused = await trainer(full)
      .answer(train)
      .catch((error: Error) => error.message);
    assert.is(refused, "disk full");
    assert.is((await ledger.read()).rounds, 2);
  }
});

threads("scores are exact, so behind noise none are given; and a budget ends answering before it trains", async () => {
  const client = steppingClient();
  const trainer = clientTrainer({ client, privacy: { ...privacy, budget: 1.5 } });
  const ask = (task: Task): Promise<string> =>
    trainer.answer(task).then(
      () => "answered",
      (error: Error) => error.message,
    );
  assert.match(await ask(await instruction("evaluate")), /^evaluate: scores are exact/);
  const train = await instruction("train");
  assert.is(await ask(train), "answered");
  assert.is(await ask(train), "answered");
  assert.match(await ask(train), /^privacy: budget, got epsilon 1.835 after one more answer/);
  assert.is(client.seen.length, 2, "nothing is trained that cannot be answered");
  const clipped = clientTrainer({ client, privacy: { clip: 1 } });
  assert.is((await clipped.answer(await instruction("evaluate"))).account, undefined);
  assert.throws(() => clientTrainer({ client, privacy: { clip: NaN } }), /clip, got NaN/);
});

threads("a server's own wish to clip is a norm, or nothing is sent", async () => {
  const trainer = clientTrainer({ client: steppingClient() });
  for (const norm of [NaN, Infinity, 0, -1])
    await trainer.answer(await instruction("train", { clipping_norm: norm })).then(
      () => assert.unreachable(`${norm}`),
      (error: Error) => assert.match(error.message, `clip: norm, got ${norm}, expected a finite number above 0`),
    );
  assert.ok(await trainer.answer(await instruction("train", { clipping_norm: 0.5 })));
});

threads.run();
