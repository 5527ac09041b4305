// Rounds with clients that are nodes, on a grid in this process, so that they can be stopped anywhere: what follows a
// federation, noise at the server and at the clients, and their accounts.
import { coordinate, type Coordinated, type CoordinateOptions } from "../../src/experiment/coordinate.ts";
import { farewellOf } from "../../src/experiment/farewell.ts";
import { flowerCalls } from "../../src/experiment/flower.ts";
import { type Config, experimentCalls, MemoryStore, setUp } from "../../src/experiment/index.ts";
import { localPrivacy } from "../../src/experiment/localPrivacy.ts";
import { clientMetrics } from "../../src/experiment/records.ts";
import { optedIn } from "../../src/experiment/setup.ts";
import { KeptStates, type Ledger, memoryLedger, pooledTrainer } from "../../src/federated/backends/flower/index.ts";
import { FAREWELL } from "../../src/federated/backends/flower/node.ts";
import { type Content, metricsObject, readContent, recordObject } from "../../src/federated/backends/flower/records.ts";
import { flatten, type FlowerObject } from "../../src/federated/backends/flower/objects.ts";
import type { Trainer } from "../../src/federated/backends/flower/index.ts";
import { methods } from "../../src/federated/methods/index.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";
import { config, dataset, metricsOf, recordsOf, runTiny } from "../support/tiny.ts";
import { Grid } from "./support/relay.ts";

const objectsOf = (root: FlowerObject): Map<string, Uint8Array> =>
  new Map(flatten(root).map(({ id, content }) => [id, content]));

const test = suite("flower coordinate");

/** The clients of a config as nodes: their disks outlive whoever asks them. */
class Clients {
  readonly setup: ReturnType<typeof setUp<typeof dataset>>;
  readonly farewells: Map<number, Content> = new Map();
  readonly ledgers: Map<number, Ledger> = new Map();
  /** Scalars beside vectors that left, by the type of message. */
  readonly scalars: Map<string, Set<string>> = new Map();
  readonly #disks = new Map<number, KeptStates>();
  readonly #pool: InThread<ReturnType<typeof flowerCalls>>;
  /** Called before a message is answered. */
  onTask: (messageType: string) => void = () => {};

  constructor(of: Config) {
    this.setup = setUp(of, dataset);
    const privacy = localPrivacy(of, methods.get("fedavg")!);
    this.#pool = new InThread(flowerCalls({ setup: this.setup, privacy }));
    for (const client of optedIn(this.setup)) {
      this.#disks.set(client, new KeptStates());
      this.ledgers.set(client, memoryLedger());
    }
  }

  trainer(client: number): Trainer {
    const memory = { states: this.#disks.get(client)!, ledger: this.ledgers.get(client)! };
    const own = pooledTrainer(this.#pool, client, memory);
    return {
      answer: async (task) => {
        this.onTask(task.messageType);
        if (task.messageType === FAREWELL) {
          this.farewells.set(client, readContent(task.rootId, task.objects));
          const metrics = await metricsObject({ "num-examples": 0 });
          return { content: await recordObject("RecordDict", [["metrics", metrics]]), round: 0 };
        }
        const answer = await own.answer(task);
        const { metrics } = readContent(answer.content.id, objectsOf(answer.content));
        const told = this.scalars.get(task.messageType) ?? new Set();
        for (const record of metrics.values()) for (const name of record.keys()) told.add(name);
        this.scalars.set(task.messageType, told);
        return answer;
      },
    };
  }

  /** All rounds, from the beginning or from what the store holds. */
  coordinate(options: Partial<CoordinateOptions> = {}): Promise<Coordinated> {
    const relay = new Grid({ trainer: (client) => this.trainer(client), clients: optedIn(this.setup) });
    const { config: of } = this.setup;
    return coordinate({ config: of, dataset, store: new MemoryStore(), relay, pollSeconds: 0.001, ...options });
  }
}

const federation = (changes: object): Config => ({ ...config, federation: { ...config.federation, ...changes } });

function ended(done: Coordinated): Extract<Coordinated, { finished: true }> {
  if (!done.finished) throw new Error(`stopped at ${done.at}`);
  return done;
}

test("a gate that follows the federation is the run's, at every node", async () => {
  const gate: Config = { ...config, posterior: { rho: 0.8, hazard: 0.05, calibrate: true, features: true } };
  const clients = new Clients(gate);
  ended(await clients.coordinate());
  const { metrics } = recordsOf((await runTiny({ config: gate })).result);
  const { personalize } = experimentCalls(clients.setup);
  for (const [client, farewell] of clients.farewells) {
    const here = metrics.filter((one) => "client" in one && one.client === client);
    if (here.length === 0) continue;
    const { held } = (await farewellOf(farewell, new KeptStates(), client))!;
    assert.ok(held["fedavg"]!.calibration && held["fedavg"]!.gaussians);
    assert.equal(clientMetrics(personalize({ client, held }), clients.setup.clients[client]!), here);
  }
});

const noisy = federation({ privacy: { clip: 0.5, multiplier: 1.5, delta: 1e-3 } });

test("a server's noise is nobody's to repeat, and its ledger goes on where the rounds do", async () => {
  const promised: string[] = [];
  const done = ended(await new Clients(noisy).coordinate({ onPromise: (line) => promised.push(line) }));
  assert.match(
    promised.join(),
    /fedavg: sums get noise of this machine's cryptographic source, multiplier 1.50; 5 rounds cost epsilon/,
  );
  const { privacy } = done.federations["fedavg"]!;
  assert.equal([privacy?.kind, privacy?.rounds], ["central", 5]);
  assert.is(privacy?.kind === "central" && privacy.noise, "cryptographic");
  assert.not.equal(ended(await new Clients(noisy).coordinate()).weightsSha256, done.weightsSha256);

  for (const stop of [1, 3]) {
    const clients = new Clients(noisy);
    const store = new MemoryStore();
    const controller = new AbortController();
    const onEvent: CoordinateOptions["onEvent"] = (event) => {
      if (event.kind === "round" && event.round === stop) controller.abort();
    };
    assert.is((await clients.coordinate({ store, signal: controller.signal, onEvent })).finished, false);
    const { federations } = ended(await clients.coordinate({ store, resume: true }));
    assert.equal(federations["fedavg"]!.privacy!.rounds, 5, `stopped after round ${stop}`);
    assert.is(federations["fedavg"]!.rounds, 5);
  }
});

test("a round that was shown and is made again costs another one, and there is one less", async () => {
  // validated are rounds 0, 2 and 4
  for (const shown of [1, 3]) {
    const clients = new Clients(noisy);
    const store = new MemoryStore();
    const controller = new AbortController();
    let validations = 0;
    const asked = 2;
    clients.onTask = (type) => {
      // the process ends with the model in its clients' hands and no checkpoint of it
      if (type === "evaluate" && ++validations === asked * shown) controller.abort();
    };
    assert.is((await clients.coordinate({ store, signal: controller.signal })).finished, false);
    clients.onTask = () => {};
    const { federations } = ended(await clients.coordinate({ store, resume: true }));
    assert.is(federations["fedavg"]!.privacy!.rounds, 5, `shown in validation ${shown}`);
    assert.is(federations["fedavg"]!.rounds, 4, `rounds after validation ${shown}`);
  }
});

test("clients that hide what they send tell no losses and no scores, and each counts what it spends", async () => {
  const local = federation({ privacy: { kind: "local", clip: 0.5, epsilon: 4, delta: 1e-3, budget: 9 }, rounds: 12 });
  const clients = new Clients(local);
  const store = new MemoryStore();
  const promised: string[] = [];
  const done = ended(await clients.coordinate({ store, onPromise: (line) => promised.push(line) }));
  assert.match(promised.join(), /fedavg: clients hide what they send, each by its own account/);
  assert.equal([...clients.scalars.keys()].toSorted(), ["query.who", "train"]);
  assert.equal([...clients.scalars.get("train")!], ["num-examples"]);
  const rounds = metricsOf(store).flatMap((one) => (one.kind === "round" ? [one] : []));
  assert.is(rounds.length, 12);
  assert.ok(rounds.every((one) => one.trainLoss === undefined && one.validationLoss === undefined));
  // each answered until its budget had no room for more, and said why
  const answers = rounds.flatMap(({ clients: cohort, refused = [] }) =>
    cohort.filter((client) => !refused.some((one) => one.client === client)),
  );
  for (const [client, ledger] of clients.ledgers) {
    const given = answers.filter((one) => one === client).length;
    assert.is((await ledger.read()).rounds, given);
    assert.ok(given > 0 && given <= 3, `${given}`);
  }
  const refused = rounds.flatMap((one) => one.refused ?? []);
  assert.ok(refused.length > 0 && refused.every((one) => one.fault === "spent"));
  assert.match(refused[0]!.reason, /privacy: budget, got epsilon .* expected at most 9; this client answers no more/);
  assert.is(done.federations["fedavg"]!.privacy, undefined);
});

test("what cannot be kept is refused before anybody is asked", async () => {
  const ask = (of: Config): Promise<unknown> => new Clients(of).coordinate();
  await refusesLater(() => ask(federation({ attack: { kind: "noise", share: 0.5 } })), /attack: fedavg, got liars/);
  const posterior = { rho: 0.8, hazard: 0.05, calibrate: true };
  await refusesLater(() => ask({ ...noisy, posterior }), /posterior.calibrate: got it with federation.privacy/);
  const scaffold = { ...noisy, methods: { scaffold: {} } };
  await refusesLater(() => ask(scaffold), /federation.privacy: scaffold: .*does not average/);
});

test.run();
