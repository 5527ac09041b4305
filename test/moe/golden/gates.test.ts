// Gates over two answers in plain numbers: those that theory gives, those with two numbers fitted, and those that learn.
import { fitPlatt } from "../../../src/moe/platt.ts";
import { Linear, Sequential } from "../../../src/nn/index.ts";
import { fold, Stream } from "../../../src/runtime/random.ts";
import { logit } from "../../../src/runtime/scalar.ts";
import { client, first, gateModule, type Given, initialOf, made, root, threeGate } from "../../support/desk.ts";
import { lowest } from "../../support/lowest.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  descend,
  initial,
  linear,
  logSoftmaxOf,
  meanOf,
  modelOf,
  odd,
  rows,
  slopeOf,
  type V,
  world,
} from "../../support/softmax.ts";
import { sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-6;
const logistic = (z: number): number => 1 / (1 + Math.exp(-z));
const logitOf = (p: number): number => Math.log(p / (1 - p));
const softplus = (z: number): number => Math.log(1 + Math.exp(z));
const others = { a: odd(initial.length, 24, 0.9), b: odd(initial.length, 25, 0.9) };
const two = { specialist: "a", generalist: "b" };
const given: Given = { others };

const labels = [...rows(client), ...rows(client, "validation")].map(({ label }) => label);
/** The client's law over one of equal classes. */
const ratio = [0, 1, 2].map((c) => (3 * (labels.filter((label) => label === c).length + 1)) / (labels.length + 3));
const ofA = (x: V): V => modelOf(others.a, x);
const ofB = (x: V): V => modelOf(others.b, x);
const evidence = (x: V): number => Math.log(sum(ofB(x).map((l, c) => ratio[c]! * Math.exp(l))));
const mix = (h: number, a: V, b: V): V => a.map((l, c) => Math.log(h * Math.exp(l) + (1 - h) * Math.exp(b[c]!)));
const under = (logit: (x: V) => number) => (x: V): V => mix(logistic(logit(x)), ofA(x), ofB(x));
const held = rows(client, "validation");

test("the posterior gate, and the same with weights of other inputs", () => {
  const logit = (x: V): number => logitOf(0.7) + evidence(x);
  const found = made("posterior", { ...two, rho: 0.7 }, given);
  near(found.answers, answersOf(under(logit)), close);
  near(found.weights!, answersOf((x) => [logistic(logit(x))]), close);
  const logits: number[] = [];
  answersOf((x) => (logits.push(logit(x)), x));
  const order = new Stream(fold(root, "permuted", 4)).choose(4, 4);
  let row = 0;
  const permuted = made("permuted", { ...two, rho: 0.7 }, { ...given, apart: false });
  near(permuted.answers, answersOf((x) => mix(logistic(logits[order[row++]!]!), ofA(x), ofB(x))), close);
  near(permuted.weights!, Array.from(order, (at) => logistic(logits[at]!)), close);
});

test("Platt's slope and shift are lowest in a loss whose rows count for the client and for the federation", () => {
  const rho = 0.6;
  const loss = ([a, b]: V): number =>
    (a! - 1) ** 2 / 2 + (b! - logitOf(rho)) ** 2 / 2 +
    sum(held.map(({ x, label }) => {
      const z = a! * evidence(x) + b!;
      return rho * softplus(-z) + ((1 - rho) / ratio[label]!) * softplus(z);
    })); // prettier-ignore
  const [a, b] = lowest(loss, [1, logitOf(rho)]);
  assert.ok(Math.abs(a! - 1) > 1e-3 && Math.abs(b! - logitOf(rho)) > 1e-3);
  const logit = (x: V): number => a! * evidence(x) + b!;
  const found = made("platt", { ...two, rho }, given);
  near(found.answers, answersOf(under(logit)), 1e-5);
  near(found.weights!, answersOf((x) => [logistic(logit(x))]), 1e-5);
});

test("Platt's loss has no slope left where it was fitted, however large and alike the evidence is", () => {
  for (const [at, wide] of [[0, 1], [10, 1], [-6, 3], [30, 0.5]] as const) // prettier-ignore
    for (const rho of [0.2, 0.6]) {
      const seen = Array.from({ length: 40 }, (_, i) => at + wide * Math.sin(2.3 * i));
      const rarity = Array.from({ length: 40 }, (_, i) => 1.5 * Math.cos(1.1 * i));
      const { a, b } = fitPlatt(seen, rarity, rho);
      const slopes = seen.map((e, i) => {
        const foreign = (1 - rho) * Math.exp(-rarity[i]!);
        return foreign * logistic(a * e + b) - rho * logistic(-a * e - b);
      });
      near([a - 1 + sum(slopes.map((g, i) => g * seen[i]!)), b - logitOf(rho) + sum(slopes)], [0, 0], 1e-6);
    }
  // nothing is held out: what theory says
  assert.equal(fitPlatt([], [], 0.6), { a: 1, b: logit(0.6) });
});

test("a generalist with a temperature and biases, its blend with a specialist, and a pool of both", () => {
  const calibration = [0.8, 0.3, -0.2, 0.1];
  const calibrated = (p: V) => (x: V): V => logSoftmaxOf(modelOf(p, x).map((l, c) => 0.8 * l + calibration[c + 1]!));
  near(made("calibrated", {}, { ...given, calibration }).answers, answersOf(calibrated(initial)), close);
  near(made("calibrated", { of: "a" }, given).answers, answersOf(ofA), 1e-12);
  // a temperature alone, and biases alone
  for (const [a, ...b] of [[0.8, 0, 0, 0], [1, 0.3, -0.2, 0.1]]) // prettier-ignore
    near(made("calibrated", {}, { ...given, calibration: [a!, ...b] }).answers, answersOf((x) => logSoftmaxOf(modelOf(initial, x).map((l, c) => a! * l + b[c]!))), close); // prettier-ignore
  const law = (x: V): V => logSoftmaxOf(ofB(x).map((l, c) => l + Math.log(ratio[c]!)));
  near(made("blend", two, given).answers, answersOf((x) => mix(0.5, ofA(x), law(x))), close);
  const pooled = ([a, b]: V, x: V): V => logSoftmaxOf(ofA(x).map((l, c) => a! * l + b! * law(x)[c]!));
  const loss = (p: V): number => 5 * ((p[0]! - 1) ** 2 + p[1]! ** 2) - sum(held.map(({ x, label }) => pooled(p, x)[label]!));
  const powers = lowest(loss, [1, 0]);
  assert.ok(Math.abs(powers[0]! - 1) > 1e-3 && Math.abs(powers[1]!) > 1e-3);
  near(made("pooled", two, given).answers, answersOf((x) => pooled(powers, x)), 1e-5);
});

test("a stream's inputs are weighed by all before them", () => {
  const [rho, hazard] = [0.4, 0.1];
  let own = rho;
  const along = (x: V): V => {
    // the source may be drawn anew before each input
    own = (1 - 2 * hazard) * own + 2 * hazard * rho;
    const odds = (own / (1 - own)) * Math.exp(evidence(x));
    own = odds / (1 + odds);
    return mix(own, ofA(x), ofB(x));
  };
  near(made("stream", { ...two, rho, hazard }, { ...given, apart: false }).answers, answersOf(along), close);
});

/** Adam's steps down a loss with decay in its gradient: the points after each of so many. */
function adam(loss: (p: V) => number, from: V, { count, rate, decay }: { count: number; rate: number; decay: number }): V[] {
  const points: V[] = [];
  let [p, m, v]: [V, V, V] = [from, from.map(() => 0), from.map(() => 0)];
  for (let t = 1; t <= count; t++) {
    const g = slopeOf(loss, p).map((slope, k) => slope + decay * p[k]!);
    m = m.map((x, k) => 0.9 * x + 0.1 * g[k]!);
    v = v.map((x, k) => 0.999 * x + 0.001 * g[k]! * g[k]!);
    p = p.map((x, k) => x - (rate * (m[k]! / (1 - 0.9 ** t))) / (Math.sqrt(v[k]! / (1 - 0.999 ** t)) + 1e-8));
    points.push(p);
  }
  return points;
}

test("gates that see answers learn on half of the rows held out and stop by the others", () => {
  const module = new Sequential({ fc1: new Linear(6, 16, { relu: true }), fc2: new Linear(16, 1) });
  const logit = (gate: V, x: V): number => {
    const inner = linear(gate, [...ofA(x), ...ofB(x)].map(Math.exp), 16).map((value) => Math.max(0, value)); // prettier-ignore
    return linear(gate.slice(7 * 16), inner, 1)[0]!;
  };
  const twentieths = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
  const losses = twentieths.map((h) => meanOf(held.map(({ x, label }) => -mix(h, ofA(x), ofB(x))[label]!)));
  const constant = twentieths[losses.indexOf(Math.min(...losses))]!;
  const rho = 0.6;
  const counts = held.map(({ label }) => rho + (1 - rho) / ratio[label]!);
  for (const [name, purpose, start, weights] of [
    ["stackedGate", "stacked", constant, held.map(() => 1)],
    ["reweightedGate", "reweighted", rho, counts.map((count) => count / meanOf(counts))],
  ] as const) {
    const at = fold(root, purpose);
    const order = [...new Stream(fold(at, "halves")).shuffle(Int32Array.from(held, (_, i) => i))];
    const lossOn = (some: V) => (gate: V): number =>
      meanOf(some.map((row) => -weights[row]! * mix(logistic(logit(gate, held[row]!.x)), ofA(held[row]!.x), ofB(held[row]!.x))[held[row]!.label]!));
    const [learn, stop] = [lossOn(order.slice(0, 1)), lossOn(order.slice(1))];
    const drawn = initialOf(module, fold(at, "init"));
    const from = drawn.map((x, k) => (k < 7 * 16 ? x : k < 8 * 16 ? 0 : logitOf(start)));
    const path = adam(learn, from, { count: 200, rate: 3e-3, decay: 1e-3 });
    // it waits for twenty validations, and keeps the best of them all and of where it began
    let [best, waited, end] = [Infinity, 0, 0];
    while (end < path.length && waited < 20) {
      const loss = stop(path[end++]!);
      if (loss < best) [best, waited] = [loss, 0];
      else waited++;
    }
    const tried = [from, ...path.slice(0, end)];
    const held2 = tried.map(stop);
    const gate = tried[held2.indexOf(Math.min(...held2))]!;
    const found = made(name, { ...two, ...(name === "reweightedGate" && { rho }) }, given);
    near(found.answers, answersOf(under((x) => logit(gate, x))), 1e-5);
    near(found.weights!, answersOf((x) => [logistic(logit(gate, x))]), 1e-5);
  }
});

test("the paper's mixture: specialist and gate together, each at its rate, or the gate alone; on training rows or rows held out", () => {
  const [mineSize, drawn] = [initial.length, initialOf(gateModule, first.gate)];
  const logit = (p: V, x: V): number => linear(p.slice(mineSize + 9), linear(p.slice(mineSize), x, 3).map(logistic), 1)[0]!;
  const answer = (p: V) => (x: V): V => mix(logistic(logit(p, x)), modelOf(p.slice(0, mineSize), x), ofB(x));
  const order = [...new Stream(fold(root, "mixture", "halves")).shuffle(Int32Array.from(held, (_, i) => i))];
  for (const [gateOnly, learnFrom, gateLr, gateInit] of [
    [false, "train", 2.5, "random"],
    [true, "train", 0, "random"],
    [false, "validation", 0, "generalist"],
  ] as const) {
    // of the generalist the gate has the layer that is like one of its own
    const from = [...others.a, ...(gateInit === "random" ? drawn : [...others.b.slice(0, 9), ...drawn.slice(9)])];
    const [learn, stop] =
      learnFrom === "train" ? [rows(client), held] : [order.slice(0, 1), order.slice(1)].map((some) => some.map((row) => held[row]!)); // prettier-ignore
    const lossOn = (some: readonly { x: V; label: number }[]) => (p: V): number => meanOf(some.map(({ x, label }) => -answer(p)(x)[label]!)); // prettier-ignore
    const path: V[] = [];
    for (let p: V = from; path.length < 4; path.push(p)) {
      // one step of each part at its own rate
      const specialist = descend(lossOn(learn!), p, { count: 1, rate: 0.9, moves: (k) => !gateOnly && k < mineSize });
      const gate = descend(lossOn(learn!), p, { count: 1, rate: gateLr || 0.9, moves: (k) => k >= mineSize });
      p = [...specialist.slice(0, mineSize), ...gate.slice(mineSize)];
    }
    const losses = path.map(lossOn(stop!));
    const best = losses.indexOf(Math.min(...losses));
    const found = made("mixture", { begin: "a", generalist: "b", gateOnly, learnFrom, gateLr, gateInit, lr: 0.9 }, given);
    near(found.answers, answersOf(answer(path[best]!)), close);
    near(found.weights!, answersOf((x) => [logistic(logit(path[best]!, x))]), close);
    assert.is(found.epochs, best);
  }
});

test("a mixture of three: the model trained alone, the specialist and the generalist under one softmax", () => {
  const size = initial.length;
  const usual = best((p) => meanOf(rows(client).map(({ x, label }) => -modelOf(p, x)[label]!)), initialOf(world.model, first.local), {
    rate: 0.1,
    held: (p) => meanOf(held.map(({ x, label }) => -modelOf(p, x)[label]!)),
  });
  const weightsOf = (p: V, x: V): V => logSoftmaxOf(linear(p.slice(2 * size + 9), linear(p.slice(2 * size), x, 3).map(logistic), 3)).map(Math.exp);
  const answer = (p: V) => (x: V): V => {
    const [alone, mine, theirs] = weightsOf(p, x);
    const [a, s, g] = [modelOf(p.slice(size, 2 * size), x), modelOf(p.slice(0, size), x), ofB(x)];
    return a.map((l, c) => Math.log(alone! * Math.exp(l) + mine! * Math.exp(s[c]!) + theirs! * Math.exp(g[c]!)));
  };
  const lossOn = (some: readonly { x: V; label: number }[]) => (p: V): number => meanOf(some.map(({ x, label }) => -answer(p)(x)[label]!)); // prettier-ignore
  const wanted = best(lossOn(rows(client)), [...others.a, ...usual, ...initialOf(threeGate, first.gate)], { rate: 0.7, held: lossOn(held) });
  const found = made("mixture", { begin: "a", generalist: "b", threeWay: true, lr: 0.7 }, given);
  near(found.answers, answersOf(answer(wanted)), close);
  near(found.weights!, answersOf((x) => [1 - weightsOf(wanted, x)[2]!]), close);
});

/** Of four steps the one after which the loss on the rows held out is lowest. */
function best(loss: (p: V) => number, from: V, { rate, held }: { rate: number; held: (p: V) => number }): V {
  const path: V[] = [];
  for (let p = from; path.length < 4; path.push(p)) p = descend(loss, p, { count: 1, rate });
  const losses = path.map(held);
  return path[losses.indexOf(Math.min(...losses))]!;
}

test.run();
