// A federation of one's own on workers, as examples/workers has it: the same weights in this thread, on one worker and on two.
import { bench, federate, initial } from "../../examples/workers/federation.ts";
import { clientCalls, startClients } from "../../src/federated/index.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";
import { threadOf } from "../support/thread.ts";

const test = suite("workers of one's own");
const module = threadOf(new URL("../../examples/workers/clients.ts", import.meta.url));

test("a federation of one's own gives the same weights here, on one worker and on two, and learns", async () => {
  const here = await federate(new InThread(clientCalls(bench({ initial: initial() }))));
  assert.ok(here.done && here.bestLoss < 0.4, `${here.bestLoss}`);
  for (const workers of [1, 2]) {
    const pool = await startClients(module, { initial: initial() }, workers);
    assert.is(pool.size, workers);
    try {
      assert.equal((await federate(pool)).best, here.best);
    } finally {
      await pool.close();
    }
  }
});

test("what a worker's module throws is the error of whoever asked", async () => {
  const pool = await startClients(module, null, 1);
  try {
    await refusesLater(() => federate(pool), /initial/);
  } finally {
    await pool.close();
  }
});

test.run();
