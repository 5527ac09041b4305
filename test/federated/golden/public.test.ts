// Fed-MoE's server, whose mixture learns on public rows, round by round in plain numbers, and its limits.
import fc from "fast-check";
import { tensor } from "../../../src/autograd/index.ts";
import type { Method, } from "../../../src/federated/method.ts";
import { methods } from "../../../src/federated/methods/index.ts";
import { affinities } from "../../../src/federated/methods/publicMixture.ts";
import { FloatExamples } from "../../../src/nn/index.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  average,
  cohorts,
  descend,
  everybody,
  bodySize,
  featuresOf,
  initial,
  linear,
  logSoftmaxOf,
  meanOf,
  modelOf,
  nllOf,
  odd,
  rowCounts,
  softmaxes,
  steps,
  type V,
  world,
} from "../../support/softmax.ts";
import { exactly, type World } from "../../support/exact.ts";
import { list, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const method: Method = methods.get("fed-moe")!;
const close = 1e-7;
const labels = [0, 1, 2, 2, 0, 1];
const inputs = odd(2 * labels.length, 50, 1.5);
const open = labels.map((label, i) => ({ x: inputs.slice(2 * i, 2 * i + 2), label }));
const publicRows = (): FloatExamples => new FloatExamples(tensor(inputs, [labels.length, 2]), labels);
const softmaxOf = (z: V): V => logSoftmaxOf(z).map(Math.exp);
const combined = (of: readonly V[], weights: V): V => of[0]!.map((_, i) => sum(of.map((v, k) => weights[k]! * v[i]!)));

interface State {
  readonly experts: readonly V[];
  readonly main: V;
  readonly gate: V;
}

const gatesOf = (gate: V, x: V, experts: number, k: number): V => {
  const z = linear(gate.slice(bodySize), featuresOf(gate, x), experts);
  const best = z.toSorted((a, b) => b - a).slice(0, k);
  const kept = z.map((value) => best.includes(value));
  const total = sum(z.map((value, e) => (k === 1 || kept[e] ? Math.exp(value) : 0)));
  return z.map((value, e) => (kept[e] ? Math.exp(value) / total : 0));
};

function mixtureOf({ experts, main, gate }: State, x: V, { k, trust }: { k: number; trust: number }): V {
  const g = gatesOf(gate, x, experts.length, k);
  const [parts, rest] = [experts.map((p) => modelOf(p, x)), modelOf(main, x)];
  return rest.map((logp, c) =>
    Math.log(trust * sum(parts.map((part, e) => g[e]! * Math.exp(part[c]!))) + (1 - trust * sum(g)) * Math.exp(logp)),
  );
}

const flat = ({ experts, main, gate }: State): V => [...experts.flat(), ...main, ...gate];
function stateOf(p: V, count: number): State {
  const size = initial.length;
  const experts = Array.from({ length: count }, (_, e) => p.slice(e * size, (e + 1) * size));
  return { experts, main: p.slice(count * size, (count + 1) * size), gate: p.slice((count + 1) * size) };
}

for (const { k, epochs } of [{ k: 2, epochs: 0 }, { k: 2, epochs: 2 }, { k: 1, epochs: 1 }])
  test(`Fed-MoE with ${k} of 3 experts and ${epochs} epochs on public rows, round by round`, () => {
    const [count, trust, take, keep, tau, balance] = [3, 0.6, 0.3, 0.2, 0.05, 0.4];
    const options = { experts: count, k, trust, take, keep, tau, balance, epochs };
    const end = softmaxes(method, options, { publicRows });
    let state = stateOf([...everybody.flatMap(() => initial), ...initial, ...list(end.begun, "gate")], count);
    near([0, 1, 2].flatMap((e) => list(end.begun, `expert.${e}`)), state.experts.flat(), 0);
    const own: V[] = [];
    const suits: V[] = everybody.map(() => everybody.map(() => 1 / count));
    const startOf = (i: number): V => {
      const pulled = combined([...state.experts, state.main], [...suits[i]!.map((s) => trust * s), 1 - trust]);
      return own[i] ? combined([pulled, own[i]!], [1 - keep, keep]) : pulled;
    };
    for (const who of cohorts) {
      for (const i of who) own[i] = descend((p) => nllOf(p, i), startOf(i), { count: steps[i]! });
      const believed = who.map((i) => open.map(({ x, label }) => Math.exp(modelOf(own[i]!, x)[label]!)));
      const suiting = (): number[][] =>
        state.experts.map((_, e) =>
          believed.map((of) => meanOf(open.map(({ x }, row) => gatesOf(state.gate, x, count, k)[e]! * of[row]!))));
      const taken = suiting().map((row) => combined(who.map((i) => own[i]!), softmaxOf(row.map((a) => a / tau)))); // prettier-ignore
      const experts = state.experts.map((p, e) => combined([p, taken[e]!], [1 - take, take]));
      state = { ...state, experts, main: average(who.map((i) => own[i]!), who.map((i) => rowCounts[i]!)) }; // prettier-ignore
      const loss = (p: V): number => {
        const at = stateOf(p, count);
        const sums = everybody.map((e) => sum(open.map(({ x }) => gatesOf(at.gate, x, count, k)[e]!)));
        const uneven = meanOf(sums.map((s) => (s - meanOf(sums)) ** 2)) / meanOf(sums) ** 2;
        const losses = open.map(({ x, label }) => -mixtureOf(at, x, { k, trust })[label]! - modelOf(at.main, x)[label]!);
        return meanOf(losses) + balance * uneven;
      };
      state = stateOf(descend(loss, flat(state), { count: epochs }), count);
      who.forEach((i, at) => (suits[i] = softmaxOf(suiting().map((row) => row[at]! / tau))));
    }
    const found = [...everybody.map((e) => `expert.${e}`), "main", "gate"].flatMap((name) => list(end.server, name));
    near(found, flat(state), close);
    near(everybody.flatMap((i) => list(end.server, `suits.${i}`)), suits.flat(), close);
    near(end.answers.flatMap((of) => of["own"]!), everybody.flatMap((i) => answersOf((x) => modelOf(startOf(i), x))), close); // prettier-ignore
    const shared = answersOf((x) => mixtureOf(state, x, { k, trust }));
    for (const of of end.answers) near(of["shared"]!, shared, close);
  });

test("a single expert has all of its gate, which then learns nothing", () => {
  const end = softmaxes(method, { experts: 1, k: 1, trust: 0.5, epochs: 3 }, { publicRows });
  assert.equal(end.server["gate"], end.begun["gate"]);
  assert.not.equal(end.server["expert.0"], end.server["main"]);
});

test("before anything is learnt experts are alike, and the mixture is the model whatever its gate", () => {
  for (const k of [1, 2, 4]) {
    const end = softmaxes(method, { experts: 4, k }, { publicRows, rounds: 0 });
    for (const { own, shared } of end.answers) near(shared!, own!, 1e-12);
  }
});

test("keeping all of its own, a client is by itself", () => {
  const one = softmaxes(method, { keep: 1 }, { publicRows });
  const two = softmaxes(method, { keep: 1, take: 1, trust: 0.2, epochs: 2 }, { publicRows });
  // what is pulled of models that are still alike is them but for rounding
  for (const i of everybody) near(list(one.kept[i]!, "own"), list(two.kept[i]!, "own"), 1e-12);
});

test("under an even gate all experts take alike, and under a one-hot one each by its own rows", () => {
  const p = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(p, p), { minLength: 2, maxLength: 8 }), (rows) => {
      const believed = [0, 1].map((c) => Float64Array.from(rows, (row) => row[c]!));
      const even = affinities(rows.flatMap(() => [0.5, 0.5]), believed, 2); // prettier-ignore
      near(even[0]!, even[1]!, 0);
      near(even[0]!, believed.map((of) => meanOf(Array.from(of)) / 2), 1e-12); // prettier-ignore
      const first = affinities(rows.flatMap((_, i) => (i === 0 ? [1, 0] : [0, 1])), believed, 2); // prettier-ignore
      near(first[0]!, believed.map((of) => of[0]! / rows.length), 1e-12); // prettier-ignore
    }),
  );
});

test("of a client without rows nothing is taken, and of one with a single row as of any other", () => {
  const few = (client: number, count: number): World => {
    const clients = world.clients.map((one, i) => i === client ? { ...one, train: { x: one.train.x.slice(0, 2 * count), width: 2, labels: one.train.labels.slice(0, count) } } : one); // prettier-ignore
    return { ...world, clients };
  };
  const server = (client: number, count: number, cohort: V) =>
    exactly(method, { take: 0.5, epochs: 1 }, few(client, count), { publicRows, rounds: 1, epochs: 1, cohort: () => cohort }, () => 0).server; // prettier-ignore
  assert.equal(server(1, 0, [0, 1]), server(1, 0, [0]));
  assert.equal(server(1, 0, [1]), softmaxes(method, {}, { publicRows, rounds: 0 }).server);
  for (const cohort of [[0, 2], [2]]) assert.not.equal(server(2, 1, cohort)["main"], server(2, 0, cohort)["main"]); // prettier-ignore
});

test("more experts for a row than there are, and no public rows, are refused", () => {
  assert.throws(() => softmaxes(method, { experts: 2, k: 3 }, { publicRows }), /fed-moe: k, got 3, expected at most the 2/);
  assert.throws(() => softmaxes(method, {}, {}), /kit: got no public rows, expected some; an experiment has them/);
});

test.run();
