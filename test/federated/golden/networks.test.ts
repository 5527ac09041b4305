// Methods without a server, round by round in plain numbers: five clients of whom not all take part, draws that are waits of
// exponential clocks, and points of the simplex that a bisection finds.
import type { Options, ServerSide, Vectors } from "../../../src/federated/method.ts";
import { likeness } from "../../../src/federated/methods/dac.ts";
import { seenOf } from "../../../src/federated/methods/pens.ts";
import { fold, type Key, key, Stream } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import { type Quadratic, type QuadraticEnd, quadratics } from "../../support/quadratic.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

type V = readonly number[];

const start: readonly [number, number] = [0.5, -0.25];
const everybody: V = [0, 1, 2, 3, 4];
const cohorts: readonly V[] = [
  [0, 1, 2, 3, 4],
  [0, 2, 3],
  [1, 2, 4],
  [0, 1, 3, 4],
];
// of three epochs, clients do one, three, two, three and one
const steps: V = [1, 3, 2, 3, 1];
const clients: readonly Quadratic[] = [
  { h: [1, 2], b: [0, 0], n: 1 },
  { h: [3, 1], b: [4, 2], n: 3 },
  { h: [2, 4], b: [-2, 6], n: 6 },
  { h: [1, 1], b: [3, 3], n: 2 },
  { h: [0.5, 2], b: [-1, 4], n: 4 },
].map(({ h, b, n }, i) => ({ h: h as [number, number], b: b as [number, number], n, effort: steps[i]! / 3 }));

const each = (f: (k: number) => number): number[] => [0, 1].map(f);
const slope = (i: number, w: V): number[] => each((k) => clients[i]!.h[k]! * (w[k]! - clients[i]!.b[k]!));
const fall = (i: number, w: V): number => each((k) => (clients[i]!.h[k]! / 2) * (w[k]! - clients[i]!.b[k]!) ** 2).reduce((a, b) => a + b);
const mean = (points: readonly V[]): V => each((k) => points.reduce((sum, w) => sum + w[k]! / points.length, 0));
const listed = (map: ReadonlyMap<number, V>): number[] => [...map].toSorted(([a], [b]) => a - b).flatMap(([, w]) => [...w]);

function descend(i: number, w: V): V {
  for (let k = 0; k < steps[i]!; k++) {
    const g = slope(i, w);
    w = each((c) => w[c]! - 0.1 * g[c]!);
  }
  return w;
}

/** So many whose clocks ring first, at rates that are exponentials of their scores. */
function ring(among: V, count: number, at: Key, score: (one: number) => number = () => 0): number[] {
  const stream = new Stream(at);
  const waits = among.map((one) => ({ one, wait: -Math.log(stream.uniform()) / Math.exp(score(one)) }));
  return waits.toSorted((a, b) => a.wait - b.wait).slice(0, count).map(({ one }) => one).toSorted((a, b) => a - b); // prettier-ignore
}

interface Turn {
  readonly i: number;
  readonly round: number;
  readonly own: V;
  /** Who has sent something before this round, but for oneself. */
  readonly others: V;
  readonly modelOf: (peer: number) => V;
  readonly address: Key;
}

/** Four rounds in which members of the cohort begin at what they make of the others' newest models. */
function played(begin: (turn: Turn) => V, sent: ReadonlyMap<number, V> = new Map()): { own: V[]; sent: ReadonlyMap<number, V> } {
  const own: V[] = everybody.map(() => start);
  let before = sent;
  cohorts.forEach((who, round) => {
    const [known, next] = [before, new Map(before)];
    for (const i of who) {
      const others = everybody.filter((peer) => peer !== i && known.has(peer));
      const address = fold(key(1), "down", i, round);
      own[i] = descend(i, begin({ i, round, own: own[i]!, others, modelOf: (peer) => known.get(peer)!, address }));
      next.set(i, own[i]!);
    }
    before = next;
  });
  return { own, sent: before };
}

const run = (name: string, options: Options, state: Vectors = {}): QuadraticEnd =>
  quadratics(of(name), options, { clients, start, state, rounds: 4, epochs: 3, cohort: (round) => cohorts[round]! });
const vectors = (sent: ReadonlyMap<number, V>): Vectors =>
  Object.fromEntries([...sent].map(([i, w]) => [`model.${i}`, Float64Array.from(w)]));
// three of the five have sent something before
const sentBefore: ReadonlyMap<number, V> = new Map([[0, [1, -2]], [1, [3, 1]], [3, [-2, 5]]]); // prettier-ignore

/** What is the same in all of them: models are kept, posted and answered with, and a turn's loss is that before its last step. */
function alike(end: QuadraticEnd, { own, sent }: { own: readonly V[]; sent: ReadonlyMap<number, V> }): void {
  near(end.kept.flatMap(({ own }) => Array.from(own!)), own.flat(), 1e-12);
  near(end.own.flat(), own.flat(), 1e-9);
  near([...sent.keys()].toSorted((a, b) => a - b).flatMap((i) => Array.from(end.server[`model.${i}`]!)), listed(sent), 1e-12);
  // back from where the last step went
  for (const { client, metrics } of end.replies) {
    const before = each((k) => (own[client]![k]! - 0.1 * clients[client]!.h[k]! * clients[client]!.b[k]!) / (1 - 0.1 * clients[client]!.h[k]!));
    near([metrics["trainLoss"]!], [fall(client, before)], 1e-9);
  }
}

test("gossip, round by round", () => {
  const begin = ({ own, others, modelOf, address }: Turn): V => mean([own, ...ring(others, 2, address).map(modelOf)]);
  alike(run("gossip", { peers: 2 }), played(begin));
  alike(run("gossip", { peers: 2 }, vectors(sentBefore)), played(begin, sentBefore));
  // who is to answer needs nobody
  const server = of("gossip").server({ peers: 2 }, undefined as never);
  for (const purpose of ["answers", "validation"] as const)
    assert.equal(server.down!(vectors(sentBefore), { client: 0, round: 0, purpose, key: key(1) }), {});
});

test("PENS, round by round: tries what it is sent while it looks for its kind, and then asks no others", () => {
  const options = { sample: 3, best: 1, rounds: 2 };
  const seen = everybody.map(() => new Map<number, [number, number]>());
  const begin = ({ i, round, own, others, modelOf, address }: Turn): V => {
    if (round >= options.rounds) {
      const kind = [...seen[i]!].filter(([, [tried, taken]]) => taken / tried > options.best / options.sample).map(([peer]) => peer);
      return mean([own, ...ring(kind.toSorted((a, b) => a - b), options.best, address).map(modelOf)]); // prettier-ignore
    }
    const asked = ring(others, options.sample, address);
    const best = asked.reduce((a, b) => (fall(i, modelOf(b)) < fall(i, modelOf(a)) ? b : a), asked[0]!);
    if (asked.length > 1)
      for (const peer of asked) {
        const [tried, taken] = seen[i]!.get(peer) ?? [0, 0];
        seen[i]!.set(peer, [tried + 1, taken + Number(peer === best)]);
      }
    return mean([own, modelOf(best)]);
  };
  const wanted = played(begin, sentBefore);
  const end = run("pens", options, vectors(sentBefore));
  alike(end, wanted);
  for (const i of everybody) assert.equal([...seenOf(end.server[`seen.${i}`])].toSorted(([a], [b]) => a - b), [...seen[i]!].toSorted(([a], [b]) => a - b)); // prettier-ignore
  assert.ok(seen.some((of) => [...of.values()].some(([tried]) => tried === 2)));
});

test("PENS takes all it is sent where that are no more than the best, or it has no rows to try them on", () => {
  const state = vectors(sentBefore);
  const wanted = (models: readonly V[]): V => mean([start, ...models]);
  const once = (best: number, n: number) =>
    quadratics(of("pens"), { sample: 3, best, rounds: 2 }, { clients: [{ ...clients[2]!, n: 1 }, clients[1]!, { ...clients[2]!, n, effort: 1 / 3 }], start, state, rounds: 1, epochs: 3, cohort: () => [2] }); // prettier-ignore
  const step = (w: V): V => { const g = slope(2, w); return each((k) => w[k]! - 0.1 * g[k]!); }; // prettier-ignore
  const all = [...sentBefore.values()];
  const three = once(3, 6);
  near(three.kept[2]!["own"]!, step(wanted(all)), 1e-12);
  assert.equal(three.replies[0]!.up["seen"], new Float64Array(9).fill(-1));
  const two = once(2, 6);
  const best = all.toSorted((a, b) => fall(2, a) - fall(2, b)).slice(0, 2);
  near(two.kept[2]!["own"]!, step(wanted(best)), 1e-12);
  assert.equal([...two.replies[0]!.up["seen"]!], [0, 1, 3].flatMap((peer) => [peer, 1, Number(best.includes(sentBefore.get(peer)!))]));
  const empty = once(1, 0);
  near(empty.kept[2]!["own"]!, wanted(all), 1e-12);
  assert.equal(empty.replies[0]!.up["seen"], new Float64Array(9).fill(-1));
});

test("DAC, round by round: whom it asks is drawn by what it and its acquaintances found, the newest of which counts", () => {
  const [peers, tau] = [2, 0.7];
  const found = new Map<number, Map<number, number>>();
  const told: (() => void)[] = [];
  let at = 0;
  const begin = ({ i, round, own, others, modelOf, address }: Turn): V => {
    // what others find out in a round is known in the next
    if (round !== at) told.splice(0).forEach((tell) => tell());
    at = round;
    const liking = (peer: number): number => {
      const mine = found.get(i) ?? new Map<number, number>();
      if (mine.has(peer)) return tau * mine.get(peer)!;
      const friends = [...mine.keys()].filter((friend) => found.get(friend)?.has(peer));
      if (friends.length === 0) return 0;
      const likest = friends.reduce((a, b) => (mine.get(b)! > mine.get(a)! ? b : a));
      return tau * found.get(likest)!.get(peer)!;
    };
    const asked = ring(others, peers, address, liking);
    told.push(() => {
      for (const peer of asked) found.set(i, (found.get(i) ?? new Map<number, number>()).set(peer, 1 / Math.max(0.001, fall(i, modelOf(peer)))));
    });
    return mean([own, ...asked.map(modelOf)]);
  };
  const wanted = played(begin, sentBefore);
  told.forEach((tell) => tell());
  const end = run("dac", { peers, tau }, vectors(sentBefore));
  alike(end, wanted);
  for (const i of everybody) {
    const flat = Array.from(end.server[`likes.${i}`]!);
    const likes = new Map(Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!]));
    assert.equal([...likes.keys()].toSorted(), [...found.get(i)!.keys()].toSorted());
    for (const [peer, like] of likes) near([like], [found.get(i)!.get(peer)!], 1e-9);
  }
});

test("DAC's likings are bounded where nothing is lost, told of nobody without rows, and the first of equals counts", () => {
  const state = { "model.1": Float64Array.of(-2, 6), "model.2": Float64Array.of(0, 6) };
  const likes = (n: number) => quadratics(of("dac"), { peers: 3, tau: 1 }, { clients: [{ ...clients[2]!, n }], start, state, rounds: 1 }).replies[0]!.up["likes"]!; // prettier-ignore
  near(likes(2), [1, 1000, 2, 1 / fall(2, [0, 6]), -1, -1], 1e-9);
  near(likes(0), [-1, -1, -1, -1, -1, -1], 0);
  const equals = new Map([[0, new Map([[1, 5], [2, 5]])], [1, new Map([[7, 1]])], [2, new Map([[7, 2]])]]); // prettier-ignore
  assert.is(likeness(equals, 0, 7), 1);
});

/** The nearest point of the simplex: the level below which all is cut off, by halves. */
function simplex(point: V): number[] {
  let [low, high] = [Math.min(...point) - 1, Math.max(...point)];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (point.reduce((sum, x) => sum + Math.max(0, x - middle), 0) > 1) low = middle;
    else high = middle;
  }
  return point.map((x) => Math.max(0, x - low));
}

test("DiPLe, round by round: weights go down the own loss on the simplex, and are remembered peer by peer", () => {
  for (const peers of [1, 2]) learnt({ peers, rate: 0.01, epochs: 2 });
});

function learnt(options: { readonly peers: number; readonly rate: number; readonly epochs: number }): void {
  const known = everybody.map((i) => new Map([[i, 1]]));
  const inside: number[] = [];
  const begin = ({ i, own, others, modelOf, address }: Turn): V => {
    const all = [i, ...ring(others, options.peers, address)];
    const models = all.map((peer) => (peer === i ? own : modelOf(peer)));
    let weights = simplex(all.map((peer) => known[i]!.get(peer) ?? 0));
    const mix = (): V => each((k) => weights.reduce((sum, weight, j) => sum + weight * models[j]![k]!, 0));
    // two epochs are one for who does a third of them
    for (let k = 0; all.length > 1 && k < Math.max(1, Math.round((steps[i]! / 3) * options.epochs)); k++) {
      const g = slope(i, mix());
      weights = simplex(weights.map((weight, j) => weight - options.rate * (g[0]! * models[j]![0]! + g[1]! * models[j]![1]!)));
    }
    all.forEach((peer, j) => known[i]!.set(peer, weights[j]!));
    inside.push(...weights);
    return mix();
  };
  const wanted = played(begin, sentBefore);
  const end = run("diple", options, vectors(sentBefore));
  alike(end, wanted);
  near(end.kept.flatMap(({ weights }) => Array.from(weights!)), known.flatMap((of) => [...of].flat()), 1e-9);
  // some at the edge and some within, or nothing would have been learnt
  assert.ok(inside.some((weight) => weight > 0.05 && weight < 0.95) && inside.includes(0));
}

test("whom a client may ask are others that have sent something", () => {
  const state = { ...vectors(sentBefore), "likes.1": Float64Array.of(0, 1e3), "seen.1": Float64Array.of(3, 1, 1) };
  const asked = (name: string, options: Options, round: number): string[] => {
    const server: ServerSide = of(name).server({ ...of(name).options, ...options }, undefined as never);
    return Object.keys(server.down!(state, { client: 1, round, purpose: "turn", key: key(4) }));
  };
  assert.equal(asked("gossip", { peers: 9 }, 0), ["model.0", "model.3"]);
  assert.equal(asked("dac", { peers: 1, tau: 1 }, 0), ["model.0"]);
  assert.equal(asked("diple", { peers: 9 }, 0), ["model.0", "model.3"]);
  assert.equal(asked("pens", { rounds: 1, sample: 4, best: 1 }, 1), ["model.3"]);
});

test.run();
