import fc from "fast-check";
import { isRejection, type Rejection } from "../../src/federated/admission.ts";
import { type Attack, Attacked, type AttackKind, attackKinds, liarsOf } from "../../src/federated/hosts/attacked.ts";
import type { Host, Order } from "../../src/federated/hosts/host.ts";
import type { Update } from "../../src/federated/method.ts";
import { averaging } from "../../src/federated/servers.ts";
import { krum, median, trimmedMean } from "../../src/federated/robust.ts";
import { key } from "../../src/runtime/random.ts";
import { setUp } from "../../src/experiment/index.ts";
import { benchOf, federationsOf } from "../../src/experiment/federations.ts";
import { liarsIn } from "../../src/experiment/liars.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";
import { config, dataset, recordsOf, runTiny } from "../support/tiny.ts";

const test = suite("attacks");

const clients = Array.from({ length: 10 }, (_, i) => i);
// everybody goes from where they were sent to 1, 1, 1, each a little further than the one before
const honest: Host = {
  train: (orders) =>
    Promise.resolve(
      orders.map(({ client }) => ({
        client,
        examples: 3,
        metrics: { trainLoss: 1 },
        up: { model: Float64Array.of(1, 1, 1 + client / 100) },
      })),
    ),
  evaluate: () => Promise.resolve([]),
};

async function told(attack: Attack, base = [0, 0, 0]): Promise<Update[]> {
  const orders: Order[] = clients.map((client) => ({ client, down: { model: Float64Array.from(base) } }));
  const liars = liarsOf(attack, clients, key(2));
  const answers: (Update | Rejection)[] = await new Attacked(honest, attack, liars, key(2)).train(orders, 0);
  return answers.filter((answer): answer is Update => !isRejection(answer));
}

test("so many lie as the share says, always the same ones, and the others do not", async () => {
  const attack = { kind: "sign-flip", share: 0.3 } as const;
  const liars = liarsOf(attack, clients, key(2));
  assert.is(liars.length, 3);
  assert.equal(liarsOf(attack, clients, key(2)), liars);
  for (const { client, up } of await told(attack)) assert.is(up["model"]![0], liars.includes(client) ? -1 : 1);
});

test("a flipped update goes the other way from what was sent, a scaled one further, and both by their scale", () =>
  fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0.1, max: 9, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      async (scale, from) => {
        for (const [kind, sign] of [
          ["sign-flip", -1],
          ["scaled", 1],
        ] as const) {
          const [one] = await told({ kind, share: 1, scale }, [from, from, from]);
          assert.ok(Math.abs(one!.up["model"]![0]! - (from + sign * scale * (1 - from))) < 1e-12 * (1 + scale));
        }
      },
    ),
  ));

test("lies in noise go as far as the truth, each alone or all together", async () => {
  const move = ({ up }: Update): number => Math.hypot(...up["model"]!);
  const [alone, together] = [await told({ kind: "noise", share: 1 }), await told({ kind: "colluding", share: 1 })];
  for (const one of [...alone, ...together]) assert.ok(move(one) > 0.1 && move(one) < 6, `${move(one)}`);
  const directions = (of: readonly Update[]): number => new Set(of.map((one) => (one.up["model"]![0]! / move(one)).toFixed(6))).size; // prettier-ignore
  assert.is(directions(together), 1);
  assert.is(directions(alone), clients.length);
});

test("medians, trimmed means and Krum stay with the honest where the mean does not", async () => {
  const updates = await told({ kind: "scaled", share: 0.2, scale: 100 });
  const result = (server: typeof averaging): number => {
    const of = server();
    const gathering = of.gather({ model: new Float64Array(3) }, { round: 0, cohort: 10, clients: 10, key: key(1) });
    for (const update of updates) gathering.add(update);
    return gathering.result()["model"]![0]!;
  };
  assert.ok(result(averaging) > 20);
  for (const robust of [median, () => trimmedMean(0.2), () => krum({ liars: 2, keep: 1 })])
    assert.ok(Math.abs(result(robust as typeof averaging) - 1) < 0.05);
});

const federation = (attack: Attack): typeof config => ({ ...config, federation: { ...config.federation, attack } });

test("what cannot be averaged is left out by name, and a run goes on without it; what can is recorded", async () => {
  for (const kind of ["not-a-number", "wrong-length"] as const) {
    const { result } = await runTiny({ config: federation({ kind, share: 0.25 }) });
    const { summary, metrics } = recordsOf(result);
    const { liars } = summary.federations!["fedavg"]!.attack!;
    assert.is(liars.length, 1);
    const refused = metrics.flatMap((metric) => (metric.kind === "round" ? (metric.refused ?? []) : []));
    assert.ok(refused.length > 0 && refused.every(({ client }) => client === liars[0]), kind);
  }
  const { result } = await runTiny({ config: federation({ kind: "sign-flip", share: 0.25, scale: 2 }) });
  assert.equal(recordsOf(result).summary.federations!["fedavg"]!.attack!.kind, "sign-flip");
});

test("a client whose labels are flipped trains on the others from the other end, and validates on its own", async () => {
  const attack = { kind: "label-flip", share: 0.5 } as const;
  const setup = setUp(federation(attack), dataset);
  const liars = liarsIn(setup, attack);
  assert.is(liars.length, 2);
  const [fedavg] = federationsOf(setup.config);
  const bench = benchOf(setup, fedavg!);
  for (const [client, { shared, rows }] of setup.clients.entries()) {
    const own = bench.stage(client, 0);
    const named = (of: Int32Array): number[] => Array.from(of, (row) => dataset.train.labels[row]!);
    const seen = named(shared).map((label) => (liars.includes(client) ? 9 - label : label));
    assert.equal([...(own.train.labels as Int32Array)], seen);
    assert.equal([...(own.validation.labels as Int32Array)], named(rows.validation));
    own.dispose();
  }
  const plain = recordsOf((await runTiny()).result).summary;
  const { summary } = recordsOf((await runTiny({ config: federation(attack) })).result);
  assert.equal(summary.federations!["fedavg"]!.attack, { kind: "label-flip", scale: 1, liars });
  assert.not.equal(summary.weightsSha256, plain.weightsSha256);
});

test("every kind ends in a finite model or in one error that says what happened", async () => {
  for (const kind of attackKinds satisfies readonly AttackKind[]) {
    const run = runTiny({ config: federation({ kind, share: 0.25, scale: 1000 }) });
    // a mean of what is huge trains nobody; that it ends so is to be seen, not a table of numbers
    const end = await run.then(
      ({ result }) => recordsOf(result).summary,
      (error: unknown) => error as Error,
    );
    if (end instanceof Error)
      assert.match(end.message, /the loss is NaN in round \d|is not finite|not a finite number/);
    else assert.ok(Number.isFinite(end.methods["fedavg"]!.localTest.mean), kind);
  }
  await refusesLater(
    () => runTiny({ config: federation({ kind: "not-a-number", share: 1 }) }),
    /lower the learning rate|no client's answer could be used/,
  );
});

test.run();
