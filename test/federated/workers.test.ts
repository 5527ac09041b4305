// A federation of one's own on workers, as examples/workers has it: the same weights in this thread, on one worker and on two.
import { bench, federate, initial } from "../../examples/workers/federation.ts";
import { type ClientCalls, clientCalls, PoolHost, startClients, States } from "../../src/federated/index.ts";
import { InThread, type Pool } from "../../src/runtime/pool.ts";
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

test("workers have equal lists of turns, and those that do not divide are for whoever is done first", async () => {
  const lists: number[][] = [];
  const pool = (size: number): Pool<ClientCalls> => ({
    size,
    apart: true,
    map: async (_, asked) => {
      lists.push(...asked.map(({ calls }) => calls.map(({ client }) => client)));
      return [];
    },
    close: async () => {},
  });
  for (const [clients, size, expected] of [
    [5, 2, [[0, 1], [2, 3], [4]]],
    [9, 4, [[0, 1], [2, 3], [4, 5], [6, 7], [8]]],
    [6, 1, [[0, 1, 2, 3, 4, 5]]],
    [1, 2, [[0]]],
    [0, 2, []],
  ] as const) {
    const orders = Array.from({ length: clients }, (_, client) => ({ client, down: {} }));
    await new PoolHost(pool(size), new States()).train(orders, 0);
    assert.equal(lists.splice(0), expected);
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
