// A run under a shift: what is staged for a client is what it sees, and the numbers are a matter of the config alone.
import { type Config, override, parseConfig, setUp } from "../../src/experiment/index.ts";
import { complete } from "../../src/experiment/complete.ts";
import { staging } from "../../src/experiment/staging.ts";
import { scope, tensor } from "../../src/autograd/index.ts";
import type { Examples } from "../../src/nn/index.ts";
import { key } from "../../src/runtime/random.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { config, dataset, recordsOf, runTiny } from "../support/tiny.ts";

const shifted = (shift: object, more: object = {}): Config => parseConfig({ ...config, shift, ...more });

function rowOf(examples: Examples, row: number): { x: number[]; label: number } {
  return scope(() => {
    const { x, labels } = examples.batch(tensor([row], [1], "i32"));
    return { x: Array.from(x.toArray(), Number), label: Number(labels.toArray()[0]) };
  });
}

test("turned images, renamed labels and the classes of tests are those of the client's cluster", () => {
  const rows = Int32Array.of(7, 3);
  const plain = staging(config, dataset).train(rows, key(1));
  const { x, label } = rowOf(plain, 1);
  const turned = staging(shifted({ kind: "rotation", clusters: 4 }), dataset);
  assert.equal(rowOf(turned.of(0).train(rows, key(1)), 1), { x, label });
  const twice = rowOf(turned.of(2).train(rows, key(1)), 1);
  assert.equal(twice, { x: x.toReversed(), label });
  const { examples, local } = turned.of(2).tests(Int32Array.of(5), Int32Array.of(1, 5));
  const straight = staging(config, dataset).tests(Int32Array.of(5), Int32Array.of(1, 5));
  assert.equal(rowOf(examples, local[0]!).x, rowOf(straight.examples, straight.local[0]!).x.toReversed());

  const called = staging(shifted({ kind: "labels", clusters: 2 }), dataset)
    .of(1)
    .train(rows, key(1));
  assert.equal(rowOf(called, 1).x, x);
  const all = Int32Array.from({ length: 200 }, (_, i) => i);
  const names = staging(shifted({ kind: "labels", clusters: 2 }), dataset)
    .of(1)
    .validation(all).labels;
  const pairs = new Set(Array.from(all, (row, i) => `${dataset.train.labels[row]} ${names[i]}`));
  assert.is(pairs.size, 10);
});

test("a global test of the federation's inputs has each row as one of the clients sees it, the local test as the client does", () => {
  const [local, global] = [Int32Array.of(5, 9), Int32Array.of(1, 5, 7, 2, 8)];
  const straight = staging(config, dataset).tests(local, global);
  for (const kind of ["rotation", "labels"] as const) {
    const everybody = shifted({ kind, clusters: 2, globalTest: "federation" });
    for (const client of [0, 1]) {
      const tests = staging(everybody, dataset).of(client).tests(local, global);
      const own = staging(shifted({ kind, clusters: 2 }), dataset)
        .of(client)
        .tests(local, global);
      const rows = (of: typeof tests, which: Int32Array): object[] =>
        Array.from(which, (row) => rowOf(of.examples, row));
      assert.equal(rows(tests, tests.local), rows(own, own.local));
      // of two clusters every other row is the second one's
      const other = staging(shifted({ kind, clusters: 2 }), dataset)
        .of(1)
        .tests(local, global);
      assert.equal(
        rows(tests, tests.global),
        rows(straight, straight.global).map((row, i) => (i % 2 === 0 ? row : rows(other, other.global)[i]!)),
      );
      for (const of of [tests, own, other]) of.dispose();
    }
  }
  const flags = override(override(config, "shift.kind", "rotation"), "shift.globalTest", "federation");
  assert.is(parseConfig(override(flags, "shift.kind", "labels")).shift?.globalTest, "federation");
});

test("a drift changes what is seen from its round on, and a stream what has come", () => {
  const drifting = staging(shifted({ kind: "rotation", clusters: 2, drift: { kind: "sudden", at: 3 } }), dataset);
  const rows = Int32Array.of(4);
  const at = (round: number) => rowOf(drifting.of(0, round).train(rows, key(1)), 0).x;
  assert.equal(at(2), rowOf(staging(config, dataset).train(rows, key(1)), 0).x);
  assert.not.equal(at(3), at(2));
  assert.equal(at(4), at(3));
  const streamed = staging(parseConfig({ ...config, stream: { by: "label", width: 0.25 } }), dataset);
  const own = setUp(config, dataset).clients[0]!.rows.train;
  const came = streamed.of(0, 0).train(own, key(1));
  assert.is(came.count, own.length / 4);
  // afterwards a client has all of its rows
  assert.is(streamed.of(0).train(own, key(1)).count, own.length);
});

test("runs under a shift are repeated to the bit, and are others than without", async () => {
  const weights = async (change: Config) => recordsOf((await runTiny({ config: change })).result).summary.weightsSha256;
  const shifts = [
    shifted({ kind: "rotation", clusters: 4 }, { partition: { kind: "clusters", clusters: 4 } }),
    shifted({ kind: "noise", level: 0.3 }),
    parseConfig({ ...config, stream: { by: "row", width: 0.5 } }),
  ];
  const seen = new Set([await weights(config)]);
  for (const one of shifts) {
    const found = await weights(one);
    assert.is(await weights(one), found);
    seen.add(found);
  }
  assert.is(seen.size, 4);
});

test("a kind of shift brings its fields, in a flag and in a file", () => {
  let changed: unknown = config;
  for (const [path, value] of Object.entries({
    "shift.kind": "rotation",
    "shift.drift.kind": "sudden",
    "shift.drift.at": 3,
  }))
    changed = override(changed, path, value);
  const named = parseConfig(changed);
  assert.equal(named.shift, { kind: "rotation", clusters: 4, drift: { kind: "sudden", at: 3 } });
  assert.equal(parseConfig(complete({ shift: { kind: "noise" } })).shift, { kind: "noise", level: 0.1 });
  refuses(() => shifted({ kind: "rotation", clusters: 1 }), /shift\.clusters: got 1, expected a whole number from 2/);
  refuses(() => shifted({ kind: "corruption", corruptions: ["fog"], severity: 1 }), /shift\.corruptions\.0: got "fog"/);
  refuses(
    () => parseConfig({ ...config, stream: { by: "row", width: 2 } }),
    /stream\.width: got 2, expected a number above 0 to 1/,
  );
});

test("clients of unseen domains take no part, whatever the rest is, and are tested as new ones", async () => {
  for (const shift of [
    { kind: "rotation", clusters: 4, unseen: 1 },
    { kind: "corruption", corruptions: ["none", "blur", "contrast", "brightness"], severity: 3, unseen: 1 },
  ]) {
    const { clients } = setUp(shifted(shift), dataset);
    assert.equal(
      clients.map(({ optedOut }) => optedOut),
      clients.map((_, client) => client % 4 === 3),
    );
  }
  const personal = { ...config.personal, clients: config.clients };
  const one = shifted({ kind: "rotation", clusters: 4, unseen: 1 }, { methods: { fedavg: {} }, personal });
  const { summary, metrics } = recordsOf((await runTiny({ config: one })).result);
  const asked = metrics.flatMap((one) => (one.kind === "round" ? one.clients : []));
  assert.not(asked.includes(3));
  assert.equal(
    metrics.flatMap((one) => (one.kind === "client" && one.method === "fedavg" && one.optedOut ? [one.client] : [])),
    [3],
  );
  assert.ok(summary.methods["fedavg"]!.localTest.mean >= 0);
});

test("domains that cannot be unseen are refused", () => {
  refuses(
    () => setUp(shifted({ kind: "rotation", clusters: 2, unseen: 2 }), dataset),
    /shift.unseen: got 2 of 2 domains, expected fewer/,
  );
  const drift = { kind: "sudden", at: 2 };
  refuses(
    () => setUp(shifted({ kind: "labels", clusters: 2, unseen: 1, drift }), dataset),
    /unseen: got some beside a drift/,
  );
  refuses(() => shifted({ kind: "noise", level: 1, unseen: 1 }), /shift.unseen: there is no such field/);
});

test.run();
