// Mixtures of models, round by round in plain numbers, and what their parts must be.
import fc from "fast-check";
import { logSoftmax, scope, tensor } from "../../../src/autograd/index.ts";
import type { Method, Vectors } from "../../../src/federated/method.ts";
import { mixedAnswer, mixedLogp, responsibilities } from "../../../src/federated/mixed.ts";
import { methods } from "../../../src/federated/methods/index.ts";
import { posterior } from "../../../src/federated/methods/fedmix.ts";
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
} from "../../support/softmax.ts";
import { assert, test } from "../../support/suite.ts";

const of = (name: string): Method => methods.get(name)!;
const close = 1e-7;
const list = (vectors: Vectors, ...names: string[]): number[] => names.flatMap((name) => Array.from(vectors[name]!));
const sum = (values: V): number => values.reduce((a, b) => a + b, 0);

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

for (const routed of [false, true])
test(`FedEM ${routed ? "by routed rows" : "by rows"}, round by round`, () => {
  const end = softmaxes(of("fedem"), { components: 2, routed });
  let models: readonly V[] = [list(end.begun, "component.0"), list(end.begun, "component.1")];
  near(models[0]!, initial, 0);
  const weights: V[] = everybody.map(() => [0.5, 0.5]);
  for (const who of cohorts) {
    const ups = who.map((i) => {
      const shares = sharesOf(models, weights[i]!, i);
      weights[i] = [0, 1].map((k) => meanOf(shares.map((row) => row[k]!)));
      return models.map((p, k) => descend((p) => counted(p, i, shares.map((row) => row[k]!)), p, { count: steps[i]! }));
    });
    models = models.map((_, k) =>
      average(ups.map((up) => up[k]!), who.map((i) => rowCounts[i]! * (routed ? weights[i]![k]! : 1)))); // prettier-ignore
  }
  near(list(end.server, "component.0", "component.1"), models.flat(), close);
  near(end.kept.flatMap((kept) => list(kept, "weights")), weights.flat(), close);
  near(end.answers.flatMap(({ own }) => own!), weights.flatMap((w) => answersOf(mixtureOf(models, w))), close);
});

test("pFedMM, round by round", () => {
  const end = softmaxes(of("pfedmm"), { components: 2 });
  let body: V = list(end.begun, "body");
  let heads: readonly V[] = [list(end.begun, "head.0"), list(end.begun, "head.1")];
  near([...body, ...heads[0]!], initial, 0);
  const weights: V[] = everybody.map(() => [0.5, 0.5]);
  const joined = (p: V, k: number): V => [...p.slice(0, bodySize), ...p.slice(bodySize + k * heads[0]!.length, bodySize + (k + 1) * heads[0]!.length)];
  for (const who of cohorts) {
    const ups = who.map((i) => {
      const models = heads.map((head) => [...body, ...head]);
      const shares = sharesOf(models, weights[i]!, i);
      weights[i] = [0, 1].map((k) => meanOf(shares.map((row) => row[k]!)));
      const loss = (p: V): number => sum([0, 1].map((k) => counted(joined(p, k), i, shares.map((row) => row[k]!))));
      return descend(loss, [...body, ...heads.flat()], { count: steps[i]! });
    });
    const all = average(ups, who.map((i) => rowCounts[i]!)); // prettier-ignore
    [body, heads] = [all.slice(0, bodySize), [0, 1].map((k) => joined(all, k).slice(bodySize))];
  }
  near(list(end.server, "body", "head.0", "head.1"), [body, ...heads].flat(), close);
  near(end.kept.flatMap((kept) => list(kept, "weights")), weights.flat(), close);
  const models = heads.map((head) => [...body, ...head]);
  near(end.answers[1]!["own"]!, answersOf(mixtureOf(models, weights[1]!)), close);
});

test("FedMix, round by round", () => {
  const temperature = 0.2;
  const end = softmaxes(of("fedmix"), { experts: 2, temperature });
  let models: readonly V[] = [list(end.begun, "component.0"), list(end.begun, "component.1")];
  const lawOf = (i: number): V => {
    const raw = models.map((p) => Math.exp(-counted(p, i, rows(i).map(() => 1)) / temperature)); // prettier-ignore
    return raw.map((one) => one / sum(raw));
  };
  for (const who of cohorts) {
    const laws = who.map(lawOf);
    const ups = who.map((i, j) =>
      models.map((p, k) => descend((p) => counted(p, i, rows(i).map(() => laws[j]![k]!)), p, { count: steps[i]! }))); // prettier-ignore
    models = models.map((_, k) =>
      average(ups.map((up) => up[k]!), who.map((i, j) => rowCounts[i]! * laws[j]![k]!))); // prettier-ignore
  }
  near(list(end.server, "component.0", "component.1"), models.flat(), close);
  near(end.answers.flatMap(({ own }) => own!), everybody.flatMap((i) => answersOf(mixtureOf(models, lawOf(i)))), close);
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
