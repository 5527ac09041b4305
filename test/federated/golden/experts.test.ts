// Experts behind gates, round by round in plain numbers: who trains which, what is taken of whose, and what a gate makes of it.
import { sigmoid as sigmoidOf, tensor } from "../../../src/autograd/index.ts";
import { Kit } from "../../../src/federated/kit.ts";
import type { Options, Vector, Vectors } from "../../../src/federated/method.ts";
import { Apply, Linear, Sequential } from "../../../src/nn/index.ts";
import { fold, key, Stream } from "../../../src/runtime/random.ts";
import { exact, exactly, type ExactOptions, type World } from "../../support/exact.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  average,
  bodySize,
  descend,
  everybody,
  features,
  featuresOf,
  headOf,
  headSize,
  initial,
  linear,
  logitsOf,
  logSoftmaxOf,
  modelOf,
  nllOf,
  odd,
  over,
  rowCounts,
  rows,
  slopeOf,
  softmaxes,
  steps,
  type V,
  world,
} from "../../support/softmax.ts";
import { list, of, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-6;
const vector = (values: V): Float64Array => Float64Array.from(values);
const softmax = (z: V): number[] => logSoftmaxOf(z).map(Math.exp);
const byRows = (who: V): V => who.map((i) => rowCounts[i]!);
/** The loss before the last of a turn's steps is the mean over its last epoch. */
const beforeLast = (loss: (p: V) => number, from: V, i: number): number => loss(descend(loss, from, { count: steps[i]! - 1 }));
const part = (p: V, at: number, width: number): V => p.slice(at * width, (at + 1) * width);
/** log sum_k w_k p_k of log-probabilities. */
const mixedOf = (weights: V, logs: readonly V[]): V => logs[0]!.map((_, c) => Math.log(sum(weights.map((w, k) => w * Math.exp(logs[k]![c]!)))));

/** First values are draws at their addresses, and not what is tested here. */
function firstOf(values: (kit: Kit) => Vector): V {
  return exact(() => {
    const kit = new Kit({ ...world, key: key(1), optimizer: { kind: "sgd", lr: 0.1 }, epochs: 1, batchSize: 1 });
    const found = Array.from(values(kit));
    kit.dispose();
    return found;
  });
}

test("FedMoE-DA, round by round", () => {
  const options = { experts: 2, peers: 2, tau: 0.4, refresh: 2 };
  // the third client comes first in a round that finds nothing anew
  const cohorts: readonly V[] = [[0, 1], [0, 2], [1, 2], [0, 1]]; // prettier-ignore
  const gateSize = 2 * (features + 1);
  const begun: V[] = [initial.slice(bodySize), firstOf((kit) => kit.first(kit.parts.head, "expert.1"))];
  assert.not.equal(begun[0], begun[1]);
  const own: V[][] = everybody.map((i) => (i === 0 ? begun : [0, 1].map((e) => odd(headSize, 60 + 2 * i + e, 0.6))));
  const kept = everybody.map((i): Vectors => (i === 0 ? {} : { "expert.0": vector(own[i]![0]!), "expert.1": vector(own[i]![1]!) }));
  let [body, gate]: [V, V] = [initial.slice(0, bodySize), odd(gateSize, 50)];
  const state = { body: vector(body), gate: vector(gate) };
  const [columns, sent] = [new Map<number, V>(), new Map<number, V[]>()];
  const mixedExperts = (i: number): V[] => {
    if (!columns.has(i)) return own[i]!;
    const all = [...columns.keys()].flatMap((client) => [0, 1].map((e) => ({ client, e, direction: part(columns.get(client)!, e, features) })));
    return [0, 1].map((e) => {
      const me = all.find((one) => one.client === i && one.e === e)!;
      const length = (v: V): number => Math.sqrt(sum(v.map((x) => x * x)));
      const like = ({ direction }: { direction: V }): number =>
        sum(direction.map((x, k) => x * me.direction[k]!)) / (length(direction) * length(me.direction));
      const others = all.filter((one) => one !== me).toSorted((a, b) => like(b) - like(a)).slice(0, options.peers); // prettier-ignore
      const chosen = [me, ...others];
      const weights = softmax(chosen.map((one) => like(one) / options.tau));
      return average(chosen.map((one) => sent.get(one.client)![one.e]!), weights);
    });
  };
  const answer = (p: V, x: V): V => {
    const z = featuresOf(p, x);
    const experts = [0, 1].map((e) => headOf(part(p.slice(bodySize + gateSize), e, headSize), z));
    return mixedOf(softmax(linear(p.slice(bodySize, bodySize + gateSize), z, 2)), experts);
  };
  let lost: number[] = [];
  cohorts.forEach((who, round) => {
    const ups = who.map((i) => {
      const from = [...body, ...gate, ...mixedExperts(i).flat()];
      const loss = (p: V): number => over(i, (x, label) => -answer(p, x)[label]!);
      return { after: descend(loss, from, { count: steps[i]! }), lost: beforeLast(loss, from, i) };
    });
    const shared = average(ups.map(({ after }) => after.slice(0, bodySize + gateSize)), byRows(who)); // prettier-ignore
    [body, gate] = [shared.slice(0, bodySize), shared.slice(bodySize)];
    who.forEach((i, j) => {
      const { after } = ups[j]!;
      own[i] = [0, 1].map((e) => part(after.slice(bodySize + gateSize), e, headSize));
      sent.set(i, own[i]);
      if (round % options.refresh === 0 || !columns.has(i)) columns.set(i, after.slice(bodySize, bodySize + gateSize));
    });
    lost = ups.map((up) => up.lost);
  });
  const end = softmaxes(of("fedmoe-da"), options, { state, kept, rounds: 4, cohort: (round) => cohorts[round]! });
  near(list(end.server, "body", "gate"), [...body, ...gate], close);
  assert.equal(Object.keys(end.server).toSorted(), ["body", ...everybody.map((i) => `column.${i}`), ...[0, 1].flatMap((e) => everybody.map((i) => `expert.${e}.${i}`)), "gate"]); // prettier-ignore
  for (const i of everybody) {
    near(list(end.server, `column.${i}`, `expert.0.${i}`, `expert.1.${i}`), [...columns.get(i)!, ...own[i]!.flat()], close);
    near(list(end.kept[i]!, "expert.0", "expert.1"), own[i]!.flat(), close);
    const p = [...body, ...gate, ...mixedExperts(i).flat()];
    near(end.answers[i]!["own"]!, answersOf((x) => answer(p, x)), close);
  }
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
});

for (const weight of [0.7, 1])
test(`FedJETs with anchors at ${weight}, round by round`, () => {
  const options = { experts: 3, k: 2, warm: 1, anchor: weight };
  const cohorts: readonly V[] = [[0, 2], [0, 1, 2], [1, 2], [0, 1]]; // prettier-ignore
  // laws of who took part in the first round are known: the first is the anchor of the first expert, the other one of the second
  const anchors = [0, -1, 1];
  const end = softmaxes(of("fedjets"), options, { rounds: 4, cohort: (round) => cohorts[round]! });
  let gate: V = list(end.begun, "gate");
  let common: V = initial;
  const experts = new Map<number, V>();
  const scores = new Map<number, V>();
  const chosen = (i: number, round: number): V => {
    const stream = new Stream(fold(key(1), "down", i, round));
    const known = scores.get(i) ?? [0, 1, 2].map(() => stream.uniform());
    const ranked = [0, 1, 2].toSorted((a, b) => Number(b === anchors[i]) - Number(a === anchors[i]) || known[b]! - known[a]!);
    return ranked.slice(0, options.k).toSorted((a, b) => a - b);
  };
  const answer = (gate: V, models: readonly V[], some: V) => (x: V): { logp: V; logs: V } => {
    const all = linear(gate, featuresOf(common, x), 3);
    const logs = logSoftmaxOf(some.map((e) => all[e]!));
    return { logp: mixedOf(logs.map(Math.exp), models.map((p) => modelOf(p, x))), logs }; // prettier-ignore
  };
  let [lost, clusters, sent]: [V, V, string[][]] = [[], [], []];
  cohorts.forEach((who, round) => {
    if (round < options.warm) {
      common = average(who.map((i) => descend((p) => nllOf(p, i), common, { count: steps[i]! })), byRows(who)); // prettier-ignore
      return;
    }
    const ups = who.map((i) => {
      const some = chosen(i, round);
      const cut = (p: V) => answer(p.slice(0, gate.length), some.map((_, k) => part(p.slice(gate.length), k, initial.length)), some); // prettier-ignore
      const loss = (p: V): number => {
        const at = cut(p);
        const mine = some.indexOf(anchors[i]!);
        return over(i, (x, label) => -at(x).logp[label]! - (mine < 0 ? 0 : weight * at(x).logs[mine]!));
      };
      const from = [...gate, ...some.flatMap((e) => experts.get(e) ?? common)];
      const after = descend(loss, from, { count: steps[i]! });
      scores.set(i, [0, 1, 2].map((e) => over(i, (x) => softmax(linear(after.slice(0, gate.length), featuresOf(common, x), 3))[e]!)));
      return { i, some, after, lost: beforeLast(loss, from, i) };
    });
    for (const e of [0, 1, 2]) {
      const by = ups.filter(({ some }) => some.includes(e));
      if (by.length > 0) experts.set(e, average(by.map(({ some, after }) => part(after.slice(gate.length), some.indexOf(e), initial.length)), byRows(by.map(({ i }) => i)))); // prettier-ignore
    }
    gate = average(ups.map(({ after }) => after.slice(0, gate.length)), byRows(who)); // prettier-ignore
    lost = ups.map((up) => up.lost);
    clusters = who.map((i) => scores.get(i)!.indexOf(Math.max(...scores.get(i)!)));
    sent = ups.map(({ some }) => ["gate", "scores", ...some.map((e) => `expert.${e}`)]);
  });
  near(list(end.server, "common", "gate"), [...common, ...gate], close);
  for (const [e, p] of experts) near(list(end.server, `expert.${e}`), p, close);
  near(everybody.flatMap((i) => list(end.server, `scores.${i}`)), everybody.flatMap((i) => scores.get(i)!), close);
  near([0, 2].flatMap((i) => list(end.server, `law.${i}`)), [0, 2].flatMap((i) => [0, 1, 2].map((c) => rows(i).filter(({ label }) => label === c).length / rowCounts[i]!)), 1e-12); // prettier-ignore
  assert.not.ok(end.server["law.1"] || end.server["law"] || end.server["scores"]);
  const all = [0, 1, 2].map((e) => experts.get(e) ?? common);
  for (const { own } of end.answers) near(own!, answersOf((x) => answer(gate, all, [0, 1, 2])(x).logp), close);
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
  assert.equal(end.replies.map(({ metrics }) => metrics["cluster"]), clusters);
  assert.equal(end.replies.map(({ up }) => Object.keys(up).toSorted()), sent.map((names) => names.toSorted()));
  // of a round that is still for the common model
  const warm = softmaxes(of("fedjets"), { ...options, warm: 9 });
  near(warm.answers[1]!["own"]!, softmaxes(of("fedavg")).answers[1]!["own"]!, 1e-12);
});

/** Adam down a loss: points before each of so many steps, and the one after them. */
function adam(loss: (p: V) => number, from: V, count: number, rate: number): V[] {
  const points: V[] = [from];
  let [m, v]: [V, V] = [from.map(() => 0), from.map(() => 0)];
  for (let t = 1; t <= count; t++) {
    const g = slopeOf(loss, points.at(-1)!);
    m = m.map((x, k) => 0.9 * x + 0.1 * g[k]!);
    v = v.map((x, k) => 0.999 * x + 0.001 * g[k]! * g[k]!);
    points.push(points.at(-1)!.map((x, k) => x - (rate * (m[k]! / (1 - 0.9 ** t))) / (Math.sqrt(v[k]! / (1 - 0.999 ** t)) + 1e-8)));
  }
  return points;
}

const nothing = { x: [], width: 2, labels: [] };
const without = (part: "train" | "validation", who: V = everybody): World => ({
  ...world,
  clients: world.clients.map((client, i) => (who.includes(i) ? { ...client, [part]: nothing } : client)),
});

for (const surer of [0, 2])
test(`PM-MoE: FedPer, and then a gate over the own head and the other's that knows the client's rows best, client ${surer}'s`, () => {
  const options = { experts: 1, hidden: 3, epochs: 7, rate: 0.4 };
  // the second client never takes part, and answers nevertheless
  const cohorts: readonly V[] = [[0, 2], [0], [2, 0]]; // prettier-ignore
  let body: V = initial.slice(0, bodySize);
  // one client's head is surer of everything
  const heads = everybody.map((i): V => initial.slice(bodySize).map((x, k) => (i === surer && k >= 3 * features ? x + 2 : x)));
  const kept = heads.map((own): Vectors => ({ own: vector(own) }));
  for (const who of cohorts) {
    const ups = who.map((i) => descend((p) => nllOf(p, i), [...body, ...heads[i]!], { count: steps[i]! }));
    who.forEach((i, j) => (heads[i] = ups[j]!.slice(bodySize)));
    body = average(ups.map((p) => p.slice(0, bodySize)), byRows(who)); // prettier-ignore
  }
  const module = new Sequential({ fc1: new Linear(features, 3, { relu: true }), fc2: new Linear(3, 2) });
  const first = firstOf((kit) => kit.first(module, "gate"));
  const energyOf = (i: number, head: V): number => over(i, (x) => -Math.log(sum(logitsOf(head, featuresOf(body, x)).map(Math.exp))));
  const ends: number[] = [];
  assert.ok(energyOf(1, heads[surer]!) < energyOf(1, heads[2 - surer]!));
  const few = { x: odd(2, 70), width: 2, labels: [1] };
  const one: World = { ...world, clients: world.clients.map((client) => ({ ...client, validation: few })) };
  for (const [held, among] of [["validation", world], ["one", one], ["train", without("validation")]].slice(0, surer + 1) as [held: "validation" | "one" | "train", among: World][]) { // prettier-ignore
    const end = exactly(of("pm-moe"), options, among, { rounds: 3, epochs: 3, kept, cohort: (round) => cohorts[round]! }, (answer) => answersOf((x) => Array.from(answer(tensor(x, [1, 2])).toArray()))); // prettier-ignore
    near(list(end.server, "shared", "head.0", "head.2"), [...body, ...heads[0]!, ...heads[2]!], 1e-7);
    assert.equal(Object.keys(end.server).toSorted(), ["head.0", "head.2", "shared"]);
    for (const i of everybody) {
      const others = [0, 2].filter((j) => j !== i).toSorted((a, b) => energyOf(i, heads[a]!) - energyOf(i, heads[b]!));
      const chosen = [heads[i]!, heads[others[0]!]!];
      const mixed = (gate: V, x: V): V => {
        const z = featuresOf(body, x);
        const inner = linear(gate, z, 3).map((value) => Math.max(0, value));
        const weights = softmax(linear(gate.slice(3 * (features + 1)), inner, 2));
        return logSoftmaxOf(logitsOf(chosen[0]!, z).map((value, c) => weights[0]! * value + weights[1]! * logitsOf(chosen[1]!, z)[c]!));
      };
      const path = adam((gate) => over(i, (x, label) => -mixed(gate, x)[label]!), first, options.epochs, options.rate).slice(1);
      const losses = path.map((gate) => held === "one" ? -mixed(gate, few.x)[1]! : over(i, (x, label) => -mixed(gate, x)[label]!, held));
      const best = losses.indexOf(Math.min(...losses));
      ends.push(best);
      near(end.answers[i]!["own"]!, answersOf((x) => mixed(path[best]!, x)), 1e-5);
      near(end.answers[i]!["alone"]!, answersOf((x) => headOf(heads[i]!, featuresOf(body, x))), 1e-7);
    }
  }
  // neither always the first epoch nor always the last
  assert.ok(new Set(ends).size > 1, ends.join());
  // heads are for the end alone
  const state = { shared: vector(body), "head.0": vector(heads[0]!) };
  const server = of("pm-moe").server(options, undefined as never);
  const sent = (purpose: "turn" | "answers"): string[] => Object.keys(server.down!(state, { client: 1, round: 1, purpose, key: key(1) }));
  assert.equal([sent("turn"), sent("answers")], [["shared"], ["shared", "head.0"]]);
  // who has no rows cannot learn a gate
  const end = exactly(of("pm-moe"), options, without("train", [1]), { rounds: 1, epochs: 1 }, () => 0);
  assert.equal(end.answers.map((of) => Object.keys(of)), [["own", "alone"], ["own"], ["own", "alone"]]);
  assert.equal(Object.keys(softmaxes(of("pm-moe"), { ...options, experts: 0 }).answers[0]!), ["own"]);
  assert.equal(Object.keys(softmaxes(of("pm-moe"), options, { rounds: 1, cohort: () => [0] }).answers[0]!), ["own"]);
});

test("pFedMoE, round by round", () => {
  const hidden = 3;
  const gateSize = hidden * 3 + 2 * (hidden + 1);
  const module = new Sequential({ fc1: new Linear(2, hidden), sigmoid: new Apply(sigmoidOf), fc2: new Linear(hidden, 2) });
  const cut = (p: V) => ({
    shared: p.slice(0, bodySize),
    own: p.slice(bodySize, 2 * bodySize),
    head: p.slice(2 * bodySize, 2 * bodySize + headSize),
    gate: p.slice(2 * bodySize + headSize),
  });
  const answer = (p: V, x: V): V => {
    const { shared, own, head, gate } = cut(p);
    const inner = linear(gate, x, hidden).map((value) => 1 / (1 + Math.exp(-value)));
    const [a, b] = softmax(linear(gate.slice(hidden * 3), inner, 2));
    const [general, mine] = [featuresOf(shared, x), featuresOf(own, x)];
    return headOf(head, general.map((z, k) => a! * z + b! * mine[k]!)); // prettier-ignore
  };
  // the first client has nothing yet
  const mine = everybody.map((i): V => (i === 0 ? [...initial, ...firstOf((kit) => kit.first(module, "gate"))] : [...odd(bodySize, 90 + i, 0.6), ...odd(headSize, 93 + i, 0.7), ...odd(gateSize, 96 + i, 0.8)]));
  const kept = mine.map((p, i): Vectors => {
    const { own, head, gate } = cut([...initial.slice(0, bodySize), ...p]);
    return i === 0 ? {} : { own: vector(own), head: vector(head), gate: vector(gate) };
  });
  let shared: V = initial.slice(0, bodySize);
  let lost: number[] = [];
  const cohorts: readonly V[] = [[0, 1, 2], [0, 2], [1, 2]]; // prettier-ignore
  for (const who of cohorts) {
    const ups = who.map((i) => {
      const loss = (p: V): number => over(i, (x, label) => -answer(p, x)[label]!);
      const from = [...shared, ...mine[i]!];
      const after = descend(loss, from, { count: steps[i]! });
      mine[i] = after.slice(bodySize);
      return { sent: after.slice(0, bodySize), lost: beforeLast(loss, from, i) };
    });
    shared = average(ups.map(({ sent }) => sent), byRows(who)); // prettier-ignore
    lost = ups.map((up) => up.lost);
  }
  const end = softmaxes(of("pfedmoe"), { hidden }, { kept });
  near(list(end.server, "extractor"), shared, 1e-7);
  assert.equal(Object.keys(end.server), ["extractor"]);
  near(end.kept.flatMap((one) => list(one, "own", "head", "gate")), mine.flat(), 1e-7);
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, 1e-7);
  for (const i of everybody) near(end.answers[i]!["own"]!, answersOf((x) => answer([...shared, ...mine[i]!], x)), 1e-7);
  // who has no rows learns nothing of a gate, and keeps the one it has
  const run = (options: Options, more: ExactOptions = {}) => exactly(of("pfedmoe"), options, without("train", [0, 1]), { rounds: 1, ...more }, () => 0); // prettier-ignore
  const empty = run({ hidden }, { kept });
  near(empty.kept[1]!["gate"]!, kept[1]!["gate"]!, 0);
  assert.equal(empty.kept.map((one) => "gate" in one), [false, true, true]);
  // one row is enough
  const single: World = { ...world, clients: world.clients.map((client) => ({ ...client, train: { x: [1, 2], width: 2, labels: [0] } })) };
  assert.equal(exactly(of("pfedmoe"), { hidden }, single, { rounds: 1 }, () => 0).kept.map((one) => "gate" in one), [true, true, true]); // prettier-ignore
  // one that is not to learn is kept as it was
  for (const gate of ["even", "shared"]) near(run({ hidden, gate }, { kept }).kept[2]!["gate"]!, kept[2]!["gate"]!, 0);
  assert.equal(run({ hidden, gate: "even" }).kept.map((one) => "gate" in one), [false, false, false]); // prettier-ignore
});

test.run();
