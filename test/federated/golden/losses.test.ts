// Three rounds of the methods that change what is learnt, not only how models are summed: again in plain numbers, with slopes
// that are differences.
import { lawOf as lawOfCounts } from "../../../src/federated/methods/cwfedavg.ts";
import { spread } from "../../../src/federated/methods/ala.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  average,
  bodySize,
  byClassOf,
  classes,
  cohorts,
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
  meanOf,
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
  worked,
} from "../../support/softmax.ts";
import { list, of, sum } from "../../support/rules.ts";
import { test } from "../../support/suite.ts";

const close = 1e-7;
const bodyOf = (p: V): V => p.slice(0, bodySize);
const restOf = (p: V): V => p.slice(bodySize);
const part = (values: V, at: number, width: number): V => values.slice(at * width, (at + 1) * width);
const zeros = (n: number): number[] => new Array<number>(n).fill(0);
const weigh = (who: V): V => who.map((i) => rowCounts[i]!);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** A server's means by class, from those of its clients. */
function merged(before: { means: V; counts: V }, ups: readonly { means: V; counts: V }[]): { means: V; counts: V } {
  const width = before.means.length / classes;
  const counts = before.counts.map((_, c) => sum(ups.map((up) => up.counts[c]!)));
  return {
    means: before.means.map((value, i) => {
      const c = Math.floor(i / width);
      return counts[c]! > 0 ? sum(ups.map((up) => up.counts[c]! * up.means[i]!)) / counts[c]! : value;
    }),
    counts: counts.map((count, c) => (count > 0 ? count : before.counts[c]!)),
  };
}

for (const weight of [0.8, 1])
test(`FedProto at ${weight}, round by round`, () => {
  const own = everybody.map(() => initial);
  let known = { means: zeros(classes * features) as V, counts: zeros(classes) as V };
  for (const who of cohorts) {
    const { means, counts } = known;
    const loss = (i: number) => (p: V) =>
      nllOf(p, i) +
      weight *
        over(i, (x, label) => {
          const z = featuresOf(p, x);
          return counts[label]! > 0 ? meanOf(z.map((value, k) => (value - means[label * features + k]!) ** 2)) : 0;
        });
    for (const i of who) own[i] = descend(loss(i), own[i]!, { count: steps[i]! });
    known = merged(known, who.map((i) => byClassOf(i, (x) => featuresOf(own[i]!, x)))); // prettier-ignore
  }
  const end = softmaxes(of("fedproto"), { lambda: weight });
  near(end.kept.flatMap((kept) => list(kept, "body", "head")), own.flat(), close);
  near(list(end.server, "features", "counts"), [...known.means, ...known.counts], close);
  near(end.answers.flatMap(({ own }) => own!), own.flatMap((p) => answersOf((x) => modelOf(p, x))), close);
});

for (const [lambda, gamma] of [[0.3, 0.4], [1, 0], [0, 1], [1, 1]] as const)
test(`FedHKD at ${lambda} and ${gamma}, round by round`, () => {
  const temperature = 0.5;
  let p: V = initial;
  let means = { means: zeros(classes * features) as V, counts: zeros(classes) as V };
  let soft = { means: zeros(classes * classes) as V, counts: zeros(classes) as V };
  const cooled = (p: V, x: V): number[] => logSoftmaxOf(modelOf(p, x).map((value) => value / temperature)).map(Math.exp);
  for (const who of cohorts) {
    const [h, q, { counts }] = [means.means, soft.means, means];
    const loss = (i: number) => (p: V) => {
      const cross = everybody.map((c) => {
        const logq = logSoftmaxOf(headOf(restOf(p), part(h, c, features)).map((value) => value / temperature));
        return counts[c]! > 0 ? sum(logq.map((value, k) => value * q[c * classes + k]!)) : 0;
      });
      const apart = over(i, (x, label) =>
        counts[label]! > 0 ? meanOf(featuresOf(p, x).map((z, k) => (z - h[label * features + k]!) ** 2)) : 0,
      );
      return nllOf(p, i) - lambda * meanOf(cross) + gamma * apart;
    };
    const ups = who.map((i) => descend(loss(i), p, { count: steps[i]! }));
    means = merged(means, who.map((i, j) => byClassOf(i, (x) => featuresOf(ups[j]!, x)))); // prettier-ignore
    soft = merged(soft, who.map((i, j) => byClassOf(i, (x) => cooled(ups[j]!, x)))); // prettier-ignore
    p = average(ups, weigh(who));
  }
  const end = softmaxes(of("fedhkd"), { lambda, gamma, temperature });
  near(list(end.server, "body", "head", "features", "answers"), [...p, ...means.means, ...soft.means], close);
  near(end.answers[0]!["own"]!, answersOf((x) => modelOf(p, x)), close);
  // each of the two by itself
  for (const options of [{ lambda: 0, gamma: 0.4 }, { lambda: 0.3, gamma: 0 }])
    near([Number(softmaxes(of("fedhkd"), options).server["body"]![0] !== softmaxes(of("fedavg")).server["model"]![0])], [1], 0);
});

for (const weight of [0.6, 1])
test(`FedDBE at ${weight}, round by round`, () => {
  let [p, mean]: [V, V] = [initial, zeros(features)];
  const biases: V[] = everybody.map(() => zeros(features));
  const shifted = (p: V, bias: V, x: V): V => headOf(restOf(p), featuresOf(p, x).map((z, k) => z + bias[k]!)); // prettier-ignore
  cohorts.forEach((who, round) => {
    const to = mean;
    const loss = (i: number) => (all: V) => {
      const [p, bias] = [all.slice(0, initial.length), all.slice(initial.length)];
      const fit = over(i, (x, label) => -shifted(p, bias, x)[label]!);
      const apart = to.map((value, k) => (over(i, (x) => featuresOf(p, x)[k]!) - value) ** 2);
      return fit + (weight / 2) * meanOf(apart);
    };
    const ups = who.map((i) => {
      if (round === 0) return descend((p) => nllOf(p, i), p, { count: steps[i]! });
      const after = descend(loss(i), [...p, ...biases[i]!], { count: steps[i]! });
      biases[i] = after.slice(initial.length);
      return after.slice(0, initial.length);
    });
    if (round === 0) mean = average(who.map((i, j) => zeros(features).map((_, k) => over(i, (x) => featuresOf(ups[j]!, x)[k]!))), weigh(who)); // prettier-ignore
    p = average(ups, weigh(who));
  });
  const end = softmaxes(of("feddbe"), { weight, warm: 1 });
  near(list(end.server, "body", "head", "mean"), [...p, ...mean], close);
  near(end.kept.flatMap((kept) => list(kept, "bias")), biases.flat(), close);
  near(end.answers[1]!["own"]!, answersOf((x) => shifted(p, biases[1]!, x)), close);
  near(end.answers[1]!["shared"]!, answersOf((x) => modelOf(p, x)), close);
});

test("Fed-RoD, round by round", () => {
  const gamma = 0.7;
  let p: V = initial;
  const own: V[] = everybody.map(() => zeros(headSize));
  for (const who of cohorts) {
    const ups = who.map((i) => {
      const counts = everybody.map((c) => rows(i).filter(({ label }) => label === c).length);
      const prior = counts.map((n) => gamma * Math.log(Math.max(n, 1e-6)));
      const balanced = (p: V): number =>
        over(i, (x, label) => -logSoftmaxOf(modelOf(p, x).map((value, c) => value + prior[c]!))[label]!);
      let [at, mine] = [p, own[i]!];
      for (let k = 0; k < steps[i]!; k++) {
        const still = at;
        const personal = (head: V): number =>
          over(i, (x, label) => {
            const add = logitsOf(head, featuresOf(still, x));
            return -logSoftmaxOf(modelOf(still, x).map((value, c) => value + add[c]!))[label]!;
          });
        at = descend(balanced, at, { count: 1 });
        mine = descend(personal, mine, { count: 1 });
      }
      own[i] = mine;
      return at;
    });
    p = average(ups, weigh(who));
  }
  const end = softmaxes(of("fedrod"), { gamma });
  near(list(end.server, "body", "head"), p, close);
  near(end.kept.flatMap((kept) => list(kept, "own")), own.flat(), close);
  const personal = (x: V): V => {
    const add = logitsOf(own[1]!, featuresOf(p, x));
    return logSoftmaxOf(modelOf(p, x).map((value, c) => value + add[c]!));
  };
  near(end.answers[1]!["own"]!, answersOf(personal), close);
  near(end.answers[1]!["shared"]!, answersOf((x) => modelOf(p, x)), close);
});

test("APFL of outputs, round by round", () => {
  const alpha = 0.4;
  let w: V = initial;
  const own: V[] = everybody.map(() => initial);
  const mixed = (v: V, w: V, x: V): V => {
    const [a, b] = [modelOf(v, x), modelOf(w, x)];
    return logSoftmaxOf(a.map((value, c) => alpha * value + (1 - alpha) * b[c]!));
  };
  for (const who of cohorts) {
    const ups = who.map((i) => {
      let at = w;
      for (let k = 0; k < steps[i]!; k++) {
        const still = at;
        own[i] = descend((v) => over(i, (x, label) => -mixed(v, still, x)[label]!), own[i]!, { count: 1 });
        at = descend((p) => nllOf(p, i), at, { count: 1 });
      }
      return at;
    });
    w = average(ups, weigh(who));
  }
  const end = softmaxes(of("apfl"), { alpha, form: "outputs" });
  near(list(end.server, "model"), w, close);
  near(end.kept.flatMap((kept) => list(kept, "own")), own.flat(), close);
  near(end.answers[1]!["own"]!, answersOf((x) => mixed(own[1]!, w, x)), close);
  near(end.answers[1]!["shared"]!, answersOf((x) => modelOf(w, x)), close);
});

test("FedDecomp, round by round", () => {
  // B [out, 1] and A [1, in] of the body's matrix, then of the head's
  const [inputs, size] = [2, features + 2 + classes + features];
  const summed = (p: V, low: V): V => {
    const [b1, a1] = [low.slice(0, features), low.slice(features, features + inputs)];
    const [b2, a2] = [low.slice(features + inputs, 2 * features + inputs), low.slice(2 * features + inputs)];
    return p.map((value, i) => {
      if (i < features * inputs) return value + b1[Math.floor(i / inputs)]! * a1[i % inputs]!;
      const j = i - bodySize;
      return j >= 0 && j < classes * features ? value + b2[Math.floor(j / features)]! * a2[j % features]! : value;
    });
  };
  let p: V = initial;
  const low: V[] = everybody.map((i) => odd(size, 40 + i, 0.5));
  const kept = low.map((own) => ({ own: Float64Array.from(own) }));
  for (const who of cohorts) {
    const ups = who.map((i) => {
      const both = (all: V): number => nllOf(summed(all.slice(0, initial.length), all.slice(initial.length)), i);
      const isLow = (k: number): boolean => k >= initial.length;
      const first = descend(both, [...p, ...low[i]!], { count: worked(i, 2), moves: isLow });
      const after = descend(both, first, { count: steps[i]!, moves: (k) => !isLow(k) });
      low[i] = after.slice(initial.length);
      return after.slice(0, initial.length);
    });
    p = average(ups, weigh(who));
  }
  const end = softmaxes(of("feddecomp"), { rank: 1, lowEpochs: 2 }, { kept });
  near(list(end.server, "model"), p, close);
  near(end.kept.flatMap((one) => list(one, "own")), low.flat(), close);
  near(end.answers[1]!["own"]!, answersOf((x) => modelOf(summed(p, low[1]!), x)), close);
});

/** Layer normalisation of numbers, with parameters [weight, bias]. */
function normed(p: V, y: V): number[] {
  const mean = meanOf(y);
  const spread = Math.sqrt(meanOf(y.map((value) => (value - mean) ** 2)) + 1e-5);
  return y.map((value, i) => (p[i]! * (value - mean)) / spread + p[y.length + i]!);
}
const relu = (y: V): number[] => y.map((value) => Math.max(0, value));

for (const lambda of [0.5, 1])
test(`FedCP at ${lambda}, round by round`, () => {
  const gateSize = 2 * features * (features + 1) + 4 * features;
  let [p, gate]: [V, V] = [initial, [...odd(2 * features * (features + 1), 50, 0.8), ...odd(2 * features, 51).map((x) => 1 + x / 4), ...odd(2 * features, 52, 0.4)]]; // prettier-ignore
  const own: V[] = everybody.map((i) => odd(headSize, 60 + i, 0.6));
  const kept = own.map((head) => ({ own: Float64Array.from(head) }));
  const state = { body: Float64Array.from(bodyOf(p)), head: Float64Array.from(restOf(p)), gate: Float64Array.from(gate) };
  const under = (head: V): V => {
    const columns = zeros(features).map((_, k) => sum(everybody.map((c) => head[c * features + k]!)));
    const length = Math.sqrt(sum(columns.map((x) => x * x)));
    return columns.map((x) => x / length);
  };
  const answer = (z: V, { mine, shared, gate, under }: { mine: V; shared: V; gate: V; under: V }): V => {
    const first = linear(gate, z.map((value, k) => value * under[k]!), 2 * features); // prettier-ignore
    const both = relu(normed(gate.slice(2 * features * (features + 1)), first));
    const take = zeros(features).map((_, k) => sigmoid(both[k]! - both[features + k]!));
    const a = headOf(mine, z.map((value, k) => value * take[k]!)); // prettier-ignore
    const b = headOf(shared, z.map((value, k) => value * (1 - take[k]!))); // prettier-ignore
    return logSoftmaxOf(a.map((value, c) => value + b[c]!));
  };
  const likeness = (a: readonly V[], b: readonly V[]): number =>
    sum([10, 15, 20, 50].map((s) => meanOf(a.flatMap((u) => b.map((v) => Math.exp((-0.5 / s) * sum(u.map((x, k) => (x - v[k]!) ** 2)))))))); // prettier-ignore
  for (const who of cohorts) {
    const [shared, came] = [restOf(p), p];
    const ups = who.map((i) => {
      const condition = under(own[i]!);
      const before = rows(i).map(({ x }) => featuresOf(came, x));
      const split = (all: V): { body: V; mine: V; gate: V } => ({
        body: all.slice(0, bodySize),
        mine: all.slice(bodySize, bodySize + headSize),
        gate: all.slice(bodySize + headSize),
      });
      const loss = (all: V): number => {
        const { body, mine, gate } = split(all);
        const now = rows(i).map(({ x }) => featuresOf(body, x));
        const fit = over(i, (x, label) => -answer(featuresOf(body, x), { mine, shared, gate, under: condition })[label]!);
        return fit + lambda * (likeness(now, now) + likeness(before, before) - 2 * likeness(now, before));
      };
      const { body, mine, gate: learnt } = split(descend(loss, [...bodyOf(came), ...own[i]!, ...gate], { count: steps[i]! }));
      own[i] = mine;
      return { model: [...body, ...mine.map((value, k) => (value + shared[k]!) / 2)], gate: learnt };
    });
    p = average(ups.map(({ model }) => model), weigh(who)); // prettier-ignore
    gate = average(ups.map(({ gate }) => gate), weigh(who)); // prettier-ignore
  }
  near([gate.length], [gateSize], 0);
  const end = softmaxes(of("fedcp"), { lambda, noise: false }, { state, kept });
  near(list(end.server, "body", "head", "gate"), [...p, ...gate], 1e-6);
  near(end.kept.flatMap((one) => list(one, "own")), own.flat(), 1e-6);
  const at = { mine: own[1]!, shared: restOf(p), gate, under: under(own[1]!) };
  near(end.answers[1]!["own"]!, answersOf((x) => answer(featuresOf(p, x), at)), 1e-6);
});

test("GPFL, round by round", () => {
  const [lambda, mu] = [0.2, 0.3];
  const halfSize = features * (features + 1) + 2 * features;
  const half = (at: number): V => [...odd(features * (features + 1), at, 0.8), ...odd(features, at + 1).map((x) => 1 + x / 4), ...odd(features, at + 2, 0.6)]; // prettier-ignore
  let [body, table, gamma, beta]: [V, V, V, V] = [bodyOf(initial), odd(classes * features, 70), half(71), half(75)];
  const heads: V[] = everybody.map(() => restOf(initial));
  const state = { body, embeddings: table, gamma, beta };
  const read = (p: V, c: V): number[] => normed(p.slice(features * (features + 1)), relu(linear(p, c, features)));
  const valve = (z: V, c: V, gamma: V, beta: V): V => {
    const [g, b] = [read(gamma, c), read(beta, c)];
    return relu(z.map((value, k) => value * (1 + g[k]!) + b[k]!));
  };
  const direction = (v: V): V => v.map((x) => x / Math.sqrt(sum(v.map((y) => y * y)) + 1e-12));
  const mixed = (table: V, shares: V): V => zeros(features).map((_, k) => sum(shares.map((s, c) => s * table[c * features + k]!)));
  const sharesOf = (i: number): V => everybody.map((c) => rows(i).filter(({ label }) => label === c).length / rowCounts[i]!);
  for (const who of cohorts) {
    const came = table;
    const all = mixed(came, everybody.map(() => 1 / classes)); // prettier-ignore
    const ups = who.map((i) => {
      const mine = mixed(came, sharesOf(i));
      const cut = (p: V) => ({
        body: p.slice(0, bodySize),
        head: p.slice(bodySize, bodySize + headSize),
        table: p.slice(bodySize + headSize, bodySize + headSize + classes * features),
        gamma: p.slice(-2 * halfSize, -halfSize),
        beta: p.slice(-halfSize),
      });
      const loss = (p: V): number => {
        const { body, head, table, gamma, beta } = cut(p);
        let far = 0;
        const fit = over(i, (x, label) => {
          const z = featuresOf(body, x);
          const generic = valve(z, all, gamma, beta);
          const to = direction(generic);
          const guided = logSoftmaxOf(everybody.map((c) => sum(direction(part(table, c, features)).map((v, k) => v * to[k]!))));
          far += sum(generic.map((v, k) => (v - came[label * features + k]!) ** 2));
          return -headOf(head, valve(z, mine, gamma, beta))[label]! - guided[label]!;
        });
        return fit + lambda * Math.sqrt(far + 1e-12);
      };
      let p: V = [...body, ...heads[i]!, ...table, ...gamma, ...beta];
      const isGuide = (k: number): boolean => k >= bodySize + headSize;
      for (let k = 0; k < steps[i]!; k++) {
        const slope = slopeOf(loss, p);
        p = p.map((value, j) => value - 0.1 * (slope[j]! + (isGuide(j) ? mu * value : 0)));
      }
      const after = cut(p);
      heads[i] = after.head;
      return [...after.body, ...after.table, ...after.gamma, ...after.beta];
    });
    const next = average(ups, weigh(who));
    [body, table] = [next.slice(0, bodySize), next.slice(bodySize, bodySize + classes * features)];
    [gamma, beta] = [next.slice(-2 * halfSize, -halfSize), next.slice(-halfSize)];
  }
  const begun = Object.fromEntries(Object.entries(state).map(([name, v]) => [name, Float64Array.from(v)]));
  const end = softmaxes(of("gpfl"), { lambda, mu }, { state: begun });
  near(list(end.server, "body", "embeddings", "gamma", "beta"), [...body, ...table, ...gamma, ...beta], 1e-6);
  near(end.kept.flatMap((one) => list(one, "head")), heads.flat(), 1e-6);
  const mine = mixed(table, sharesOf(1));
  near(end.answers[1]!["own"]!, answersOf((x) => headOf(heads[1]!, valve(featuresOf(body, x), mine, gamma, beta))), 1e-6);
});

test("FedAS, round by round", () => {
  for (const [weight, epochs] of [["fisher", 2], ["rows", 1]] as const) {
    let shared: V = bodyOf(initial);
    const own: V[] = everybody.map(() => initial);
    const known = new Set<number>();
    for (const who of cohorts) {
      const ups = who.map((i) => {
        let body = shared;
        if (known.has(i)) {
          const { means } = byClassOf(i, (x) => featuresOf(own[i]!, x));
          const drawn = (p: V): number =>
            over(i, (x, label) => meanOf(featuresOf(p, x).map((z, k) => (z - means[label * features + k]!) ** 2)));
          body = descend(drawn, body, { count: worked(i, epochs), rate: 0.3 });
        }
        own[i] = descend((p) => nllOf(p, i), [...body, ...restOf(own[i]!)], { count: steps[i]! });
        known.add(i);
        return { body: bodyOf(own[i]!), fisher: sum(slopeOf((p) => nllOf(p, i), own[i]!).map((g) => g * g)) };
      });
      const weights = weight === "fisher" ? ups.map(({ fisher }) => fisher) : weigh(who);
      shared = average(ups.map(({ body }) => body), weights); // prettier-ignore
    }
    const end = softmaxes(of("fedas"), { epochs, rate: 0.3, weight });
    near(list(end.server, "body"), shared, close);
    near(end.kept.flatMap((kept) => list(kept, "body", "head")), own.flat(), close);
    near(end.answers[2]!["own"]!, answersOf((x) => modelOf(own[2]!, x)), close);
  }
});

test("FedALA and FedAH, round by round", () => {
  const mixed = (l: V, g: V, w: V): V => l.map((value, k) => value + (g[k]! - value) * w[k]!);
  // shares go against the slope of the loss along them, and stay between 0 and 1
  const learnt = (i: number, body: V, l: V, g: V, before: V | undefined, passes: number): V => {
    let w: V = before ?? l.map(() => 1);
    for (let pass = 0; pass < (before ? 1 : passes); pass++) {
      const slope = slopeOf((head) => nllOf([...body, ...head], i), mixed(l, g, w));
      w = w.map((share, k) => Math.min(1, Math.max(0, share - 2 * slope[k]! * (g[k]! - l[k]!))));
    }
    return w;
  };
  for (const name of ["fedala", "fedah"]) {
    let p: V = initial;
    const own = everybody.map((): V | undefined => undefined);
    const shares = everybody.map((): V | undefined => undefined);
    for (const who of cohorts) {
      const ups = who.map((i) => {
        const l = own[i];
        if (l) shares[i] = learnt(i, bodyOf(p), l, restOf(p), shares[i], 4);
        const from = [...bodyOf(p), ...(l ? mixed(l, restOf(p), shares[i]!) : restOf(p))];
        const loss = (p: V): number => nllOf(p, i);
        const isHead = (k: number): boolean => k >= bodySize;
        const after =
          name === "fedala"
            ? descend(loss, from, { count: steps[i]! })
            : descend(loss, descend(loss, from, { count: worked(i, 2), moves: isHead }), { count: steps[i]!, moves: (k) => !isHead(k) }); // prettier-ignore
        own[i] = restOf(after);
        return after;
      });
      p = average(ups, weigh(who));
    }
    const options = { rate: 2, sample: 1, passes: 4, threshold: 0, ...(name === "fedah" && { headEpochs: 2 }) };
    const end = softmaxes(of(name), options);
    near(list(end.server, "body", "head"), p, close);
    near(end.kept.flatMap((kept) => list(kept, "own")), own.flatMap((v) => v!), close);
    for (const i of everybody) if (shares[i]) near(end.kept[i]!["shares"]!, shares[i], close);
    const head =
      name === "fedah" ? own[2]! : mixed(own[2]!, restOf(p), learnt(2, bodyOf(p), own[2]!, restOf(p), shares[2], 4));
    near(end.answers[2]!["own"]!, answersOf((x) => modelOf([...bodyOf(p), ...head], x)), close);
  }
});

test("adaptive local aggregation ends when ten losses lie close together", () => {
  const kept = everybody.map((i) => ({ own: Float64Array.from(odd(headSize, 80 + i)) }));
  const after = (passes: number, threshold: number): number[] =>
    list(softmaxes(of("fedala"), { rate: 0.5, sample: 1, passes, threshold }, { kept, rounds: 1 }).kept[1]!, "shares");
  near(after(30, 1e9), after(10, 0), 0);
  near([spread([100, 3, 5, 3, 5, 3, 5, 3, 5, 3, 5]), spread([1, 1, 4]), spread([7])], [1, Math.SQRT2, 0], 1e-12);
  // the mean loss over the rows of a pass is what lies close: just beyond its spread it ends, just below it goes on
  const [g, body] = [restOf(initial), bodyOf(initial)];
  const l = odd(headSize, 81);
  let w: V = l.map(() => 1);
  const losses: number[] = [];
  for (let pass = 0; pass < 10; pass++) {
    const at = l.map((value, k) => value + (g[k]! - value) * w[k]!);
    const loss = (head: V): number => nllOf([...body, ...head], 1);
    losses.push(loss(at));
    const slope = slopeOf(loss, at);
    w = w.map((share, k) => Math.min(1, Math.max(0, share - 0.5 * slope[k]! * (g[k]! - l[k]!))));
  }
  const mean = losses.reduce((a, b) => a + b) / 10;
  const wide = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 10);
  near(after(30, wide * 1.01), after(10, 0), 0);
  near([Number(after(30, wide * 0.99)[0] === after(10, 0)[0])], [0], 0);
  near([Number(after(30, 0)[0] === after(10, 0)[0]), Number(after(30, 1e-12)[0] === after(30, 0)[0])], [0, 1], 0);
});

test("kNN-Per, row by row", () => {
  let p: V = initial;
  for (const who of cohorts)
    p = average(who.map((i) => descend((p) => nllOf(p, i), p, { count: steps[i]! })), weigh(who)); // prettier-ignore
  const [k, scale] = [2, 0.4];
  const nearby = (i: number, x: V): number[] => {
    const z = featuresOf(p, x);
    const found = rows(i).map((row) => ({ label: row.label, square: sum(featuresOf(p, row.x).map((v, j) => (v - z[j]!) ** 2)) }));
    const nearest = found.toSorted((a, b) => a.square - b.square).slice(0, k);
    const weights = everybody.map((c) => sum(nearest.filter(({ label }) => label === c).map(({ square }) => Math.exp(-square / (features * scale))))); // prettier-ignore
    return weights.map((weight) => weight / sum(weights));
  };
  const mixed = (i: number, lambda: number) => (x: V): V => {
    const q = nearby(i, x);
    return modelOf(p, x).map((logp, c) => Math.log(Math.max(1e-30, lambda * q[c]! + (1 - lambda) * Math.exp(logp))));
  };
  const given = softmaxes(of("knn-per"), { k, scale, lambda: 0.3, search: false });
  for (const i of everybody) near(given.answers[i]!["own"]!, answersOf(mixed(i, 0.3)), close);
  near(given.answers[1]!["shared"]!, answersOf((x) => modelOf(p, x)), close);
  const searched = softmaxes(of("knn-per"), { k, scale, lambda: 0.3, search: true });
  for (const i of everybody) {
    const losses = Array.from({ length: 11 }, (_, tenth) => over(i, (x, label) => -mixed(i, tenth / 10)(x)[label]!, "validation")); // prettier-ignore
    near(searched.answers[i]!["own"]!, answersOf(mixed(i, losses.indexOf(Math.min(...losses)) / 10)), close);
  }
});

test("cwFedAvg, round by round", () => {
  near(lawOfCounts([0, 0, 0, 0]), [0.25, 0.25, 0.25, 0.25], 0);
  near(lawOfCounts([1, 0, 3]), [0.25, 0, 0.75], 0);
  const newest = new Map<number, V>();
  const lawOf = (i: number): V => everybody.map((c) => rows(i).filter(({ label }) => label === c).length / rowCounts[i]!);
  const mine = (i: number): V => {
    if (newest.size === 0) return initial;
    const law = newest.has(i) ? lawOf(i) : everybody.map(() => 1 / classes);
    const who = [...newest.keys()].toSorted((a, b) => a - b);
    // a class that none of them has says nothing
    const has = (c: number): boolean => who.some((j) => lawOf(j)[c]! > 0);
    const known = sum(law.filter((_, c) => has(c)));
    const ofClass = (c: number): V => average(who.map((j) => newest.get(j)!), who.map((j) => rowCounts[j]! * lawOf(j)[c]!)); // prettier-ignore
    const parts = everybody.filter(has);
    return average(parts.map(ofClass), parts.map((c) => law[c]! / known)); // prettier-ignore
  };
  for (const who of [[0], [1, 2], [0, 2]]) {
    const ups = who.map((i) => descend((p) => nllOf(p, i), mine(i), { count: steps[i]! }));
    who.forEach((i, j) => newest.set(i, ups[j]!));
  }
  const end = softmaxes(of("cwfedavg"), {}, { cohort: (round) => [[0], [1, 2], [0, 2]][round]! });
  for (const i of everybody) near(end.answers[i]!["own"]!, answersOf((x) => modelOf(mine(i), x)), close);
});

test("FedFomo, round by round", () => {
  const m = 2;
  const own: V[] = everybody.map((i) => odd(initial.length, 100 + i, 0.8));
  const kept = own.map((p) => ({ own: Float64Array.from(p) }));
  let models: V[] = everybody.map((i) => odd(initial.length, 110 + i, 0.5));
  const state = Object.fromEntries(models.map((p, i) => [`model.${i}`, Float64Array.from(p)]));
  const lossOf = (i: number, p: V): number => over(i, (x, label) => -modelOf(p, x)[label]!, "validation");
  const liked = everybody.map(() => new Map<number, number>());
  for (const who of cohorts) {
    const next = [...models];
    const told = who.map((i) => {
      const others = everybody.filter((j) => j !== i);
      const before = own[i]!;
      const raw = others.map((j) => {
        const distance = Math.sqrt(sum(models[j]!.map((x, k) => (x - before[k]!) ** 2)));
        return Math.max(0, lossOf(i, before) - lossOf(i, models[j]!)) / distance;
      });
      const shares = raw.map((share) => (sum(raw) > 0 ? share / sum(raw) : 0));
      const from = before.map((x, k) => x + sum(shares.map((share, c) => share * (models[others[c]!]![k]! - x))));
      own[i] = descend((p) => nllOf(p, i), from, { count: steps[i]! });
      next[i] = own[i]!;
      return others.map((j, c) => [j, shares[c]!] as const);
    });
    who.forEach((i, at) => {
      for (const [j, share] of told[at]!) liked[i]!.set(j, (liked[i]!.get(j) ?? 0) + share);
    });
    models = next;
  }
  const end = softmaxes(of("fedfomo"), { m }, { state, kept });
  near(end.kept.flatMap((one) => list(one, "own")), own.flat(), close);
  for (const i of everybody) {
    const told = list(end.server, `liking.${i}`);
    for (let at = 0; at < told.length; at += 2) near([told[at + 1]!], [liked[i]!.get(told[at]!)!], close);
  }
  // not everybody is of use, and somebody is
  const all = liked.flatMap((map) => [...map.values()]);
  near([Number(all.some((share) => share > 0 && share < 1))], [1], 0);
});

test("pFedHN, round by round", () => {
  const [size, hidden] = [2, 3];
  const options = { size, hidden, layers: 1, rate: 0.3, momentum: 0.5, decay: 0.05, clip: 0.9 };
  const [fc, out] = [hidden * (size + 1), initial.length * hidden];
  const made = (hyper: V, e: V): number[] => {
    const h = relu(linear(hyper, e, hidden));
    return Array.from({ length: initial.length }, (_, o) => sum(h.map((v, k) => hyper[fc + o * hidden + k]! * v)));
  };
  let hyper: V = [...odd(fc, 90), ...odd(out, 91, 0.1)];
  let velocity: V = zeros(fc + out);
  const embeddings: V[] = everybody.map((i) => odd(size, 92 + i).map((x) => 0.7 + x / 4));
  const state = {
    hyper: Float64Array.from(hyper),
    velocity: new Float64Array(fc + out),
    ...Object.fromEntries(embeddings.map((e, i) => [`embedding.${i}`, Float64Array.from(e)])),
  };
  const clipped = (v: V): V => v.map((x) => x * Math.min(1, 0.9 / Math.sqrt(sum(v.map((y) => y * y)))));
  const modelFor = (i: number): V => made(hyper, embeddings[i]!).map((x, k) => initial[k]! + x);
  for (const who of cohorts) {
    const found = who.map((i) => {
      const [from, at, e] = [modelFor(i), hyper, embeddings[i]!];
      const to = descend((p) => nllOf(p, i), from, { count: steps[i]! });
      const along = (made: V): number => sum(made.map((x, k) => x * (from[k]! - to[k]!)));
      return { hyper: clipped(slopeOf((h) => along(made(h, e)), at)), embedding: clipped(slopeOf((e) => along(made(at, e)), e)) };
    });
    velocity = velocity.map((v, k) => 0.5 * v + sum(found.map((one) => one.hyper[k]!)) + 0.05 * hyper[k]!);
    hyper = hyper.map((x, k) => x - 0.3 * velocity[k]!);
    who.forEach((i, j) => (embeddings[i] = embeddings[i]!.map((x, k) => x - 0.3 * found[j]!.embedding[k]!)));
  }
  const end = softmaxes(of("pfedhn"), options, { state });
  near(list(end.server, "hyper", "velocity"), [...hyper, ...velocity], 1e-6);
  for (const i of everybody) {
    near(list(end.server, `embedding.${i}`), embeddings[i]!, 1e-6);
    near(end.answers[i]!["own"]!, answersOf((x) => modelOf(modelFor(i), x)), 1e-6);
  }
});

test.run();
