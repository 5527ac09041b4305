// Floco and what it is made of: principal components, points of the simplex, and rounds whose heads lie on one.
import fc from "fast-check";
import { scoresOf } from "../../../src/federated/methods/principal.ts";
import { drawn, everywhere, projected, spread } from "../../../src/federated/methods/simplex.ts";
import { methods } from "../../../src/federated/methods/index.ts";
import type { Update, Vector, Vectors } from "../../../src/federated/method.ts";
import { fold, type Key, key, Stream } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import { quadratics, three } from "../../support/quadratic.ts";
import {
  answersOf,
  average,
  bodySize,
  cohorts,
  descend,
  everybody,
  headSize,
  initial,
  modelOf,
  nllOf,
  odd,
  rowCounts,
  softmaxes,
  steps,
  type V,
} from "../../support/softmax.ts";
import { assert, test } from "../../support/suite.ts";

const floco = methods.get("floco")!;
const v = (...values: number[]): Float64Array => Float64Array.from(values);
const list = (vectors: readonly Vector[]): number[] => vectors.flatMap((one) => Array.from(one));
const sum = (of: ArrayLike<number>): number => Array.from(of).reduce((a, b) => a + b, 0);
const absolute = (a: ArrayLike<number>, b: ArrayLike<number>): number => sum(Array.from(a, (x, i) => Math.abs(x - b[i]!)));
const squared = (a: ArrayLike<number>, b: ArrayLike<number>): number => sum(Array.from(a, (x, i) => (x - b[i]!) ** 2));
const product = (a: ArrayLike<number>, b: ArrayLike<number>): number => sum(Array.from(a, (x, i) => x * b[i]!));
const number = fc.double({ min: -3, max: 3, noNaN: true });
const pointOf = (width: number) => fc.array(number, { minLength: width, maxLength: width }).map((x) => v(...x));
const pointsOf = (width: number, maxLength = 7) => fc.array(pointOf(width), { minLength: 1, maxLength });

test("principal components keep distances, stand at right angles, and point to who lies farthest along them", () => {
  near(list(scoresOf([v(7, 1), v(7, -3), v(7, 5)], 2)), [0, 0, 4, 0, -4, 0], 1e-12);
  // a rectangle of 6 by 2, turned by 3-4-5
  const corners = [[-3, 1], [-3, -1], [3, 1], [3, -1]].map(([x, y]) => v(0.8 * x! - 0.6 * y!, 0.6 * x! + 0.8 * y!, 9)); // prettier-ignore
  near(list(scoresOf(corners, 2)), [3, 1, 3, -1, -3, 1, -3, -1], 1e-12);
  near(list(scoresOf(corners, 1)), [3, 3, -3, -3], 1e-12);
  // of equal ones, which are orthogonal as they are, the first
  const square = scoresOf([v(2, 0), v(-2, 0), v(0, 2), v(0, -2)], 2);
  near(list(square).map((x) => x * x), [4, 0, 4, 0, 0, 4, 0, 4], 1e-12); // prettier-ignore
  // small ones as large ones
  const small = scoresOf(corners.map((corner) => corner.map((x) => 1e-9 * x)), 2); // prettier-ignore
  near(list(small).map((x) => 1e9 * x), [3, 1, 3, -1, -3, 1, -3, -1], 1e-7); // prettier-ignore
  assert.equal(scoresOf([v(1, 2)], 3), [v(0, 0, 0)]);
  assert.equal(scoresOf([v(1, 2), v(1, 2)], 1), [v(0), v(0)]);
  fc.assert(
    fc.property(pointsOf(5, 12), (points) => {
      const scores = scoresOf(points, 6);
      for (const [i, a] of points.entries())
        for (const [j, b] of points.entries()) near([squared(scores[i]!, scores[j]!)], [squared(a, b)], 1e-9);
      const along = [0, 1, 2, 3, 4, 5].map((c) => scores.map((one) => one[c]!));
      for (const [c, x] of along.entries()) {
        near([sum(x)], [0], 1e-9);
        for (const y of along.slice(c + 1)) near([product(x, y)], [0], 1e-9);
        if (c > 0) assert.ok(product(x, x) <= product(along[c - 1]!, along[c - 1]!) + 1e-9);
        const most = Math.max(...x.map(Math.abs));
        const tops = x.filter((one) => Math.abs(one) > most * (1 - 1e-6));
        if (most > 1e-6 && new Set(tops.map(Math.sign)).size === 1) assert.ok(tops[0]! > 0);
      }
    }),
  );
});

test("the nearest point of the simplex", () => {
  const known: [V, V][] = [
    [[0.5, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]],
    [[2, 0], [1, 0]],
    [[0.6, 0.3, -1], [0.65, 0.35, 0]],
    [[-5], [1]],
    [[0.2, 0.8], [0.2, 0.8]],
  ]; // prettier-ignore
  for (const [from, to] of known) near(projected(v(...from)), to, 1e-12);
  fc.assert(
    fc.property(pointOf(4), fc.nat(99), (point, seed) => {
      const nearest = projected(point);
      near([sum(nearest)], [1], 1e-12);
      assert.ok(nearest.every((x) => x >= 0));
      const other = drawn(everywhere(4), key(seed));
      assert.ok(squared(point, nearest) <= squared(point, other) + 1e-12);
      near(projected(nearest), nearest, 1e-12);
    }),
  );
});

/** The same by somebody else: exponential waits, and the way to where they are. */
function byHand(centre: V, radius: number, at: Key): number[] {
  const stream = new Stream(at);
  const waits = centre.map(() => -Math.log(stream.uniform()));
  const way = waits.map((wait, i) => wait / sum(waits) - centre[i]!);
  const far = absolute(way, way.map(() => 0)); // prettier-ignore
  const out = far > radius ? (radius * stream.uniform() ** (1 / (centre.length - 1))) / far : 1;
  return centre.map((x, i) => x + out * way[i]!);
}

test("points drawn from a region are of the simplex and within it, and all of the simplex is met uniformly", () => {
  const radius = fc.double({ min: 0, max: 2, noNaN: true });
  fc.assert(
    fc.property(pointOf(4).map(projected), radius, fc.nat(), (centre, radius, seed) => {
      const point = drawn({ centre, radius }, key(seed));
      near([sum(point)], [1], 1e-12);
      assert.ok(point.every((x) => x >= 0));
      assert.ok(absolute(point, centre) <= radius + 1e-12);
      near(point, byHand([...centre], radius, key(seed)), 1e-12);
    }),
  );
  const corners = 3;
  const draws = Array.from({ length: 4000 }, (_, i) => drawn(everywhere(corners), fold(key(5), i)));
  for (const k of [0, 1, 2]) {
    near([sum(draws.map((x) => x[k]!)) / 4000], [1 / 3], 0.02);
    near([sum(draws.map((x) => x[k]! ** 2)) / 4000], [2 / (corners * (corners + 1))], 0.02);
  }
  // of a small region, the distance is that of a disc
  const centre = v(1 / 3, 1 / 3, 1 / 3);
  const far = draws.map((_, i) => absolute(drawn({ centre, radius: 0.01 }, fold(key(6), i)), centre) / 0.01);
  near([sum(far) / 4000, sum(far.map((x) => x * x)) / 4000], [2 / 3, 1 / 2], 0.02);
  // of one corner there is one point
  for (const radius of [0, 2]) assert.equal(drawn({ centre: v(1), radius }, key(1)), v(1));
});

test("points are spread over the simplex as far as they go, whatever their size", () => {
  near(list(spread([v(-4, 0), v(0, 0), v(4, 0)])), [0, 1, 0.5, 0.5, 1, 0], 1e-12);
  assert.equal(spread([v(0, 0), v(0, 0)]), [v(0.5, 0.5), v(0.5, 0.5)]);
  // the largest of the sizes is the first: alone a point goes as far as it can, and so do two that lie close together
  assert.equal(spread([v(3, 1)]), [v(1, 0)]);
  const far = 0.5 + (200 ** 2 / 4) * 0.5 * 2e-5;
  near(list(spread([v(1, 0), v(0, 0), v(2e-5, 0)])), [1, 0, 0.5, 0.5, far, 1 - far], 1e-12);
  const energyOf = (places: readonly Vector[]): number =>
    sum(places.flatMap((a, i) => places.slice(i + 1).map((b) => 1 / Math.max(1e-8, squared(a, b)))));
  fc.assert(
    fc.property(pointsOf(3), (points) => {
      const places = spread(points);
      const most = Math.max(...list(points).map(Math.abs));
      fc.pre(most > 1e-3);
      // none of 200 sizes, up to one at which all of them are inside, does better
      const all = Array.from({ length: 200 }, (_, i) => points.map((point) => projected(point.map((x) => (200 / (i + 1)) ** 2 * (x / (6 * most)))))); // prettier-ignore
      const energies = all.map(energyOf);
      const least = Math.min(...energies);
      near([energyOf(places)], [least], 1e-9);
      assert.ok(all.some((one, i) => energies[i]! <= least * (1 + 1e-9) && absolute(list(one), list(places)) < 1e-9));
      assert.ok(all.at(-1)!.every((place) => Math.min(...place) > 0));
      for (const by of [8, 1 / 1024]) near(list(spread(points.map((point) => point.map((x) => by * x)))), list(places), 1e-9);
    }),
  );
});

const at = (...region: number[]): Float64Array => v(...region);
const places: V[] = [
  [1, 0],
  [0.5, 0.5],
  [0, 1],
];
const regions = Object.fromEntries(places.map(([a, b], i) => [`region.${i}`, at(a!, b!, 0)]));
const begun: Vectors = { model: v(0, 0, 0), ...regions };

test("Floco's heads come to rest where their clients' pulls along their places are even", () => {
  const { server, own, answers } = quadratics(floco, { endpoints: 2, tau: 9999 }, { state: begun, rounds: 300 });
  const [body, ...heads] = server["model"]!;
  near([body!], [0.2760137306], 1e-9);
  // five steps along a place take 1 - (1 - eta h |a|^2)^5 of the way to where a.theta is b
  const terms = places.map(([a, c], i) => {
    const size = a! * a! + c! * c!;
    const { h, b, n } = three[i]!;
    return { a: a!, c: c!, b: b[1], weight: (n * (1 - (1 - 0.1 * h[1] * size) ** 5)) / size };
  });
  const [aa, ac, cc] = [sum(terms.map((t) => t.weight * t.a * t.a)), sum(terms.map((t) => t.weight * t.a * t.c)), sum(terms.map((t) => t.weight * t.c * t.c))] as const; // prettier-ignore
  const [ra, rc] = [sum(terms.map((t) => t.weight * t.a * t.b)), sum(terms.map((t) => t.weight * t.c * t.b))] as const;
  const theta = [(ra * cc - rc * ac) / (aa * cc - ac * ac), (rc * aa - ra * ac) / (aa * cc - ac * ac)];
  near(heads, theta, 1e-9);
  near(theta, [-0.6445737704, 5.9216834668], 1e-9);
  near(own.map(([, w]) => w), places.map((a) => product(a, theta)), 1e-9); // prettier-ignore
  near(answers[1]!["shared"]!, [body!, (theta[0]! + theta[1]!) / 2], 1e-9);
  // as many corners as clients, each at its own: everybody has a head of its own
  const apart = { model: v(0, 0, 0, 0), "region.0": at(1, 0, 0, 0), "region.1": at(0, 1, 0, 0), "region.2": at(0, 0, 1, 0) }; // prettier-ignore
  near(quadratics(floco, { endpoints: 3, tau: 9999 }, { state: apart, rounds: 300 }).server["model"]!, [0.2760137306, 0, 2, 6], 1e-9);
});

test("Floco+ holds a client's own heads to those that were sent", () => {
  const lambda = 0.7;
  const { server, own } = quadratics(floco, { endpoints: 2, tau: 9999, plus: true, lambda }, { state: begun, rounds: 300 });
  for (const [i, [w1, w2]] of own.entries()) {
    const { h, b } = three[i]!;
    const [body, ...heads] = server["model"]!;
    near([w1], [(h[0] * b[0] + lambda * body!) / (h[0] + lambda)], 1e-9);
    const [size, sent] = [product(places[i]!, places[i]!), product(places[i]!, heads)];
    near([w2], [(h[1] * size * b[1] + lambda * sent) / (h[1] * size + lambda)], 1e-9);
  }
});

test("regions are laid out after tau rounds by the newest moves of who had rows, and stay", () => {
  // a body and two heads of one number each
  const server = floco.server({ ...floco.options, endpoints: 2, tau: 2, rho: 0.3 }, { initialParts: { body: v(0) } } as never);
  const go = (state: Vectors, round: number, moves: readonly (readonly [client: number, to: number, rows: number])[]): Vectors => {
    const gathering = server.gather(state, { round, cohort: 4, clients: 9, key: key(1) });
    for (const [client, to, examples] of moves) {
      gathering.add({ client, up: { model: v(client, to, 0) }, examples, metrics: { trainLoss: 0 } } satisfies Update);
    }
    return gathering.result();
  };
  const sent = (state: Vectors, client: number): number[] =>
    Array.from(server.down!(state, { client, round: 0, purpose: "turn", key: key(1) })["region"]!);
  const first = go({ model: v(9, 20, 0) }, 0, [[7, 100, 1], [3, 16, 1], [1, 50, 0]]); // prettier-ignore
  assert.equal(sent(first, 7), [0.5, 0.5, 2]);
  assert.equal(first["model"], v(5, 58, 0));
  const second = go({ ...first, model: v(9, 10, 0) }, 1, [[5, 10, 1], [7, 14, 1]]); // prettier-ignore
  // client 3 lies farthest the first way, 7 as far the other; 1 has no rows
  near([3, 5, 7].flatMap((client) => sent(second, client)), [1, 0, 0.3, 0.5, 0.5, 0.3, 0, 1, 0.3], 1e-12);
  assert.equal(sent(second, 1), [0.5, 0.5, 2]);
  assert.equal(Object.keys(second).toSorted(), ["model", "region.3", "region.5", "region.7"]);
  const third = go(second, 2, [[1, 9, 1], [3, 9, 1]]); // prettier-ignore
  assert.equal([1, 3, 5, 7].map((client) => sent(third, client)), [1, 3, 5, 7].map((client) => sent(second, client)));
  assert.equal(Object.keys(third), Object.keys(second));
  // where nobody has moved there is nothing to lay out
  assert.equal(sent(go(go({ model: v(0, 0, 0) }, 0, []), 1, [[2, 5, 0]]), 2), [0.5, 0.5, 2]);
});

test("Floco and Floco+, round by round", () => {
  const [corners, rho, lambda] = [3, 0.5, 0.6];
  const headAt = (heads: V, point: ArrayLike<number>): number[] =>
    Array.from({ length: headSize }, (_, k) => sum(Array.from(point, (share, m) => share * heads[m * headSize + k]!)));
  const modelAt = (p: V, point: ArrayLike<number>): number[] => [...p.slice(0, bodySize), ...headAt(p.slice(bodySize), point)];
  const many = bodySize + corners * headSize;
  const [start, mine] = [odd(many, 40, 0.7), everybody.map((i): V => odd(many, 41 + i, 0.6))];
  let shared: V = start;
  let centres: readonly Vector[] = [];
  const regionOf = (i: number) => (centres.length > 0 ? { centre: centres[i]!, radius: rho } : everywhere(corners));
  for (const [round, who] of cohorts.entries()) {
    const went = (i: number, from: V, stream: readonly string[], more: (p: V) => number): V => {
      let p = from;
      for (let epoch = 0; epoch < steps[i]!; epoch++) {
        const address = fold(fold(key(1), "train", i, round), ...stream, epoch, "step", 0, "simplex");
        const point = drawn(regionOf(i), address);
        p = descend((p) => nllOf(modelAt(p, point), i) + more(p), p, { count: 1 });
      }
      return p;
    };
    const ups = who.map((i) => went(i, shared, [], () => 0));
    for (const i of who) mine[i] = went(i, mine[i]!, ["own"], (p) => (lambda / 2) * squared(p, shared));
    const moves = ups.map((up) => v(...up.slice(bodySize).map((x, k) => x - shared[bodySize + k]!)));
    if (round === 0) centres = spread(scoresOf(moves, corners));
    shared = average(ups, who.map((i) => rowCounts[i]!)); // prettier-ignore
  }
  const kept = everybody.map((i) => ({ own: v(...odd(many, 41 + i, 0.6)) }));
  for (const plus of [false, true]) {
    const end = softmaxes(floco, { endpoints: corners, tau: 1, rho, plus, lambda }, { state: { model: v(...start) }, ...(plus && { kept }) });
    near(end.server["model"]!, shared, 1e-7);
    for (const i of everybody) {
      near(end.server[`region.${i}`]!, [...regionOf(i).centre, rho], 1e-6);
      const own = plus ? mine[i]! : shared;
      if (plus) near(end.kept[i]!["own"]!, own, 1e-7);
      near(end.answers[i]!["own"]!, answersOf((x) => modelOf(modelAt(own, regionOf(i).centre), x)), 1e-6);
      near(end.answers[i]!["shared"]!, answersOf((x) => modelOf(modelAt(shared, everywhere(corners).centre), x)), 1e-6);
    }
  }
  // corners begin apart, the first of them where the model does
  const { begun } = softmaxes(floco, { endpoints: corners }, { rounds: 0 });
  const [model, second, third] = [0, 1, 2].map((m) => begun["model"]!.subarray(m && bodySize + m * headSize, bodySize + (m + 1) * headSize)); // prettier-ignore
  near(model!, initial, 0);
  assert.not.equal(second, third);
});

test.run();
