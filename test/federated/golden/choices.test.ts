// Who has which experts: held to what trying all of it finds, and to plain numbers.
import fc from "fast-check";
import type { Kit } from "../../../src/federated/kit.ts";
import type { Update, Vectors } from "../../../src/federated/method.ts";
import { Structures } from "../../../src/federated/methods/modular.ts";
import { affinities, chosenClients, expertsOf, reassigned } from "../../../src/federated/methods/reverse.ts";
import { meanUsage, recommended, withinBudget } from "../../../src/federated/methods/subMixture.ts";
import { assignment } from "../../../src/federated/methods/transport.ts";
import { key } from "../../../src/runtime/random.ts";
import { near } from "../../support/near.ts";
import { refuses } from "../../support/refuses.ts";
import { average, rowCounts, softmaxes, type V } from "../../support/softmax.ts";
import { list, of, sum } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const close = 1e-7;
const number = fc.double({ min: -3, max: 3, noNaN: true });

/** All sets of `each` of `places`. */
function sets(places: number, each: number): number[][] {
  if (each === 0) return [[]];
  return Array.from({ length: places }, (_, last) => sets(last, each - 1).map((rest) => [...rest, last])).flat();
}

/** The highest value of all assignments within bounds, by trying each; -Infinity where there is none. */
function bestOf(values: V[], { each, least, most }: { each: number; least: number; most: number }): number {
  const places = values[0]!.length;
  const search = (i: number, counts: V): number => {
    if (i === values.length) return counts.every((n) => n >= least && n <= most) ? 0 : -Infinity;
    return Math.max(
      ...sets(places, each).map((set) => {
        const next = counts.map((n, j) => n + Number(set.includes(j)));
        return sum(set.map((j) => values[i]![j]!)) + search(i + 1, next);
      }),
    );
  };
  return search(0, new Array<number>(places).fill(0));
}

const grid = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .chain(([things, places]) =>
    fc.array(fc.array(fc.oneof(number, fc.constantFrom(0, 1)), { minLength: places, maxLength: places }), {
      minLength: things,
      maxLength: things,
    }),
  );

test("an assignment is within its bounds and has the highest value that trying all of them finds", () => {
  let met = 0;
  fc.assert(
    fc.property(grid, fc.integer({ min: 1, max: 3 }), fc.nat(2), fc.integer({ min: 1, max: 4 }), (values, each, least, most) => {
      const wanted = each > values[0]!.length ? -Infinity : bestOf(values, { each, least, most });
      if (wanted === -Infinity)
        return refuses(() => assignment(values, { each, least, most }), /^assignment: got .* expected bounds that can be met$/);
      met++;
      const found = assignment(values, { each, least, most });
      for (const places of found) assert.is(new Set(places).size, each);
      values[0]!.forEach((_, j) => {
        const count = found.filter((places) => places.includes(j)).length;
        assert.ok(count >= least && count <= most, `${count}`);
      });
      near([sum(found.flatMap((places, i) => places.map((j) => values[i]![j]!)))], [wanted], 1e-6);
    }),
    { numRuns: 300 },
  );
  assert.ok(met > 30, `${met}`);
  assert.equal(assignment([], { each: 1, least: 0, most: 1 }), []);
});

test("experts have their number of clients, clients a bounded number of experts, however many are known", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }), (experts, clients, choices) => {
      const options = { experts, choices, least: 1, most: 2 };
      const values = Array.from({ length: experts }, (_, e) => Array.from({ length: clients }, (_, k) => Math.sin(e * 7 + k)));
      const found = chosenClients(values, options);
      // as many as are asked for, or as let every client have one
      const each = Math.min(Math.max(choices, Math.ceil(clients / experts)), clients);
      for (const places of found) assert.is(places.length, each);
      const counts = values[0]!.map((_, k) => found.filter((places) => places.includes(k)).length);
      const mean = (experts * each) / clients;
      assert.ok(counts.every((n) => n >= 1 && n <= Math.max(2, Math.ceil(mean))));
    }),
  );
  const [known, unknown] = affinities([Float64Array.of(1, 0), undefined], [Float64Array.of(2, 0), Float64Array.of(0, 2)]);
  const e = Math.exp(2 / Math.SQRT2);
  near(known!, [e / (e + 1), 1 / (e + 1)], 1e-9);
  assert.equal(unknown, [0.5, 0.5]);
});

test("an expert goes to whose rows are like what it looks for, and who is unknown has some by chance", () => {
  const options = { experts: 2, choices: 1, least: 1, most: 1 };
  const state = {
    "key.0.0": Float64Array.of(5, 0),
    "key.0.1": Float64Array.of(0, 5),
    "tokens.7": Float64Array.of(0, 1),
    "tokens.9": Float64Array.of(1, 0),
  };
  const next = reassigned(state, 1, options);
  assert.equal(Array.from(next["held.0"]!), [9, 7]);
  assert.equal([7, 9].map((client) => expertsOf(next, 0, { client, key: key(1) }, options)), [[1], [0]]); // prettier-ignore
  assert.is(expertsOf(next, 0, { client: 3, key: key(1) }, options).length, 1);
  assert.equal(reassigned({}, 1, options), {});
});

test("FedAMoLE's clients are sent what is everybody's and their experts, and send these back with what they are found by", () => {
  const options = { warm: 0, rank: 1, experts: 3, choices: 2, least: 1, most: 3 };
  const { replies, server } = softmaxes(of("fedamole"), options, { cohort: () => [0, 1, 2] });
  for (const { client, up } of replies)
    for (const s of [0, 1]) {
      const experts = Object.keys(up).filter((name) => name.startsWith(`expert.${s}.`));
      assert.ok(experts.length >= 1 && experts.length <= 3);
      assert.equal(Object.keys(up).filter((name) => name.startsWith(`key.${s}.`)).length, experts.length);
      assert.is(list(server, `held.${s}`).length, 6);
      assert.ok(list(server, `held.${s}`).includes(client));
    }
  // two of three clients have each expert, and its mean is over them
  assert.equal(list(server, "tokens.1").length, 2);
});

const usages = fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }), {
  minLength: 1,
  maxLength: 3,
});

test("a client's experts are those of which every layer keeps the largest share of its work within the budget", () => {
  fc.assert(
    fc.property(usages, fc.integer({ min: 1, max: 9 }), (layers, budget) => {
      const mask = withinBudget(Float64Array.from(layers.flat()), { experts: 3, budget });
      const kept = (mask: ArrayLike<number>, l: number): number => {
        const total = sum(layers[l]!);
        return sum(layers[l]!.map((one, e) => mask[3 * l + e]! * (total > 0 ? one / total : 1 / 3)));
      };
      const counts = layers.map((_, l) => sum(mask.subarray(3 * l, 3 * l + 3)));
      assert.ok(counts.every((n) => n >= 1));
      assert.ok(sum(counts) <= Math.max(budget, layers.length));
      // no other choice of so many has a layer of the least share keep more
      const share = (mask: ArrayLike<number>): number => Math.min(...layers.map((_, l) => kept(mask, l)));
      for (let bits = 1; bits < 2 ** (3 * layers.length); bits++) {
        const other = Array.from(mask, (_, i) => (bits >> i) & 1);
        const each = layers.map((_, l) => sum(other.slice(3 * l, 3 * l + 3)));
        if (each.some((n) => n < 1) || sum(each) > Math.max(budget, layers.length)) continue;
        assert.ok(share(other) <= share(mask) + 1e-9, `${other} has ${share(other)}, ${mask} ${share(mask)}`);
      }
    }),
    { numRuns: 60 },
  );
  assert.equal(Array.from(meanUsage([Float64Array.of(1, 3), Float64Array.of(3, 5)], 2)), [2, 4]);
  assert.equal(Array.from(meanUsage([], 2)), [1, 1]);
});

test("clients that are alike suggest experts: as many more or fewer as they have, never beyond the budget or below one a layer", () => {
  const own = { usage: Float64Array.of(1, 0.5, 0, 0), mask: Float64Array.of(1, 0, 1, 0) };
  const like = { usage: Float64Array.of(1, 0.9, 0.2, 0), mask: Float64Array.of(1, 1, 1, 0) };
  const far = { usage: Float64Array.of(0, 0, 0, 1), mask: Float64Array.of(1, 1, 1, 1) };
  const options = { experts: 2, budget: 4, nearest: 1 };
  assert.equal(Array.from(recommended(own, [far, like], options)), [1, 1, 1, 0]);
  assert.equal(Array.from(recommended(own, [far, like], { ...options, budget: 2 })), [1, 0, 1, 0]);
  assert.equal(Array.from(recommended(like, [own], options)), [1, 0, 1, 0]);
  assert.equal(Array.from(recommended(own, [far], options)), [1, 0, 1, 0], "nobody is like it");
});

test("FedMoE changes experts after turns without a better score, and takes that back for good where it was of no use", () => {
  const kit = { options: { key: key(3) } } as Pick<Kit, "options"> as Kit;
  const structures = new Structures(kit, 1, { experts: 3, least: 1, most: 1, patience: 2, nearest: 1 });
  const update = (score: number): Update => ({
    client: 1,
    up: { usage: Float64Array.of(1, 1, 0), score: Float64Array.of(score) },
    examples: 1,
    metrics: {},
  });
  let state: Vectors = {
    parted: Float64Array.of(1),
    "mask.1": Float64Array.of(1, 0, 0),
    "usage.2": Float64Array.of(1, 1, 0),
    "mask.2": Float64Array.of(1, 1, 0),
  };
  const masks = [5, 5, 5, 6, 7, 7, 7].map((score) => {
    state = { ...state, ...structures.learnt(state, update(score)) };
    return list(state, "mask.1");
  });
  // first score, one turn of patience, two: changed; worse: back, and it stays so
  assert.equal(masks, [[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]); // prettier-ignore
  assert.is(state["track.1"]![3], 1);
  const before = structures.learnt({ "mask.1": Float64Array.of(1, 0, 0) }, update(1));
  assert.equal(Object.keys(before), ["usage.1"]);
});

test("FedMoE's experts are means over who has them, and who has none of one leaves it as it was", () => {
  const options = { warm: 0, explore: 0, rank: 1, experts: 2, k: 1, least: 0, most: 0, layers: "fc2", balance: 0 };
  const { begun, server, replies } = softmaxes(of("fedmoe"), options, { rounds: 1 });
  for (const { up } of replies) assert.is(Object.keys(up).filter((name) => name.startsWith("expert.")).length, 1);
  const sent = replies.map(({ up }) => up["expert.0.0"]).filter((one) => one !== undefined);
  assert.equal(list(server, "expert.0.1"), list(begun, "expert.0.1"));
  near(list(server, "expert.0.0"), average(sent.map((one) => Array.from(one)), rowCounts), close); // prettier-ignore
});

test.run();
