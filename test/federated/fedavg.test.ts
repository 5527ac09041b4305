import fc from "fast-check";
import type { Update } from "../../src/federated/method.ts";
import { averaging } from "../../src/federated/servers.ts";
import { key } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

function update(values: readonly number[], examples = 1, client = 0): Update {
  return { client, up: { model: Float32Array.from(values) }, examples, metrics: {} };
}

const before = Float32Array.of(7);

/** What FedAvg's server makes of updates. */
function fedAvg(updates: readonly Update[]): Float32Array {
  const round = { round: 0, cohort: updates.length, clients: updates.length, key: key(1) };
  const gathering = averaging().gather({ model: before }, round);
  for (const one of updates) gathering.add(one);
  return gathering.result()["model"] as Float32Array;
}

const vectors = fc
  .integer({ min: 1, max: 20 })
  .chain((size) =>
    fc.array(
      fc.tuple(
        fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: size, maxLength: size }),
        fc.integer({ min: 1, max: 500 }),
      ),
      { minLength: 1, maxLength: 8 },
    ),
  );

test("the average of equal clients is the client, bit for bit", () => {
  fc.assert(
    fc.property(vectors, (clients) => {
      const [values] = clients[0]!;
      const equal = clients.map(([, examples]) => update(values, examples));
      assert.equal(Array.from(fedAvg(equal)), Array.from(Float32Array.from(values)));
    }),
  );
});

test("clients count by their examples", () => {
  assert.equal(Array.from(fedAvg([update([0, 8], 3), update([4, 0], 1)])), [1, 6]);
  fc.assert(
    fc.property(vectors, (clients) => {
      const total = clients.reduce((n, [, examples]) => n + examples, 0);
      const wanted = clients[0]![0].map(
        (_, i) => clients.reduce((sum, [values, n]) => sum + Math.fround(values[i]!) * n, 0) / total,
      );
      near(fedAvg(clients.map(([values, n]) => update(values, n))), wanted, 1e-6);
    }),
  );
});

test("many examples are as many clients with one each", () => {
  const [a, b] = [
    [1, 5],
    [4, -3],
  ];
  near(fedAvg([update(a, 3), update(b, 2)]), fedAvg([a, a, a, b, b].map((values) => update(values))), 1e-7);
});

test("a client without examples does not count", () => {
  assert.equal(Array.from(fedAvg([update([1]), update([9], 0)])), [1]);
});

test("the order of clients changes nothing but the last bit", () => {
  fc.assert(
    fc.property(vectors, (clients) => {
      const updates = clients.map(([values, n]) => update(values, n));
      near(fedAvg(updates), fedAvg(updates.toReversed()), 1e-6);
    }),
  );
});

test("updates stay as they were", () => {
  const updates = [update([1, 2]), update([3, 4])];
  fedAvg(updates);
  assert.equal(
    updates.map(({ up }) => Array.from(up["model"]!)),
    [
      [1, 2],
      [3, 4],
    ],
  );
});

test("what nobody sent stays as it was, and what cannot be averaged is refused", () => {
  assert.is(fedAvg([]), before);
  assert.is(fedAvg([update([1], 0)]), before);
  refuses(
    () => fedAvg([update([1, 2]), update([1], 1, 7)]),
    "average: client 7 sent 1 values of model, expected 2; its model differs",
  );
});

test.run();
