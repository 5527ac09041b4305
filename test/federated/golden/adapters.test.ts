// Adapters beside a model that stands still, round by round in plain numbers.
import type { Options } from "../../../src/federated/method.ts";
import { adapted, merged } from "../../../src/federated/methods/adapters.ts";
import { switchedOn } from "../../../src/federated/methods/fedms.ts";
import { Lora } from "../../../src/nn/loraMixture.ts";
import { Net } from "../../../src/nn/net.ts";
import { tensor } from "../../../src/autograd/index.ts";
import { kitOf, module } from "../../support/federation.ts";
import { near } from "../../support/near.ts";
import { refuses } from "../../support/refuses.ts";
import {
  answersOf,
  average,
  bodySize,
  cohorts,
  descend,
  everybody,
  featuresOf,
  initial,
  linear,
  logSoftmaxOf,
  logitsOf,
  over,
  rowCounts,
  softmaxes,
  steps,
  type V,
} from "../../support/softmax.ts";
import { list, of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-7;
const head: V = initial.slice(bodySize);
const plus = (a: V, b: V): number[] => a.map((one, i) => one + b[i]!);

/** s B A x of factors that lie behind each other: A [rank, inputs], B [outputs, rank]. */
function product(p: V, x: V, { outputs, rank, scale }: { outputs: number; rank: number; scale: number }): number[] {
  const low = Array.from({ length: rank }, (_, r) => x.reduce((sum, one, i) => sum + p[r * x.length + i]! * one, 0));
  const b = p.slice(rank * x.length);
  return Array.from({ length: outputs }, (_, o) => scale * low.reduce((sum, one, r) => sum + b[o * rank + r]! * one, 0));
}

const one = { outputs: 3, rank: 1, scale: 2 };
/** Log-probabilities of the model with rank-1 factors beside both layers: 2 + 3 numbers and 3 + 3. */
const withBoth = (p: V, x: V): number[] => {
  const z = plus(featuresOf(initial, x), product(p.slice(0, 5), x, one));
  return logSoftmaxOf(plus(logitsOf(head, z), product(p.slice(5), z, one)));
};
/** The same with a product beside the head alone: 3 + 3 numbers. */
const withHead = (p: V, x: V): number[] => {
  const z = featuresOf(initial, x);
  return logSoftmaxOf(plus(logitsOf(head, z), product(p, z, one)));
};
const cold = { warm: 0, rank: 1, alpha: 2 };

/** FedAvg in plain numbers of whatever clients train. */
function rounds(from: V, turn: (i: number, p: V, round: number) => V): V {
  return cohorts.reduce<V>(
    (p, who, round) => average(who.map((i) => turn(i, p, round)), who.map((i) => rowCounts[i]!)), // prettier-ignore
    from,
  );
}

const fit = (logp: (p: V, x: V) => V, i: number) => (p: V): number => over(i, (x, label) => -logp(p, x)[label]!);

test("one adapter, round by round", () => {
  const end = softmaxes(of("fedlora"), cold);
  const first = list(end.begun, "adapters");
  // second factors are zero at first
  assert.equal([2, 3, 4, 8, 9, 10].map((i) => first[i]), [0, 0, 0, 0, 0, 0]); // prettier-ignore
  const p = rounds(first, (i, from) => descend(fit(withBoth, i), from, { count: steps[i]! }));
  near(list(end.server, "adapters"), p, close);
  assert.equal(list(end.server, "model"), [...initial]);
  near(end.answers[0]!["own"]!, answersOf((x) => withBoth(p, x)), close);
  for (const { up } of end.replies) assert.equal(Object.keys(up), ["adapters"]);
});

test("the first step moves the second factor against the gradient of the weights, and the first one not at all", () => {
  const options = { ...cold, layers: "fc2" };
  const { begun, replies } = softmaxes(of("fedlora"), options, { rounds: 1, epochs: 1, cohort: () => [0] });
  const [first, after] = [list(begun, "adapters"), list(replies[0]!.up, "adapters")];
  near(after.slice(0, 3), first.slice(0, 3), 1e-15);
  // dL/dW = (p - y) z^T, dL/dB = s dL/dW A^T
  const wanted = [0, 1, 2].map((c) =>
    over(0, (x, label) => {
      const z = featuresOf(initial, x);
      const away = Math.exp(withHead(first, x)[c]!) - Number(label === c);
      return -0.1 * 2 * away * z.reduce((sum, one, k) => sum + one * first[k]!, 0);
    }),
  );
  near(after.slice(3), wanted, 1e-9);
});

test("layers are named by parts of their names, and products can be taken into weights", () => {
  const kit = kitOf();
  const make = (): Lora => new Lora(1, 1);
  refuses(() => adapted(kit, "attention", make), "adapters: layers, got attention, expected all or a part of fc1, fc2, fc3");
  refuses(() => adapted({ model: { specs: [], bind: () => (x) => x } }, "all", make), /^adapters: model, got one without/);
  assert.equal(adapted(kit, "1+3", make).sites.map(({ name }) => name), ["fc1", "fc3"]); // prettier-ignore
  const both = adapted(kit, "all", ({ inputs, outputs }) => new Lora(inputs, outputs, { rank: 2, alpha: 3 }));
  const net = new Net(both.module, { group: "private" });
  net.parameters.copyFrom(Array.from({ length: net.parameters.size }, (_, i) => Math.sin(i)));
  const plain = new Net(module, { group: "private" });
  plain.parameters.copyFrom(merged(both.module, net.parameters.toArray(), 1.5));
  const x = tensor([1, -2, 0.3, 0.7], [2, 2]);
  near(net.predict(x).toArray(), plain.predict(x).toArray(), 1e-5);
  kit.dispose();
});

test("layers are switched on one after another, and all at once if that takes no time", () => {
  assert.equal([0, 1, 2, 3, 9].map((t) => switchedOn(5, t, 4)), [2, 3, 4, 5, 5]); // prettier-ignore
  assert.is(switchedOn(5, 0, 0), 5);
  // of two layers the last one trains first
  const { replies, begun } = softmaxes(of("fedms"), { ...cold, common: 9, activate: 2 }, { rounds: 1 });
  const before = list(begun, "adapters");
  for (const { up } of replies) {
    const after = list(up, "adapters");
    assert.equal(after.slice(0, 5), before.slice(0, 5));
    assert.not.equal(after.slice(5), before.slice(5));
  }
});

const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));

test("FedMS' second stage, round by round: an own adapter and a gate, of which a part is averaged", () => {
  const end = softmaxes(of("fedms"), { ...cold, layers: "fc2", common: 0, activate: 0, gateRank: 1 });
  const common = list(end.begun, "adapters");
  const beside = { outputs: 3, rank: 1, scale: 1 };
  // own adapter, the gate's adapter, its top layer
  const mix = (p: V, x: V): number[] => {
    const z = featuresOf(initial, x);
    const h = sigmoid(linear(p.slice(12), plus(z, product(p.slice(6, 12), z, beside)), 1)[0]!);
    const [a, b] = [withHead(p.slice(0, 6), x), withHead(common, x)];
    return a.map((one, c) => Math.log(h * Math.exp(one) + (1 - h) * Math.exp(b[c]!)));
  };
  // what everybody begins with that nobody sends, as a client without a step would keep it
  const still = softmaxes(of("fedms"), { ...cold, layers: "fc2", common: 0, activate: 0, gateRank: 1 }, { rounds: 1, epochs: 0 });
  const own: V[] = everybody.map(() => list(still.kept[0]!, "own", "gate"));
  const p = rounds(list(end.begun, "gate"), (i, shared) => {
    const from = [...own[i]!.slice(0, 6), ...shared, ...own[i]!.slice(6)];
    const after = descend(fit(mix, i), from, { count: steps[i]! });
    own[i] = [...after.slice(0, 6), ...after.slice(12)];
    return after.slice(6, 12);
  });
  near(list(end.server, "gate"), p, close);
  near(end.kept.flatMap((kept) => list(kept, "own", "gate")), own.flat(), close);
  near(end.answers[1]!["own"]!, answersOf((x) => mix([...own[1]!.slice(0, 6), ...p, ...own[1]!.slice(6)], x)), close);
  near(end.answers[1]!["shared"]!, answersOf((x) => withHead(common, x)), close);
});

// a router has one epoch at most: of three rows at once, one step
for (const [heldOut, every, routerSteps] of [[true, 1, 1], [false, 1, 1], [true, 2, 9]] as const) // prettier-ignore
  test(`CoMiGS, round by round: after ${every} steps and at the end the router learns on ${heldOut ? "held-out" : "training"} rows`, () => {
    const options = { ...cold, layers: "fc2", every, routerSteps, heldOut };
    const end = softmaxes(of("comigs"), options);
    // common factors, own factors, router [2, 3]
    const mix = (p: V, x: V): number[] => {
      const z = featuresOf(initial, x);
      const [a, b] = [0, 1].map((e) => linear([...p.slice(12 + 3 * e, 15 + 3 * e), 0], z, 1)[0]!) as [number, number];
      const w = sigmoid(a - b);
      const mixed = [w, 1 - w].map((weight, e) => product(p.slice(6 * e, 6 * e + 6), z, one).map((y) => weight * y));
      return logSoftmaxOf(plus(logitsOf(head, z), plus(mixed[0]!, mixed[1]!)));
    };
    const still = softmaxes(of("comigs"), { ...options, routerSteps: 0 }, { rounds: 1, epochs: 0 });
    const own: V[] = everybody.map(() => list(still.kept[0]!, "own"));
    const p = rounds(list(end.begun, "adapters"), (i, common) => {
      let at: V = [...common, ...own[i]!];
      const held = (p: V): number => over(i, (x, label) => -mix(p, x)[label]!, heldOut ? "validation" : "train");
      for (let k = 0; k < steps[i]!; k++) {
        at = descend(fit(mix, i), at, { count: 1, moves: (n) => n < 12 });
        if ((k + 1) % every === 0 || k + 1 === steps[i]!)
          at = descend(held, at, { count: 1, moves: (n) => n >= 12 });
      }
      own[i] = at.slice(6);
      return at.slice(0, 6);
    });
    near(list(end.server, "adapters"), p, close);
    near(end.kept.flatMap((kept) => list(kept, "own")), own.flat(), close);
    near(end.answers[2]!["own"]!, answersOf((x) => mix([...p, ...own[2]!], x)), close);
  });

/** Log-probabilities with some products beside the head, each at its weight. */
const weighed = (z: V, parts: readonly V[], weights: V): number[] =>
  logSoftmaxOf(
    parts.reduce<V>((sum, part, e) => plus(sum, product(part, z, one).map((y) => weights[e]! * y)), logitsOf(head, z)), // prettier-ignore
  );
const shares = (scores: V): number[] => logSoftmaxOf(scores).map((one) => Math.exp(one));

test("FedMoE, round by round: experts with their rows of the router, each averaged by rows", () => {
  const options = { ...cold, layers: "fc2", experts: 2, k: 2, explore: 9, balance: 0 };
  const end = softmaxes(of("fedmoe"), options);
  // of each expert its factors, and its row of the router
  const mix = (p: V, x: V): number[] => {
    const z = featuresOf(initial, x);
    const at = [0, 1].map((e) => p.slice(9 * e, 9 * e + 9));
    const weights = shares(at.map((part) => linear([...part.slice(6), 0], z, 1)[0]!));
    return weighed(z, at, weights); // prettier-ignore
  };
  const names = ["expert.0.0", "expert.0.1"] as const;
  const p = rounds(list(end.begun, ...names), (i, from) => descend(fit(mix, i), from, { count: steps[i]! }));
  near(list(end.server, ...names), p, close);
  near(end.answers[1]!["own"]!, answersOf((x) => mix(p, x)), close);
});

test("FedAMoLE, round by round: what is everybody's and experts that are found by their own factor", () => {
  const options = { ...cold, layers: "fc2", experts: 2, k: 2, choices: 3, least: 2, most: 2, balance: 0 };
  const end = softmaxes(of("fedamole"), options);
  // the common factors and the projection, and then each expert's factors
  const parts = (p: V): V[] => [p.slice(0, 6), p.slice(9, 15), p.slice(15)];
  const mix = (p: V, x: V): number[] => {
    const z = featuresOf(initial, x);
    const at = (row: V): number => linear([...row, 0], z, 1)[0]!;
    const [, ...experts] = parts(p);
    const weights = shares(experts.map((part) => at(part.slice(0, 3)) * at(p.slice(6, 9))));
    return weighed(z, parts(p), [1, ...weights]);
  };
  const names = ["adapters", "expert.0.0", "expert.0.1"] as const;
  const p = rounds(list(end.begun, ...names), (i, from) => descend(fit(mix, i), from, { count: steps[i]! }));
  near(list(end.server, ...names), p, close);
  near(end.answers[0]!["own"]!, answersOf((x) => mix(p, x)), close);
  // what an expert looks for is a mean over held-out rows, here of the last client of the last round
  const { client, up } = end.replies.at(-1)!;
  const own = [...list(up, "adapters"), ...list(up, "expert.0.0"), ...list(up, "expert.0.1")];
  const over1 = (row: V): number => over(client, (x) => linear([...row, 0], featuresOf(initial, x), 1)[0]!, "validation");
  near(list(up, "tokens", "key.0.0", "key.0.1"), [own.slice(6, 9), own.slice(9, 12), own.slice(15, 18)].map(over1), close); // prettier-ignore
});

test("a balance of experts is in their loss", () => {
  const lossesOf = (name: string, options: Options): number[] =>
    softmaxes(of(name), { ...cold, layers: "fc2", ...options }, { rounds: 1, epochs: 1 }).replies.map(
      ({ metrics }) => metrics["trainLoss"]!,
    );
  const all = { experts: 2, k: 2, explore: 9 };
  const without = lossesOf("fedmoe", { ...all, balance: 0 });
  // a row that has all experts is balanced: 1
  for (const balance of [0.5, 1])
    near(lossesOf("fedmoe", { ...all, balance }), without.map((loss) => loss + balance), 1e-9); // prettier-ignore
  // one has nothing to be balanced with
  near(lossesOf("fedmoe", { ...all, experts: 1, balance: 0.5 }), lossesOf("fedlora", {}), 1e-12);
});

test.run();
