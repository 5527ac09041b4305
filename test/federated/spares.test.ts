// Memory that goes round between clients and the server: nobody's numbers depend on it.
import fc from "fast-check";
import { isRejection } from "../../src/federated/admission.ts";
import { type ClientCalls, clientCalls, PoolHost } from "../../src/federated/hosts/pool.ts";
import type { Host } from "../../src/federated/hosts/host.ts";
import { methods } from "../../src/federated/methods/index.ts";
import { runRounds } from "../../src/federated/rounds.ts";
import { firstState } from "../../src/federated/roundsState.ts";
import { departing, departures, giveSpares, isVouched, keep, takeBack, vouch } from "../../src/federated/spares.ts";
import { States } from "../../src/federated/states.ts";
import { Linear, Net } from "../../src/nn/index.ts";
import { InThread, type Pool } from "../../src/runtime/pool.ts";
import { benchOf, settings } from "../support/federation.ts";
import { assert, test } from "../support/suite.ts";

const net = new Net(new Linear(40, 25), { group: "private" });

test("what is taken back is empty for whoever holds it, and its memory is the next vector's", () => {
  giveSpares(Infinity);
  net.parameters.values.set(new Float32Array(net.parameters.size).fill(3));
  const first = departing(net.parameters);
  const alike = net.parameters.toArray();
  assert.equal(first, alike);
  takeBack({ first, alike });
  assert.is(first.length, 0);
  assert.is(alike.length, net.parameters.size);
  net.parameters.values.set(new Float32Array(net.parameters.size).fill(5));
  const second = departing(net.parameters);
  assert.equal(second, net.parameters.toArray());
  assert.is(giveSpares(1).length, 0, "the one that there was is used");
  // once only: a vector is not two pieces of memory
  takeBack({ second });
  takeBack({ second, first });
  assert.is(giveSpares(Infinity).length, 1);
});

test("what lies idle is bounded, whatever comes back", () => {
  giveSpares(Infinity);
  for (let i = 0; i < 100; i++) keep(new ArrayBuffer(2 ** 20));
  const spares = giveSpares(Infinity);
  assert.ok(spares.length >= 32 && spares.length <= 48, `${spares.length} MiB`);
});

test("only departing vectors are vouched for, until they are taken back", () => {
  const [own, sent] = [net.parameters.toArray(), departing(net.parameters)];
  for (const vector of [own, sent]) vouch(vector);
  assert.equal([isVouched(own), isVouched(sent)], [false, true]);
  assert.equal(departures({ own, sent }), ["sent"]);
  takeBack({ sent });
  assert.equal(departures({ own, sent }), []);
});

// a host that may be told, and whether anybody who keeps updates finds them whole
async function ran(name: string, told: boolean): Promise<{ end: unknown; whole: boolean }> {
  const method = methods.get(name)!;
  const bench = benchOf(method, method.options, settings);
  const states = new States();
  const pool = new PoolHost(new InThread(clientCalls(bench)), states);
  const seen: Float32Array[] = [];
  const host: Host = {
    train: async (orders, round) => {
      const answers = await pool.train(orders, round);
      for (const answer of answers)
        if (!isRejection(answer)) seen.push(...(Object.values(answer.up) as Float32Array[]));
      return answers;
    },
    evaluate: (orders, round) => pool.evaluate(orders, round),
    atOnce: () => 2,
    ...(told && { spent: (update) => pool.spent(update) }),
  };
  const server = method.server(method.options, bench.kit);
  const end = await runRounds(
    {
      host,
      server,
      sends: method.sends,
      states,
      clients: [0, 1, 2, 3, 4, 5],
      rounds: 4,
      cohort: 5,
      validation: { every: 2, patience: 9, clients: 4 },
      key: bench.key,
    },
    firstState(server, bench.side.initial()),
  );
  return { end, whole: seen.every(({ length }) => length > 0) };
}

test("every method ends with the same bits, whether memory goes round or not", async () => {
  for (const name of methods.keys()) {
    const [round, still] = [await ran(name, true), await ran(name, false)];
    assert.equal(round.end, still.end, name);
    assert.ok(still.whole, name);
  }
  assert.not((await ran("fedavg", true)).whole, "FedAvg's memory goes round");
});

test("what is on its way to workers does not grow with their number, but for a few clients each", () => {
  const host = (size: number): PoolHost => new PoolHost({ size, apart: true } as Pool<ClientCalls>, new States());
  const sizes = [fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 2 ** 26 }), fc.integer({ min: 1, max: 5000 })] as const; // prettier-ignore
  fc.assert(
    fc.property(...sizes, (size, bytes, orders) => {
      const part = host(size).atOnce(bytes, orders);
      assert.ok(part >= Math.min(1024, size) && part <= 1024);
      if (part <= 2 * size) return;
      // three times over it has its place among the spares, and there is more than one of it
      assert.ok(3 * part * bytes <= 48 * 2 ** 20);
      assert.ok(part <= Math.ceil(orders / 4));
    }),
  );
});

test.run();
