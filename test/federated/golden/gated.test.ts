// Mixtures whose gates are learnt, drawn or found on the spot: what their parts must be, and where they go in plain numbers.
import fc from "fast-check";
import { exploring } from "../../../src/federated/methods/aem.ts";
import { best, chosenExperts, farApart } from "../../../src/federated/methods/anchors.ts";
import { energyOf } from "../../../src/federated/methods/energy.ts";
import { columnsOf, matched, matches } from "../../../src/federated/methods/matches.ts";
import { logSoftmaxOf, testTimeMixture } from "../../../src/federated/methods/testTime.ts";
import { averaging, beside, noticeboard } from "../../../src/federated/servers.ts";
import { meanRow } from "../../../src/federated/statistics.ts";
import { key } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import { quadratics } from "../../support/quadratic.ts";
import {
  answersOf,
  average,
  bodySize,
  cohorts,
  descend,
  everybody,
  featuresOf,
  headOf,
  initial,
  over,
  rowCounts,
  rows,
  softmaxes,
  steps,
  type V,
} from "../../support/softmax.ts";
import { list, of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-7;
const logits = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 });

test("how often clients explore", () => {
  assert.is(exploring(7, { k: 2, epsilon: 0.3, schedule: "constant" }), 0.3);
  near([exploring(3, { k: 2, epsilon: 0.8, schedule: "harmonic" })], [0.2], 1e-12);
  near([exploring(3, { k: 4, epsilon: 0.8, schedule: "clusters" })], [0.4], 1e-12);
  // at 1 it is a draw, whatever the losses
  const clients = Array.from({ length: 20 }, () => ({ h: [1, 1], b: [1, 1], n: 1 }) as const);
  const { replies } = quadratics(of("aem"), { k: 3, epsilon: 1 }, { clients, rounds: 1 });
  assert.equal(new Set(replies.map(({ metrics }) => metrics["cluster"])), new Set([0, 1, 2]));
});

test("equal bases at even weights are FedAvg at its rate over their number", () => {
  const { own } = quadratics(of("fedbasis"), { bases: 2, rate: 0, apart: 0 }, { rounds: 6 });
  const fedavg = quadratics(of("fedavg"), {}, { rounds: 6, optimizer: { kind: "sgd", lr: 0.05 } });
  near(own.flat(), fedavg.own.flat(), 1e-9);
});

test("FedBasis' clients choose the bases that fit them", () => {
  const state = { "basis.0": Float64Array.of(5, 5), "basis.1": Float64Array.of(-5, -5) };
  const on = (b: number) => ({ h: [1, 1], b: [b, b], n: 1 }) as const;
  const { kept } = quadratics(of("fedbasis"), { bases: 2, rate: 0.1, warm: 20 }, { clients: [on(5), on(-5)], state, rounds: 3 });
  const [one, two] = kept.map(({ weights }) => weights![0]! - weights![1]!);
  assert.ok(one! > 1 && two! < -1, `${one} ${two}`);
});

test("FedTHE's weights: none taken is the mean of logits, and answers that are one stay", () => {
  fc.assert(
    fc.property(logits, logits, (a, b) => {
      const [shared, own] = [logSoftmaxOf(a), logSoftmaxOf(b)];
      const even = testTimeMixture({ shared, own, far: [1, 2] }, { steps: 0, rate: 0.1 });
      near(even, logSoftmaxOf(shared.map((l, c) => (l + own[c]!) / 2)), 1e-9);
      near(testTimeMixture({ shared, own: shared, far: [3, 1] }, { steps: 20, rate: 0.1 }), shared, 1e-6);
    }),
  );
  // heads that disagree go by whose features the input is like
  const [shared, own] = [logSoftmaxOf([4, 0, 0]), logSoftmaxOf([0, 4, 0])];
  const at = (far: [number, number]): number[] => testTimeMixture({ shared, own, far }, { steps: 20, rate: 0.1 });
  assert.ok(at([1, 9])[0]! > at([9, 1])[0]!);
  // and those that agree by which is surer
  const [sure, unsure] = [logSoftmaxOf([4, 0, 0]), logSoftmaxOf([1, 0, 0])];
  const found = testTimeMixture({ shared: sure, own: unsure, far: [1, 1] }, { steps: 20, rate: 0.1 });
  assert.ok(found[0]! > logSoftmaxOf(sure.map((l, c) => (l + unsure[c]!) / 2))[0]!);
});

test("FedTHE, round by round: what is shared is Fed-RoD's, the own head learns on features that stand still", () => {
  const end = softmaxes(of("fedthe"), { steps: 0 });
  let p: V = initial;
  const own: V[] = everybody.map(() => initial.slice(bodySize));
  for (const who of cohorts) {
    const ups = who.map((i) => {
      const prior = [0, 1, 2].map((c) => Math.log(Math.max(rows(i).filter(({ label }) => label === c).length, 1e-6)));
      const balanced = (p: V): number =>
        over(i, (x, label) => -logSoftmaxOf(headOf(p.slice(bodySize), featuresOf(p, x)).map((l, c) => l + prior[c]!))[label]!);
      let at = p;
      for (let k = 0; k < steps[i]!; k++) {
        const still = at;
        own[i] = descend((head) => over(i, (x, label) => -headOf(head, featuresOf(still, x))[label]!), own[i]!, { count: 1 });
        at = descend(balanced, at, { count: 1 });
      }
      return at;
    });
    p = average(ups, who.map((i) => rowCounts[i]!)); // prettier-ignore
  }
  near(list(end.server, "body", "head"), p, close);
  assert.equal(list(end.server, "body", "head"), list(softmaxes(of("fedrod")).server, "body", "head"));
  near(end.kept.flatMap((kept) => list(kept, "own")), own.flat(), close);
  const even = (i: number) => (x: V): V => {
    const z = featuresOf(p, x);
    const [a, b] = [headOf(p.slice(bodySize), z), headOf(own[i]!, z)];
    return logSoftmaxOf(a.map((l, c) => (l + b[c]!) / 2));
  };
  near(end.answers[1]!["own"]!, answersOf(even(1)), close);
});

test("pFedMoE at even weights, round by round", () => {
  const end = softmaxes(of("pfedmoe"), { gate: "even" });
  let body: V = initial.slice(0, bodySize);
  const mine = everybody.map(() => initial);
  const answer = (shared: V, p: V, x: V): V =>
    headOf(p.slice(bodySize), featuresOf(p, x).map((z, k) => (z + featuresOf(shared, x)[k]!) / 2)); // prettier-ignore
  for (const who of cohorts) {
    const ups = who.map((i) => {
      const loss = (all: V): number => over(i, (x, label) => -answer(all.slice(0, bodySize), all.slice(bodySize), x)[label]!);
      const after = descend(loss, [...body, ...mine[i]!], { count: steps[i]! });
      mine[i] = after.slice(bodySize);
      return after.slice(0, bodySize);
    });
    body = average(ups, who.map((i) => rowCounts[i]!)); // prettier-ignore
  }
  near(list(end.server, "extractor"), body, close);
  near(end.answers[2]!["own"]!, answersOf((x) => answer(body, mine[2]!, x)), close);
});

test("pFedMoE's gate is the client's: it learns, stays, and is not sent", () => {
  const end = softmaxes(of("pfedmoe"), { hidden: 3 });
  assert.equal(Object.keys(end.server), ["extractor"]);
  const gates = end.kept.map(({ gate }) => Array.from(gate!));
  assert.is(gates[0]!.length, 3 * 2 + 3 + 2 * 3 + 2);
  assert.not.equal(gates[0], gates[1]);
});

test("experts are taken of those whose columns point the same way", () => {
  const column = (client: number, expert: number, ...direction: number[]) => ({ client, expert, direction: Float64Array.from(direction) });
  const all = [column(0, 0, 1, 0), column(0, 1, 0, 1), column(1, 0, 2, 0.1), column(1, 1, -1, 0)];
  assert.equal(matches(all[0]!, all, { peers: 0, tau: 1 }), [{ client: 0, expert: 0, weight: 1 }]);
  const near1 = matches(all[0]!, all, { peers: 1, tau: 1 });
  assert.equal(near1.map(({ client, expert }) => [client, expert]), [[0, 0], [1, 0]]); // prettier-ignore
  near(matches(all[0]!, all, { peers: 3, tau: 1e9 }).map(({ weight }) => weight), [0.25, 0.25, 0.25, 0.25], 1e-6);
  near(matches(all[0]!, all, { peers: 2, tau: 1e-6 }).map(({ weight }) => weight), [1, 0, 0], 1e-9);
  const number = fc.double({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 7 }), fc.nat(7), (points, peers) => {
      const some = points.map(([a, b], i) => column(Math.floor(i / 2), i % 2, a, b));
      const found = matches(some[0]!, some, { peers, tau: 0.5 });
      assert.is(found.length, Math.min(peers, some.length - 1) + 1);
      near([found.reduce((sum, { weight }) => sum + weight, 0)], [1], 1e-9);
      assert.ok(found.slice(1).every(({ weight }) => weight <= found[0]!.weight + 1e-9 || points[0]!.every((x) => x === 0)));
    }),
  );
  assert.equal(columnsOf(Float64Array.of(1, 2, 3, 4, 9, 9), 5, 2).map(({ direction }) => Array.from(direction)), [[1, 2], [3, 4]]); // prettier-ignore
});

test("FedMoE-DA's experts go from client to client, its own it has, and who has sent nothing is sent nothing", () => {
  const state = {
    "column.0": Float64Array.of(1, 0, 0),
    "column.1": Float64Array.of(1, 0.1, 0),
    "expert.0.0": Float64Array.of(7),
    "expert.0.1": Float64Array.of(8),
  };
  const down = matched(state, 0, { experts: 1, peers: 1, tau: 1e9 });
  assert.equal(Object.keys(down), ["peer.1.0", "matches"]);
  near(down["matches"]!, [0, 0, 0, 0.5, 0, 1, 0, 0.5], 1e-6);
  assert.equal(matched(state, 2, { experts: 1, peers: 1, tau: 1 }), {});
  // everybody alike with all of everybody: clients answer alike
  const end = softmaxes(of("fedmoe-da"), { experts: 2, peers: 5, tau: 1e12, refresh: 1 }, { cohort: () => everybody });
  near(end.answers[0]!["own"]!, end.answers[1]!["own"]!, 1e-6);
  const alone = softmaxes(of("fedmoe-da"), { experts: 2, peers: 0 });
  assert.not.equal(alone.answers[0]!["own"], alone.answers[1]!["own"]);
});

test("anchors are far apart, and a client's experts are its best and the one it is the anchor of", () => {
  const at = (...values: number[]) => values.map((value, client) => ({ client, vector: Float64Array.of(value) }));
  assert.equal(farApart(at(0, 1, 9, 5), 3), [0, 2, 3]);
  assert.equal(farApart(at(0, 1), 5), [0, 1]);
  // of equals the first
  assert.equal(farApart(at(0, 5, -5), 2), [0, 1]);
  assert.equal(best([0.1, 0.2, 0.3, 0.4], 3), [1, 2, 3]);
  assert.equal(best([0.1, 0.5, 0.4], 2), [1, 2]);
  assert.equal(best([0.1, 0.5, 0.4], 2, 0), [0, 1]);
  assert.equal(best([1, 1, 1], 2), [0, 1]);
  const state = { "law.3": Float64Array.of(1, 0), "law.4": Float64Array.of(0, 1), "scores.4": Float64Array.of(0.9, 0.1) };
  const to = (client: number, purpose: "turn" | "answers") => ({ client, purpose, key: key(client) });
  assert.equal(chosenExperts(state, to(4, "turn"), { experts: 2, k: 1 }), { of: [1], anchor: 1 });
  assert.equal(chosenExperts(state, to(4, "answers"), { experts: 2, k: 1 }), { of: [0, 1], anchor: 1 });
  assert.is(chosenExperts(state, to(9, "turn"), { experts: 2, k: 1 }).of.length, 1);
});

test("FedJETs' clients first make a common model and then send the experts they trained, no more", () => {
  const { replies, server } = softmaxes(of("fedjets"), { experts: 3, k: 2, warm: 1 });
  for (const { up } of replies) assert.is(Object.keys(up).filter((name) => name.startsWith("expert.")).length, 2);
  assert.equal(list(server, "common"), list(softmaxes(of("fedavg"), {}, { rounds: 1 }).server, "model"));
});

test("a head's energy is low where it is sure", () => {
  near([energyOf([0, 0], 2)], [-Math.log(2)], 1e-12);
  near([energyOf([5, 5, 1, 1], 2)], [-3 - Math.log(2)], 1e-12);
  const [one, two] = [Math.log(Math.exp(1) + Math.exp(3)), Math.log(Math.exp(-2) + Math.exp(0.5))];
  near([energyOf([1, 3, -2, 0.5], 2)], [-(one + two) / 2], 1e-12);
  near([energyOf([800, -800], 2)], [-800], 1e-12);
  assert.is(energyOf([], 2), 0);
});

test("servers beside each other, and means of rows", () => {
  const server = beside((name) => name === "model", averaging(), noticeboard());
  const state = server.begin({ model: Float64Array.of(1) });
  const gathering = server.gather({ ...state, "head.9": Float64Array.of(5) }, { round: 0, cohort: 2, clients: 2, key: key(1) });
  for (const client of [0, 1]) gathering.add({ client, up: { model: Float64Array.of(client), head: Float64Array.of(client) }, examples: 1, metrics: { trainLoss: 0 } }); // prettier-ignore
  assert.equal(gathering.result(), {
    model: Float64Array.of(0.5),
    "head.9": Float64Array.of(5),
    "head.0": Float64Array.of(0),
    "head.1": Float64Array.of(1),
  });
  assert.equal(meanRow([1, 2, 3, 6] as never, 2), Float64Array.of(2, 4));
  assert.equal(meanRow([] as never, 2), Float64Array.of(0, 0));
});

test.run();
