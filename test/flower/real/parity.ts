// The same clients, data and seeds in this process and in a real Flower federation: the same generalist, the same table.
import { evaluatedClients, parseConfig, preset, type Setup, setUp } from "../../../src/experiment/index.ts";
import { heldGeneralist } from "../../../src/experiment/personalize.ts";
import { initialModel } from "../../../src/experiment/federations.ts";
import { flowerCalls } from "../../../src/experiment/flower.ts";
import { participants } from "../../../src/experiment/participant.ts";
import { networks } from "../../../src/experiment/networks.ts";
import { optedIn } from "../../../src/experiment/setup.ts";
import { pooledTrainer } from "../../../src/federated/backends/flower/index.ts";
import { Sums } from "../../../src/federated/servers.ts";
import type { Vector } from "../../../src/federated/method.ts";
import type { Personalized } from "../../../src/moe/personalized.ts";
import { InThread } from "../../../src/runtime/pool.ts";
import { suite, assert } from "../../support/suite.ts";
import { fashion } from "../support/fashion.ts";
import { member, withSuperLink } from "./federation.ts";

export const parity: ReturnType<typeof suite> = suite("real flower, parity");

const ROUNDS = 3;

async function small(): Promise<Setup> {
  const base = preset("quick");
  const federation = { ...base.federation, rounds: ROUNDS, cohort: 4, validationClients: 4 };
  const personal = { ...base.personal, clients: 4, epochs: 4 };
  const config = parseConfig({ ...base, clients: 4, federation, personal });
  return setUp(config, await fashion());
}

/** Plain rounds over some clients, all of them in each, as Flower's FedAvg makes them. */
export async function plainRounds(setup: Setup, clients: readonly number[], rounds: number): Promise<Float32Array> {
  const partsOf = participants(setup);
  let model: Vector = initialModel(setup);
  for (let round = 0; round < rounds; round++) {
    const sums = new Sums();
    for (const client of clients) {
      const [part] = partsOf(client);
      const { up, examples } = await part!.train({ round, down: { model }, kept: {}, effort: 1 });
      sums.add("model", up["model"]!, examples!);
    }
    model = sums.means()["model"]!;
  }
  return model as Float32Array;
}

/** |here - there| / |here| */
export function distance(here: Float32Array, there: Float32Array): number {
  assert.is(there.length, here.length);
  const norm = (x: (i: number) => number): number => Math.sqrt(here.reduce((sum, _, i) => sum + x(i) ** 2, 0));
  return norm((i) => here[i]! - there[i]!) / norm((i) => here[i]!);
}

parity("three rounds of Fashion-MNIST end in the same generalist, and then in the same table", async () => {
  const setup = await small();
  const here = await plainRounds(setup, optedIn(setup), ROUNDS);
  const calls = flowerCalls({ setup });
  const pool = new InThread(calls);
  await withSuperLink("parity", {}, async (link, folder) => {
    await link.run({ rounds: ROUNDS, out: `${folder}/out`, "min-nodes": 4 });
    const members = await Promise.all(
      optedIn(setup).map((id) => member(link.address, { trainer: pooledTrainer(pool, id), heartbeatSeconds: 30 })),
    );
    const { generalist } = await members[0]!.summary;
    for (const { summary } of members) assert.is((await summary).rounds, ROUNDS);
    const { specs } = networks(setup.config, setup.dataset).expert;
    const there = Float32Array.from(
      specs.flatMap(({ name }) => Array.from(generalist!.tensors.get(name)!.data, Number)),
    );
    const difference = distance(here, there);
    console.log(`relative difference of the generalists: ${difference.toExponential(2)}`);
    assert.ok(difference <= 1e-5, `${difference}`);

    // nothing but the generalist's tensors left a client
    const names = new Set(specs.map(({ name }) => name));
    for (const { events } of members)
      for (const event of events)
        if (event.type === "sent") for (const { name } of event.tensors) assert.ok(names.has(name));

    for (const client of evaluatedClients(setup.config)) {
      const [a, b] = [here, there].map((vector): Personalized =>
        calls.personalize({ client, held: heldGeneralist(vector) }),
      );
      for (const method of ["local", "fedavg", "finetuned", "mixture"] as const) {
        const [own, flower] = [a!.scores[method]!, b!.scores[method]!];
        // 200 local test rows: one of them may fall on the other side of a tie
        assert.ok(
          Math.abs(own.localTest - flower.localTest) <= 0.5,
          `${client} ${method}: ${own.localTest} ${flower.localTest}`,
        );
        assert.ok(
          Math.abs(own.globalTest - flower.globalTest) <= 0.2,
          `${client} ${method}: ${own.globalTest} ${flower.globalTest}`,
        );
      }
    }
  });
});
