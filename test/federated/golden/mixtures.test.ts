// Mixtures of models, round by round in plain numbers, and what their parts must be.
import fc from "fast-check";
import { logSoftmax, scope, tensor } from "../../../src/autograd/index.ts";
import type { Vectors } from "../../../src/federated/method.ts";
import { meanOr, mixedAnswer, mixedLogp, responsibilities } from "../../../src/federated/mixed.ts";
import { posterior } from "../../../src/federated/methods/fedmix.ts";
import { taken } from "../../../src/federated/taken.ts";
import { key } from "../../../src/runtime/random.ts";
import { exactly } from "../../support/exact.ts";
import { kitOf } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  average,
  bodySize,
  cohorts,
  descend,
  everybody,
  initial,
  meanOf,
  modelOf,
  rowCounts,
  rows,
  softmaxes,
  steps,
  type V,
  world,
} from "../../support/softmax.ts";
import { list, of, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-7;

/** Each row's shares of models under weights. */
function sharesOf(models: readonly V[], weights: V, client: number): number[][] {
  return rows(client).map(({ x, label }) => {
    const raw = models.map((p, k) => weights[k]! * Math.exp(modelOf(p, x)[label]!));
    return raw.map((one) => one / sum(raw));
  });
}

/** The mean loss of a client's rows, each counted by its share. */
const counted = (p: V, client: number, shares: V): number =>
  meanOf(rows(client).map(({ x, label }, i) => -shares[i]! * modelOf(p, x)[label]!));

const mixtureOf = (models: readonly V[], weights: V) => (x: V): V => {
  const logs = models.map((p) => modelOf(p, x));
  return logs[0]!.map((_, c) => Math.log(sum(logs.map((l, k) => weights[k]! * Math.exp(l[c]!)))));
};

// steps of a turn begin without momentum, whoever had the turn before
const rolling = { optimizer: { kind: "sgd", lr: 0.1, momentum: 0.5 } } as const;
const stepsOf = (i: number): { count: number; momentum: number } => ({ count: steps[i]!, momentum: 0.5 });
const beforeLast = (loss: (p: V) => number, from: V, i: number): number =>
  loss(descend(loss, from, { count: steps[i]! - 1, momentum: 0.5 }));
const weigh = (who: V): V => who.map((i) => rowCounts[i]!);
const highest = (weights: V): number => weights.indexOf(Math.max(...weights));

/** What a turn makes of models whose losses on each row are shared out so, and the sum of their losses before the last step. */
function trained(models: readonly V[], i: number, shares: readonly V[]): { after: V[]; lost: number } {
  const losses = models.map((_, k) => (p: V): number => counted(p, i, shares.map((row) => row[k]!)));
  return {
    after: models.map((p, k) => descend(losses[k]!, p, stepsOf(i))),
    lost: sum(models.map((p, k) => beforeLast(losses[k]!, p, i))),
  };
}

// the third client is the one that has not had a turn
const some: readonly V[] = [[0, 1], [1, 0], [1]]; // prettier-ignore

for (const routed of [false, true])
test(`FedEM ${routed ? "by routed rows" : "by rows"}, round by round`, () => {
  const end = softmaxes(of("fedem"), { components: 2, routed }, { ...rolling, cohort: (round) => some[round]! });
  let models: readonly V[] = [list(end.begun, "component.0"), list(end.begun, "component.1")];
  near(models[0]!, initial, 0);
  assert.not.equal(models[1], models[0]);
  const weights: V[] = everybody.map(() => [0.5, 0.5]);
  const laid = (i: number): V => [0, 1].map((k) => meanOf(sharesOf(models, weights[i]!, i).map((row) => row[k]!)));
  let lost: V = [];
  for (const who of some) {
    const ups = who.map((i) => {
      const shares = sharesOf(models, weights[i]!, i);
      weights[i] = laid(i);
      return trained(models, i, shares);
    });
    models = models.map((_, k) =>
      average(ups.map(({ after }) => after[k]!), who.map((i) => rowCounts[i]! * (routed ? weights[i]![k]! : 1)))); // prettier-ignore
    lost = ups.map((up) => up.lost);
  }
  near(list(end.server, "component.0", "component.1"), models.flat(), close);
  assert.equal(Object.keys(end.server), ["component.0", "component.1"]);
  near([0, 1].flatMap((i) => list(end.kept[i]!, "weights")), [0, 1].flatMap((i) => weights[i]!), close);
  near(end.replies[0]!.up["shares"]!, weights[1]!, close);
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
  assert.equal(end.replies.map(({ metrics }) => metrics["cluster"]), [highest(weights[1]!)]);
  // who has had none finds its weights to answer
  weights[2] = laid(2);
  near(end.answers.flatMap(({ own }) => own!), weights.flatMap((w) => answersOf(mixtureOf(models, w))), close);
});

test("pFedMM, round by round", () => {
  const end = softmaxes(of("pfedmm"), { components: 2 }, { ...rolling, cohort: (round) => some[round]! });
  let body: V = list(end.begun, "body");
  let heads: readonly V[] = [list(end.begun, "head.0"), list(end.begun, "head.1")];
  near([...body, ...heads[0]!], initial, 0);
  assert.not.equal(heads[1], heads[0]);
  const weights: V[] = everybody.map(() => [0.5, 0.5]);
  const joined = (p: V, k: number): V => [...p.slice(0, bodySize), ...p.slice(bodySize + k * heads[0]!.length, bodySize + (k + 1) * heads[0]!.length)];
  const modelsOf = (): V[] => heads.map((head) => [...body, ...head]);
  const laid = (i: number): V => [0, 1].map((k) => meanOf(sharesOf(modelsOf(), weights[i]!, i).map((row) => row[k]!)));
  let lost: V = [];
  for (const who of some) {
    const ups = who.map((i) => {
      const shares = sharesOf(modelsOf(), weights[i]!, i);
      weights[i] = laid(i);
      const loss = (p: V): number => sum([0, 1].map((k) => counted(joined(p, k), i, shares.map((row) => row[k]!))));
      const from = [...body, ...heads.flat()];
      return { after: descend(loss, from, stepsOf(i)), lost: beforeLast(loss, from, i) };
    });
    const all = average(ups.map(({ after }) => after), weigh(who)); // prettier-ignore
    [body, heads] = [all.slice(0, bodySize), [0, 1].map((k) => joined(all, k).slice(bodySize))];
    lost = ups.map((up) => up.lost);
  }
  near(list(end.server, "body", "head.0", "head.1"), [body, ...heads].flat(), close);
  near([0, 1].flatMap((i) => list(end.kept[i]!, "weights")), [0, 1].flatMap((i) => weights[i]!), close);
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
  assert.equal(end.replies.map(({ metrics }) => metrics["cluster"]), [highest(weights[1]!)]);
  weights[2] = laid(2);
  near(end.answers.flatMap(({ own }) => own!), weights.flatMap((w) => answersOf(mixtureOf(modelsOf(), w))), close);
});

test("FedMix, round by round", () => {
  const temperature = 0.2;
  const end = softmaxes(of("fedmix"), { experts: 2, temperature }, rolling);
  let models: readonly V[] = [list(end.begun, "component.0"), list(end.begun, "component.1")];
  const lawOf = (i: number): V => {
    const raw = models.map((p) => Math.exp(-counted(p, i, rows(i).map(() => 1)) / temperature)); // prettier-ignore
    return raw.map((one) => one / sum(raw));
  };
  let [laws, lost]: [readonly V[], V] = [[], []];
  for (const who of cohorts) {
    laws = who.map(lawOf);
    const ups = who.map((i, j) => trained(models, i, rows(i).map(() => laws[j]!))); // prettier-ignore
    models = models.map((_, k) =>
      average(ups.map(({ after }) => after[k]!), who.map((i, j) => rowCounts[i]! * laws[j]![k]!))); // prettier-ignore
    lost = ups.map((up) => up.lost);
  }
  near(list(end.server, "component.0", "component.1"), models.flat(), close);
  assert.equal(Object.keys(end.server), ["component.0", "component.1"]);
  near(end.replies.flatMap(({ up }) => [...up["shares"]!]), laws.flat(), close);
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
  assert.equal(end.replies.map(({ metrics }) => metrics["cluster"]), laws.map(highest));
  near(end.answers.flatMap(({ own }) => own!), everybody.flatMap((i) => answersOf(mixtureOf(models, lawOf(i)))), close);
});

test("a client of FedMix that is cold trains and sends its best expert alone, and answers with it", () => {
  const end = softmaxes(of("fedmix"), { experts: 3, temperature: 0 }, { rounds: 1 });
  for (const { client, up, metrics } of end.replies) {
    const losses = [0, 1, 2].map((k) => counted(list(end.begun, `component.${k}`), client, rows(client).map(() => 1))); // prettier-ignore
    const best = losses.indexOf(Math.min(...losses));
    assert.is(metrics["cluster"], best);
    assert.equal(Object.keys(up).toSorted(), [`component.${best}`, "shares"]);
    assert.equal([...up["shares"]!], [0, 1, 2].map((k) => Number(k === best)));
  }
});

test("without rows weights stay as they were, even at first, and what was shared out is nothing that is sent back", () => {
  const rows = { x: [], width: 2, labels: [] };
  const without = { ...world, clients: world.clients.map((one, i) => (i === 0 ? { ...one, train: rows } : one)) };
  for (const name of ["fedem", "pfedmm"]) {
    const kept = (before: Vectors): V => list(exactly(of(name), { components: 4 }, without, { rounds: 1, kept: [before] }, () => 0).kept[0]!, "weights");
    assert.equal(kept({}), [0.25, 0.25, 0.25, 0.25]);
    assert.equal(kept({ weights: Float64Array.of(0.5, 0.25, 0.25, 0) }), [0.5, 0.25, 0.25, 0]);
  }
  // a component that it has no weight for is trained and sent as the others are
  const { replies } = softmaxes(of("fedem"), { components: 2 }, { rounds: 1, kept: [{ weights: Float64Array.of(1, 0) }] });
  assert.equal(Object.keys(replies[0]!.up), ["component.0", "component.1", "shares"]);
  const kit = kitOf();
  const side = of("fedem").client(kit, { components: 2, routed: false });
  const down = { "component.0": Float64Array.of(1), "component.1": Float64Array.of(2) };
  const turn = { client: 0, round: 0, kept: {}, key: key(1), effort: 1, own: undefined as never, down };
  const up = { "component.1": Float64Array.of(7), shares: Float64Array.of(0, 1) };
  assert.equal(taken(side, turn, { up, metrics: { trainLoss: 0 } }).down, { ...down, "component.1": up["component.1"] });
  kit.dispose();
});

test("a law over experts is even for equals, all for the best when cold, and never surer when warmer", () => {
  near(posterior([2, 2, 2], 0.3), [1 / 3, 1 / 3, 1 / 3], 1e-12);
  assert.equal(posterior([2, 1, 1], 0), [0, 1, 0]);
  const losses = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(losses, fc.double({ min: 0.01, max: 5, noNaN: true }), (of, temperature) => {
      const [cold, warm] = [posterior(of, temperature), posterior(of, 2 * temperature)];
      near([sum(cold), sum(warm)], [1, 1], 1e-12);
      assert.ok(Math.max(...warm) <= Math.max(...cold) + 1e-12);
    }),
  );
});

test("responsibilities are shares, those of weight 0 have none, and equal models share as their weights do", () => {
  const losses = fc.array(fc.tuple(fc.double({ min: 0, max: 800, noNaN: true }), fc.double({ min: 0, max: 800, noNaN: true })), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(losses, fc.double({ min: 0, max: 1, noNaN: true }), (pairs, weight) => {
      const of = [0, 1].map((k) => Float64Array.from(pairs, (pair) => pair[k]!));
      const found = responsibilities(of, [weight, 1 - weight]);
      pairs.forEach((_, i) => near([found[0]![i]! + found[1]![i]!], [1], 1e-12));
      near(responsibilities([of[0]!, of[0]!], [weight, 1 - weight])[0]!, pairs.map(() => weight), 1e-12); // prettier-ignore
    }),
  );
  near(responsibilities([Float64Array.of(0), Float64Array.of(1e4)], [0, 1])[1]!, [1], 0);
  assert.equal([meanOr(Float64Array.of(3), 7), meanOr(Float64Array.of(1, 2), 7), meanOr(new Float64Array(), 7)], [3, 1.5, 7]);
  // alone, a model is responsible for all of it to the bit
  assert.equal(responsibilities([Float64Array.of(3, 700)], [1]), [Float64Array.of(1, 1)]);
});

test("a step of expectation and the best weights for it never lower the likelihood", () => {
  const p = fc.double({ min: 1e-6, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(p, p, p), { minLength: 1, maxLength: 9 }), p, p, (rows, a, b) => {
      const before = [a, b, 1].map((one) => one / (a + b + 1));
      const losses = [0, 1, 2].map((k) => Float64Array.from(rows, (row) => -Math.log(row[k]!)));
      const found = responsibilities(losses, before);
      const after = found.map((of) => meanOf(Array.from(of)));
      const likelihood = (weights: V): number => sum(rows.map((row) => Math.log(sum(row.map((one, k) => weights[k]! * one)))));
      assert.ok(likelihood(after) >= likelihood(before) - 1e-9);
    }),
  );
});

test("a mixture of one is that one to the bit, and weights of a row are its own", () => {
  scope(() => {
    const logp = logSoftmax(tensor([1, 2, 3, -4, 0, 4], [2, 3]));
    assert.equal(mixedLogp([logp], tensor([0], [1, 1])).toArray(), logp.toArray());
    const other = logSoftmax(tensor([3, 2, 1, 0, 0, 0], [2, 3]));
    const [a, b] = [logp.toArray(), other.toArray()];
    const own = mixedLogp([logp, other], tensor([0, -1e30, -1e30, 0], [2, 2])).toArray();
    near(own, [...a.slice(0, 3), ...b.slice(3)], 1e-6);
    assert.throws(() => mixedLogp([logp, other], tensor([0], [1, 1])), /mixed: weights, got 1 a row, expected 2/);
    const answer = mixedAnswer([() => logp, () => other], [0.25, 0.75]);
    near(answer(logp).toArray(), Array.from(a, (l, i) => Math.log(0.25 * Math.exp(l) + 0.75 * Math.exp(b[i]!))), 1e-6);
    assert.is(answer.parts!.length, 2);
    assert.throws(() => mixedAnswer([() => logp], [0]), /got none above 0/);
  });
});

test.run();
