// What methods are composed of, at its edges: where a sum is empty, a bound is met, a rate falls, or a client has done nothing.
import fc from "fast-check";
import { tensor } from "../../../src/autograd/index.ts";
import type { At } from "../../../src/federated/kit.ts";
import { Tally } from "../../../src/federated/tally.ts";
import type { ServerSide, Update, Vectors } from "../../../src/federated/method.ts";
import { bipartition, cfl, isAtOdds } from "../../../src/federated/methods/cfl.ts";
import { beginnings } from "../../../src/federated/methods/clusters.ts";
import { gumbels } from "../../../src/federated/methods/gumbels.ts";
import { pairsOf, shares } from "../../../src/federated/methods/fedfomo.ts";
import { closest, krum, trimmedMean } from "../../../src/federated/robust.ts";
import { averaging, noticeboard, only, posted, stepping, Sums } from "../../../src/federated/servers.ts";
import { partly } from "../../../src/federated/serverSteps.ts";
import { byClass, classMeans } from "../../../src/federated/statistics.ts";
import { between, combination, dot, minus, plus, squaredDistance } from "../../../src/federated/vectors.ts";
import { Apply, BatchNorm, FloatExamples, Linear, Sequential } from "../../../src/nn/index.ts";
import { logSoftmax } from "../../../src/autograd/index.ts";
import { fold, key } from "../../../src/runtime/random.ts";
import { finish } from "../../../src/runtime/steps.ts";
import { kitOf } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { type Quadratic, quadratics } from "../../support/quadratic.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const round = { round: 0, cohort: 4, clients: 4, key: [0, 0] as never };
const v = (...values: number[]): Float64Array => Float64Array.from(values);
const update = (client: number, up: Vectors, examples = 1, metrics = {}): Update => ({
  client,
  up,
  examples,
  metrics: { trainLoss: 0, ...metrics },
});
function after(server: ServerSide, state: Vectors, updates: readonly Update[]): Vectors {
  const gathering = server.gather(state, round);
  for (const one of updates) gathering.add(one);
  return gathering.result();
}

test("vectors of other lengths are refused by every operation", () => {
  const operations: Record<string, () => unknown> = {
    plus: () => plus(v(1, 2), v(1)),
    minus: () => minus(v(1, 2), v(1)),
    between: () => between(v(1, 2), v(1), 0.5),
    combination: () => combination([[1, v(1, 2)], [1, v(1)]]), // prettier-ignore
    dot: () => dot(v(1, 2), v(1)),
    distance: () => squaredDistance(v(1, 2), v(1)),
  };
  for (const [name, operation] of Object.entries(operations))
    assert.throws(operation, new RegExp(`^${name}: got 1 values, expected 2`));
});

test("means keep the precision of what was sent, and names that nobody weighs stay", () => {
  const sums = new Sums();
  sums.add("single", Float32Array.of(1, 2), 1);
  sums.add("single", Float32Array.of(2, 4), 3);
  sums.add("double", v(1 / 3), 2);
  sums.add("nothing", v(5), 0);
  const means = sums.means();
  assert.equal(means, { single: Float32Array.of(1.75, 3.5), double: v(1 / 3) });
  assert.throws(() => sums.add("single", v(1), 1, 7), /client 7 sent 1 values of single/);
  const state = { model: v(4), other: v(5) };
  assert.equal(after(averaging(), state, [update(0, { model: v(9) }, 0)]), state);
  near(after(averaging(), state, [update(0, { model: v(1) }, 1), update(1, { model: v(5) }, 3)])["model"]!, [4], 0);
});

test("means by class keep precision, and classes that nobody has stay", () => {
  const rows = { f: { values: Float32Array.of(1, 2, 3, 4, 5, 6), width: 2 } };
  const found = byClass(rows, [2, 0, 2], 3);
  assert.equal(found["f"], Float32Array.of(3, 4, 0, 0, 3, 4));
  assert.equal(found.counts, Float32Array.of(1, 0, 2));
  assert.instance(byClass({ f: { values: v(1, 2), width: 2 } }, [0], 1)["f"], Float64Array);
  const state = { f: v(7, 8, 9), counts: v(4, 5, 6), model: v(1) };
  const server = classMeans(["f"], { ...averaging(), begin: (initial) => ({ ...initial, more: v(1) }) });
  assert.ok("more" in server.begin(state) && !("more" in classMeans(["f"]).begin(state)));
  const next = after(server, state, [
    update(0, { f: v(1, 0, 0), counts: v(1, 0, 0), model: v(2) }),
    update(1, { f: v(4, 6, 0), counts: v(2, 1, 0), model: v(4) }, 3),
  ]);
  assert.equal(next, { f: v(3, 6, 9), counts: v(3, 1, 6), model: v(3.5) });
});

test("servers that are composed send what the inner one would, but for what they remember", () => {
  const inner: ServerSide = { ...averaging(), down: ({ model }) => ({ half: model!.map((x) => x / 2) }) };
  const server = stepping(inner, "model", { ...partly(0.5), begin: (like) => ({ memory: like }) });
  const state = server.begin({ model: v(4), beside: v(1) });
  assert.equal(state, { model: v(4), beside: v(1), "model.memory": v(4) });
  assert.equal(server.down!(state, { client: 0, round: 0, purpose: "turn", key: round.key }), { half: v(2) });
  const plain = stepping(averaging(), "model", { ...partly(0.5), begin: (like) => ({ memory: like }) });
  assert.equal(plain.down!(state, { client: 0, round: 0, purpose: "turn", key: round.key }), { model: v(4), beside: v(1) });
  const remembered: Vectors[] = [];
  const spy = stepping(averaging(), "model", {
    begin: (like) => ({ memory: like }),
    step: (w, _, memory) => (remembered.push(memory), { w, memory }),
  });
  after(spy, state, [update(0, { model: v(1) })]);
  assert.equal(remembered, [{ memory: v(4) }]);
  assert.equal(only("model", "nothing")(state), { model: v(4) });
});

test("a noticeboard has clients in their order, merges what it is told to, and remembers scalars", () => {
  const server = noticeboard({ merge: { sum: (before, now) => (before ? plus(before, now) : now) }, metrics: ["size"] });
  let state: Vectors = {};
  for (const client of [10, 2, 33, 2])
    state = after(server, state, [update(client, { model: v(client), sum: v(1) }, 1, { size: client / 2 })]);
  assert.equal(posted(state, "model"), [2, 10, 33].map((client) => ({ client, vector: v(client) })));
  assert.equal(state["sum.2"], v(2));
  assert.equal(state["size.33"], v(16.5));
});

test("the loss of a training is the mean over the rows of its last epoch", () => {
  const tally = new Tally();
  assert.is(tally.trainLoss, 0);
  const at = (epoch: number, rows: number): At => ({ epoch, rows: { size: rows } }) as unknown as At;
  for (const [epoch, rows, loss] of [[0, 3, 100], [1, 3, 2], [1, 1, 6], [1, 4, 1]] as const) tally.add(at(epoch, rows), loss); // prettier-ignore
  assert.is(tally.trainLoss, (3 * 2 + 6 + 4) / 8);
  assert.is(tally.steps, 4);
  tally.add(at(2, 5), 7);
  assert.is(tally.trainLoss, 7);
});

test("rates follow their schedule by the round, and trainings of a turn have orders of their own", () => {
  const optimizer = { kind: "sgd", lr: 0.2, schedule: { kind: "exponential", gamma: 0.5 } } as const;
  const client: Quadratic = { h: [1, 1], b: [0, 0], n: 1 };
  const { server } = quadratics(of("fedavg"), {}, { clients: [client], start: [1, -2], rounds: 3, epochs: 1, optimizer });
  near(server["model"]!, [0.8 * 0.9 * 0.95, -2 * 0.8 * 0.9 * 0.95], 1e-12);
  const kit = kitOf();
  const rows = new FloatExamples(tensor(new Float32Array(64), [32, 2]), new Array<number>(32).fill(0));
  const orderOf = (stream?: string): number[] => {
    const found: number[] = [];
    const turn = { own: { train: rows, validation: rows }, key: key(3), effort: 1 };
    for (const { rows } of kit.batches(turn, { epochs: 1, stream })) found.push(...rows.toArray());
    return found;
  };
  assert.equal(orderOf(), orderOf());
  assert.not.equal(orderOf("own"), orderOf());
  rows.dispose();
  kit.dispose();
});

test("the layers that keep statistics are known by name, and FedBN keeps them at home", () => {
  const model = new Sequential({
    fc1: new Linear(2, 4),
    bn: new BatchNorm(4),
    fc2: new Linear(4, 3),
    output: new Apply(logSoftmax),
  });
  const kit = kitOf({ model });
  const names = kit.model.specs.map(({ name }) => name);
  assert.equal(names.filter(kit.norms), names.filter((name) => name.startsWith("bn.")));
  assert.is(names.filter(kit.norms).length, 4);
  const side = of("fedbn").client(kit, {});
  assert.is(side.initial()["shared"]!.length, 2 * 4 + 4 + 4 * 3 + 3);
  const x = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
  const rows = new FloatExamples(tensor(x, [12, 2]), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  const own = { train: rows, validation: rows };
  const turn = { client: 0, round: 0, down: side.initial(), kept: {}, own, key: key(5), effort: 1 };
  const { up, kept } = finish(side.train(turn));
  assert.not.equal(up["shared"], side.initial()["shared"]);
  assert.is(kept!["own"]!.length, 16);
  assert.ok(kept!["own"]!.some((value, i) => value !== (i < 4 || i >= 12 ? 1 : 0)));
  rows.dispose();
  kit.dispose();
});

test("sums without the highest and the lowest, and the closest, as somebody else finds them", () => {
  const number = fc.integer({ min: -20, max: 20 });
  const many = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(many, fc.double({ min: 0, max: 0.5, noNaN: true }), fc.nat(3), fc.integer({ min: 1, max: 4 }), (drawn, share, liars, keep) => {
      const updates = drawn.map(([a, b], client) => update(client, { model: v(a), more: v(b) }));
      const state = { model: v(0), more: v(0) };
      const sorted = drawn.map(([a]) => a).toSorted((a, b) => a - b);
      let cut = Math.floor(share * sorted.length);
      // somebody is left, whatever the share
      while (sorted.length - 2 * cut < 1) cut--;
      const rest = sorted.slice(cut, sorted.length - cut);
      near(after(trimmedMean(share), state, updates)["model"]!, [rest.reduce((a, b) => a + b) / rest.length], 1e-12);
      const count = Math.max(1, drawn.length - liars - 2);
      const scores = drawn.map(([a, b], i) =>
        drawn.filter((_, j) => j !== i).map(([c, d]) => (a - c) ** 2 + (b - d) ** 2).toSorted((x, y) => x - y).slice(0, count).reduce((x, y) => x + y, 0), // prettier-ignore
      );
      const chosen: number[] = [];
      while (chosen.length < Math.min(keep, drawn.length)) {
        const open = [...scores.keys()].filter((i) => !chosen.includes(i));
        chosen.push(open.find((i) => open.every((j) => scores[i]! <= scores[j]!))!);
      }
      chosen.sort((a, b) => a - b);
      assert.equal(closest(updates, { liars, keep }), chosen);
      const mean = chosen.reduce((sum, i) => sum + drawn[i]![0], 0) / chosen.length;
      near(after(krum({ liars, keep }), state, updates)["model"]!, [mean], 1e-12);
    }),
  );
  // who has no rows is not among them
  const updates = [update(0, { model: v(1) }), update(1, { model: v(99) }, 0), update(2, { model: v(3) })];
  near(after(trimmedMean(0), { model: v(0) }, updates)["model"]!, [2], 0);
  assert.equal(after(trimmedMean(0), { model: v(5) }, []), { model: v(5) });
});

test("CFL's clusters are by the least similar members, and those that stood still are like nobody", () => {
  // a chain along a line, not in its order
  const at = [3.3, 0, 4.6, 1, 2.1];
  const similarity = at.map((a) => at.map((b) => -Math.abs(a - b)));
  assert.equal(bipartition(similarity), [
    [0, 2, 4],
    [1, 3],
  ]);
  assert.equal(bipartition([[1, 0.1], [0.1, 1]]), [[0], [1]]); // prettier-ignore
  // of equal pairs the first
  assert.equal(bipartition([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]]), [[0, 1], [2]]); // prettier-ignore
  assert.not(isAtOdds([v(3, 4), v(3, 4)], { eps1: 5, eps2: 1 }));
  assert.not(isAtOdds([v(3, 4), v(-3, -4)], { eps1: 5, eps2: 5 }));
  assert.ok(isAtOdds([v(3, 4), v(-3, -4)], { eps1: 5, eps2: 4.9 }));
  const server = cfl.server({ eps1: 9, eps2: 0.1, from: 0 }, kitOf());
  const next = after(server, { "model.0": v(0, 0), clusters: v(1) }, [
    update(4, { model: v(0, 0) }),
    update(5, { model: v(-1, 0) }),
    update(7, { model: v(2, 0) }),
    update(6, { model: v(-1, 0.2) }),
    update(8, { model: v(9, 9) }, 0),
  ]);
  // of equal pairs the first: the one that stood still is as like those that went back as the one that went on
  assert.equal(next["clusters"], v(2));
  const left = ["cluster.4", "cluster.5", "cluster.6", "cluster.7"].map((name) => next[name]?.[0]);
  assert.equal(left, [undefined, undefined, undefined, 1]);
  near(next["model.0"]!, [-2 / 3, 0.2 / 3], 1e-12);
  near(next["model.1"]!, [2, 0], 1e-12);
});

test("FedAMP's weights are of everybody else, by the middle distance, and never more than all", () => {
  const models = [0, 1, 3, 7, 20, 2];
  const state = Object.fromEntries(models.map((x, client) => [`model.${client}`, v(x)]));
  for (const scale of ["absolute", "median"])
    for (const alpha of [0.3, 4]) {
      const sigma = scale === "median" ? 0.7 : 6;
      const server = of("fedamp").server({ lambda: 1, alpha, sigma, scale }, kitOf());
      const { cloud } = server.down!(state, { client: 1, round: 0, purpose: "turn", key: round.key });
      const others = models.filter((_, client) => client !== 1);
      const squares = others.map((x) => (x - 1) ** 2);
      const middle = squares.toSorted((a, b) => a - b)[2]!;
      const wide = scale === "median" ? sigma * middle : sigma;
      const raw = squares.map((square) => (alpha / (scale === "median" ? others.length : wide)) * Math.exp(-square / wide));
      const total = Math.max(1, raw.reduce((a, b) => a + b)); // prettier-ignore
      const weights = raw.map((weight) => weight / total);
      const rest = 1 - weights.reduce((a, b) => a + b);
      near(cloud!, [rest + weights.reduce((sum, weight, i) => sum + weight * others[i]!, 0)], 1e-12);
    }
  // alone, or with nobody who is anywhere else, a client is its own cloud
  const server = of("fedamp").server(of("fedamp").options, kitOf());
  const down = (models: Vectors): Vectors => server.down!(models, { client: 1, round: 0, purpose: "turn", key: round.key });
  assert.equal(down({}), {});
  near(down({ "model.0": v(5), "model.1": v(5) })["cloud"]!, [5], 1e-12);
});

test("FedFomo asks those it has liked most, and before them whom it does not know", () => {
  const server = of("fedfomo").server({ m: 3 }, kitOf());
  const models = Object.fromEntries([12, 3, 5, 7, 9, 1].map((client) => [`model.${client}`, v(client)]));
  const down = (liking: readonly number[]): string[] =>
    Object.keys(server.down!({ ...models, "liking.1": v(...liking) }, { client: 1, round: 0, purpose: "turn", key: round.key }));
  assert.equal(down([]), ["model.3", "model.5", "model.7"]);
  assert.equal(down([3, 0.1, 5, 0.9, 7, 0.5, 9, 0.5]), ["model.12", "model.5", "model.7"]);
  assert.equal(down([3, 0, 5, 0.2, 7, 0, 9, 0.1, 12, 0.3]), ["model.12", "model.5", "model.9"]);
  let state: Vectors = {};
  for (const liking of [v(3, 0.5, 5, 0.5), v(5, 0.25, 9, 0.75, -1, -1)])
    state = after(server, state, [update(1, { model: v(0), liking })]);
  assert.equal(pairsOf(state["liking.1"]!), [[3, 0.5], [5, 0.75], [9, 0.75]]); // prettier-ignore
  assert.equal(shares(2, [{ loss: 1, distance: 0 }, { loss: 1, distance: 2 }, { loss: 3, distance: 1 }]), [0, 1, 0]); // prettier-ignore
});

test("first models of clusters: the common one, and others that differ", () => {
  const kit = kitOf();
  const found = beginnings(kit, 3);
  assert.equal(Object.keys(found), ["model.0", "model.1", "model.2"]);
  assert.equal(found["model.0"], kit.initial);
  assert.not.equal(found["model.1"], kit.initial);
  assert.not.equal(found["model.1"], found["model.2"]);
  kit.dispose();
});

test("the noise of FedCP's gate is the difference of two Gumbel draws", () => {
  const x = Array.from(gumbels([4096], fold(key(9), "gate")).toArray());
  const mean = x.reduce((a, b) => a + b) / x.length;
  const square = x.reduce((sum, value) => sum + value * value, 0) / x.length;
  near([mean], [0], 0.12);
  near([square], [Math.PI ** 2 / 3], 0.08);
  // at 1 as often below as the logistic law says
  near([x.filter((value) => value < 1).length / x.length], [1 / (1 + Math.exp(-1))], 0.03);
});

test("L2GD sends a mean once for a row of rounds, and refuses to go beyond it", () => {
  const [p, rounds] = [0.4, 14];
  const server = of("l2gd").server({ lambda: 0.5, p }, kitOf());
  const asked = Array.from({ length: rounds }, (_, at) => server.down!({ mean: v(1) }, { client: 0, round: at, purpose: "turn", key: round.key })); // prettier-ignore
  const told = asked.map((down) => "mean" in down);
  const sent: boolean[] = [];
  const options = { epochs: 1, optimizer: { kind: "sgd", lr: 0.01 } } as const;
  for (let count = 1; count <= rounds; count++)
    sent.push("model" in quadratics(of("l2gd"), { lambda: 0.5, p }, { ...options, rounds: count }).replies[0]!.up);
  // of quadratics the coin is another address: a model is sent in some rounds, and never twice in a row
  assert.ok(sent.includes(true) && sent.includes(false));
  for (let at = 1; at < rounds; at++) {
    assert.not(told[at - 1]! && told[at]!);
    assert.not(sent[at - 1]! && sent[at]!);
  }
  assert.ok(told.includes(true));
  const at = (lambda: number): unknown => quadratics(of("l2gd"), { lambda, p: 0.5 }, { rounds: 1, optimizer: { kind: "sgd", lr: 0.5 } });
  at(2);
  assert.throws(() => at(2.1), /expected 1 at most/);
});

test("steps of a method's own have neither momentum nor decay of the clients'", () => {
  const optimizer = { kind: "sgd", lr: 0.1, momentum: 0.9, weightDecay: 0.2 } as const;
  const client: Quadratic = { h: [1, 2], b: [3, -1], n: 1 };
  const one = { clients: [client], start: [1, 2] as const, optimizer };
  const plain = (rate: number, count: number): number[] =>
    [0, 1].map((k) => Array.from({ length: count }).reduce<number>((w) => w - rate * client.h[k]! * (w - client.b[k]!), [1, 2][k]!)); // prettier-ignore
  near(quadratics(of("per-fedavg"), { alpha: 0.3, adapt: 3 }, { ...one, rounds: 0 }).own[0]!, plain(0.3, 3), 1e-12);
  // the centre goes twice the same way where the own model is put back to it
  const { server } = quadratics(of("pfedme"), { lambda: 2, inner: 1, lr: 0.5 }, { ...one, optimizer: { ...optimizer, momentum: 0 }, rounds: 1, epochs: 2 });
  const centre = [0, 1].map((k) => {
    let w = [1, 2][k]!;
    for (let step = 0; step < 2; step++) {
      const own = w - 0.1 * (client.h[k]! * (w - client.b[k]!) + 0.2 * w);
      w -= 0.5 * 2 * (w - own);
    }
    return w;
  });
  near(server["model"]!, centre, 1e-12);
});

test("MAPPER takes shares within its bounds, and the shared model the rest", () => {
  const clients: Quadratic[] = [{ h: [1, 2], b: [3, -1], n: 1 }];
  const { kept, server } = quadratics(of("mapper"), { grid: 4, low: 0.25, high: 0.75 }, { clients, start: [1, 2], rounds: 1, epochs: 3 });
  let best = { loss: Infinity, alpha: 0, own: [1, 2] };
  for (const alpha of [0.25, 0.5, 0.75]) {
    let [own, loss] = [[1, 2], 0];
    for (let step = 0; step < 3; step++) {
      const at = own.map((x, k) => alpha * x + (1 - alpha) * [1, 2][k]!);
      const g = at.map((x, k) => clients[0]!.h[k as 0]! * (x - clients[0]!.b[k as 0]!));
      loss = at.reduce((sum, x, k) => sum + (clients[0]!.h[k as 0]! / 2) * (x - clients[0]!.b[k as 0]!) ** 2, 0);
      own = own.map((x, k) => x - 0.1 * alpha * g[k]!);
    }
    if (loss < best.loss) best = { loss, alpha, own };
  }
  near(kept[0]!["alpha"]!, [best.alpha], 0);
  near(kept[0]!["own"]!, best.own, 1e-12);
  near(
    server["model"]!,
    [1, 2].map((w, k) => {
      const at = best.alpha * best.own[k]! + (1 - best.alpha) * w;
      return w - 0.1 * (1 - best.alpha) * clients[0]!.h[k as 0]! * (at - clients[0]!.b[k as 0]!);
    }),
    1e-12,
  );
  assert.throws(() => quadratics(of("mapper"), { grid: 1, low: 0.2, high: 0.8 }, { rounds: 1 }), /no share of the grid/);
});

test("FedDyn sends the mean of models only to those who answer with it", () => {
  const down = (answer: string): string[] => {
    const server = of("feddyn").server({ alpha: 0.1, weights: "alike", answer }, kitOf());
    return Object.keys(server.down!(server.begin({ model: v(1) }), { client: 0, round: 0, purpose: "turn", key: round.key })).sort();
  };
  assert.equal(down("model"), ["model", "rows"]);
  assert.equal(down("mean"), ["mean", "model", "rows"]);
});

test("FLIX keeps a client's own share, and a client without an optimum answers with the shared model", () => {
  const { own } = quadratics(of("flix"), { alpha: 0.3 }, { start: [1, 2], rounds: 0, kept: [{ alpha: v(0.6) }] });
  near(own[0]!, [1, 2], 0);
  const optimum = { optimum: v(5, 6) };
  const known = quadratics(of("flix"), { alpha: 0.3 }, { start: [1, 2], rounds: 0, kept: [{ ...optimum, alpha: v(0.6) }, optimum] });
  near(known.own[0]!, [0.6 * 1 + 0.4 * 5, 0.6 * 2 + 0.4 * 6], 1e-12);
  near(known.own[1]!, [0.3 * 1 + 0.7 * 5, 0.3 * 2 + 0.7 * 6], 1e-12);
});

test("FedNova without momentum counts steps, and a round in which nobody stepped changes nothing", () => {
  const { replies } = quadratics(of("fednova"), {}, { rounds: 1, epochs: 4 });
  assert.equal(replies.map(({ metrics }) => metrics["reach"]), [4, 4, 4]);
  const server = of("fednova").server({ mu: 0, beta: 0 }, kitOf());
  const state = server.begin({ model: v(3) });
  near(after(server, state, [update(0, { model: v(9) }, 5, { reach: 0 })])["model"]!, [3], 0);
  // who has not stepped counts in the weights, and nowhere else
  near(after(server, state, [update(0, { model: v(9) }, 5, { reach: 0 }), update(1, { model: v(4) }, 5, { reach: 2 })])["model"]!, [3.25], 1e-12);
});

test("pFedHN's updates are as long as their bound at most", () => {
  const kit = kitOf({ initial: Float32Array.from(kitOf().initial) });
  const options = { ...of("pfedhn").options, rate: 1, momentum: 0, decay: 0, layers: 2, hidden: 5, size: 2, clip: 0.01 };
  const server = of("pfedhn").server(options, kit);
  const state = server.begin({});
  const down = server.down!(state, { client: 0, round: 0, purpose: "turn", key: round.key });
  const next = after(server, state, [update(0, { model: down["model"]!.map((x, i) => x + (i % 3)) })]);
  near([Math.sqrt(squaredDistance(next["hyper"]!, state["hyper"]!))], [0.01], 1e-6);
  const fixed = of("pfedhn").server({ ...options, fixed: true }, kit);
  const same = (client: number): Vectors => {
    const begun = fixed.begin({});
    const moved = { ...begun, hyper: begun["hyper"]!.map((_, i) => Math.sin(i)) };
    return fixed.down!(moved, { client, round: 0, purpose: "turn", key: round.key });
  };
  // with two unit vectors the third client has the first one's model
  assert.equal(same(2), same(0));
  assert.not.equal(same(1), same(0));
  kit.dispose();
});

test("SCAFFOLD's controls stay where nobody had rows, and count who did", () => {
  const server = of("scaffold").server({ lr: 1, control: 1, weights: "alike" }, kitOf());
  const begun = server.begin({ model: v(3) });
  assert.equal(begun, { model: v(3), control: v(0) });
  const state = { model: v(3), control: v(2) };
  const none = after(server, state, [update(0, { model: v(9), control: v(5) }, 0)]);
  assert.equal(none, state);
  const some = after(server, state, [update(1, { model: v(5), control: v(4) }, 4), update(0, { model: v(9), control: v(0) }, 0)]);
  // two of four clients answered, and their controls went 2 on average
  assert.equal(some, { model: v(5), control: v(3) });
});

test("who has had no turn answers with what was sent", () => {
  const [a, b] = [[3, -2], [0.5, 4]] as const;
  const state = { model: v(...a), body: v(a[0]), head: v(a[1]) };
  for (const name of ["apfl", "ditto", "pfedme", "mr-mtl", "fedala", "fedah"]) {
    const { own } = quadratics(of(name), {}, { start: b, state, rounds: 0 });
    near(own[1]!, a, 0);
  }
});

test.run();
