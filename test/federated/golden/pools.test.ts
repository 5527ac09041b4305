// Heads of others that are near, and factors of clients' own ranks: held to what a search over all finds, and to plain numbers.
import fc from "fast-check";
import { scope, tensor } from "../../../src/autograd/index.ts";
import type { Kit } from "../../../src/federated/kit.ts";
import { attended, nearestHeads } from "../../../src/federated/methods/headPool.ts";
import { ofRank, productNorm, rankOf } from "../../../src/federated/methods/ranks.ts";
import { key } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  average,
  bodySize,
  cohorts,
  descend,
  featuresOf,
  headOf,
  initial,
  logSoftmaxOf,
  logitsOf,
  over,
  rowCounts,
  softmaxes,
  steps,
  type V,
} from "../../support/softmax.ts";
import { list, of, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-7;
const number = fc.double({ min: -3, max: 3, noNaN: true });

test("the nearest heads are those that a search over all finds", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 6 }), fc.nat(6), (heads, count) => {
      const state = Object.fromEntries(heads.map((head, i) => [`pool.${i}`, Float64Array.from(head)]));
      const found = nearestHeads(state, 0, count);
      const far = (i: number): number => sum(heads[i]!.map((one, k) => (one - heads[0]![k]!) ** 2));
      assert.is(found.length, Math.min(count, heads.length - 1));
      const left = heads.map((_, i) => i).filter((i) => i > 0 && !found.includes(i));
      for (const i of found) for (const j of left) assert.ok(far(i) <= far(j));
      assert.equal(nearestHeads(state, 99, count), []);
    }),
  );
});

test("attention over heads does not go by their order, and a large lambda leaves the own head alone", () => {
  const values = (count: number, at: number): number[] => Array.from({ length: count }, (_, i) => Math.sin(at + 2.3 * i));
  const matrix = (rows: number, columns: number, at: number) => tensor(values(rows * columns, at), [rows, columns]);
  scope(() => {
    const heads = [0, 1, 2, 3].map((k) => [matrix(3, 2, k), tensor(values(3, 9 + k), [3])] as const);
    const gate = [matrix(5, 2, 20), matrix(5, 2, 21)] as const;
    const z = matrix(4, 2, 30);
    const answer = (order: number[], lambda: number): ArrayLike<number> =>
      attended(z, order.map((k) => heads[k]!), gate, lambda).toArray(); // prettier-ignore
    const plain = answer([0, 1, 2, 3], 0.5);
    near(answer([0, 3, 1, 2], 0.5), plain, 1e-6);
    const own = answer([0], 0);
    const far = Array.from(answer([0, 1, 2, 3], 1e6), (one) => one / 1e6);
    near(far, own, 1e-4);
    // in plain numbers
    const at = (t: { toArray(): ArrayLike<number> }): number[] => Array.from(t.toArray());
    const times = (m: V, x: V, rows: number): number[] =>
      Array.from({ length: rows }, (_, i) => sum(x.map((one, k) => m[i * x.length + k]! * one)));
    const [query, projected] = [at(gate[0]), at(gate[1])];
    [0, 1, 2, 3].forEach((row) => {
      const x = at(z).slice(2 * row, 2 * row + 2);
      const q = times(query, x, 5);
      const wanted = [0, 1, 2].map((c) => {
        const logits = heads.map(([w, b]) => times(at(w), x, 3)[c]! + at(b)[c]!);
        const scores = heads.map(([w]) => {
          const k = times(projected, at(w).slice(2 * c, 2 * c + 2), 5);
          return Math.exp(sum(q.map((one, i) => one * k[i]!)) / Math.sqrt(5));
        });
        return sum(logits.map((one, k) => (one * scores[k]!) / sum(scores))) + 0.5 * logits[0]!;
      });
      near(Array.from(plain).slice(3 * row, 3 * row + 3), wanted, 1e-5);
    });
    // one head alone is weighed by 1
    near(answer([0], 0.5), Array.from(own, (one) => 1.5 * one), 1e-6);
  });
});

test("pFedMoAP without others is FedAvg of heads on a body that stands still; with them clients are sent the nearest", () => {
  const end = softmaxes(of("pfedmoap"), { warm: 0, experts: 0 });
  const logp = (head: V, x: V): number[] => headOf(head, featuresOf(initial, x));
  const own: V[] = [];
  const p = cohorts.reduce<V>((head, who) => {
    const ups = who.map((i) => {
      own[i] = descend((p) => over(i, (x, label) => -logp(p, x)[label]!), head, { count: steps[i]! });
      return own[i];
    });
    return average(ups, who.map((i) => rowCounts[i]!)); // prettier-ignore
  }, initial.slice(bodySize));
  near(list(end.server, "head"), p, close);
  near(end.answers[0]!["own"]!, answersOf((x) => logp(own[0]!, x)), close);
  const method = of("pfedmoap");
  const options = { ...method.options, experts: 1 };
  const server = method.server(options, { initialParts: { body: new Float64Array(1) } } as unknown as Kit);
  const state = {
    model: Float64Array.of(0, 0),
    head: Float64Array.of(0),
    "pool.0": Float64Array.of(1),
    "pool.1": Float64Array.of(9),
    "pool.2": Float64Array.of(3),
  };
  const down = server.down!(state, { client: 0, round: 5, purpose: "turn", key: key(1) });
  assert.equal(Object.keys(down), ["model", "head", "peer.2"]);
});

test("factors of another rank are cut, or have zeros behind, and what was filled up is cut back to what it was", () => {
  // A [rank, 2], B [3, rank]
  const factors = [
    { rows: 2, columns: 2, first: true },
    { rows: 3, columns: 2, first: false },
  ];
  const two = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  assert.equal(Array.from(ofRank(two, factors, 2, 1)), [1, 2, 5, 7, 9]);
  assert.equal(Array.from(ofRank(ofRank(two, factors, 2, 1), factors, 1, 2)), [1, 2, 0, 0, 5, 0, 7, 0, 9, 0]);
  assert.equal(Array.from(ofRank(ofRank(two, factors, 2, 4), factors, 4, 2)), Array.from(two));
  // B A of the first rank: [5 7 9]^T [1 2]
  near([productNorm(Float64Array.of(1, 2, 5, 7, 9), factors, 1)], [Math.sqrt((25 + 49 + 81) * 5)], 1e-9);
  near([productNorm(Float64Array.of(1, 2, 0, 0, 5, 0, 7, 0, 9, 0), factors, 2)], [Math.sqrt((25 + 49 + 81) * 5)], 1e-9);
  const kit = { options: { key: key(3) } } as Pick<Kit, "options"> as Kit;
  const ranks = Array.from({ length: 60 }, (_, client) => rankOf(kit, client, { least: 2, rank: 4 }));
  assert.equal([...new Set(ranks)].toSorted(), [2, 3, 4]);
});

test("HetLoRA's mean is of what clients sent with zeros behind, by the sizes of their products", () => {
  const options = { warm: 0, rank: 2, least: 1, layers: "fc2" };
  const { replies, server } = softmaxes(of("hetlora"), options, { rounds: 1 });
  const factors = [
    { rows: 2, columns: 3, first: true },
    { rows: 3, columns: 2, first: false },
  ];
  const full = replies.map(({ up }) => {
    const [name, values] = Object.entries(up)[0]!;
    assert.is(values.length, 6 * Number(name.slice("adapters.".length)));
    return ofRank(values, factors, Number(name.slice("adapters.".length)), 2);
  });
  near(list(server, "adapters"), average(full.map((one) => Array.from(one)), full.map((one) => productNorm(one, factors, 2))), close); // prettier-ignore
});

test("HetLoRA's clients train the first columns of the common factors, which count as they do there", () => {
  const options = { warm: 0, rank: 4, alpha: 6, least: 1, layers: "fc2" };
  const { begun, replies } = softmaxes(of("hetlora"), options, { rounds: 1 });
  const factors = [
    { rows: 2, columns: 3, first: true },
    { rows: 3, columns: 2, first: false },
  ];
  const ranks = replies.map(({ client, up }) => {
    const [name, values] = Object.entries(up)[0]!;
    const rank = Number(name.slice("adapters.".length));
    const logp = (p: V, x: V): number[] => {
      const z = featuresOf(initial, x);
      const low = Array.from({ length: rank }, (_, r) => sum(z.map((one, i) => p[3 * r + i]! * one)));
      const logits = logitsOf(initial.slice(bodySize), z);
      return logSoftmaxOf(logits.map((one, o) => one + 1.5 * sum(low.map((l, r) => p[3 * rank + o * rank + r]! * l))));
    };
    const from = Array.from(ofRank(begun["adapters"]!, factors, 4, rank));
    const loss = (p: V): number => over(client, (x, label) => -logp(p, x)[label]!);
    near(Array.from(values), descend(loss, from, { count: steps[client]! }), close);
    return rank;
  });
  assert.ok(new Set(ranks).size > 1, `ranks ${ranks.join()}`);
});

test.run();
