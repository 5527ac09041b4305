// Methods without a server: whom a client asks, what it takes, and where that leads on quadratics.
import fc from "fast-check";
import { likeness } from "../../../src/federated/methods/dac.ts";
import { projected } from "../../../src/federated/methods/simplex.ts";
import { drawn, told } from "../../../src/federated/methods/exchange.ts";
import { neighbours, seenOf } from "../../../src/federated/methods/pens.ts";
import { fold, key } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import { type Quadratic, quadratics } from "../../support/quadratic.ts";
import { of } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const on = (h: number, b: number): Quadratic => ({ h: [h, h], b: [b, b], n: 1 });
// five steps of 0.1 on h = 1
const left = 0.9 ** 5;

test("gossip with everybody comes to rest where training and the mean are even", () => {
  const clients = [on(1, 3), on(1, -1), on(1, 4)];
  const { own } = quadratics(of("gossip"), { peers: 2 }, { clients });
  near(
    own.flat(),
    [3, -1, 4].flatMap((b) => [b + left * (2 - b), b + left * (2 - b)]),
    1e-9,
  );
});

test("PENS finds the peers of its own kind, and then averages with them alone", () => {
  const clients = [on(1, 5), on(1, 5.5), on(1, -5), on(1, -6)];
  const { own, server } = quadratics(of("pens"), { sample: 3, best: 1, rounds: 10 }, { clients });
  const found = clients.map((_, i) => neighbours(seenOf(server[`seen.${i}`]), { sample: 3, best: 1 }));
  assert.equal(found, [[1], [0], [3], [2]]);
  const pair = (a: number, b: number): number[] => [a, b].flatMap((w) => Array<number>(2).fill(w + left * ((a + b) / 2 - w)));
  near(own.flat(), [...pair(5, 5.5), ...pair(-5, -6)], 1e-9);
  // tried as often as there were rounds with models to try, and no row too much
  assert.equal([...seenOf(server["seen.0"]!)].map(([peer, [tried]]) => [peer, tried]), [[1, 9], [2, 9], [3, 9]]); // prettier-ignore
  assert.equal(neighbours(new Map([[4, [4, 2]], [1, [4, 3]]]), { sample: 4, best: 2 }), [1]); // prettier-ignore
  assert.equal(neighbours(new Map([[4, [2, 2]], [3, [2, 2]], [1, [2, 2]]]), { sample: 4, best: 2 }), [1, 3, 4]); // prettier-ignore
});

test("PENS with nobody of its kind stays by itself", () => {
  const state = { "model.0": Float64Array.of(1, 1), "model.1": Float64Array.of(2, 2) };
  const server = of("pens").server({ sample: 1, best: 1, rounds: 3 }, undefined as never);
  const ask = (round: number): object => server.down!(state, { client: 0, round, purpose: "turn", key: key(1) });
  assert.equal(Object.keys(ask(2)), ["model.1"]);
  assert.equal(Object.keys(ask(3)), []);
});

test("DAC goes by what it found itself, else by what its likest acquaintance found, else by nothing", () => {
  const likings = new Map([
    [0, new Map([[1, 3], [2, 5]])], // prettier-ignore
    [1, new Map([[3, 9], [4, 8]])], // prettier-ignore
    [2, new Map([[3, 1]])], // prettier-ignore
  ]);
  assert.is(likeness(likings, 0, 2), 5);
  assert.is(likeness(likings, 0, 3), 1);
  assert.is(likeness(likings, 0, 4), 8);
  assert.is(likeness(likings, 0, 9), 0);
  assert.is(likeness(likings, 7, 1), 0);
});

test("DAC's clients end beside their own kind", () => {
  const clients = [on(1, 5), on(1, 5.5), on(1, -5), on(1, -6)];
  // a model of the own kind has a loss of about 0.1, one of the other of 100
  const { own } = quadratics(of("dac"), { peers: 1, tau: 5 }, { clients, rounds: 60 });
  own.forEach(([w], i) => assert.ok(Math.abs(w! - clients[i]!.b[0]) < 1, `client ${i} at ${w}`));
});

test("DiPLe's peers that are alike weigh alike, and what pulls away weighs nothing", () => {
  const clients = [on(1, 4), on(1, 8), on(1, 8), on(1, -50)];
  const { kept, own } = quadratics(of("diple"), { peers: 3, rate: 0.01, epochs: 2 }, { clients });
  const flat = Array.from(kept[0]!["weights"]!);
  const weights = new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]!]));
  near([weights.get(1)!], [weights.get(2)!], 1e-9);
  near([[...weights.values()].reduce((a, b) => a + b, 0)], [1], 1e-9);
  assert.ok(weights.get(3)! < 0.02, `${weights.get(3)}`);
  assert.ok(own.every((at) => at.every(Number.isFinite)));
});

test("the nearest point of the simplex", () => {
  const point = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 7 });
  const square = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);
  fc.assert(
    fc.property(point, point, (from, to) => {
      const found = Array.from(projected(Float64Array.from(from)));
      near([found.reduce((a, b) => a + b, 0)], [1], 1e-9);
      assert.ok(found.every((x) => x >= 0));
      near(Array.from(projected(Float64Array.from(found))), found, 1e-9);
      // no other one is nearer
      const raw = from.map((_, i) => Math.abs(to[i % to.length]!) + 1e-9);
      const other = raw.map((x) => x / raw.reduce((a, b) => a + b, 0));
      assert.ok(square(found, from) <= square(other, from) + 1e-9);
    }),
  );
});

test("draws are of those there are, none twice, and follow their scores", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50), { maxLength: 9 }), fc.nat(12), fc.nat(), (from, count, seed) => {
      const found = drawn(from, count, key(seed));
      assert.is(new Set(found).size, Math.min(count, from.length));
      assert.ok(found.every((one) => from.includes(one)));
      assert.equal(found, found.toSorted((a, b) => a - b));
    }),
  );
  const draws = Array.from({ length: 4000 }, (_, i) => drawn([0, 1, 2], 1, fold(key(5), i), (one) => (one === 2 ? Math.log(2) : 0))[0]!);
  const share = (one: number): number => draws.filter((drawn) => drawn === one).length / draws.length;
  near([share(0), share(1), share(2)], [0.25, 0.25, 0.5], 0.03);
  assert.equal(told([[3, 1], [4, 0]], 2, 3), Float64Array.of(3, 1, 4, 0, -1, -1)); // prettier-ignore
});

test.run();
