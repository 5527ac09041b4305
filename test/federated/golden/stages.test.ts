// When adapters come and which of them train, what experts are used for, and what they count in answers.
import type { Answer, Options, Vectors } from "../../../src/federated/method.ts";
import { LoraExperts } from "../../../src/federated/methods/loraExperts.ts";
import { FeatureExamples, Linear } from "../../../src/nn/index.ts";
import { finish } from "../../../src/runtime/steps.ts";
import { tensor } from "../../../src/autograd/index.ts";
import { type ExactEnd, exactly, type ExactOptions, type Rows, type World } from "../../support/exact.ts";
import { federation, kitOf, module, settings } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { featuresOf, initial, linear, logSoftmaxOf, odd, softmaxes, type V, world } from "../../support/softmax.ts";
import { list, of, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const shares = (scores: V): number[] => logSoftmaxOf(scores).map(Math.exp);
const dot = (row: V, x: V): number => linear([...row, 0], x, 1)[0]!;
const meanOf = (rows: readonly V[]): number[] => rows[0]!.map((_, i) => sum(rows.map((row) => row[i]!)) / rows.length);
const pointsOf = ({ x, width }: Rows): V[] =>
  Array.from({ length: x.length / width }, (_, i) => x.slice(i * width, (i + 1) * width));

test("adapters are there from round `warm` on, beside the model that FedAvg has made until then", () => {
  for (const name of ["fedlora", "fedms", "fedmoe", "comigs", "fedamole", "hetlora", "pfedmoap"]) {
    const after = (rounds: number): ExactEnd<number[]> => softmaxes(of(name), { warm: 2 }, { rounds });
    const plain = softmaxes(of("fedavg"), {}, { rounds: 2 });
    assert.equal(Object.keys(after(1).server), ["model"], name);
    const end = after(2);
    assert.ok(Object.keys(end.server).length > 1, name);
    assert.equal(list(end.server, "model"), list(plain.server, "model"), name);
    // second factors are zero at first
    if (name !== "pfedmoap")
      near(end.answers.flatMap(({ own }) => own!), plain.answers.flatMap(({ own }) => own!), 1e-9); // prettier-ignore
  }
});

test("FedMS trains the adapters of the last layers first, in each of its two stages", async () => {
  // two factors of rank 4 beside layers of 2 to 8, 8 to 6 and 6 to 3
  const [n1, n2] = [4 * (2 + 8), 4 * (2 + 8 + 8 + 6)];
  const parts = (values: ArrayLike<number>): V[] => {
    const all = Array.from(values);
    return [all.slice(0, n1), all.slice(n1, n2), all.slice(n2)];
  };
  const moved = (before: ArrayLike<number>, after: ArrayLike<number>): boolean[] => {
    const [was, is] = [parts(before), parts(after)];
    return was.map((part, i) => part.some((one, k) => one !== is[i]![k]));
  };
  const options = { warm: 1, common: 3, activate: 3 };
  const states: Vectors[] = [];
  const own: Vectors[] = [];
  await federation(of("fedms"), options, {
    cohort: settings.clients,
    rounds: 7,
    validation: false,
    onRound: async (_, { now }, kept) => {
      states.push(now);
      own.push(await kept.get(0));
    },
  });
  assert.equal(states.map((state) => Object.keys(state).length), [2, 2, 2, 3, 3, 3, 3]); // prettier-ignore
  const common = [0, 1, 2].map((round) => moved(states[round]!["adapters"]!, states[round + 1]!["adapters"]!));
  const stage = [[false, false, true], [false, true, true], [true, true, true]]; // prettier-ignore
  assert.equal(common, stage);
  // what everybody's own begins with, as a client without an epoch would keep it
  const still = await federation(of("fedms"), options, { cohort: settings.clients, rounds: 5, validation: false, kit: { epochs: 0 } }); // prettier-ignore
  const firsts = [(await still.states.get(0))["own"]!, ...own.slice(4).map((kept) => kept["own"]!)];
  assert.equal([0, 1, 2].map((round) => moved(firsts[round]!, firsts[round + 1]!)), stage); // prettier-ignore
  assert.equal(states.slice(4).map((state) => moved(states[3]!["adapters"]!, state["adapters"]!).some(Boolean)), [false, false, false]); // prettier-ignore
});

/** One client that keeps these rows back. */
const holding = (validation: Rows): World => ({ ...world, clients: [{ train: world.clients[0]!.train, validation }] });
const rowsOf = (count: number, address: number): Rows => ({
  x: odd(2 * count, address, 1.5),
  width: 2,
  labels: Array.from({ length: count }, (_, i) => i % 3),
});
const joined = (a: Rows, b: Rows): Rows => ({ ...a, x: [...a.x, ...b.x], labels: [...a.labels, ...b.labels] });

/** What a client tells after a turn in which nothing is trained: routers that choose are in the state. */
function told(name: string, options: Options, validation: Rows, state?: Vectors): Vectors {
  const wanted: ExactOptions = { rounds: 1, epochs: 0, ...(state && { state }) };
  return exactly(of(name), { warm: 0, rank: 1, alpha: 2, ...options }, holding(validation), wanted, () => 0).replies[0]!.up; // prettier-ignore
}

/** A state whose vectors are no special ones. */
const varied = (state: Vectors): Vectors =>
  Object.fromEntries(
    Object.entries(state).map(([name, values], i) => [
      name,
      name === "model" ? values : Float64Array.from(odd(values.length, 50 + i)),
    ]),
  );

test("FedMoE's clients tell which share of the rows that they keep back goes to each expert", () => {
  const options = { experts: 3, k: 1, explore: 9 };
  const begun = softmaxes(of("fedmoe"), { warm: 0, rank: 1, alpha: 2, ...options }, { rounds: 0 }).begun;
  const state = varied(begun);
  // more than are answered at once
  const [a, b] = [rowsOf(200, 70), rowsOf(40, 71)];
  const usage = (rows: Rows, k = 1): number[] => list(told("fedmoe", { ...options, k }, rows, state), "usage");
  // of an expert beside the first layer its factors, 2 + 3 numbers, and its row of the router
  const first = pointsOf(a).map((x) => {
    const scores = [0, 1, 2].map((e) => dot(list(state, `expert.0.${e}`).slice(5), x));
    return scores.map((score) => Number(score === Math.max(...scores)));
  });
  near(usage(a).slice(0, 3), meanOf(first), 1e-12);
  assert.is(new Set(usage(a)).size, 6);
  for (const k of [1, 2]) for (const layer of [0, 3]) near([sum(usage(a, k).slice(layer, layer + 3))], [k], 1e-12);
  const [ofA, ofB] = [usage(a), usage(b)];
  near(usage(joined(a, b)), ofA.map((one, i) => (200 * one + 40 * ofB[i]!) / 240), 1e-12); // prettier-ignore
  // a single row tells, and none does not
  assert.ok(usage(rowsOf(1, 72)).every((one) => one === 0 || one === 1));
  assert.equal(Object.keys(told("fedmoe", options, rowsOf(0, 73), state)).filter((name) => !name.startsWith("expert.")), []); // prettier-ignore
});

test("FedMoE's clients have all experts for `explore` rounds after the first ones", () => {
  const isParted = (rounds: number): boolean =>
    "parted" in softmaxes(of("fedmoe"), { warm: 1, explore: 1 }, { rounds }).server;
  assert.equal([0, 1, 2, 3].map(isParted), [false, false, true, true]); // prettier-ignore
});

test("FedAMoLE's clients tell means over the rows that they keep back, and over those they train on where there are none", () => {
  const options = { experts: 2, k: 1, choices: 1, least: 2, most: 2 };
  const state = varied(softmaxes(of("fedamole"), { warm: 0, rank: 1, alpha: 2, ...options }, { rounds: 0 }).begun);
  const means = (rows: Rows): number[] => {
    const up = told("fedamole", options, rows, state);
    return list(up, ...Object.keys(up).filter((name) => /^(key|tokens)/.test(name)).toSorted()); // prettier-ignore
  };
  const [a, b] = [rowsOf(200, 74), rowsOf(40, 75)];
  const [ofA, ofB] = [means(a), means(b)];
  near(means(joined(a, b)), ofA.map((one, i) => (200 * one + 40 * ofB[i]!) / 240), 1e-12); // prettier-ignore
  near(means(rowsOf(0, 76)), means(world.clients[0]!.train), 1e-12);
  const single = rowsOf(1, 77);
  near(means(joined(single, single)), means(single), 1e-12);
  assert.ok(means(single).some((one, i) => Math.abs(one - means(world.clients[0]!.train)[i]!) > 1e-3));
});

/** What each client's experts count in its answers at some points, after rounds of training. */
function counts(name: string, options: Options): { end: ExactEnd<V>; of: V[] } {
  const ask = (answer: Answer): V => {
    const before = (answer as Answer & { load: () => number[] }).load();
    near(before, before.map(() => 1 / before.length), 1e-12); // prettier-ignore
    answer(tensor(asked.flat(), [asked.length, 2]));
    return (answer as Answer & { load: () => number[] }).load();
  };
  const given = { warm: 0, rank: 1, alpha: 2, layers: "fc2", ...options };
  const end = exactly(of(name), given, world, { rounds: 2, epochs: 3 }, ask);
  return { end, of: end.answers.map(({ own }) => [...own!]) };
}
const asked: readonly V[] = [0, 1, 2, 3].map((i) => odd(2, 40 + i, 2));
const features = asked.map((x) => featuresOf(initial, x));

test("experts count in answers what their routers give them, and nothing of the training before", () => {
  const fedmoe = counts("fedmoe", { experts: 3, k: 3, explore: 9 });
  const rows = [0, 1, 2].map((e) => list(fedmoe.end.server, `expert.0.${e}`).slice(6));
  for (const one of fedmoe.of) near(one, meanOf(features.map((z) => shares(rows.map((row) => dot(row, z))))), 1e-9);
  const comigs = counts("comigs", { specialists: 2, k: 3, every: 1, routerSteps: 1 });
  comigs.of.forEach((one, client) => {
    // of two own experts the factors, and the router
    const router = list(comigs.end.kept[client]!, "own").slice(-9);
    near(one, meanOf(features.map((z) => shares([0, 1, 2].map((e) => dot(router.slice(3 * e, 3 * e + 3), z))))), 1e-9);
  });
  const fedamole = counts("fedamole", { experts: 2, k: 2, choices: 3, least: 2, most: 2 });
  const token = list(fedamole.end.server, "adapters").slice(6);
  const keys = [0, 1].map((e) => list(fedamole.end.server, `expert.0.${e}`).slice(0, 3));
  for (const one of fedamole.of)
    near(one, meanOf(features.map((z) => shares(keys.map((key) => dot(key, z) * dot(token, z))))), 1e-9);
});

test("who listens to mixtures hears nothing once others are loaded, or after rows were answered", () => {
  const kit = kitOf();
  const mixtures = new LoraExperts(kit, { layers: "fc3", rank: 2, alpha: 2, warm: 0 }, { experts: 2, k: 1 });
  const net = kit.net(mixtures.adapted.module);
  const firsts = mixtures.firsts(kit);
  let heard = 0;
  const answer = (): number => {
    net.predict(tensor([1, 2], [1, 2])).dispose();
    return heard;
  };
  mixtures.load(net, firsts);
  mixtures.tell(() => heard++);
  assert.is(answer(), 1);
  mixtures.load(net, firsts);
  assert.is(answer(), 1);
  const rows = new FeatureExamples({ x: Float32Array.of(1, 2), labels: [0], shape: [2] });
  finish(mixtures.listening(net, rows, 3, () => heard++));
  assert.is(heard, 2);
  assert.is(answer(), 2);
  rows.dispose();
  kit.dispose();
});

test("a model that is one layer has its experts beside it", () => {
  const model = new Linear(2, 3);
  const kit = kitOf({ model, initial: new Float32Array(9) });
  const mixtures = new LoraExperts(kit, { layers: "all", rank: 2, alpha: 2, warm: 0 }, { experts: 2, k: 1 });
  // factors of rank 2 on two numbers and from three, and a row of the router
  assert.equal(Object.values(mixtures.firsts(kit)).map(({ length }) => length), [12, 12]); // prettier-ignore
  kit.dispose();
});

test("weights with the products taken in answer as they do beside them, whatever the rank", async () => {
  for (const rank of [1, 3]) {
    const { end, bench } = await federation(of("fedlora"), { warm: 1, rank, alpha: 5 }, { rounds: 3 });
    const own = bench.stage(0, 9);
    const turn = { client: 0, round: 9, down: end.now, kept: {}, own, key: bench.key, effort: 1 };
    const made = bench.side.answers(turn) as Generator<unknown, { own: Answer & { weights: () => V } }>;
    let step = made.next();
    while (!step.done) step = made.next();
    const answer = (step.value as { own: Answer & { weights: () => Float32Array } }).own;
    const plain = bench.kit.net(module);
    plain.parameters.copyFrom(answer.weights());
    const x = tensor([1, -2, 0.3, 0.7], [2, 2]);
    near(answer(x).toArray(), plain.predict(x).toArray(), 1e-5);
    own.dispose();
  }
});

test.run();
