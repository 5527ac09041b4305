// Gaps between groups of rows, and the clusters that go by them.
import fc from "fast-check";
import { optionsOf, type Update, type Vectors } from "../../../src/federated/method.ts";
import { assigned, fairGroups, type Member } from "../../../src/federated/methods/fairGroups.ts";
import { gapOf, signedGap } from "../../../src/federated/methods/unfairness.ts";
import { FeatureExamples, groupGaps } from "../../../src/nn/index.ts";
import { finish } from "../../../src/runtime/steps.ts";
import { benchOf, federation, kitOf, settings } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";


// of two classes, by who is said to be of the second
const answers = (said: readonly number[]): { logp: number[]; classes: number } => ({
  logp: said.flatMap((one) => (one ? [-2, -0.1] : [-0.1, -2])),
  classes: 2,
});

test("gaps by hand: shares of groups that are answered with the positive class, of all rows and of those that are of it", () => {
  const said = [1, 1, 0, 1, 0, 0, 0, 1];
  const labels = [1, 0, 1, 1, 1, 0, 1, 0];
  const groups = { of: [0, 0, 0, 0, 2, 2, 2, 2], positive: 1 };
  const all = said.map((_, row) => row);
  near(Object.values(groupGaps(answers(said), labels, groups, all)), [3 / 4 - 1 / 4, 2 / 3 - 0], 1e-12);
  // groups of whom nothing is known are no part of it, and one alone has no gap
  assert.ok(Number.isNaN(groupGaps(answers(said), labels, groups, [0, 1, 2]).parity));
  assert.ok(Number.isNaN(groupGaps(answers(said), labels, groups, [0, 2, 5, 7]).opportunity));
  near([groupGaps(answers(said), labels, groups, [0, 2, 5, 7]).parity], [0], 1e-12);
});

test("gaps are from 0 to 1, are 0 where answers are alike, and do not know what groups are called or where rows stand", () => {
  const row = fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 1 }), fc.nat({ max: 2 }));
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.nat({ max: 1 }), (rows, positive) => {
      const column = (at: number, of: readonly (readonly number[])[] = rows): number[] => of.map((one) => one[at]!);
      const every = rows.map((_, i) => i);
      const gaps = groupGaps(answers(column(0)), column(1), { of: column(2), positive }, every);
      for (const value of Object.values(gaps) as number[]) assert.ok(Number.isNaN(value) || (value >= 0 && value <= 1));
      const renamed = groupGaps(answers(column(0)), column(1), { of: column(2).map((g) => 2 - g), positive }, every);
      assert.equal(renamed, gaps);
      const back = rows.toReversed();
      assert.equal(groupGaps(answers(column(0, back)), column(1, back), { of: column(2, back), positive }, every), gaps);
      const alike = groupGaps(answers(rows.map(() => 1)), column(1), { of: column(2), positive }, every);
      for (const value of Object.values(alike) as number[]) assert.ok(Number.isNaN(value) || value === 0);
    }),
  );
});

test("Fair-FCA's client takes the model with the least share of loss and gap, IFCA's the one with the least loss", () => {
  for (const gamma of [0, 0.3, 1])
    for (const gap of ["parity", "opportunity"] as const) {
      const options = optionsOf(of("fair-fca"), { k: 3, gamma, gap });
      const bench = benchOf(of("fair-fca"), options, settings);
      const down = of("fair-fca").server(options, bench.kit).begin(bench.side.initial());
      for (const client of [0, 1, 2, 3, 4, 5]) {
        const own = bench.stage(client, 0);
        const net = bench.kit.net();
        const scores = [0, 1, 2].map((c) => {
          net.parameters.copyFrom(down[`model.${c}`]!);
          return gamma * bench.kit.lossOn(net, own.train) + (1 - gamma) * gapOf("test", net, own.train, 3, gap);
        });
        const turn = { client, round: 0, down, kept: {}, own, key: bench.key, effort: 1 };
        assert.is(finish(bench.side.train(turn)).metrics["cluster"], scores.indexOf(Math.min(...scores)));
        own.dispose();
      }
      bench.kit.dispose();
    }
});

test("rows without groups are refused, and one group alone finds every model fair", () => {
  const kit = kitOf();
  const net = kit.net();
  net.parameters.copyFrom(kit.initial);
  const rows = { x: new Float32Array(8), labels: [0, 1, 2, 2], shape: [2] };
  const [plain, one] = [new FeatureExamples(rows), new FeatureExamples({ ...rows, groups: { of: [1, 1, 1, 1], positive: 2 } })];
  assert.throws(() => gapOf("fair-fca", net, plain, 3, "parity"), /fair-fca: got rows without groups, expected some; name/);
  for (const gap of ["parity", "opportunity"] as const) {
    assert.is(gapOf("x", net, one, 3, gap), 0);
    assert.is(signedGap("x", net, one, 3, gap), 0);
  }
  assert.throws(() => new FeatureExamples({ ...rows, groups: { of: [1], positive: 2 } }), /features: groups, got 1, expected 4/);
  for (const examples of [plain, one]) examples.dispose();
  kit.dispose();
});

const member = (at: number, gap: number): Member => ({ model: Float64Array.of(at, 0), gap });

test("clusters by distance alone are the near ones, by gaps alone those that cancel, and a share is between them", () => {
  const members = [member(0, 0.4), member(0.1, 0.4), member(5, -0.4), member(5.1, -0.4)];
  assert.equal(fairGroups(members, { k: 2, gamma: 1 }), [[0, 1], [2, 3]]); // prettier-ignore
  for (const group of fairGroups(members, { k: 2, gamma: 0 }))
    near([group.reduce((sum, i) => sum + members[i]!.gap, 0)], [0], 1e-12);
  assert.equal(fairGroups(members, { k: 1, gamma: 0.5 }), [[0, 1, 2, 3]]);
  assert.equal(fairGroups(members, { k: 9, gamma: 0.5 }).length, 4);
  // equal models and no gaps: the first join
  assert.equal(fairGroups([member(1, 0), member(1, 0), member(1, 0)], { k: 2, gamma: 0.5 }), [[0, 1], [2]]);
});

test("clusters are made once and begin alike; who comes later joins the nearest", () => {
  const update = (client: number, at: number, gap = 0, examples = 3): Update => ({
    client,
    examples,
    up: { model: Float64Array.of(at, 0), gap: Float64Array.of(gap) },
    metrics: {},
  });
  const before = { "model.0": Float64Array.of(2, 0) };
  const made = assigned(before, [update(4, 0), update(7, 9), update(1, 0.5), update(3, 1, 0, 0)], { k: 2, gamma: 1 });
  assert.equal(
    [4, 7, 1, 3].map((client) => made[`cluster.${client}`]?.[0]),
    [0, 1, 0, undefined],
  );
  assert.is(made["model.1"], before["model.0"]);
  const later: Vectors = { ...made, "model.1": Float64Array.of(9, 0) };
  const next = assigned(later, [update(7, 0), update(3, 8), update(5, 1)], { k: 2, gamma: 1 });
  assert.equal(
    [7, 3, 5].map((client) => next[`cluster.${client}`]?.[0]),
    [1, 1, 0],
  );
});

test("Fair-FL+HC is FedAvg until its clusters are made, and each cluster's average after that", async () => {
  const everybody = { cohort: settings.clients };
  const warm = await federation(of("fair-flhc"), { warm: 9 }, everybody);
  const plain = await federation(of("fedavg"), {}, everybody);
  assert.equal(warm.end.now["model.0"], plain.end.now["model"]);
  const { end, server } = await federation(of("fair-flhc"), { warm: 2, k: 3 }, everybody);
  const clusters = Array.from({ length: settings.clients }, (_, client) => server.cluster!(end.now, client));
  assert.is(new Set(clusters).size, 3);
  assert.equal(Object.keys(end.now).filter((name) => name.startsWith("model.")).length, 3);
});

test.run();
