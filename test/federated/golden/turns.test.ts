// What a turn says beside its model, and what it does in several batches, without rows, or for the first time.
import { likelihood } from "../../../src/federated/kit.ts";
import type { ServerSide, Update, Vectors } from "../../../src/federated/method.ts";
import { optionsOf } from "../../../src/federated/method.ts";
import { Hypernet } from "../../../src/federated/methods/hypernet.ts";
import { posted, stepping } from "../../../src/federated/servers.ts";
import { taken } from "../../../src/federated/taken.ts";
import { key } from "../../../src/runtime/random.ts";
import { finish } from "../../../src/runtime/steps.ts";
import { exactly } from "../../support/exact.ts";
import { benchOf, kitOf, settings } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { type Quadratic, quadratics } from "../../support/quadratic.ts";
import { everybody, initial, modelOf, nllOf, odd, type V, world } from "../../support/softmax.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const v = (...values: number[]): Float64Array => Float64Array.from(values);
const round = { round: 0, cohort: 3, clients: 3, key: [0, 0] as never };
const each = (f: (k: 0 | 1) => number): [number, number] => [f(0), f(1)];
const client: Quadratic = { h: [1, 2], b: [3, -1], n: 3 };
const start = [1, 2] as const;
const slope = (w: V): [number, number] => each((k) => client.h[k] * (w[k]! - client.b[k]));
const fall = (w: V): number => each((k) => (client.h[k] / 2) * (w[k]! - client.b[k]) ** 2).reduce((a, b) => a + b);
const step = (w: V, more: (w: V) => V = () => [0, 0]): V => each((k) => w[k]! - 0.1 * (slope(w)[k]! + more(w)[k]!));
const mix = (a: V, b: V, t: number): V => each((k) => (1 - t) * a[k]! + t * b[k]!);
// three rows in batches of one are three steps an epoch
const once = (name: string, options = {}, more = {}) =>
  quadratics(of(name), options, { clients: [client], start, rounds: 1, epochs: 2, batchSize: 1, ...more });

/** Points before each of so many steps, and the one after them. */
function path(count: number, go: (w: V) => V = (w) => step(w), from: V = start): V[] {
  const points: V[] = [from];
  for (let i = 0; i < count; i++) points.push(go(points.at(-1)!));
  return points;
}
const lastOf = (points: readonly V[], loss: (w: V) => number = fall): number =>
  points.slice(3, 6).reduce((sum, w) => sum + loss(w) / 3, 0);

test("a turn's loss is the mean over its last epoch, whatever is added to the gradient", () => {
  const lossOf = (name: string, options = {}): number => once(name, options).replies[0]!.metrics["trainLoss"]!;
  const plain = path(6);
  for (const name of ["fedavg", "local", "fedas", "fedfomo", "mr-mtl", "ditto"])
    near([lossOf(name, name === "fedas" ? { weight: "rows" } : name === "mr-mtl" ? { lambda: 0 } : {})], [lastOf(plain)], 1e-12);
  const pulled = path(6, (w) => step(w, (at) => each((k) => 0.5 * (at[k]! - start[k]))));
  near([lossOf("feddyn", { alpha: 0.5 })], [lastOf(pulled)], 1e-12);
  const far = path(9).at(-1)!;
  const shared = path(6, (x) => each((k) => x[k]! - 0.1 * 0.3 * slope(mix(far, x, 0.3))[k]!));
  near([lossOf("flix", { alpha: 0.3, alone: 3 })], [lastOf(shared, (x) => fall(mix(far, x, 0.3)))], 1e-12);
  const found = once("flix", { alpha: 0.3, alone: 3 });
  near(found.kept[0]!["optimum"]!, far, 1e-12);
  near(found.kept[0]!["alpha"]!, [0.3], 0);
});

test("MAPPER says the loss at the share it took, and a share as well", () => {
  const losses = [0, 0.5, 1].map((a) => lastOf(path(6, (w) => each((k) => w[k]! - 0.1 * a * slope(mix(start, w, a))[k]!)), (w) => fall(mix(start, w, a)))); // prettier-ignore
  const { replies } = once("mapper", { grid: 2 });
  const least = Math.min(...losses);
  near([replies[0]!.metrics["trainLoss"]!, replies[0]!.metrics["alpha"]!], [least, losses.indexOf(least) / 2], 1e-12);
  // the shared model has an epoch of what the share leaves it
  near(once("mapper", { grid: 1, low: 1 }).server["model"]!, start, 0);
  near(once("mapper", { grid: 1, high: 0 }).server["model"]!, path(3).at(-1)!, 1e-12);
  // half of an own model on the other side is the optimum: nothing moves, and a step is enough to see it
  const beyond = [{ own: v(5, -4) }];
  for (const more of [{ epochs: 2 }, { epochs: 1, clients: [{ ...client, n: 1 }] }]) {
    const { server, kept } = once("mapper", { grid: 2 }, { kept: beyond, ...more });
    assert.equal([server["model"], kept[0]!["own"], kept[0]!["alpha"]], [v(...start), v(5, -4), v(0.5)]);
  }
  // every share begins without momentum, and the shared model's epoch as well
  const optimizer = { kind: "sgd", lr: 0.1, momentum: 0.5 } as const;
  const rolling = (w: V, count: number): V => {
    let [at, velocity]: [V, V] = [w, [0, 0]];
    for (let k = 0; k < count; k++) {
      velocity = each((c) => 0.5 * velocity[c]! + slope(at)[c]!);
      at = each((c) => at[c]! - 0.1 * velocity[c]!);
    }
    return at;
  };
  near(once("mapper", { grid: 2, low: 0.5 }, { optimizer }).kept[0]!["own"]!, rolling(start, 6), 1e-12);
  near(once("mapper", { grid: 1, high: 0 }, { optimizer, rounds: 2 }).server["model"]!, rolling(rolling(start, 3), 3), 1e-12);
  near(once("flix", { alpha: 1 }, { optimizer, rounds: 2 }).server["model"]!, rolling(rolling(start, 6), 6), 1e-12);
  // without rows it takes the first of its shares, and has lost nothing
  const empty = once("mapper", { grid: 4, low: 0.5 }, { clients: [{ ...client, n: 0 }, client] });
  near([empty.replies[0]!.metrics["trainLoss"]!, empty.kept[0]!["alpha"]![0]!], [0, 0.5], 0);
});

test("FedAS says the Fisher information of every batch at the turn's end, in evaluation mode", () => {
  const end = path(6).at(-1)!;
  const size = slope(end).reduce((sum, g) => sum + g * g, 0);
  near([once("fedas", { weight: "fisher" }).replies[0]!.metrics["fisher"]!], [3 * size], 1e-9);
  near([once("fedas", { weight: "rows" }).replies[0]!.metrics["fisher"]!], [0], 0);
  // a slow client measures all of its rows, too
  near([once("fedas", {}, { clients: [{ ...client, effort: 0.5 }] }).replies[0]!.metrics["fisher"]!], [3 * slope(path(3).at(-1)!).reduce((sum, g) => sum + g * g, 0)], 1e-9); // prettier-ignore
  // a model that drops some of its features does not do so here
  const bench = benchOf(of("fedas"), optionsOf(of("fedas")), { ...settings, kit: { batchSize: 1000 } });
  const own = bench.stage(1, 0);
  const down = bench.side.initial();
  const turn = { client: 1, round: 0, down, kept: {}, own, key: bench.key, effort: 1 };
  const { kept, metrics } = finish(bench.side.train(turn));
  const net = bench.kit.net();
  net.parameters.copyFrom([...kept!["body"]!, ...kept!["head"]!]);
  let fisher = 0;
  for (const at of bench.kit.batches(turn, { epochs: 1 }))
    bench.kit.step(at, {
      loss: (batch) => likelihood(net)(batch, { train: false }),
      correct: () => (fisher = net.parameters.gradient!.toArray().reduce((sum, g) => sum + g * g, 0)),
    });
  near([metrics["fisher"]!], [fisher], 1e-4);
  own.dispose();
  bench.kit.dispose();
});

test("who has had no turn answers with what was sent, or with where everybody begins", () => {
  const state = { model: v(3, -2), body: v(3), head: v(-2), rows: v(0) };
  const own = (name: string): V => once(name, {}, { state, rounds: 0 }).own[0]!;
  for (const name of ["mapper", "flix", "feddyn"]) near(own(name), [3, -2], 0);
  for (const name of ["local", "fedfomo"]) near(own(name), start, 0);
  near(own("fedas"), [3, start[1]], 0);
});

test("FedDyn without rows stands still, and says what it would be sent", () => {
  const server = of("feddyn").server({ alpha: 0.5, weights: "examples", answer: "mean" }, kitOf());
  const after = (state: Vectors, updates: readonly Update[]): Vectors => {
    const gathering = server.gather(state, round);
    for (const one of updates) gathering.add(one);
    return gathering.result();
  };
  const update = (id: number, to: number, examples: number): Update => ({ client: id, up: { model: v(to) }, examples, metrics: { trainLoss: 0 } });
  const begun = server.begin({ model: v(1) });
  assert.equal(begun, { model: v(1), mean: v(1), lambda: v(0), rows: v(0) });
  assert.equal(after(begun, [update(0, 9, 0)]), begun);
  // two of three answer: the mean is 4, and lambda two thirds of the way there
  const next = after(begun, [update(0, 3, 2), update(1, 9, 0), update(2, 5, 6)]);
  assert.equal(next, { model: v(6), mean: v(4), lambda: v(2), rows: v(4), "rows.0": v(2), "rows.2": v(6) });
  assert.equal(after(begun, [update(0, 3, 2)])["rows"], v(2));
  const alike = of("feddyn").server({ alpha: 0.5, weights: "alike", answer: "model" }, kitOf());
  const gathering = alike.gather(begun, round);
  gathering.add(update(0, 3, 2));
  assert.equal(gathering.result()["rows"], v(0));
  const kit = kitOf();
  const side = of("feddyn").client(kit, optionsOf(of("feddyn")));
  const turn = { client: 0, round: 0, kept: {}, key: key(1), effort: 1, own: undefined as never };
  const reply = { up: { model: v(7) }, metrics: { trainLoss: 0 } };
  assert.equal(taken(side, { ...turn, down: { model: v(1), rows: v(0) } }, reply).down, { model: v(7), rows: v(0) });
  assert.equal(taken(side, { ...turn, down: { model: v(1), mean: v(2), rows: v(0) } }, reply).down, { model: v(7), mean: v(7), rows: v(0) }); // prettier-ignore
  kit.dispose();
  // three times the rows of the average are a third of the pull
  const told = { ...begun, model: v(...start), mean: v(...start), lambda: v(0, 0), rows: v(1) };
  const { kept } = once("feddyn", { alpha: 0.5, weights: "examples" }, { state: told });
  const to = path(6, (w) => step(w, (at) => each((k) => (0.5 / 3) * (at[k]! - start[k])))).at(-1)!;
  near(kept[0]!["lambda"]!, each((k) => to[k]! - start[k]), 1e-12); // prettier-ignore
});

test("FedFomo goes by the rows it trains on where it has none to validate, and by nobody's where it has none", () => {
  const rows = { x: [], width: 2, labels: [] };
  const without = { ...world, clients: world.clients.map((one) => ({ ...one, validation: rows })) };
  const models = everybody.map((i) => odd(initial.length, 110 + i, 0.5));
  const state = Object.fromEntries(models.map((p, i) => [`model.${i}`, v(...p)]));
  const options = { rounds: 1, epochs: 1, cohort: () => [1], state };
  const { replies } = exactly(of("fedfomo"), { m: 3 }, without, options, () => 0);
  const raw = [0, 2].map((j) => {
    const far = Math.sqrt(models[j]!.reduce((sum, x, k) => sum + (x - initial[k]!) ** 2, 0));
    return Math.max(0, nllOf(initial, 1) - nllOf(models[j]!, 1)) / far;
  });
  const total = raw[0]! + raw[1]!;
  assert.ok(total > 0);
  near(replies[0]!.up["liking"]!, [0, raw[0]! / total, 2, raw[1]! / total, -1, -1], 1e-6);
  // of one row to validate it goes by that
  const few = { x: odd(2, 10, 1.5), width: 2, labels: [1] };
  const one = { ...world, clients: world.clients.map((client) => ({ ...client, validation: few })) };
  const lossOf = (p: V): number => -modelOf(p, few.x)[1]!;
  const liking = [0, 2].map((j) => {
    const far = Math.sqrt(models[j]!.reduce((sum, x, k) => sum + (x - initial[k]!) ** 2, 0));
    return Math.max(0, lossOf(initial) - lossOf(models[j]!)) / far;
  });
  assert.ok(liking[0]! + liking[1]! > 0);
  const whole = exactly(of("fedfomo"), { m: 3 }, one, options, () => 0).replies[0]!.up["liking"]!;
  near([whole[1]!, whole[3]!], liking.map((share) => share / (liking[0]! + liking[1]!)), 1e-6); // prettier-ignore
  const nobody = { ...without, clients: without.clients.map((one) => ({ ...one, train: rows })) };
  const empty = exactly(of("fedfomo"), { m: 3 }, nobody, options, () => 0);
  near(empty.replies[0]!.up["liking"]!, [-1, -1, -1, -1, -1, -1], 0);
  near(empty.kept[1]!["own"]!, initial, 0);
});

test("adaptive local aggregation goes against the slope of every batch, and ends by the mean loss of a pass", () => {
  // rows all alike, in batches of one: six steps of the share in two passes
  const local = -5;
  const at = (w: number): number => local + (start[1] - local) * w;
  let share = 1;
  const losses: number[] = [];
  for (let pass = 0; pass < 12; pass++) {
    let loss = 0;
    for (let batch = 0; batch < 3; batch++) {
      loss += fall([start[0], at(share)]) / 3;
      const g = slope([start[0], at(share)])[1];
      share = Math.min(1, Math.max(0, share - 0.001 * g * (start[1] - local)));
    }
    losses.push(loss);
    if (pass === 1) near(aggregated(2, 0), [share], 1e-12);
  }
  near(aggregated(12, 0), [share], 1e-12);
  const last = losses.slice(0, 10);
  const mean = last.reduce((a, b) => a + b) / 10;
  const wide = Math.sqrt(last.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 10);
  near(aggregated(12, 1.001 * wide), aggregated(10, 0), 0);
  assert.not.equal(aggregated(11, 0.999 * wide), aggregated(10, 0));
});

function aggregated(passes: number, threshold: number): number[] {
  const state = { body: v(start[0]), head: v(start[1]) };
  const { kept } = once("fedala", { rate: 0.001, sample: 1, passes, threshold }, { state, kept: [{ own: v(-5) }] });
  return Array.from(kept[0]!["shares"]!);
}

test("pFedHN begins where the model does, with embeddings of unit variance", () => {
  const kit = kitOf();
  const options = { ...of("pfedhn").options, size: 8 };
  const server = of("pfedhn").server(options, kit);
  const state = server.begin({});
  const down = (id: number, from = state): Vectors => server.down!(from, { client: id, round: 0, purpose: "turn", key: round.key });
  assert.equal(down(3)["model"], kit.initial);
  // an update that leads nowhere makes embeddings known as they were
  const gathering = server.gather(state, round);
  for (let id = 0; id < 100; id++)
    gathering.add({ client: id, up: { model: kit.initial }, examples: 1, metrics: { trainLoss: 0 } });
  const next = gathering.result();
  const all = Array.from({ length: 100 }, (_, id) => Array.from(next[`embedding.${id}`]!)).flat();
  assert.is(all.length, 800);
  near([all.reduce((sum, x) => sum + x * x, 0) / 800, all.reduce((sum, x) => sum + x, 0) / 800], [1, 0], 0.15);
  assert.not.equal(next["embedding.0"], next["embedding.1"]);
  // a gradient is that of what it is given, whatever was made before
  const net = new Hypernet(kit, { size: 2, hidden: 3, layers: 1, fixed: false });
  const numbers = (by: number): Float32Array => net.first().map((_, i) => Math.sin(by * i + 1)) as Float32Array;
  const gradient = (): unknown => net.gradient(numbers(1), v(0.5, 2), kit.initial);
  const found = gradient();
  net.model(numbers(2), v(-1, 1));
  assert.equal(gradient(), found);
  kit.dispose();
});

test("servers' names are whole ones", () => {
  const state = { "model.2": v(2), "models.1": v(1), "model.x": v(3), model: v(4), "model.0": v(0), "model.1.5": v(9) };
  assert.equal(posted(state, "model"), [{ client: 0, vector: v(0) }, { client: 2, vector: v(2) }]); // prettier-ignore
  const inner: ServerSide = {
    begin: (initial) => initial,
    gather: (state) => ({ spends: true, add: () => {}, result: () => state }),
  };
  const kept = stepping(inner, "model", { begin: () => ({}), step: (w) => ({ w, memory: {} }) });
  assert.is(kept.additive, false);
  assert.is(stepping({ ...inner, additive: true }, "model", { begin: () => ({}), step: (w) => ({ w, memory: {} }) }).additive, true); // prettier-ignore
  assert.is(kept.gather({ model: v(1) }, round).spends, true);
  assert.is(stepping({ ...inner, gather: () => ({ add: () => {}, result: () => state }) }, "model", { begin: () => ({}), step: (w) => ({ w, memory: {} }) }).gather({ model: v(1) }, round).spends, false); // prettier-ignore
});

test.run();
