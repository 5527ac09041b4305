import { clientsByMethod, difference, pairClients } from "../../src/report/pairs.ts";
import type { ClientMetric } from "../../src/report/metrics.ts";
import { assert, test } from "../support/suite.ts";

const result = (client: number, method: string, localTest: number): ClientMetric => ({
  kind: "client",
  client,
  method,
  optedOut: client === 4,
  localTest,
  globalTest: 100 - localTest,
  localNll: 1,
  globalNll: 1,
});

const results = [
  result(4, "local", 60),
  result(4, "mixture", 66),
  result(1, "mixture", 71),
  result(1, "local", 70),
  result(9, "local", 10),
];

test("clients are paired by number, and those without a partner left out", () => {
  const pairs = pairClients(results, "local", "mixture");
  assert.equal(
    pairs.map(({ client, optedOut, from, to }) => [client, optedOut, from.localTest, to.localTest]),
    [
      [1, false, 70, 71],
      [4, true, 60, 66],
    ],
  );
});

test("of a client that was evaluated twice the last record counts", () => {
  const twice = [...results, result(1, "local", 50)];
  assert.equal(
    clientsByMethod(twice)
      .get("local")
      ?.map(({ localTest }) => localTest),
    [50, 60, 10],
  );
});

test("differences are to minus from, and nothing without pairs", () => {
  const pairs = pairClients(results, "local", "mixture");
  assert.is(difference(pairs, "localTest")?.mean, 3.5);
  assert.is(difference(pairs, "globalTest")?.mean, -3.5);
  assert.is(difference([], "localTest"), undefined);
  assert.equal(pairClients(results, "local", "ensemble"), []);
});

test.run();
