// Gaps between groups of rows, and the clusters that go by them.
import fc from "fast-check";
import { logSoftmax, memory } from "../../../src/autograd/index.ts";
import { optionsOf, type Update, type Vectors } from "../../../src/federated/method.ts";
import { assigned, fairGroups, type Member } from "../../../src/federated/methods/fairGroups.ts";
import { gapOf, signedGap } from "../../../src/federated/methods/unfairness.ts";
import { Apply, FeatureExamples, groupGaps, Linear, Sequential } from "../../../src/nn/index.ts";
import { key } from "../../../src/runtime/random.ts";
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

test("gaps of a model by hand, with a sign from the first group that has rows to the last", () => {
  const kit = kitOf({ model: new Sequential({ out: new Linear(1, 3), output: new Apply(logSoftmax) }), initial: new Float32Array(6) });
  const net = kit.net();
  // the third class to the right of 0, the first to the left of it
  net.parameters.copyFrom(Float32Array.of(-1, 0, 1, 0, -9, 0));
  const found = (of: number[], gap: "parity" | "opportunity"): number[] => {
    const x = Float32Array.of(1, 2, -1, 3, -1, -2, -3, 2, 1);
    const rows = new FeatureExamples({ x, labels: [2, 0, 2, 2, 2, 0, 2, 0, 1], shape: [1], groups: { of, positive: 2 } });
    const numbers = [gapOf("x", net, rows, 3, gap), signedGap("x", net, rows, 3, gap)];
    rows.dispose();
    return numbers;
  };
  const before = memory().used;
  const two = [0, 0, 0, 0, 2, 2, 2, 2, 2];
  near(found(two, "parity"), [3 / 4 - 2 / 5, 2 / 5 - 3 / 4], 1e-12);
  near(found(two, "opportunity"), [2 / 3, -2 / 3], 1e-12);
  near(found(two.map((one) => 2 - one), "opportunity"), [2 / 3, 2 / 3], 1e-12); // prettier-ignore
  // of three, 3/4, 1/4 and 1: the widest gap is none between the first and the last
  near(found([0, 0, 0, 0, 1, 1, 1, 1, 3], "parity"), [1 - 1 / 4, 1 - 3 / 4], 1e-12);
  // the last group has no row of the third class
  near(found([0, 0, 0, 0, 1, 1, 1, 1, 3], "opportunity"), [2 / 3, -2 / 3], 1e-12);
  near(found([0, 0, 0, 0, 0, 0, 0, 0, 3], "opportunity"), [0, 0], 1e-12);
  assert.is(memory().used, before);
  kit.dispose();
});

test("Fair-FCA takes the least share of loss and gap at any gamma, and averages alike over those of a cluster", () => {
  const chosen = new Set<string>();
  for (let tenths = 0; tenths <= 10; tenths++) {
    const options = optionsOf(of("fair-fca"), { k: 3, gamma: tenths / 10 });
    const bench = benchOf(of("fair-fca"), options, settings);
    const down: Vectors = Object.fromEntries(
      [0, 1, 2].map((c) => [`model.${c}`, bench.kit.initial.map((_, i) => Math.sin(7 * c + 1.7 * i))]),
    );
    for (let client = 0; client < settings.clients; client++) {
      const own = bench.stage(client, 0);
      const net = bench.kit.net();
      const scores = [0, 1, 2].map((c) => {
        net.parameters.copyFrom(down[`model.${c}`]!);
        const loss = bench.kit.lossOn(net, own.train);
        return (tenths * loss + (10 - tenths) * gapOf("test", net, own.train, 3, "parity")) / 10;
      });
      const turn = { client, round: 0, down, kept: {}, own, key: bench.key, effort: 1 };
      const { cluster } = finish(bench.side.train(turn)).metrics;
      assert.is(cluster, scores.indexOf(Math.min(...scores)), `gamma ${tenths / 10}, client ${client}`);
      chosen.add(`${client} ${cluster}`);
      own.dispose();
    }
    bench.kit.dispose();
  }
  // gamma decides for some of them
  assert.ok(chosen.size > settings.clients);

  const server = of("fair-fca").server(optionsOf(of("fair-fca"), {}), kitOf());
  const state = { "model.0": Float64Array.of(1), "model.1": Float64Array.of(2) };
  const gathering = server.gather(state, { round: 0, cohort: 2, clients: settings.clients, key: key(1) });
  for (const [client, at, examples] of [[0, 4, 9], [1, 8, 1]] as const) // prettier-ignore
    gathering.add({ client, examples, up: { model: Float64Array.of(at) }, metrics: { cluster: 1 } });
  const next = gathering.result();
  near([next["model.0"]![0]!, next["model.1"]![0]!], [1, 6], 1e-12);
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

/** The same joining over a table of costs that is made anew for each step. */
function joined(members: readonly Member[], k: number, gamma: number): number[][] {
  const apart = (i: number, j: number): number => Math.abs(members[i]!.model[0]! - members[j]!.model[0]!);
  const every = members.map((_, i) => i);
  const widest = Math.max(...every.flatMap((i) => every.map((j) => apart(i, j))));
  let groups = every.map((i) => [i]);
  while (groups.length > k) {
    const pairs = groups.flatMap((a, i) => groups.slice(i + 1).map((b) => ({ a, b })));
    const costs = pairs.map(({ a, b }) => {
      let far = 0;
      for (const i of a) for (const j of b) far += apart(i, j) / (a.length * b.length);
      let gaps = 0;
      for (const i of [...a, ...b]) gaps += members[i]!.gap / (a.length + b.length);
      return gamma * (widest === 0 ? 0 : far / widest) + (1 - gamma) * Math.abs(gaps);
    });
    const { a, b } = pairs[costs.indexOf(Math.min(...costs))]!;
    groups = groups.filter((group) => group !== b).map((group) => (group === a ? [...a, ...b] : group));
  }
  return groups.map((group) => group.toSorted((a, b) => a - b));
}

test("clusters at any share of distance are those of a table of costs, however far models are", () => {
  const [at, gap] = [fc.integer({ min: 0, max: 100 }), fc.integer({ min: -100, max: 100 })];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(at, gap), { minLength: 2, maxLength: 8 }),
      fc.constantFrom(0.01, 0.5, 300),
      fc.constantFrom(0, 0.2, 0.5, 0.8, 1),
      fc.integer({ min: 1, max: 4 }),
      (all, scale, gamma, k) => {
        // beside whole numbers, as a tie would be rounded by whoever sums
        const members = all.map(([one, other], i) =>
          member((scale * (one + Math.sin(i + 1))) / 100, (other + Math.cos(3 * i)) / 102),
        );
        assert.equal(fairGroups(members, { k, gamma }), joined(members, k, gamma));
      },
    ),
  );
  // of equal models gaps alone decide, and a cluster is told in ascending order whoever joined it first
  assert.equal(fairGroups([member(1, 0.4), member(1, 0.4), member(1, -0.4)], { k: 2, gamma: 0.5 }), [[0, 2], [1]]);
  assert.equal(fairGroups([member(0, 0), member(7, 0), member(6.5, 0), member(1, 0)], { k: 1, gamma: 1 }), [[0, 1, 2, 3]]); // prettier-ignore
});

test("clusters are made once and begin alike; who comes later joins the nearest", () => {
  const update = (client: number, at: number, gap = 0, examples = 3): Update => ({
    client,
    examples,
    up: { model: Float64Array.of(at, 0), gap: Float64Array.of(gap) },
    metrics: {},
  });
  const before = { "model.0": Float64Array.of(2, 0) };
  const made = assigned(before, [update(4, 0), update(7, 9), update(1, 0.5, 0, 1), update(3, 1, 0, 0)], { k: 2, gamma: 1 });
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

test("Fair-FL+HC's clients tell the signed gap of what they send, and its clusters are made at the end of round `warm`", () => {
  const method = of("fair-flhc");
  const options = optionsOf(method, { k: 2, warm: 2, gamma: 1 });
  const bench = benchOf(method, options, settings);
  const net = bench.kit.net();
  const gaps = Array.from({ length: settings.clients }, (_, client) => {
    const own = bench.stage(client, 0);
    const down = { model: bench.kit.initial };
    const { up } = finish(bench.side.train({ client, round: 0, down, kept: {}, own, key: bench.key, effort: 1 }));
    net.parameters.copyFrom(up["model"]!);
    const expected = signedGap("test", net, own.train, 3, "parity");
    near(Array.from(up["gap"]!), [expected], 1e-12);
    own.dispose();
    return expected;
  });
  assert.ok(gaps.some((gap) => gap !== 0));
  const server = method.server(options, bench.kit);
  const after = (round: number): Vectors => {
    const gathering = server.gather({ "model.0": Float64Array.of(0) }, { round, cohort: 2, clients: settings.clients, key: bench.key });
    for (const [client, at] of [[0, 4], [1, 8]] as const) // prettier-ignore
      gathering.add({ client, examples: 1, up: { model: Float64Array.of(at), gap: Float64Array.of(0) }, metrics: {} });
    return gathering.result();
  };
  const models = (state: Vectors): unknown =>
    Object.entries(state).flatMap(([name, values]) => (name.startsWith("model.") ? [[name, values[0]]] : []));
  assert.equal(models(after(0)), [["model.0", 6]]);
  for (const round of [1, 2]) assert.equal(models(after(round)), [["model.0", 4], ["model.1", 8]]); // prettier-ignore
  bench.kit.dispose();
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
