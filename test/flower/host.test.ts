import fc from "fast-check";
import { suite, assert } from "../support/suite.ts";
import { clientTrainer, KeptStates, participantAt } from "../../src/federated/backends/flower/index.ts";
import { FlowerHost, greeting } from "../../src/federated/backends/flower/host.ts";
import { Messenger, type MessengerEvent } from "../../src/federated/backends/flower/messenger.ts";
import { methods } from "../../src/federated/methods/index.ts";
import type { Method, Options } from "../../src/federated/method.ts";
import { Sha256 } from "../../src/io/hash.ts";
import type { Vectors } from "../../src/federated/turn.ts";
import { benchOf, federation, type Ran, settings, type Settings } from "../support/federation.ts";
import { steppingClient } from "./support/clients.ts";
import { Grid } from "./support/relay.ts";

const host = suite("flower host");

const name = "0123456789abcdef0123456789abcdef";
const everybody = Array.from({ length: settings.clients }, (_, client) => client);

function hashOf(...all: Vectors[]): string {
  const hash = new Sha256();
  for (const vectors of all)
    for (const [of, { buffer, byteOffset, byteLength }] of Object.entries(vectors).toSorted(([a], [b]) =>
      a < b ? -1 : 1,
    ))
      hash.update(new TextEncoder().encode(of)).update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.hex();
}

interface Behind {
  readonly ran: Ran;
  readonly grid: Grid;
  readonly events: readonly MessengerEvent[];
  /** What lies at the nodes for the state that the server knows of. */
  keptBy(client: number): Promise<Vectors>;
}

type Wanted = Parameters<typeof federation>[2];

/** The same federation, with clients that are nodes. */
async function behind(
  method: Method,
  options: Options,
  wanted: Wanted,
  trouble: number,
  seed: number,
): Promise<Behind> {
  const events: MessengerEvent[] = [];
  // the disks of the nodes, which outlive them
  const disks = everybody.map(() => new KeptStates());
  const bench = benchOf(method, { ...method.options, ...options }, { ...settings, ...wanted } as Settings);
  const trainer = (client: number): ReturnType<typeof clientTrainer> =>
    clientTrainer({ client: participantAt(bench, client, []), states: disks[client] });
  const grid = new Grid({ trainer, clients: everybody, trouble, seed });
  const messenger = new Messenger({
    relay: grid,
    greeting: greeting({ method: method.name, federation: name }),
    pollSeconds: 0.001,
    pingSeconds: 0.02,
    onEvent: (event) => events.push(event),
  });
  const ran = await federation(method, options, {
    ...wanted,
    host: (states) => new FlowerHost({ messenger, method: method.name, federation: name, states }),
  });
  return {
    ran,
    grid,
    events,
    keptBy: (client) => disks[client]!.get({ federation: name, method: method.name, client }, ran.states.marks[client]),
  };
}

async function same(method: Method, options: Options, wanted: Wanted, trouble: number, seed: number): Promise<Behind> {
  const here = await federation(method, options, wanted);
  const there = await behind(method, options, wanted, trouble, seed);
  const of = `${method.name}, seed ${seed}`;
  assert.is(hashOf(there.ran.end.now), hashOf(here.end.now), `${of}: the server's state`);
  assert.is(hashOf(there.ran.end.best.server), hashOf(here.end.best.server), `${of}: the best`);
  assert.equal(there.ran.reports, here.reports, of);
  assert.equal(there.ran.states.marks, here.states.marks, of);
  for (const client of everybody)
    assert.is(hashOf(await there.keptBy(client)), hashOf(await here.states.get(client)), `${of}: client ${client}'s`);
  return there;
}

for (const method of methods.values())
  host(`${method.name} behind a relay gives the pool's bits`, async () => {
    await same(method, {}, { rounds: 3 }, 0, 0);
  });

host("whatever gets lost on the way, and however often, the bits are those of a quiet run", async () => {
  const troubles = new Map<string, number>();
  const some = ["ditto", "scaffold", "ifca", "fedfomo", "l2gd"].map((one) => methods.get(one)!);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...some),
      fc.nat(1e6),
      fc.constantFrom(0.02, 0.1, 0.25),
      async (method, seed, trouble) => {
        const { grid } = await same(method, {}, { rounds: 3 }, trouble, seed);
        for (const [what, count] of grid.troubles) troubles.set(what, (troubles.get(what) ?? 0) + count);
      },
    ),
    { numRuns: 20 },
  );
  // each of them did happen
  assert.is(troubles.size, 7, [...troubles.keys()].join());
});

host("clients that drop out and slow ones are the same ones", async () => {
  await same(methods.get("ditto")!, {}, { rounds: 4, dropout: 0.4, slow: 0.5 }, 0.05, 3);
});

host("a client that fails or diverges costs its own answer, and one that is away its time", async () => {
  const trainer = (client: number): ReturnType<typeof clientTrainer> =>
    clientTrainer({
      client: steppingClient({
        id: client,
        before: () => {
          if (client === 1) throw new RangeError("train: the disk is full");
          if (client === 2) throw Object.assign(new Error("loss is NaN"), { name: "DivergenceError" });
        },
      }),
    });
  const events: MessengerEvent[] = [];
  const grid = new Grid({ trainer, clients: [0, 1, 2] });
  const messenger = new Messenger({
    relay: grid,
    greeting: greeting({ method: "stepping", federation: name }),
    pollSeconds: 0.001,
    answerSeconds: 0.3,
    onEvent: (event) => events.push(event),
  });
  const config = { method: "stepping", federation: name, "server-round": 1 };
  const arrays = [["model", { shape: [16], data: new Float32Array(16) }]] as const;
  const answers = await messenger.ask([0, 1, 2, 3].map((client) => ({ client, type: "train", arrays, config })));
  assert.equal(
    answers.map((answer) => ("fault" in answer ? [answer.client, answer.fault, answer.reason] : "answered")),
    [
      "answered",
      [1, "failed", "train: the disk is full"],
      [2, "diverged", "loss is NaN"],
      [3, "silent", "no answer in 0.3 s"],
    ],
  );
  assert.equal(events.filter(({ type }) => type === "here").length, 3);
});

host("a client is one node: who says the same of itself is left out while the other is there", async () => {
  const events: MessengerEvent[] = [];
  const trainer = (): ReturnType<typeof clientTrainer> => clientTrainer({ client: steppingClient({ id: 5 }) });
  const messenger = new Messenger({
    relay: new Grid({ trainer, clients: [5, 6] }),
    greeting: greeting({ method: "stepping", federation: name }),
    pollSeconds: 0.001,
    onEvent: (event) => events.push(event),
  });
  const arrays = [["model", { shape: [16], data: new Float32Array(16) }]] as const;
  const config = { method: "stepping", federation: name, "server-round": 1 };
  for (let i = 0; i < 3; i++) await messenger.ask([{ client: 5, type: "train", arrays, config }]);
  assert.equal(
    events.map((event) => (event.type === "left-out" ? event.reason : event.type)),
    ["here", "it says that it is client 5, as node n1 does"],
  );
});

host.run();
