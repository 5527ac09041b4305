// What a client makes of a federation's answers, step by step in plain numbers: slopes are differences, rows a handful, and the
// epoch that is kept is the one whose loss on the held-out rows is lowest.
import { Linear, Sequential } from "../../../src/nn/index.ts";
import { fold, Stream } from "../../../src/runtime/random.ts";
import { client, first, gateModule, initialOf, made, root } from "../../support/desk.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  bodySize,
  descend,
  features,
  featuresOf,
  headSize,
  initial,
  linear,
  logSoftmaxOf,
  meanOf,
  modelOf,
  nllOf,
  odd,
  over,
  rowCounts,
  rows,
  type V,
  world,
} from "../../support/softmax.ts";
import { sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-7;
const logistic = (z: number): number => 1 / (1 + Math.exp(-z));
const mixedOf = (weights: V, logs: readonly V[]): V => logs[0]!.map((_, c) => Math.log(sum(weights.map((w, k) => w * Math.exp(logs[k]![c]!)))));

interface Way {
  readonly epochs: number;
  readonly rate: number;
  readonly moves?: (i: number) => boolean;
  /** On the rows held out. */
  readonly held: (p: V) => number;
}

/** Where steps down a loss lead, and after which of them the loss on the rows held out is lowest. */
function best(loss: (p: V) => number, from: V, { epochs, rate, moves = () => true, held }: Way): { p: V; epoch: number } {
  const path: V[] = [];
  for (let p = from; path.length < epochs; path.push(p)) p = descend(loss, p, { count: 1, rate, moves });
  const losses = path.map(held);
  const epoch = losses.indexOf(Math.min(...losses));
  return { p: path[epoch]!, epoch };
}

const validationLoss = (p: V): number => over(client, (x, label) => -modelOf(p, x)[label]!, "validation");
const isHead = (k: number): boolean => k >= bodySize;
const answered = (p: V): number[] => answersOf((x) => modelOf(p, x));

test("fine-tuning, of all and of the head, the head first, and held to where it began", () => {
  const loss = (p: V): number => nllOf(p, client);
  // far enough that the lowest loss on the rows held out is passed
  const way = { epochs: 9, rate: 0.9, held: validationLoss };
  const tuned = best(loss, initial, way);
  const found = made("finetuned", { lr: 0.9, epochs: 9 });
  near(found.answers, answered(tuned.p), close);
  assert.is(found.epochs, tuned.epoch);
  const last = descend(loss, initial, { count: 9, rate: 0.9 });
  near(made("finetuned", { lr: 0.9, epochs: 9 }, { keep: "last" }).answers, answered(last), close);
  const other = odd(initial.length, 20, 0.6);
  near(made("finetuned", { of: "other", lr: 0.9, epochs: 9 }, { others: { other } }).answers, answered(best(loss, other, way).p), close);
  const probed = best(loss, initial, { ...way, moves: isHead });
  near(made("head", { lr: 0.9, epochs: 9 }).answers, answered(probed.p), close);
  // the head that it goes on from is the usual one's: four epochs at 0.1
  const usual = best(loss, initial, { ...way, epochs: 4, rate: 0.1, moves: isHead });
  near(made("lp-ft", { lr: 0.9, epochs: 3, slower: 0.5 }).answers, answered(best(loss, usual.p, { ...way, epochs: 3, rate: 0.45 }).p), close);
  const lambda = 0.7;
  const held = (p: V): number => loss(p) + (lambda / 2) * sum(p.map((x, k) => (x - initial[k]!) ** 2));
  near(made("rtfa", { lambda, lr: 0.9, epochs: 9 }).answers, answered(best(held, initial, way).p), close);
  const alone = best(loss, initialOf(world.model, first.local), { ...way, epochs: 3 });
  near(made("local", { lr: 0.9, epochs: 3 }).answers, answered(alone.p), close);
});

test("experts: a gate over all models of the federation's answer and one more, step by step", () => {
  const [a, b, c] = [initial, odd(initial.length, 21, 0.9), odd(initial.length, 22, 0.9)];
  for (const alone of ["other", "none"]) {
    const models = alone === "none" ? [a, b] : [a, b, c];
    const count = models.length;
    const module = new Sequential({ seen: gateModule.split().body, weigh: new Linear(3, count) });
    const weightsOf = (gate: V, x: V): V => {
      const inner = linear(gate, x, 3).map(logistic);
      return logSoftmaxOf(linear(gate.slice(9), inner, count)).map(Math.exp);
    };
    const answer = (gate: V) => (x: V): V => mixedOf(weightsOf(gate, x), models.map((p) => modelOf(p, x))); // prettier-ignore
    const lossOn = (part: "train" | "validation") => (gate: V): number => over(client, (x, label) => -answer(gate)(x)[label]!, part);
    const wanted = best(lossOn("train"), initialOf(module, first.gate), { epochs: 6, rate: 2, held: lossOn("validation") });
    const found = made("experts", { alone, lr: 2, epochs: 6 }, { own: [a, b], others: { other: c } });
    near(found.answers, answersOf(answer(wanted.p)), close);
    assert.is(found.epochs, wanted.epoch);
    // what is told of weights is the weight of the one that is not the federation's
    if (alone === "none") assert.is(found.weights, undefined);
    else near(found.weights!, answersOf((x) => [weightsOf(wanted.p, x)[2]!]), close);
  }
});

test("PFL-MoE: the head on some rows and the gate on the others, step by step", () => {
  const share = 0.4;
  const shared = odd(initial.length, 23, 0.8);
  const order = [...new Stream(fold(root, "pflMoe", "rows")).shuffle(Int32Array.from({ length: rowCounts[client]! }, (_, i) => i))];
  const [gated, learnt] = [order.slice(0, 2), order.slice(2)];
  const of = (some: V, loss: (x: V, label: number) => number): number => meanOf(some.map((row) => rows(client)[row]!).map(({ x, label }) => loss(x, label)));
  const { p: mine, epoch } = best((p) => of(learnt, (x, label) => -modelOf(p, x)[label]!), shared, { epochs: 5, rate: 0.9, moves: isHead, held: validationLoss });
  const gateAt = initialOf(new Linear(features, 1), fold(root, "pflMoe", "gate"));
  const weightOf = (gate: V, x: V): number => logistic(linear(gate, featuresOf(mine, x), 1)[0]!);
  const answer = (gate: V) => (x: V): V => {
    const h = weightOf(gate, x);
    const [a, b] = [modelOf(mine, x), modelOf(shared, x)];
    return logSoftmaxOf(a.map((value, c) => h * value + (1 - h) * b[c]!));
  };
  const gate = best((gate) => of(gated, (x, label) => -answer(gate)(x)[label]!), gateAt, {
    epochs: 5,
    rate: 0.9,
    held: (gate) => over(client, (x, label) => -answer(gate)(x)[label]!, "validation"),
  });
  const found = made("pflMoe", { share, lr: 0.9, epochs: 5 }, { others: { shared } });
  near(found.answers, answersOf(answer(gate.p)), close);
  near(found.weights!, answersOf((x) => [weightOf(gate.p, x)]), close);
  assert.is(found.epochs, epoch);
  // the body has stayed, or nothing would be fixed for the gate to see
  near(mine.slice(0, bodySize), shared.slice(0, bodySize), 0);
  assert.is(mine.length, bodySize + headSize);
});

test("one weight for two answers: the one that is given, or of twentieths the one with the lowest loss on the rows held out", () => {
  const others = { a: odd(initial.length, 24, 0.9), b: odd(initial.length, 25, 0.9) };
  const mixed = (h: number) => (x: V): V => mixedOf([h, 1 - h], [modelOf(others.a, x), modelOf(others.b, x)]);
  const two = { specialist: "a", generalist: "b" };
  near(made("ensemble", { ...two, weight: 0.3 }, { others }).answers, answersOf(mixed(0.3)), close);
  near(made("ensemble", { ...two, weight: 0 }, { others }).answers, answered(others.b), close);
  near(made("ensemble", { ...two, weight: 1 }, { others }).answers, answered(others.a), close);
  const twentieths = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
  const losses = twentieths.map((h) => over(client, (x, label) => -mixed(h)(x)[label]!, "validation"));
  const weight = twentieths[losses.indexOf(Math.min(...losses))]!;
  const found = made("constantWeight", two, { others });
  near([found.weight!], [weight], 1e-12);
  near(found.answers, answersOf(mixed(weight)), close);
});

test("the label law by itself and to a power", () => {
  const labels = [...rows(client), ...rows(client, "validation")].map(({ label }) => label);
  const law = [0, 1, 2].map((c) => (labels.filter((label) => label === c).length + 1) / (labels.length + 3));
  const shifted = (t: number) => (x: V): V => logSoftmaxOf(modelOf(initial, x).map((value, c) => value + t * Math.log(3 * law[c]!)));
  near(made("labelLaw", { t: 0.7 }).answers, answersOf(shifted(0.7)), close);
  near(made("labelLaw", { t: 1 }).answers, answersOf(shifted(1)), close);
});

test.run();
