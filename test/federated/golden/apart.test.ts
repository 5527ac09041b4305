// Methods whose clients are sent different things, or send more than a model, held to their closed forms.
import fc from "fast-check";
import { alikeness, assigned, grouped } from "../../../src/federated/methods/cfedfn.ts";
import { bipartition, isAtOdds } from "../../../src/federated/methods/cfl.ts";
import { closest as closestModel } from "../../../src/federated/methods/clusters.ts";
import { mixtureOf } from "../../../src/federated/methods/cwfedavg.ts";
import { mixed } from "../../../src/federated/methods/ala.ts";
import { shares } from "../../../src/federated/methods/fedfomo.ts";
import { prior } from "../../../src/federated/methods/fedrod.ts";
import type { Update, Vectors } from "../../../src/federated/method.ts";
import { clippedNorm, closest, median, trimmedMean } from "../../../src/federated/robust.ts";
import { countsOf } from "../../../src/federated/statistics.ts";
import { exp } from "../../../src/runtime/scalar.ts";
import { kitOf } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { type Quadratic, quadratics, three } from "../../support/quadratic.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const v = (...values: number[]): Float64Array => Float64Array.from(values);
const round = { round: 0, cohort: 4, clients: 4, key: [0, 0] as never };
const on = (h: number, b: number, n = 1): Quadratic => ({ h: [h, h], b: [b, b], n });
const sent = (models: readonly (readonly number[])[]): Update[] =>
  models.map((model, client) => ({
    client,
    up: { model: Float64Array.from(model) },
    examples: client + 1,
    metrics: { trainLoss: 0 },
  }));

test("FedAMP's two clients come to rest where pull and optimum are even", () => {
  const clients = [on(1, 1), on(1, -1)];
  const options = { alpha: 0.5, sigma: 5, lambda: 1, scale: "absolute" };
  // both coordinates alike double the squared distance, so sigma is twice the one-dimensional 5
  const { own } = quadratics(of("fedamp"), { ...options, sigma: 10, alpha: 1, lambda: 2 }, { clients, epochs: 60, rounds: 120 });
  near(own.flat(), [0.8082938409, 0.8082938409, -0.8082938409, -0.8082938409], 1e-8);
});

test("FedFomo takes what lowers the loss, by its distance", () => {
  // h = 1, b = 0: losses w^2/2 of the old 2 and the candidates 1, 3, -1, 0.5
  const loss = (w: number): number => (w * w) / 2;
  const candidates = [1, 3, -1, 0.5].map((w) => ({ loss: loss(w), distance: Math.abs(w - 2) }));
  const taken = shares(loss(2), candidates);
  near(taken, [0.4615384615, 0, 0.1538461538, 0.3846153846], 1e-9);
  near([2 + taken.reduce((sum, share, i) => sum + share * ([1, 3, -1, 0.5][i]! - 2), 0)], [0.5], 1e-9);
  assert.equal(shares(1, [{ loss: 2, distance: 1 }]), [0]);
  const alone = quadratics(of("fedfomo"), { m: 2 }, { rounds: 100 });
  near(
    alone.own.flat(),
    three.flatMap(({ b }) => b),
    1e-9,
  );
});

test("IFCA's clusters are FedAvg of their members", () => {
  const clients = [on(1, 0), on(2, 0.5), on(1, 10), on(3, 11)];
  const state = { "model.0": Float64Array.of(1, 1), "model.1": Float64Array.of(9, 9) };
  const { server, replies } = quadratics(of("ifca"), { k: 2 }, { clients, state });
  near(server["model.0"]!, [0.3107327399, 0.3107327399], 1e-9);
  near(server["model.1"]!, [10.6701330713, 10.6701330713], 1e-9);
  assert.equal(
    replies.map(({ metrics }) => metrics["cluster"]),
    [0, 0, 1, 1],
  );
  assert.is(closestModel([2, 1, 1]), 1);
  // a model that nobody chooses stays
  const far = { ...state, "model.1": Float64Array.of(1e3, 1e3) };
  near(quadratics(of("ifca"), { k: 2 }, { clients, state: far, rounds: 3 }).server["model.1"]!, [1e3, 1e3], 0);
});

test("CFL parts what points apart", () => {
  const deltas = [
    [1, 0],
    [0.9, 0.1],
    [-1, 0],
    [-0.95, 0.05],
  ].map((delta) => Float64Array.from(delta));
  assert.ok(isAtOdds(deltas, { eps1: 0.04, eps2: 0.9 }));
  assert.not(isAtOdds(deltas, { eps1: 0.039, eps2: 0.9 }));
  assert.not(isAtOdds(deltas, { eps1: 0.04, eps2: 1 }));
  const cos = (a: Float64Array, b: Float64Array): number =>
    (a[0]! * b[0]! + a[1]! * b[1]!) / Math.sqrt((a[0]! ** 2 + a[1]! ** 2) * (b[0]! ** 2 + b[1]! ** 2));
  assert.equal(bipartition(deltas.map((a) => deltas.map((b) => cos(a, b)))), [
    [0, 1],
    [2, 3],
  ]);
  const clients = [on(1, 4), on(1, 4.2), on(1, -4), on(1, -4.1)];
  const { own } = quadratics(of("cfl"), { eps1: 0.2, eps2: 1, from: 2 }, { clients, rounds: 200 });
  near(own.flat(), [4.1, 4.1, 4.1, 4.1, -4.05, -4.05, -4.05, -4.05], 1e-9);
});

test("cFedFN groups by norms of classes that both have, and newcomers go to who is like them", () => {
  near([alikeness(v(1, 2, 0), v(2, 4, 7)), alikeness(v(1, 0, 0), v(0, 1, 0))], [1, 0], 1e-12);
  const norms = [v(1, 5, 1), v(5, 1, 1), v(2, 9, 0), v(9, 2, 3)];
  assert.equal(grouped(norms, 2), [[0, 2], [1, 3]]); // prettier-ignore
  assert.equal(grouped(norms, 1), [[0, 1, 2, 3]]);
  const state = Object.fromEntries(norms.map((vector, client) => [`norms.${client}`, vector] as const));
  const first = assigned(state, 2);
  const cluster = (found: Vectors): (number | undefined)[] => [0, 1, 2, 3, 4].map((client) => found[`cluster.${client}`]?.[0]);
  assert.equal(cluster(first), [0, 1, 0, 1, undefined]);
  const later = assigned({ ...state, ...first, "norms.4": v(8, 1, 1) }, 2);
  assert.equal(cluster(later), [undefined, undefined, undefined, undefined, 1]);
});

test("cFedFN's clusters begin where FedAvg was, and are then FedAvg of their members", () => {
  const server = of("cfedfn").server({ k: 2, warm: 1 }, undefined as never);
  const norms = [[1, 5], [5, 1], [1, 4], [4, 1]]; // prettier-ignore
  const sent = (models: readonly number[], from: number): Update[] =>
    models.map((model, i) => ({
      client: from + i,
      up: { model: Float64Array.of(model), norms: Float64Array.from(norms[from + i]!) },
      examples: from + i + 1,
      metrics: { trainLoss: 0 },
    }));
  const after = (state: Vectors, at: number, updates: readonly Update[]): Vectors => {
    const gathering = server.gather(state, { ...round, round: at });
    for (const update of updates) gathering.add(update);
    return gathering.result();
  };
  const parted = after(server.begin({ model: Float64Array.of(0) }), 0, sent([1, 2, 3, 4], 0));
  near([parted["model.0"]![0]!, parted["model.1"]![0]!], [3, 3], 1e-12);
  assert.equal([0, 1, 2, 3].map((client) => server.cluster!(parted, client)), [0, 1, 0, 1]); // prettier-ignore
  const next = after(parted, 1, sent([10, 20, 30, 40], 0));
  near([next["model.0"]![0]!, next["model.1"]![0]!], [25, 100 / 3], 1e-12);
  // a newcomer trains what was everybody's, and joins who is like it without changing their model
  const newcomer = { client: 4, up: { model: v(50), norms: v(8, 1) }, examples: 1, metrics: { trainLoss: 0 } };
  const joined = after(next, 2, [newcomer]);
  near([joined["model.0"]![0]!, joined["model.1"]![0]!, server.cluster!(joined, 4)], [50, 100 / 3, 1], 1e-12);
  const down = server.down!(next, { client: 3, round: 2, purpose: "turn", key: round.key });
  near(down["model"]!, [100 / 3], 1e-12);
});

test("cwFedAvg with equal laws is FedAvg, with laws of one class each is every client's own", () => {
  near(mixtureOf([0.5, 0.5], [1, 3, 6].map((n) => ({ law: [0.5, 0.5], n }))), [0.1, 0.3, 0.6], 1e-12);
  const apart = [0, 1, 2].map((at) => ({ law: [0, 1, 2].map((c) => (c === at ? 1 : 0)), n: at + 1 }));
  near(mixtureOf(apart[1]!.law, apart), [0, 1, 0], 1e-12);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 6 }), (drawn) => {
      const clients = drawn.map(([a, b, n]) => ({ law: a + b > 0 ? [a / (a + b), b / (a + b)] : [0.5, 0.5], n }));
      const weights = mixtureOf(clients[0]!.law, clients);
      near([weights.reduce((sum, weight) => sum + weight, 0)], [1], 1e-9);
      assert.ok(weights.every((weight) => weight >= 0));
    }),
  );
});

test("adaptive local aggregation ends at the best mixture of each number", () => {
  assert.equal(Array.from(mixed(Float64Array.of(0, 3), Float64Array.of(2, 1), Float64Array.of(0.25, 0.1))), [0.5, 2.8]);
  // the head is the second number: from its own 3 towards the shared 1, best at 2.8
  const client: Quadratic = { h: [1, 1], b: [0.5, 2.8], n: 4 };
  const { kept } = quadratics(of("fedala"), { rate: 0.2, sample: 1, passes: 400, threshold: 0 }, {
    clients: [client],
    rounds: 1,
    state: { body: Float64Array.of(2), head: Float64Array.of(1) },
    kept: [{ own: Float64Array.of(3) }],
  });
  near(kept[0]!["shares"]!, [0.1], 1e-9);
});

test("the balanced softmax of Fed-RoD", () => {
  const z = [0.2, -1, 0.5];
  const raised = z.map((value, i) => exp(value + prior([5, 1, 2], 1)[i]!));
  const total = raised.reduce((a, b) => a + b, 0);
  near(
    raised.map((value) => value / total),
    [0.6249287716, 0.0376449858, 0.3374262426],
    1e-9,
  );
  // counts that are alike change nothing
  assert.is(new Set(prior([4, 4, 4], 1)).size, 1);
});

test("robust sums", () => {
  const models = [
    [1, 10],
    [2, 20],
    [3, -1e6],
    [1e6, 30],
  ];
  const after = (server: { begin: (v: Vectors) => Vectors; gather: (s: Vectors, r: typeof round) => { add(u: Update): void; result(): Vectors } }): number[] => {
    const gathering = server.gather(server.begin({ model: Float64Array.of(0, 0) }), round);
    for (const update of sent(models)) gathering.add(update);
    return Array.from(gathering.result()["model"]!);
  };
  near(after(median()), [2.5, 15], 1e-12);
  near(after(trimmedMean(0.25)), [2.5, 15], 1e-12);
  near(after(trimmedMean(0)), [(6 + 1e6) / 4, (60 - 1e6) / 4], 1e-9);
  assert.equal(closest(sent([[0], [0.1], [0.2], [50]]), { liars: 1, keep: 1 }), [0]);
  assert.equal(closest(sent([[0], [0.1], [0.2], [50]]), { liars: 1, keep: 3 }), [0, 1, 2]);
  const kit = kitOf();
  const one = of("norm-clipping").server({ norm: 5 }, kit);
  const gathering = one.gather({ model: Float64Array.of(0, 0) }, round);
  gathering.add(sent([[30, 40]])[0]!);
  near(gathering.result()["model"]!, [3, 4], 1e-12);
  const near2 = clippedNorm("model", 100).gather({ model: Float64Array.of(0, 0) }, round);
  near2.add(sent([[30, 40]])[0]!);
  near(near2.result()["model"]!, [30, 40], 0);
});

test("one client that lies moves no robust sum further than an honest one could", () => {
  const honest = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 5, maxLength: 9 });
  fc.assert(
    fc.property(honest, fc.double({ noNaN: true, noDefaultInfinity: true }), (values, lie) => {
      for (const server of [median(), trimmedMean(0.25)]) {
        const gathering = server.gather({ model: Float64Array.of(0) }, round);
        for (const update of sent([...values, lie].map((value) => [value]))) gathering.add(update);
        const [found] = gathering.result()["model"]!;
        assert.ok(found! >= -1 - 1e-9 && found! <= 1 + 1e-9, `${found}`);
      }
    }),
  );
});

test("counts of classes", () => {
  assert.equal(countsOf([0, 2, 2, 1, 2], 4), [1, 1, 3, 0]);
});

test.run();
