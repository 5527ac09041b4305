import { suite, assert } from "../support/suite.ts";
import { startWorker } from "../../src/runtime/platform.ts";
import { Threads } from "../../src/runtime/pool.ts";
import { createKeyPair, identityOf, pooledTrainer, runNode } from "../../src/federated/backends/flower/index.ts";
import type { TrainerCalls } from "../../src/federated/backends/flower/index.ts";
import { smallModel, sizeOfModel } from "./support/clients.ts";
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

threads.run();
