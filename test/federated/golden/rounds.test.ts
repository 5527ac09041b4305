// Three rounds of every method whose steps can be written down in plain numbers, one coordinate after another: whoever takes
// part, however far each gets, and with options that leave nothing out. The same again, but by somebody else.
import { isMean } from "../../../src/federated/methods/l2gd.ts";
import { methods } from "../../../src/federated/methods/index.ts";
import type { Options } from "../../../src/federated/method.ts";
import { key } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import { type Quadratic, type QuadraticEnd, type QuadraticOptions, quadratics, three } from "../../support/quadratic.ts";
import { assert, test } from "../../support/suite.ts";

type V = readonly number[];

const rate = 0.1;
const start: V = [0.5, -0.25];
const cohorts = [
  [0, 1, 2],
  [0, 2],
  [1, 2],
];
// of three epochs, clients do one, three and two
const steps = [1, 3, 2];
const clients: readonly Quadratic[] = three.map((client, i) => ({ ...client, effort: steps[i]! / 3 }));
const rows = clients.map(({ n }) => n);
const everybody = [0, 1, 2];

const run = (name: string, options: Options = {}, more: QuadraticOptions = {}): QuadraticEnd =>
  quadratics(methods.get(name)!, options, {
    clients,
    start: start as [number, number],
    rounds: 3,
    epochs: 3,
    cohort: (round) => cohorts[round]!,
    ...more,
  });

const each = (f: (k: number) => number): number[] => [0, 1].map(f);
const slope = (i: number, w: V): number[] => each((k) => clients[i]!.h[k]! * (w[k]! - clients[i]!.b[k]!));
const fall = (i: number, w: V): number =>
  each((k) => (clients[i]!.h[k]! / 2) * (w[k]! - clients[i]!.b[k]!) ** 2).reduce((a, b) => a + b);
const apart = (a: V, b: V): number => each((k) => (a[k]! - b[k]!) ** 2).reduce((x, y) => x + y);

interface Way {
  readonly count?: number;
  readonly lr?: number;
  readonly momentum?: number;
  /** What is added to the gradient. */
  readonly more?: (w: V) => V;
  /** Which coordinates move. */
  readonly moves?: readonly number[];
}

/** A client's steps down from `w`. */
function descend(i: number, w: V, { count = steps[i]!, lr = rate, momentum = 0, more = () => [0, 0], moves = [0, 1] }: Way = {}): V {
  let [at, velocity]: [V, V] = [w, [0, 0]];
  for (let k = 0; k < count; k++) {
    const [g, add] = [slope(i, at), more(at)];
    velocity = each((c) => momentum * velocity[c]! + g[c]! + add[c]!);
    at = each((c) => (moves.includes(c) ? at[c]! - lr * velocity[c]! : at[c]!));
  }
  return at;
}

const held = (to: V, weight: number) => (w: V) => each((k) => weight * (w[k]! - to[k]!));
const toward = (a: V, b: V, t: number): V => each((k) => a[k]! + t * (b[k]! - a[k]!));

function mean(of: readonly V[], weights: readonly number[]): V {
  const total = weights.reduce((a, b) => a + b, 0);
  return each((k) => of.reduce((sum, v, i) => sum + (weights[i]! * v[k]!) / total, 0));
}

/** Three rounds in which members of the cohort make something of the server's model, and the server something of that. */
function rounds(turn: (i: number, w: V, round: number) => V, serve: (w: V, ups: readonly V[], who: readonly number[]) => V): V {
  return cohorts.reduce<V>((w, who, round) => serve(w, who.map((i) => turn(i, w, round)), who), start);
}
const byRows = (_: V, ups: readonly V[], who: readonly number[]): V => mean(ups, who.map((i) => rows[i]!));
const alike = (_: V, ups: readonly V[]): V => mean(ups, ups.map(() => 1));

const tight = 1e-12;
const flat = (of: readonly V[]): number[] => of.flatMap((v) => [...v]);

test("FedAvg and FedProx, round by round", () => {
  near(run("fedavg").server["model"]!, rounds((i, w) => descend(i, w), byRows), tight);
  const prox = rounds((i, w) => descend(i, w, { more: held(w, 0.7) }), byRows);
  near(run("fedprox", { mu: 0.7 }).server["model"]!, prox, tight);
});

test("servers that step, round by round", () => {
  let m: V = [0, 0];
  const ball = rounds(
    (i, w) => descend(i, w),
    (w, ups, who) => {
      const d = byRows(w, ups, who);
      m = each((k) => 0.6 * m[k]! + d[k]! - w[k]!);
      return each((k) => w[k]! + 0.7 * m[k]!);
    },
  );
  const end = run("fedavgm", { lr: 0.7, beta: 0.6 }).server;
  near(end["model"]!, ball, tight);
  near(end["model.momentum"]!, m, tight);
  const rules = {
    fedadagrad: (v: number, d: number) => v + d * d,
    fedadam: (v: number, d: number) => 0.8 * v + 0.2 * d * d,
    fedyogi: (v: number, d: number) => (v > d * d ? v - 0.2 * d * d : v + 0.2 * d * d),
  };
  for (const [name, rule] of Object.entries(rules)) {
    let [first, second]: [V, V] = [[0, 0], [0, 0]];
    const model = rounds(
      (i, w) => descend(i, w),
      (w, ups, who) => {
        const to = byRows(w, ups, who);
        const d = each((k) => to[k]! - w[k]!);
        first = each((k) => 0.7 * first[k]! + 0.3 * d[k]!);
        second = each((k) => rule(second[k]!, d[k]!));
        return each((k) => w[k]! + (0.2 * first[k]!) / (Math.sqrt(second[k]!) + 0.05));
      },
    );
    const options = { lr: 0.2, beta1: 0.7, tau: 0.05, ...(name !== "fedadagrad" && { beta2: 0.8 }) };
    near(run(name, options).server["model"]!, model, tight);
  }
});

test("SCAFFOLD, round by round", () => {
  for (const weights of ["alike", "examples"] as const) {
    const controls: V[] = everybody.map(() => [0, 0]);
    let all: V = [0, 0];
    let model: V = start;
    for (const who of cohorts) {
      const ups = who.map((i) => {
        const [before, own] = [all, controls[i]!];
        const after = descend(i, model, { more: () => each((k) => 0.8 * (before[k]! - own[k]!)) });
        const next = each((k) => own[k]! - before[k]! + (model[k]! - after[k]!) / (steps[i]! * rate));
        controls[i] = next;
        return { after, change: each((k) => next[k]! - own[k]!), weight: weights === "alike" ? 1 : rows[i]! };
      });
      const to = mean(ups.map(({ after }) => after), who.map((i) => rows[i]!));
      model = toward(model, to, 0.7);
      const change = mean(ups.map(({ change }) => change), ups.map(({ weight }) => weight));
      all = each((k) => all[k]! + (who.length / 3) * change[k]!);
    }
    const { server, kept, own } = run("scaffold", { lr: 0.7, control: 0.8, weights });
    near(server["model"]!, model, tight);
    near(server["control"]!, all, tight);
    near(flat(kept.map(({ control }) => Array.from(control!))), flat(controls), tight);
    near(own[0]!, model, tight);
  }
});

test("FedNova, round by round, with momentum here and there", () => {
  const [mu, beta, momentum] = [0.5, 0.4, 0.3];
  // how far steps carry: every gradient by itself, through momentum and the pull back
  const carry = (count: number): number => {
    let [velocity, total] = [0, 0];
    for (let k = 0; k < count; k++) {
      velocity = momentum * velocity + 1;
      total = (1 - mu * rate) * total + velocity;
    }
    return total;
  };
  let m: V = [0, 0];
  const model = rounds(
    (i, w) => descend(i, w, { momentum, more: held(w, mu) }),
    (w, ups, who) => {
      const total = who.reduce((sum, i) => sum + rows[i]!, 0);
      const far = who.reduce((sum, i) => sum + (rows[i]! / total) * carry(steps[i]!), 0);
      const d = each((k) => ups.reduce((sum, up, j) => sum + ((rows[who[j]!]! / total) * (up[k]! - w[k]!)) / carry(steps[who[j]!]!), 0));
      m = each((k) => beta * m[k]! + far * d[k]!);
      return each((k) => w[k]! + m[k]!);
    },
  );
  const optimizer = { kind: "sgd", lr: rate, momentum } as const;
  near(run("fednova", { mu, beta }, { optimizer }).server["model"]!, model, tight);
  // an optimiser of another kind has no momentum of this sort
  const adam = run("fednova", {}, { optimizer: { kind: "adam", lr: rate, momentum: 0.9 } }).replies;
  assert.equal(adam.map(({ metrics }) => metrics["reach"]), [3, 2]);
});

test("FedDyn, round by round", () => {
  for (const weights of ["alike", "examples"] as const) {
    const lambdas: V[] = everybody.map(() => [0, 0]);
    const seen = new Set<number>();
    let [model, mean_, sum]: [V, V, V] = [start, start, [0, 0]];
    for (const who of cohorts) {
      const known = [...seen].map((i) => rows[i]!);
      const average = known.reduce((a, b) => a + b, 0) / Math.max(1, known.length);
      const w = model;
      const ups = who.map((i) => {
        const scale = weights === "examples" && average > 0 ? (0.4 * average) / rows[i]! : 0.4;
        const after = descend(i, w, { more: (at) => each((k) => scale * (at[k]! - w[k]! + lambdas[i]![k]!)) });
        lambdas[i] = each((k) => lambdas[i]![k]! + after[k]! - w[k]!);
        return after;
      });
      mean_ = alike(w, ups);
      sum = each((k) => sum[k]! + (who.length / 3) * (mean_[k]! - w[k]!));
      model = each((k) => mean_[k]! + sum[k]!);
      who.forEach((i) => seen.add(i));
    }
    const { server, kept, own } = run("feddyn", { alpha: 0.4, weights });
    near(server["model"]!, model, tight);
    near(flat(kept.map(({ lambda }) => Array.from(lambda!))), flat(lambdas), tight);
    near(own[0]!, model, tight);
    near(run("feddyn", { alpha: 0.4, weights, answer: "mean" }).own[0]!, mean_, tight);
  }
});

test("Ditto and MR-MTL, round by round", () => {
  for (const [order, epochs] of [["after", 2], ["after", 0], ["interleaved", 0]] as const) {
    const own: V[] = everybody.map(() => start);
    const model = rounds((i, w) => {
      // what is said of its epochs is of the whole, and it does its part of them
      const count = epochs > 0 ? Math.max(1, Math.round((steps[i]! / 3) * epochs)) : steps[i]!;
      own[i] = descend(i, own[i]!, { count, more: held(w, 0.9) });
      return descend(i, w);
    }, byRows);
    const end = run("ditto", { lambda: 0.9, order, epochs });
    near(flat(end.own), flat(own), tight);
    near(end.answers[0]!["shared"]!, model, tight);
  }
  const own: V[] = everybody.map(() => start);
  const model = rounds((i, w) => (own[i] = descend(i, own[i]!, { more: held(w, 0.9) })), alike);
  const end = run("mr-mtl", { lambda: 0.9 });
  near(end.server["model"]!, model, tight);
  near(flat(end.own), flat(own), tight);
});

test("pFedMe, round by round", () => {
  for (const begin of ["centre", "before"] as const)
    for (const weights of ["alike", "examples"] as const) {
      const own: V[] = everybody.map(() => start);
      const model = rounds(
        (i, w) => {
          let [centre, theta] = [w, w];
          for (let batch = 0; batch < steps[i]!; batch++) {
            theta = descend(i, begin === "centre" ? centre : theta, { count: 2, more: held(centre, 1.5) });
            centre = each((k) => centre[k]! - 0.3 * 1.5 * (centre[k]! - theta[k]!));
          }
          own[i] = theta;
          return centre;
        },
        (w, ups, who) => toward(w, (weights === "alike" ? alike : byRows)(w, ups, who), 0.8),
      );
      const end = run("pfedme", { lambda: 1.5, inner: 2, lr: 0.3, beta: 0.8, start: begin, weights });
      near(end.server["model"]!, model, tight);
      near(flat(end.own), flat(own), tight);
      near(end.answers[1]!["shared"]!, model, tight);
    }
});

test("APFL, FLIX and MAPPER, round by round", () => {
  const own: V[] = everybody.map(() => start);
  const alphas = everybody.map(() => 0.4);
  const apfl = rounds((i, w) => {
    let [shared, mine, alpha] = [w, own[i]!, alphas[i]!];
    for (let k = 0; k < steps[i]!; k++) {
      const g = slope(i, toward(shared, mine, alpha));
      const before = alpha;
      if (k === 0) alpha -= 0.003 * each((c) => g[c]! * (mine[c]! - shared[c]!)).reduce((a, b) => a + b);
      mine = each((c) => mine[c]! - rate * before * g[c]!);
      shared = descend(i, shared, { count: 1 });
    }
    [own[i], alphas[i]] = [mine, alpha];
    return shared;
  }, byRows);
  const mixed = run("apfl", { alpha: 0.4, adapt: 0.003 });
  near(mixed.server["model"]!, apfl, tight);
  near(flat(mixed.kept.map(({ own }) => Array.from(own!))), flat(own), tight);
  near(mixed.kept.map(({ alpha }) => alpha![0]!), alphas, tight);
  near(flat(mixed.own), flat(everybody.map((i) => toward(apfl, own[i]!, alphas[i]!))), tight);
  // a share stays between nothing and all
  near(run("apfl", { alpha: 0.5, adapt: 1e3 }).kept.map(({ alpha }) => alpha![0]! * (1 - alpha![0]!)), [0, 0, 0], 0);

  const far = everybody.map((i) => descend(i, start, { count: Math.max(1, Math.round((steps[i]! / 3) * 2)) }));
  const flix = rounds((i, w) => {
    let x = w;
    for (let k = 0; k < steps[i]!; k++) x = each((c) => x[c]! - rate * 0.3 * slope(i, toward(far[i]!, x, 0.3))[c]!);
    return x;
  }, byRows);
  const deployed = run("flix", { alpha: 0.3, alone: 2 });
  near(deployed.server["model"]!, flix, tight);
  near(flat(deployed.own), flat(everybody.map((i) => toward(far[i]!, flix, 0.3))), tight);

  const mine: V[] = everybody.map(() => start);
  const taken = everybody.map(() => 0);
  const mapper = rounds((i, w) => {
    let best = { loss: Infinity, alpha: 0, own: mine[i]! };
    for (const alpha of [0, 0.5, 1]) {
      let [at, loss] = [mine[i]!, 0];
      for (let k = 0; k < steps[i]!; k++) {
        const between = toward(w, at, alpha);
        loss = fall(i, between);
        at = each((c) => at[c]! - rate * alpha * slope(i, between)[c]!);
      }
      if (loss < best.loss) best = { loss, alpha, own: at };
    }
    [mine[i], taken[i]] = [best.own, best.alpha];
    return each((c) => w[c]! - rate * (1 - best.alpha) * slope(i, toward(w, best.own, best.alpha))[c]!);
  }, byRows);
  const found = run("mapper", { grid: 2 });
  near(found.server["model"]!, mapper, tight);
  near(found.kept.map(({ alpha }) => alpha![0]!), taken, 0);
  near(flat(found.own), flat(everybody.map((i) => toward(mapper, mine[i]!, taken[i]!))), tight);
});

test("Per-FedAvg, step by step", () => {
  for (const [hessian, epochs] of [["none", 3], ["difference", 3]] as const) {
    const alpha = 0.2;
    const model = rounds((i, w) => {
      // a step has two batches, with the second derivative three, and what is left over is none
      const count = Math.floor(steps[i]! / (hessian === "none" ? 2 : 3));
      let at = w;
      for (let k = 0; k < count; k++) {
        const g = slope(i, at);
        const outer = slope(i, each((c) => at[c]! - alpha * g[c]!));
        at = each((c) => at[c]! - rate * outer[c]! * (hessian === "none" ? 1 : 1 - alpha * clients[i]!.h[c]!));
      }
      return at;
    }, alike);
    const end = run("per-fedavg", { alpha, hessian, delta: 0.5, adapt: 2 }, { epochs });
    near(end.server["model"]!, model, tight);
    near(end.answers[2]!["shared"]!, model, tight);
    // who answers has taken its part of two steps
    const adapted = everybody.map((i) => descend(i, model, { lr: alpha, count: Math.max(1, Math.round((steps[i]! / 3) * 2)) }));
    near(flat(end.own), flat(adapted), tight);
    near(run("per-fedavg", { alpha, hessian, adapt: 0 }).own[1]!, descend(1, model, { lr: alpha, count: 1 }), tight);
  }
});

test("models in parts, round by round", () => {
  const [body, head] = [[0], [1]];
  const plans: Record<string, { options?: Options; shared: number; phases: readonly (readonly [readonly number[], number])[] }> = {
    fedper: { shared: 0, phases: [[[0, 1], 3]] },
    "lg-fedavg": { shared: 1, phases: [[[0, 1], 3]] },
    fedrep: { options: { headEpochs: 2 }, shared: 0, phases: [[head, 2], [body, 3]] },
    fedbabu: { options: { epochs: 0 }, shared: 0, phases: [[body, 3]] },
  };
  for (const [name, { options = {}, shared, phases }] of Object.entries(plans)) {
    const own = everybody.map(() => start[1 - shared]!);
    let all = start[shared]!;
    const joined = (i: number): V => each((k) => (k === shared ? all : own[i]!));
    for (const who of cohorts) {
      const ups = who.map((i) => {
        const after = phases.reduce<V>((w, [moves, epochs]) => descend(i, w, { moves, count: Math.max(1, Math.round((steps[i]! / 3) * epochs)) }), joined(i));
        return after;
      });
      who.forEach((i, j) => (own[i] = ups[j]![1 - shared]!));
      all = mean(ups, who.map((i) => rows[i]!))[shared]!;
    }
    const end = run(name, options);
    near(end.server["shared"]!, [all], tight);
    near(flat(end.own), flat(everybody.map(joined)), tight);
  }
  // and fine-tuned by one part or both before answering
  for (const [part, moves] of [["all", [0, 1]], ["head", head], ["body", body]] as const) {
    const { server, own } = run("fedbabu", { epochs: 3, part });
    const from: V = [server["shared"]![0]!, start[1]!];
    near(flat(own), flat(everybody.map((i) => descend(i, from, { moves }))), tight);
  }
});

test("FedAMP, round by round", () => {
  const [lambda, alpha, sigma] = [0.6, 0.8, 3];
  for (const scale of ["absolute", "median"] as const) {
    const own: V[] = everybody.map(() => start);
    let posted = new Map<number, V>();
    for (const who of cohorts) {
      const next = new Map(posted);
      for (const i of who) {
        const mine = posted.get(i);
        let more: Way["more"];
        if (mine) {
          const others = [...posted].filter(([j]) => j !== i).map(([, w]) => w);
          const squares = others.map((w) => apart(mine, w));
          const middle = squares.toSorted((a, b) => a - b)[Math.floor(squares.length / 2)]!;
          const wide = scale === "median" ? sigma * middle : sigma;
          const weights = squares.map((square) => (scale === "median" ? alpha / others.length : alpha / sigma) * Math.exp(-square / wide));
          const total = Math.max(1, weights.reduce((a, b) => a + b, 0));
          const rest = 1 - weights.reduce((a, b) => a + b, 0) / total;
          const cloud = each((k) => rest * mine[k]! + others.reduce((sum, w, j) => sum + (weights[j]! / total) * w[k]!, 0));
          more = held(cloud, lambda / alpha);
        }
        own[i] = descend(i, own[i]!, more ? { more } : {});
        next.set(i, own[i]!);
      }
      posted = next;
    }
    near(flat(run("fedamp", { lambda, alpha, sigma, scale }).own), flat(own), 1e-9);
  }
});

test("FedFomo, round by round", () => {
  const m = 1;
  const own: V[] = everybody.map(() => start);
  let posted = new Map<number, V>();
  const liked = everybody.map(() => new Map<number, number>());
  const likings = everybody.map(() => new Map<number, number>());
  for (const who of cohorts) {
    const next = new Map(posted);
    for (const i of who) {
      const known = likings[i]!;
      const rank = (j: number): number => known.get(j) ?? Infinity;
      const asked = [...posted.keys()].filter((j) => j !== i).toSorted((a, b) => a - b).toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) > rank(a) ? 1 : -1)).slice(0, m); // prettier-ignore
      const before = own[i]!;
      const raw = asked.map((j) => Math.max(0, fall(i, before) - fall(i, posted.get(j)!)) / Math.sqrt(apart(posted.get(j)!, before)));
      const total = raw.reduce((a, b) => a + b, 0);
      const taken = raw.map((share) => (total > 0 ? share / total : 0));
      const from = each((k) => before[k]! + taken.reduce((sum, share, c) => sum + share * (posted.get(asked[c]!)![k]! - before[k]!), 0));
      own[i] = descend(i, from);
      next.set(i, own[i]!);
      liked[i] = new Map(asked.map((j, c) => [j, taken[c]!]));
    }
    for (const i of who) for (const [j, share] of liked[i]!) likings[i]!.set(j, (likings[i]!.get(j) ?? 0) + share);
    posted = next;
  }
  const end = run("fedfomo", { m });
  near(flat(end.own), flat(own), 1e-9);
  for (const i of everybody)
    near(end.server[`liking.${i}`] ?? [], [...likings[i]!].flat(), 1e-9);
});

test("IFCA and HypCluster, round by round", () => {
  for (const [name, serve] of [["ifca", alike], ["hypcluster", byRows]] as const) {
    const models: V[] = [[0, 1], [3, 4]];
    for (const who of cohorts) {
      const chosen = who.map((i) => (fall(i, models[0]!) <= fall(i, models[1]!) ? 0 : 1));
      const ups = who.map((i, j) => descend(i, models[chosen[j]!]!));
      for (const c of [0, 1]) {
        const of = who.flatMap((i, j) => (chosen[j] === c ? [{ i, up: ups[j]! }] : []));
        if (of.length > 0) models[c] = serve(models[c]!, of.map(({ up }) => up), of.map(({ i }) => i));
      }
    }
    const state = { "model.0": Float64Array.of(0, 1), "model.1": Float64Array.of(3, 4) };
    const { server, own } = run(name, { k: 2 }, { state });
    near(server["model.0"]!, models[0]!, tight);
    near(server["model.1"]!, models[1]!, tight);
    near(flat(own), flat(everybody.map((i) => (fall(i, models[0]!) <= fall(i, models[1]!) ? models[0]! : models[1]!))), tight);
  }
});

test("cwFedAvg of one class is FedAvg of everybody's newest", () => {
  const newest = new Map<number, V>();
  let w: V = start;
  for (const who of cohorts) {
    const from = w;
    for (const i of who) newest.set(i, descend(i, from));
    w = mean([...newest.values()], [...newest.keys()].map((i) => rows[i]!));
  }
  near(run("cwfedavg").own[0]!, w, tight);
});

test("APPLE, round by round", () => {
  const { rate: step, mu, span } = { rate: 0.02, mu: 0.4, span: 2 };
  const cores: V[] = everybody.map(() => start);
  let posted = new Map<number, V>();
  const weights = everybody.map(() => new Map<number, number>());
  cohorts.forEach((who, round) => {
    const next = new Map(posted);
    const hold = round < span ? 0.001 ** (round / span) : 0;
    for (const i of who) {
      const others = [...posted.keys()].filter((j) => j !== i).toSorted((a, b) => a - b);
      const total = [i, ...others].reduce((sum, j) => sum + rows[j]!, 0);
      const terms = [i, ...others].map((j) => ({ j, first: rows[j]! / total, weight: weights[i]!.get(j) ?? rows[j]! / total }));
      for (let k = 0; k < steps[i]!; k++) {
        const coreOf = (j: number): V => (j === i ? cores[i]! : posted.get(j)!);
        const g = slope(i, each((c) => terms.reduce((sum, { j, weight }) => sum + weight * coreOf(j)[c]!, 0)));
        const [own, at] = [terms[0]!.weight, cores[i]!];
        for (const term of terms) {
          const along = each((c) => g[c]! * coreOf(term.j)[c]!).reduce((a, b) => a + b);
          term.weight -= step * (along + mu * hold * (term.weight - term.first));
        }
        cores[i] = each((c) => at[c]! - rate * own * g[c]!);
      }
      for (const { j, weight } of terms) weights[i]!.set(j, weight);
      next.set(i, cores[i]!);
    }
    posted = next;
  });
  const { kept, own } = run("apple", { rate: step, mu, rounds: span });
  near(flat(kept.map(({ own }) => Array.from(own!))), flat(cores), 1e-9);
  for (const i of everybody) {
    const terms = [i, ...everybody.filter((j) => j !== i)];
    const total = rows.reduce((a, b) => a + b, 0);
    const sum = each((c) => terms.reduce((s, j) => s + (weights[i]!.get(j) ?? rows[j]! / total) * cores[j]![c]!, 0));
    near(own[i]!, sum, 1e-9);
  }
});

test("robust sums and short ones, round by round", () => {
  const middle = (values: readonly number[]): number => {
    const sorted = values.toSorted((a, b) => a - b);
    return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
  };
  const median = rounds((i, w) => descend(i, w), (_, ups) => each((k) => middle(ups.map((up) => up[k]!))));
  near(run("fedmedian").server["model"]!, median, tight);
  // a third of three is one at each end, of two nobody
  const trimmed = rounds(
    (i, w) => descend(i, w),
    (_, ups) => each((k) => (ups.length === 3 ? middle(ups.map((up) => up[k]!)) : (ups[0]![k]! + ups[1]![k]!) / 2)),
  );
  near(run("trimmed-mean", { share: 0.34 }).server["model"]!, trimmed, tight);
  const clipped = rounds((i, w) => {
    const to = descend(i, w);
    const far = Math.sqrt(apart(to, w));
    return far > 0.6 ? toward(w, to, 0.6 / far) : to;
  }, byRows);
  near(run("norm-clipping", { norm: 0.6 }).server["model"]!, clipped, tight);
});

test("Krum, round by round", () => {
  // of three, one of whom may lie, each has one neighbour that counts; of two, the other one
  const nearest = (ups: readonly V[], keep: number): V[] => {
    const scores = ups.map((up, i) => Math.min(...ups.filter((_, j) => j !== i).map((other) => apart(up, other))));
    const order = [...ups.keys()].toSorted((a, b) => scores[a]! - scores[b]! || a - b).slice(0, keep);
    return order.map((i) => ups[i]!);
  };
  for (const keep of [1, 2]) {
    const model = rounds(
      (i, w) => descend(i, w),
      (w, ups) => alike(w, nearest(ups, keep)),
    );
    near(run("krum", { liars: 1, keep }).server["model"]!, model, tight);
  }
});

test("CFL, round by round", () => {
  const [eps1, eps2, from] = [9, 0.5, 1];
  let clusters: { members: readonly number[]; model: V }[] = [{ members: everybody, model: start }];
  const cosine = (a: V, b: V): number =>
    (a[0]! * b[0]! + a[1]! * b[1]!) / Math.sqrt(apart(a, [0, 0]) * apart(b, [0, 0]));
  for (let round = 0; round < 3; round++)
    clusters = clusters.flatMap(({ members, model }) => {
      const ways = members.map((i) => each((k) => descend(i, model)[k]! - model[k]!));
      const moved = (of: readonly number[]): V =>
        each((k) => model[k]! + of.reduce((sum, j) => sum + ways[j]![k]!, 0) / of.length);
      const all = [...members.keys()];
      const length = Math.max(...ways.map((way) => Math.sqrt(apart(way, [0, 0]))));
      const short = Math.sqrt(apart(moved(all), model)) < eps1;
      if (round < from || members.length < 3 || !short || length <= eps2) return [{ members, model: moved(all) }];
      // of three, the two that are most alike stay together
      const pairs = [[0, 1], [0, 2], [1, 2]] as const; // prettier-ignore
      const [one, two] = pairs.toSorted((a, b) => cosine(ways[b[0]]!, ways[b[1]]!) - cosine(ways[a[0]]!, ways[a[1]]!))[0]!;
      const groups = [[one, two], all.filter((j) => j !== one && j !== two)].toSorted((a, b) => a[0]! - b[0]!);
      return groups.map((group) => ({ members: group.map((j) => members[j]!), model: moved(group) }));
    });
  assert.is(clusters.length, 2);
  const { server, own } = run("cfl", { eps1, eps2, from }, { cohort: () => everybody });
  assert.is(server["clusters"]![0], 2);
  clusters.forEach(({ members, model }, c) => {
    near(server[`model.${c}`]!, model, tight);
    for (const i of members) near(own[i]!, model, tight);
  });
  // it takes a round, a mean that is short and an update that is long
  for (const options of [{ eps1, eps2, from: 3 }, { eps1: 0, eps2, from }, { eps1, eps2: 9, from }])
    assert.is(run("cfl", options, { cohort: () => everybody }).server["clusters"]![0], 1);
});

test("L2GD, round by round", () => {
  const [lambda, p, count] = [0.8, 0.4, 12];
  const coin = (round: number): boolean => isMean(key(1), round, p);
  const own: V[] = everybody.map(() => start);
  // of those who have come to know of a mean, the last they were told; of it, what was sent in the round before
  let mean: V = start;
  const told: V[] = everybody.map(() => start);
  for (let round = 0; round < count; round++) {
    if (coin(round)) {
      const fresh = round === 0 || !coin(round - 1);
      for (const i of everybody) {
        if (fresh) told[i] = mean;
        own[i] = toward(own[i]!, told[i]!, (rate * lambda * (1 - p)) / p);
      }
    } else {
      for (const i of everybody) own[i] = descend(i, own[i]!);
      if (coin(round + 1)) mean = alike(mean, own);
    }
  }
  const end = run("l2gd", { lambda, p }, { rounds: count, cohort: () => everybody });
  near(flat(end.own), flat(own), tight);
  near(end.server["mean"]!, mean, tight);
  // both kinds of round, and a mean twice in a row
  const met = Array.from({ length: count }, (_, round) => coin(round));
  assert.ok(met.includes(true) && met.includes(false) && met.some((one, i) => one && met[i + 1]));
});

test.run();
