// A run whose clients hide what they send: what it costs each of them, where it stops, and that it can be stopped anywhere.
import { localPrivacy } from "../../src/experiment/localPrivacy.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import { setUp } from "../../src/experiment/setup.ts";
import { startPool } from "../../src/experiment/pool.ts";
import type { Bench } from "../../src/federated/hosts/bench.ts";
import { type ClientCalls, clientCalls } from "../../src/federated/hosts/pool.ts";
import type { Noise } from "../../src/federated/privacy/central.ts";
import { accountIn, hiding } from "../../src/federated/privacy/hiding.ts";
import { addressedNoise } from "../../src/federated/privacy/noise.ts";
import { gaussianEpsilon } from "../../src/federated/privacy/gaussian.ts";
import { methods } from "../../src/federated/methods/index.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { key } from "../../src/runtime/random.ts";
import { federation as runs } from "../support/federation.ts";
import { refuses, refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { threadOf } from "../support/thread.ts";
import { config, dataset, leftIn, metricsOf, recordsOf, runTiny, textOf } from "../support/tiny.ts";

const federation = (changes: object): typeof config => ({
  ...config,
  federation: { ...config.federation, ...changes },
});
const local = (privacy: object, changes: object = {}): typeof config =>
  federation({ privacy: { kind: "local", clip: 0.5, delta: 1e-3, ...privacy }, ...changes });
const hidden = local({ multiplier: 1.5 });

test("every answer costs its client, and the run says what the one paid that gave most", async () => {
  const { result, store } = await runTiny({ config: hidden, audit: true });
  const { summary } = recordsOf(result);
  const { privacy } = summary.federations!["fedavg"]!;
  const sent = textOf(store, "audit.jsonl").trim().split("\n").map((line) => JSON.parse(line) as { client: number; kind: string }); // prettier-ignore
  assert.ok(
    sent.every(({ kind }) => kind === "train"),
    "nobody validates",
  );
  const answers = setUp(hidden, dataset).clients.map((_, client) => sent.filter((one) => one.client === client).length);
  const most = Math.max(...answers);
  // updates are at most twice the clip apart
  const epsilon = gaussianEpsilon(1.5 / 2 / Math.sqrt(most), 1e-3);
  assert.is(privacy!.rounds, most);
  assert.ok(Math.abs(privacy!.epsilon / epsilon - 1) < 1e-9, `${privacy!.epsilon} and ${epsilon}`);
  assert.equal({ ...privacy, epsilon: 0, rounds: 0 }, { kind: "local", epsilon: 0, rounds: 0, delta: 1e-3, multiplier: 1.5, clip: 0.5, stopped: 0 }); // prettier-ignore
  // the last moment is the one that stays
  assert.is(summary.bestRound, summary.rounds - 1);
});

test("the bits are the same wherever the run was stopped, and on however many workers", async () => {
  const budgeted = { ...local({ epsilon: 4, budget: 7 }, { rounds: 8 }), methods: { ditto: {}, fedavg: {} } };
  const whole = await runTiny({ config: budgeted });
  for (const stop of [7, 12]) {
    const controller = new AbortController();
    let heard = 0;
    const onEvent = (): void => void (++heard === stop && controller.abort());
    const { store } = await runTiny({ config: budgeted, signal: controller.signal, onEvent });
    await runTiny({ config: budgeted, store, resume: true });
    assert.equal(leftIn(store), leftIn(whole.store), `stopped after event ${stop}`);
  }
  const worker = threadOf(new URL("../../src/experiment/worker.ts", import.meta.url));
  const { store } = await runTiny({ config: budgeted, pool: (setup) => startPool(setup, 2, worker) });
  assert.equal(leftIn(store), leftIn(whole.store), "two workers");
});

test("a client answers until its budget has no room for more, and the run goes on without it", async () => {
  const { result, store } = await runTiny({ config: local({ epsilon: 4, budget: 7 }, { rounds: 10 }) });
  const { summary } = recordsOf(result);
  assert.is(summary.rounds, 10);
  const { privacy } = summary.federations!["fedavg"]!;
  assert.ok(privacy!.epsilon <= 7);
  assert.is(privacy?.kind === "local" && privacy.stopped, config.clients);
  const refused = metricsOf(store).flatMap((one) => (one.kind === "round" ? (one.refused ?? []) : []));
  assert.ok(refused.length > 0 && refused.every(({ fault }) => fault === "spent"));
  assert.match(refused[0]!.reason, /^privacy: budget, got epsilon .*, expected at most 7; this client answers no more/);
  // a round of nobody has no loss
  const last = metricsOf(store).flatMap((one) => (one.kind === "round" ? [one] : [])).at(-1)!; // prettier-ignore
  assert.equal([last.clients.length, last.refused?.length, last.trainLoss], [2, 2, undefined]);
});

test("noise moves the model, and what clients keep is their methods' alone", async () => {
  const kept = { ...hidden, methods: { ditto: {} } };
  const [one, other, plain] = await Promise.all([
    runTiny({ config: kept }),
    runTiny({ config: { ...local({ multiplier: 1.6 }), methods: { ditto: {} } } }),
    runTiny({ config: { ...config, methods: { ditto: {} } } }),
  ]);
  const hash = ({ result }: typeof one): string => recordsOf(result).summary.weightsSha256;
  assert.not.equal(hash(one), hash(other));
  assert.not.equal(hash(one), hash(plain));
  for (const { store } of [one, plain])
    assert.not.match(textOf(store, "clients/0.safetensors").slice(0, 4000), "privacy.account");
});

test("every method hides what it sends, or is refused by name before it begins", async () => {
  const refused: string[] = [];
  const privacy = { clip: 0.5, noise: { multiplier: 1.5, delta: 1e-3 } };
  for (const [name, method] of methods) {
    try {
      localPrivacy(hidden, method);
    } catch (error) {
      assert.match((error as Error).message, new RegExp(`config: federation.privacy: ${name} `));
      refused.push(name);
      continue;
    }
    const noise = (client: number): Noise => addressedNoise(key(client));
    const pool = (bench: Bench): InThread<ClientCalls> =>
      new InThread(clientCalls({ ...bench, hiding: hiding(method, privacy, noise) }));
    const { reports, states, trained } = await runs(method, {}, { rounds: 2, validation: false, pool });
    for (const { refused: out } of reports) assert.equal(out ?? [], [], name);
    for (const client of trained) assert.ok(accountIn(await states.get(client)).rounds > 0, name);
  }
  for (const name of ["ifca", "fedamp", "fedfomo"]) assert.ok(refused.includes(name), name);
  for (const name of ["fedavg", "ditto", "scaffold", "fedrep", "apfl"]) assert.not.ok(refused.includes(name), name);
});

test("what promises nothing is refused by name", async () => {
  const fails = (privacy: object, pattern: RegExp): void =>
    refuses(() => localPrivacy(local(privacy), methods.get("fedavg")!), pattern);
  fails({}, /expected epsilon or multiplier, and not both/);
  fails({ epsilon: 1, multiplier: 1 }, /expected epsilon or multiplier, and not both/);
  fails({ epsilon: 1, quantile: 0.5 }, /quantile: got one with kind local, expected none/);
  fails({ multiplier: 0.1, budget: 0.01 }, /config: federation.privacy: budget, got epsilon .* after one more answer/);
  assert.throws(() => parseConfig(local({ kind: "both", epsilon: 1 })), /federation.privacy.kind: got "both"/);
  const posterior = { rho: 0.8, hazard: 0.05, calibrate: true };
  await refusesLater(() => runTiny({ config: { ...hidden, posterior } }), /posterior.calibrate: got it with federation.privacy/); // prettier-ignore
});

test.run();
