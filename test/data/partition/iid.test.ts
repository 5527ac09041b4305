import fc from "fast-check";
import { dirichletSizes, iid } from "../../../src/data/partition/iid.ts";
import { key } from "../../../src/runtime/random.ts";
import { histogram, labelsOf, sound } from "../../support/labels.ts";
import { assert, test } from "../../support/suite.ts";

const train = labelsOf(10, 1000);
const held = labelsOf(10, 200);
const sizes = { clients: 20, trainRows: 300, validationRows: 100, testRows: 100 };

test("iid clients have exact sizes and every class in proportion", () => {
  const { clients } = iid(train, held, sizes, key(1));
  sound(clients, sizes, train, held);
  for (const client of clients)
    for (const n of histogram(client.train, train, 10)) assert.ok(Math.abs(n - 30) < 5 * Math.sqrt(27), `${n}`);
});

test("size skew keeps the total and the minimum, whatever alpha", () => {
  fc.assert(
    fc.property(
      fc.record({
        clients: fc.integer({ min: 1, max: 12 }),
        trainRows: fc.integer({ min: 1, max: 30 }),
        validationRows: fc.nat(5),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
        power: fc.double({ min: -6, max: 4, noNaN: true }),
        seed: fc.nat(),
      }),
      ({ share, power, seed, ...rest }) => {
        const minimumRows = 1 + Math.floor(share * (rest.trainRows - 1));
        const options = { ...rest, testRows: 4, minimumRows, alpha: 10 ** power };
        const labels = labelsOf(3, Math.ceil((rest.clients * (rest.trainRows + rest.validationRows)) / 3));
        const { clients, substituted } = dirichletSizes(labels, held, options, key(seed));
        const { trainRows: _, ...others } = options;
        sound(clients, others, labels, held);
        const rows = clients.map((client) => client.train.length);
        assert.is(
          rows.reduce((a, b) => a + b),
          rest.clients * rest.trainRows,
        );
        assert.ok(Math.min(...rows) >= minimumRows, `${rows}`);
        assert.ok(substituted >= 0 && substituted <= rest.clients * minimumRows);
      },
    ),
  );
});

test("a small alpha makes sizes uneven, a large one equal", () => {
  const [even, uneven] = [1e6, 0.1].map((alpha) => {
    const { clients } = dirichletSizes(train, held, { ...sizes, alpha, minimumRows: 1 }, key(2));
    return Math.max(...clients.map((client) => client.train.length));
  });
  assert.ok(even! < 400 && uneven! > 900, `${even} ${uneven}`);
});

test("splits without label skew depend on their key, and refuse what cannot be", () => {
  assert.equal(iid(train, held, sizes, key(1)), iid(train, held, sizes, key(1)));
  assert.not.equal(iid(train, held, sizes, key(1)), iid(train, held, sizes, key(2)));
  assert.throws(
    () => iid(train, held, { ...sizes, clients: 26 }, key(1)),
    /iid: rows of the train split, got 10000, expected 10400/,
  );
  assert.throws(
    () => dirichletSizes(train, held, { ...sizes, alpha: 1, minimumRows: 301 }, key(1)),
    /dirichletSizes: minimumRows, got 301, expected at most the mean trainRows, 300/,
  );
});

test.run();
