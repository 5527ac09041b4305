import { suite, assert } from "../support/suite.ts";
import { startWorker } from "../../src/runtime/platform.ts";
import { Threads } from "../../src/runtime/pool.ts";
import { createKeyPair, identityOf, pooledTrainer, runNode } from "../../src/federated/backends/flower/index.ts";
import { clientTrainer } from "../../src/federated/backends/flower/trainer.ts";
import { flatten } from "../../src/federated/backends/flower/objects.ts";
import { arrayObject, recordObject } from "../../src/federated/backends/flower/records.ts";
import { trainerCalls } from "../../src/federated/backends/flower/threads.ts";
import type { TrainerCalls } from "../../src/federated/backends/flower/index.ts";
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

threads.run();
