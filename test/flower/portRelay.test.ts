// Clients behind ports: two parties in this process, each with half of them, come and go, and the weights are those of a run.
import { coordinate, type Coordinated } from "../../src/experiment/coordinate.ts";
import { weightsHash } from "../../src/experiment/files.ts";
import { flowerCalls } from "../../src/experiment/flower.ts";
import { MemoryStore, setUp } from "../../src/experiment/index.ts";
import { optedIn } from "../../src/experiment/setup.ts";
import { KeptStates, pooledTrainer } from "../../src/federated/backends/flower/index.ts";
import type { Leaving } from "../../src/federated/backends/flower/leaving.ts";
import { serveNodes } from "../../src/federated/backends/flower/portNodes.ts";
import { type NodePort, PortRelay } from "../../src/federated/backends/flower/portRelay.ts";
import { decodeSafetensors } from "../../src/io/safetensors.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { assert, suite } from "../support/suite.ts";
import { config, dataset, runTiny } from "../support/tiny.ts";

const test = suite("flower port relay");

const setup = setUp(config, dataset);
const clients = optedIn(setup);
const half = Math.ceil(clients.length / 2);
const name = (client: number): string => `client ${client}`;

// each message a copy, in its time
function ports(): readonly [NodePort, NodePort] {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const end = (own: number): NodePort => ({
    post: (message) => {
      const copy = structuredClone(message);
      setTimeout(() => listeners[1 - own]!.forEach((listener) => listener(copy)));
    },
    onMessage: (listener) => void listeners[own]!.push(listener),
  });
  return [end(0), end(1)];
}

class Party {
  readonly left: Leaving[] = [];
  readonly farewells: string[] = [];
  readonly #states = new KeptStates();
  readonly #pool = new InThread(flowerCalls({ setup }));
  readonly #own: readonly number[];
  onTask: (round: number) => void = () => {};

  constructor(own: readonly number[]) {
    this.#own = own;
  }

  /** Comes to a relay; the answer takes it away. */
  come(relay: PortRelay): () => void {
    const [server, here] = ports();
    serveNodes({
      port: here,
      trainerOf: (node) => {
        const client = this.#own.find((one) => name(one) === node);
        if (client === undefined) throw new RangeError(`${node} is not here`);
        return pooledTrainer(this.#pool, client, { states: this.#states });
      },
      onTask: (_, __, round) => this.onTask(round),
      onLeaving: (_, leaving) => void this.left.push(leaving),
      onFarewell: (node) => void this.farewells.push(node),
    });
    return relay.join(this.#own.map(name), server);
  }
}

const generalistOf = (store: MemoryStore): string => {
  const { tensors } = decodeSafetensors(store.files.get("generalist.safetensors")!);
  return weightsHash([Object.fromEntries([...tensors].map(([of, { data }]) => [of, data as Float32Array]))], []);
};

function rounds(relay: PortRelay, store: MemoryStore, options: object = {}): Promise<Coordinated> {
  return coordinate({ config, dataset, store, relay, pollSeconds: 0, answerSeconds: Infinity, ...options });
}

const wanted = generalistOf((await runTiny()).store);

test("two parties behind ports end with the run's weights, and nothing leaves but what the method sends", async () => {
  const [first, second] = [new Party(clients.slice(0, half)), new Party(clients.slice(half))];
  const asked = new Set<string>();
  const relay = new PortRelay({ onTraffic: (now) => now.forEach((node) => asked.add(node)) });
  first.come(relay);
  second.come(relay);
  const store = new MemoryStore();
  const found = await rounds(relay, store);
  assert.ok(found.finished && found.unheard.length === 0);
  assert.is(found.finished && found.weightsSha256, wanted);
  assert.is(generalistOf(store), wanted);
  assert.equal([...asked].toSorted(), clients.map(name).toSorted());
  const left = [...first.left, ...second.left];
  assert.equal([...new Set(left.flatMap(({ tensors }) => tensors.map((one) => one.name)))], ["model"]);
  const scalars = new Set(left.flatMap((one) => one.scalars.map(({ name }) => name)));
  assert.equal([...scalars].toSorted(), [
    "accuracy",
    "client",
    "kept",
    "loss",
    "num-examples",
    "rate",
    "steps",
    "trainLoss",
  ]);
  assert.equal([...first.farewells, ...second.farewells].toSorted(), clients.map(name).toSorted());
});

test("a party that goes in mid-round is waited for, and the weights are the same", async () => {
  const [first, second] = [new Party(clients.slice(0, half)), new Party(clients.slice(half))];
  const relay = new PortRelay({ restSeconds: 0.01 });
  first.come(relay);
  let leave = second.come(relay);
  let gone = 0;
  second.onTask = (round) => {
    if (gone > 0 || round < 1) return;
    gone++;
    leave();
    // what it answers now is heard by nobody; another in its place is, some time later
    setTimeout(() => (leave = new Party(clients.slice(half)).come(relay)), 30);
  };
  const found = await rounds(relay, new MemoryStore());
  assert.is(gone, 1);
  assert.is(found.finished && found.weightsSha256, wanted);
});

test("a party that comes when all is over hears of the end", async () => {
  const [first, second] = [new Party(clients.slice(0, half)), new Party(clients.slice(half))];
  const relay = new PortRelay({ restSeconds: 0.01 });
  first.come(relay);
  const leave = second.come(relay);
  await rounds(relay, new MemoryStore());
  leave();
  const late = new Party(clients.slice(half));
  late.come(relay);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(late.farewells.toSorted(), clients.slice(half).map(name).toSorted());
});

test("a run that is stopped goes on with the same parties, to the same weights", async () => {
  const relay = new PortRelay({ restSeconds: 0.01 });
  for (const of of [clients.slice(0, half), clients.slice(half)]) new Party(of).come(relay);
  const store = new MemoryStore();
  const stop = new AbortController();
  const onEvent = ({ kind }: { kind: string }): void => {
    if (kind === "round") stop.abort();
  };
  assert.is((await rounds(relay, store, { signal: stop.signal, onEvent })).finished, false);
  const found = await rounds(relay, store, { resume: true });
  assert.is(found.finished && found.weightsSha256, wanted);
});

test("an answer that cannot be read costs that answer, and says why", async () => {
  const relay = new PortRelay({ restSeconds: 0.01 });
  const [server, here] = ports();
  here.onMessage((message) => {
    const { id } = message as { id: string };
    here.post({ id, sealed: { rootId: "nonsense", objects: new Map() } });
  });
  relay.join(["client 0"], server);
  const { pushed } = await relay.exchange({
    push: [{ node: "client 0", type: "train", arrays: [], config: {} }],
    pull: [],
  });
  const { replies } = await relay.exchange({ push: [], pull: pushed });
  assert.match(replies[0]!.error!.reason, /an answer that cannot be read: readContent: object nonsense/);
  const nobody = await relay.exchange({
    push: [{ node: "client 9", type: "train", arrays: [], config: {} }],
    pull: [],
  });
  assert.equal(nobody.pushed, [""]);
});

test.run();
