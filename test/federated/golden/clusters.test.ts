// Clusters whose clients explore or are found by what they say of their features, round by round in plain numbers.
import fc from "fast-check";
import { tensor } from "../../../src/autograd/index.ts";
import { alikeness, grouped } from "../../../src/federated/methods/cfedfn.ts";
import type { Answer, } from "../../../src/federated/method.ts";
import { taken } from "../../../src/federated/taken.ts";
import { fold, key, Stream } from "../../../src/runtime/random.ts";
import { exactly } from "../../support/exact.ts";
import { kitOf } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  average,
  byClassOf,
  descend,
  everybody,
  featuresOf,
  initial,
  modelOf,
  nllOf,
  rowCounts,
  softmaxes,
  steps,
  type V,
  world,
} from "../../support/softmax.ts";
import { list, of, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-7;
const byRows = (who: V): V => who.map((i) => rowCounts[i]!);

test("AEM, round by round: some train the model that is best, and some the one they draw", () => {
  const [k, epsilon] = [3, 0.7];
  const cohorts: readonly V[] = [[0, 1, 2], [0, 1, 2], [0, 2], [0, 1, 2]]; // prettier-ignore
  for (const [schedule, power] of [["constant", 0], ["harmonic", 1], ["clusters", 2 / 3]] as const) {
    const ask = (answer: Answer): number[][] => [answer, ...answer.parts!].map((one) => answersOf((x) => Array.from(one(tensor(x, [1, 2])).toArray())));
    const end = exactly(of("aem"), { k, epsilon, schedule }, world, { rounds: 4, epochs: 3, cohort: (round) => cohorts[round]! }, ask);
    let models: readonly V[] = [0, 1, 2].map((c) => list(end.begun, `model.${c}`));
    near(models[0]!, initial, 0);
    assert.is(new Set(models.map((p) => p[0])).size, 3);
    const best = (i: number): number => {
      const losses = models.map((p) => nllOf(p, i));
      return losses.indexOf(Math.min(...losses));
    };
    let [found, lost, explored]: [V, V, number] = [[], [], 0];
    cohorts.forEach((who, round) => {
      found = who.map((i) => {
        const stream = new Stream(fold(key(1), "train", i, round, "explore"));
        if (stream.uniform() >= epsilon / (round + 1) ** power) return best(i);
        explored++;
        return stream.below(k);
      });
      const from = models;
      const ups = who.map((i, j) => descend((p) => nllOf(p, i), from[found[j]!]!, { count: steps[i]! }));
      lost = who.map((i, j) => nllOf(descend((p) => nllOf(p, i), from[found[j]!]!, { count: steps[i]! - 1 }), i));
      models = models.map((p, c) => {
        const members = who.map((_, j) => j).filter((j) => found[j] === c);
        return members.length > 0 ? average(members.map((j) => ups[j]!), byRows(members.map((j) => who[j]!))) : p; // prettier-ignore
      });
    });
    assert.ok(explored > 0 && explored < 11, `${explored} explored`);
    near(list(end.server, "model.0", "model.1", "model.2"), models.flat(), close);
    assert.is(Object.keys(end.server).length, 3);
    assert.equal(end.replies.map(({ metrics }) => metrics["cluster"]), found);
    near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
    for (const i of everybody) near(end.answers[i]!["own"]!.flat(), [models[best(i)]!, ...models].flatMap((p) => answersOf((x) => modelOf(p, x))), close);
  }
});

test("a client of clusters without rows is of the first, and is sent back the one it trained", () => {
  const rows = { x: [], width: 2, labels: [] };
  const without = { ...world, clients: world.clients.map((one, i) => (i === 0 ? { ...one, train: rows } : one)) };
  for (const name of ["aem", "ifca", "hypcluster"]) {
    const options = { k: 3, ...(name === "aem" && { epsilon: 0 }) };
    const { replies } = exactly(of(name), options, without, { rounds: 1 }, () => 0);
    assert.is(replies[0]!.metrics["cluster"], 0);
    near(replies[0]!.up["model"]!, initial, 0);
    const kit = kitOf();
    const side = of(name).client(kit, { ...of(name).options, ...options });
    const down = { "model.0": Float64Array.of(1), "model.1": Float64Array.of(2) };
    const turn = { client: 0, round: 0, kept: {}, key: key(1), effort: 1, own: undefined as never, down };
    const up = { model: Float64Array.of(7) };
    assert.equal(taken(side, turn, { up, metrics: { trainLoss: 0, cluster: 1 } }).down, { ...down, "model.1": up.model });
    kit.dispose();
  }
});

const cosineOf = (a: V, b: V): number => {
  const both = a.map((_, c) => c).filter((c) => a[c]! > 0 && b[c]! > 0);
  const size = (v: V): number => Math.sqrt(sum(both.map((c) => v[c]! ** 2)));
  return both.length > 0 ? sum(both.map((c) => a[c]! * b[c]!)) / (size(a) * size(b)) : 0;
};

/** Groups that join while there are too many: the pair whose members are most alike on the mean. */
function joined(norms: readonly V[], k: number): number[][] {
  let groups = norms.map((_, i) => [i]);
  while (groups.length > k) {
    const pairs = groups.flatMap((a, i) => groups.slice(i + 1).map((b) => ({ a, b, like: sum(a.flatMap((x) => b.map((y) => cosineOf(norms[x]!, norms[y]!)))) / a.length / b.length })));
    const most = pairs.find(({ like }) => like === Math.max(...pairs.map((pair) => pair.like)))!;
    groups = groups.filter((group) => group !== most.b).map((group) => (group === most.a ? [...most.a, ...most.b] : group));
  }
  return groups.map((group) => group.toSorted((a, b) => a - b));
}

test("cFedFN's groups are as somebody else finds them", () => {
  const size = fc.double({ min: 0.1, max: 9, noNaN: true });
  const vectors = (of: fc.Arbitrary<number>) => fc.array(fc.array(of, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(vectors(fc.oneof(fc.constant(0), size)), (drawn) => {
      for (const a of drawn) for (const b of drawn) near([alikeness(Float64Array.from(a), Float64Array.from(b))], [cosineOf(a, b)], 1e-12);
    }),
  );
  // of different sizes, so that no two pairs are equally alike
  fc.assert(
    fc.property(vectors(size), fc.integer({ min: 1, max: 4 }), (drawn, k) => {
      const apart = drawn.flatMap((a, i) => drawn.slice(i + 1).map((b) => cosineOf(a, b))).toSorted((a, b) => a - b); // prettier-ignore
      fc.pre(apart.every((one, i) => i === 0 || one - apart[i - 1]! > 1e-9));
      assert.equal(grouped(drawn.map((one) => Float64Array.from(one)), k), joined(drawn, k)); // prettier-ignore
    }),
  );
});

test("cFedFN, round by round: clusters after the warm rounds, and newcomers beside those who are like them", () => {
  const plans = [
    { warm: 1, cohorts: [[0, 1, 2], [0, 2], [1, 2]] },
    { warm: 2, cohorts: [[0, 1], [1, 0], [2, 0], [1, 2]] },
  ] as const; // prettier-ignore
  for (const { warm, cohorts } of plans) {
    const models = new Map<number, V>([[0, initial]]);
    const cluster = new Map<number, number>();
    const norms = new Map<number, V>();
    const lengthOf = (p: V) => (x: V): V => [Math.sqrt(sum(featuresOf(p, x).map((z) => z * z)))];
    let lost: V = [];
    cohorts.forEach((who, round) => {
      const before = new Map(models);
      const modelFor = (i: number): V => before.get(cluster.get(i) ?? 0)!;
      const ups = who.map((i) => descend((p) => nllOf(p, i), modelFor(i), { count: steps[i]! }));
      lost = who.map((i) => nllOf(descend((p) => nllOf(p, i), modelFor(i), { count: steps[i]! - 1 }), i));
      for (const c of before.keys()) {
        const members = who.map((_, j) => j).filter((j) => (cluster.get(who[j]!) ?? 0) === c);
        if (members.length > 0) models.set(c, average(members.map((j) => ups[j]!), byRows(members.map((j) => who[j]!)))); // prettier-ignore
      }
      who.forEach((i, j) => norms.set(i, byClassOf(i, lengthOf(ups[j]!)).means));
      if (round + 1 < warm) return;
      const known = [...norms.keys()].toSorted((a, b) => a - b);
      const settled = known.filter((i) => cluster.has(i));
      if (settled.length === 0) joined(known.map((i) => norms.get(i)!), 2).forEach((group, c) => group.forEach((at) => cluster.set(known[at]!, c))); // prettier-ignore
      else
        for (const i of known.filter((one) => !cluster.has(one))) {
          const likest = settled.reduce((a, b) => (cosineOf(norms.get(i)!, norms.get(b)!) > cosineOf(norms.get(i)!, norms.get(a)!) ? b : a));
          cluster.set(i, cluster.get(likest)!);
        }
      for (const c of cluster.values()) if (!models.has(c)) models.set(c, models.get(0)!);
    });
    const end = softmaxes(of("cfedfn"), { k: 2, warm }, { rounds: cohorts.length, cohort: (round) => cohorts[round]! });
    assert.is(new Set(cluster.values()).size, 2);
    for (const i of everybody) {
      assert.equal(end.server[`cluster.${i}`], Float64Array.of(cluster.get(i)!));
      near(end.server[`norms.${i}`]!, norms.get(i)!, close);
      near(end.answers[i]!["own"]!, answersOf((x) => modelOf(models.get(cluster.get(i)!)!, x)), close);
    }
    near(list(end.server, "model.0", "model.1"), [...models.get(0)!, ...models.get(1)!], close);
    assert.is(Object.keys(end.server).length, 8);
    near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
  }
});

test.run();
