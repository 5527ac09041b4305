// FedBasis and FedTHE, whose clients weigh what everybody shares: round by round and input by input, in plain numbers.
import { logSoftmaxOf as libraryLogSoftmax, testTimeMixture } from "../../../src/federated/methods/testTime.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  average,
  bodySize,
  classes,
  descend,
  everybody,
  features,
  featuresOf,
  headOf,
  initial,
  logSoftmaxOf,
  modelOf,
  nllOf,
  over,
  rowCounts,
  rows,
  slopeOf,
  softmaxes,
  steps,
  type V,
  worked,
} from "../../support/softmax.ts";
import { list, of, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-7;
const softmax = (z: V): number[] => logSoftmaxOf(z).map(Math.exp);
const byRows = (who: V): V => who.map((i) => rowCounts[i]!);
// the third client has no turn
const some: readonly V[] = [[0, 1], [1, 0], [1]]; // prettier-ignore

for (const rate of [0.8, 0])
test(`FedBasis at ${rate}, round by round: weights first, and then the bases`, () => {
  const options = { bases: 3, rate, warm: 2, temperature: 0.6, apart: 0.25 };
  const names = ["basis.0", "basis.1", "basis.2"];
  // steps of a turn begin without momentum, whoever had the turn before
  const optimizer = { kind: "sgd", lr: 0.1, momentum: 0.5 } as const;
  const end = softmaxes(of("fedbasis"), options, { cohort: (round) => some[round]!, optimizer });
  let bases: V[] = names.map((name) => list(end.begun, name));
  // a quarter of the way to where they would be by themselves
  const drawn = softmaxes(of("fedbasis"), { ...options, apart: 1 }, { rounds: 0 }).begun;
  near(bases.flat(), names.flatMap((name) => initial.map((x, k) => x + (name === "basis.0" ? 0 : 0.25 * (drawn[name]![k]! - x)))), 1e-12); // prettier-ignore
  assert.is(new Set(names.map((name) => drawn[name]![0])).size, 3);
  const psi: V[] = everybody.map(() => [0, 0, 0]);
  const sharesOf = (psi: V): number[] => softmax(psi.map((x) => x / options.temperature));
  const summed = (bases: readonly V[], shares: V): V => initial.map((_, k) => sum(shares.map((share, b) => share * bases[b]![k]!)));
  const cut = (flat: V): V[] => names.map((_, b) => flat.slice(b * initial.length, (b + 1) * initial.length));
  let lost: V = [];
  for (const who of some) {
    const came = bases;
    const ups = who.map((i) => {
      psi[i] = descend((psi) => nllOf(summed(came, sharesOf(psi)), i), psi[i]!, { count: worked(i, options.warm), rate });
      const shares = sharesOf(psi[i]!);
      const loss = (flat: V): number => nllOf(summed(cut(flat), shares), i);
      return {
        after: descend(loss, came.flat(), { count: steps[i]!, momentum: 0.5 }),
        lost: loss(descend(loss, came.flat(), { count: steps[i]! - 1, momentum: 0.5 })),
      };
    });
    bases = cut(average(ups.map(({ after }) => after), byRows(who))); // prettier-ignore
    lost = ups.map((up) => up.lost);
  }
  near(list(end.server, ...names), bases.flat(), close);
  near([0, 1].flatMap((i) => list(end.kept[i]!, "weights")), [0, 1].flatMap((i) => psi[i]!), close);
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
  near(end.answers.flatMap(({ own }) => own!), psi.flatMap((one) => answersOf((x) => modelOf(summed(bases, sharesOf(one)), x))), close);
});

/** The same weights by somebody else: Adam down entropy where the heads agree and distance where they do not, by differences. */
function weighed(shared: V, own: V, far: V, { steps, rate }: { steps: number; rate: number }): V {
  const [p, q] = [shared.map(Math.exp), own.map(Math.exp)];
  const length = (v: V): number => Math.sqrt(sum(v.map((x) => x * x)));
  const agree = sum(p.map((x, c) => x * q[c]!)) / (length(p) * length(q));
  const mixed = (a: V): V => {
    const [g, s] = softmax(a);
    return logSoftmaxOf(shared.map((l, c) => g! * l + s! * own[c]!));
  };
  const loss = (a: V): number => {
    const w = softmax(a);
    return -agree * sum(mixed(a).map((l) => l * Math.exp(l))) + (1 - agree) * (w[0]! * far[0]! + w[1]! * far[1]!);
  };
  let [a, m, v]: [V, V, V] = [[0, 0], [0, 0], [0, 0]]; // prettier-ignore
  for (let t = 1; t <= steps; t++) {
    const g = slopeOf(loss, a);
    m = m.map((x, j) => 0.9 * x + 0.1 * g[j]!);
    v = v.map((x, j) => 0.999 * x + 0.001 * g[j]! ** 2);
    a = a.map((x, j) => x - (rate * (m[j]! / (1 - 0.9 ** t))) / (Math.sqrt(v[j]! / (1 - 0.999 ** t)) + 1e-8));
  }
  return mixed(a);
}

test("FedTHE's weights of an input", () => {
  const seen: [V, V, [number, number]][] = [
    [[4, 0, 0], [0, 3, 0.5], [1, 3]],
    [[1, 0.2, -1], [0.9, 0.1, -0.3], [2, 0.5]],
    [[0.3, -2, 1], [-1, 2, 0.4], [0.2, 0.1]],
    [[5, 0, 0], [1, 0.5, 0], [1, 1]],
  ]; // prettier-ignore
  for (const [a, b, far] of seen)
    for (const settings of [{ steps: 1, rate: 0.1 }, { steps: 7, rate: 0.3 }, { steps: 20, rate: 0.1 }]) {
      const [shared, own] = [logSoftmaxOf(a), logSoftmaxOf(b)];
      near(testTimeMixture({ shared, own, far }, settings), weighed(shared, own, far, settings), 1e-6);
    }
  // however large
  near(libraryLogSoftmax([800, 799, -800]), [-Math.log(1 + Math.exp(-1)), -1 - Math.log(1 + Math.exp(-1)), -1600 - Math.log(1 + Math.exp(-1))], 1e-12); // prettier-ignore
});

test("FedTHE, round by round: heads, mean features, and what each input makes of them", () => {
  const options = { steps: 4, rate: 0.3 };
  const end = softmaxes(of("fedthe"), options, { cohort: (round) => some[round]! });
  let p: V = initial;
  let centre: V = new Array<number>(features).fill(0);
  const own: V[] = everybody.map(() => initial.slice(bodySize));
  const centres = everybody.map((): V | undefined => undefined);
  let lost: V = [];
  for (const who of some) {
    const ups = who.map((i) => {
      const prior = Array.from({ length: classes }, (_, c) => Math.log(Math.max(rows(i).filter(({ label }) => label === c).length, 1e-6)));
      const balanced = (p: V): number => over(i, (x, label) => -logSoftmaxOf(modelOf(p, x).map((l, c) => l + prior[c]!))[label]!);
      const personal = (p: V) => (head: V): number => over(i, (x, label) => -headOf(head, featuresOf(p, x))[label]!);
      let [at, loss] = [p, 0];
      for (let k = 0; k < steps[i]!; k++) {
        loss = balanced(at) + personal(at)(own[i]!);
        own[i] = descend(personal(at), own[i]!, { count: 1 });
        at = descend(balanced, at, { count: 1 });
      }
      centres[i] = Array.from({ length: features }, (_, k) => over(i, (x) => featuresOf(at, x)[k]!));
      return { at, loss };
    });
    p = average(ups.map(({ at }) => at), byRows(who)); // prettier-ignore
    centre = average(who.map((i) => centres[i]!), byRows(who)); // prettier-ignore
    lost = ups.map(({ loss }) => loss);
  }
  near(list(end.server, "body", "head", "mean"), [...p, ...centre], close);
  near([0, 1].flatMap((i) => list(end.kept[i]!, "own", "mean")), [0, 1].flatMap((i) => [...own[i]!, ...centres[i]!]), close);
  near(end.replies.map(({ metrics }) => metrics["trainLoss"]!), lost, close);
  const distance = (a: V, b: V): number => Math.sqrt(sum(a.map((x, k) => (x - b[k]!) ** 2)));
  for (const i of everybody) {
    const answer = (x: V): V => {
      const z = featuresOf(p, x);
      const far = [distance(z, centre), distance(z, centres[i] ?? centre)];
      return weighed(headOf(p.slice(bodySize), z), headOf(own[i]!, z), far, options);
    };
    near(end.answers[i]!["own"]!, answersOf(answer), 1e-8);
    near(end.answers[i]!["shared"]!, answersOf((x) => modelOf(p, x)), close);
  }
  // the steps have led somewhere
  assert.not.equal(end.answers[1]!["own"], softmaxes(of("fedthe"), { ...options, steps: 0 }, { cohort: (round) => some[round]! }).answers[1]!["own"]);
});

test.run();
