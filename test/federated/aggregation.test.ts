import { type Aggregation, beginning, FedAvg, fedAvg, federate, type Update } from "../../src/federated/index.ts";
import { key } from "../../src/runtime/random.ts";
import { assert, test } from "../support/suite.ts";

function answer(client: number): Update {
  return {
    client,
    values: Float32Array.of(client, 1 / (client + 1)),
    examples: client + 1,
    metrics: { trainLoss: client },
  };
}

const clients: readonly number[] = Array.from({ length: 200 }, (_, i) => i);

test("updates can be averaged one after another, and then forgotten", () => {
  const average: Aggregation = new FedAvg();
  for (const client of clients) average.add(answer(client));
  assert.equal(average.result(), fedAvg(clients.map(answer)));
});

test("a round holds a bounded number of vectors, and averages as if it held all", async () => {
  const asked: number[] = [];
  const order: number[] = [];
  const state = await federate(
    {
      backend: {
        train: async (members) => {
          asked.push(members.length);
          order.push(...members);
          return members.map(answer);
        },
        evaluate: async (members) =>
          members.map((client) => ({ client, examples: 1, metrics: { loss: 1, accuracy: 0 } })),
      },
      clients,
      rounds: 1,
      cohort: 200,
      validation: { every: 1, patience: 1, clients: 1 },
      selection: "average",
      key: key(1),
      onRound: ({ trainLoss }) => {
        // the mean of the clients' losses, weighted like their vectors
        const weights = clients.reduce((sum, client) => sum + client + 1, 0);
        assert.is(trainLoss, clients.reduce((sum, client) => sum + client * (client + 1), 0) / weights);
      },
    },
    beginning(Float32Array.of(0, 0)),
  );
  assert.is(asked.length, 4);
  assert.ok(Math.max(...asked) <= 64);
  assert.equal(
    [...order].toSorted((a, b) => a - b),
    clients,
  );
  assert.equal(state.generalist, fedAvg(order.map(answer)));
});

test.run();
