import fc from "fast-check";
import { dirichletLabels } from "../../../src/data/partition/dirichlet.ts";
import { dirichletShares } from "../../../src/data/partition/shares.ts";
import { key } from "../../../src/runtime/random.ts";
import { disjoint, histogram, labelsOf, sound } from "../../support/labels.ts";
import { assert, test } from "../../support/suite.ts";

const train = labelsOf(10, 1000);
const held = labelsOf(10, 200);
const sizes = { clients: 20, trainRows: 100, validationRows: 50, testRows: 100 };

/** How many classes a client has rows of, on average. */
function spread(alpha: number): number {
  const { clients } = dirichletLabels(train, held, { ...sizes, alpha, fidelity: "paper" }, key(1));
  const kinds = clients.map((client) => histogram(client.train, train, 10).filter((n) => n > 0).length);
  return kinds.reduce((a, b) => a + b) / kinds.length;
}

test("a small alpha gives clients few classes, a large one all of them", () => {
  assert.ok(spread(0.01) < 2, `${spread(0.01)}`);
  assert.ok(spread(0.5) > 3 && spread(0.5) < 9, `${spread(0.5)}`);
  assert.is(spread(1e6), 10);
});

test("label skew gives exact sizes on any data that have the rows, and ends even where classes run out", () => {
  let substituting = 0;
  fc.assert(
    fc.property(
      fc.record({
        classes: fc.integer({ min: 1, max: 6 }),
        clients: fc.integer({ min: 1, max: 8 }),
        trainRows: fc.integer({ min: 1, max: 20 }),
        validationRows: fc.nat(10),
        power: fc.double({ min: -6, max: 4, noNaN: true }),
        slack: fc.nat(3),
        seed: fc.nat(),
      }),
      ({ classes, power, slack, seed, ...rest }) => {
        const wanted = rest.clients * (rest.trainRows + rest.validationRows);
        const labels = labelsOf(classes, Math.ceil(wanted / classes) + slack);
        const options = { ...rest, testRows: 0, alpha: 10 ** power, fidelity: "paper" } as const;
        const { clients, substituted } = dirichletLabels(labels, labels, options, key(seed));
        sound(clients, options, labels, labels);
        assert.ok(substituted >= 0 && substituted <= wanted);
        if (substituted > 0) substituting++;
      },
    ),
  );
  assert.ok(substituting > 5, `${substituting}`);
});

test("plenty of rows need no substitution, and validation and test have the proportions of training", () => {
  const { clients, substituted } = dirichletLabels(train, held, { ...sizes, alpha: 1, fidelity: "paper" }, key(2));
  assert.is(substituted, 0);
  for (const client of clients) {
    const counts = histogram(client.train, train, 10);
    assert.equal(histogram(client.test, held, 10), counts);
    histogram(client.validation, train, 10).forEach((n, c) => assert.ok(Math.abs(n - counts[c]! / 2) < 1));
  }
});

test("a class that runs out of test rows is refused, for other classes would not be the client's own", () => {
  assert.throws(
    () => dirichletLabels(train, held, { ...sizes, testRows: 400, alpha: 0.01, fidelity: "paper" }, key(3)),
    /dirichletLabels: test rows of class \d, got 200 left of 200, expected \d+ for client \d+; lower testRows/,
  );
  assert.throws(
    () => dirichletLabels(train, held, { ...sizes, clients: 100, alpha: 1, fidelity: "paper" }, key(3)),
    /rows of the train split, got 10000, expected 15000/,
  );
  assert.throws(() => dirichletLabels(train, held, { ...sizes, alpha: 0, fidelity: "paper" }, key(3)), /alpha, got 0/);
});

test("authors-code rounds validation and test counts down and refuses a class that runs out", () => {
  const { clients } = dirichletLabels(train, held, { ...sizes, alpha: 1, fidelity: "authors-code" }, key(4));
  for (const client of clients) {
    const counts = histogram(client.train, train, 10);
    assert.is(client.train.length, 100);
    assert.equal(
      histogram(client.validation, train, 10),
      counts.map((n) => Math.trunc((n / 100) * 50)),
    );
  }
  disjoint(
    clients.flatMap((client) => [client.train, client.validation]),
    train.length,
  );
  assert.throws(
    () => dirichletLabels(train, held, { ...sizes, clients: 60, alpha: 0.01, fidelity: "authors-code" }, key(4)),
    /dirichletLabels: train rows of class \d, got \d+ left of 1000, expected \d+ for client \d+/,
  );
});

test("shares deal every row out once and leave no client below the minimum, whatever alpha", () => {
  fc.assert(
    fc.property(
      fc.record({
        clients: fc.integer({ min: 1, max: 12 }),
        minimumRows: fc.integer({ min: 1, max: 10 }),
        validationShare: fc.double({ min: 0, max: 0.9, noNaN: true }),
        power: fc.double({ min: -6, max: 4, noNaN: true }),
        seed: fc.nat(),
      }),
      ({ power, seed, ...rest }) => {
        const labels = labelsOf(5, 24);
        const options = { ...rest, testRows: 10, alpha: 10 ** power };
        const { clients } = dirichletShares(labels, held, options, key(seed));
        const lists = clients.flatMap((client) => [client.train, client.validation]);
        disjoint(lists, labels.length);
        assert.is(
          lists.reduce((sum, rows) => sum + rows.length, 0),
          labels.length,
        );
        for (const client of clients) {
          assert.ok(client.train.length >= 1 && client.train.length + client.validation.length >= rest.minimumRows);
          assert.is(client.test.length, 10);
        }
      },
    ),
  );
});

/** How many rows ten clients get when every class is dealt out. */
function sizesOf(alpha: number): number[] {
  const options = { clients: 10, alpha, minimumRows: 1, validationShare: 0, testRows: 0 };
  return dirichletShares(train, held, options, key(5)).clients.map((client) => client.train.length);
}

test("shares of a large alpha are nearly equal, of a small one not, and impossible ones are refused", () => {
  assert.ok(Math.max(...sizesOf(1e6)) - Math.min(...sizesOf(1e6)) < 30);
  assert.ok(Math.max(...sizesOf(0.05)) > 1500);
  const options = { clients: 10, alpha: 1, minimumRows: 1001, validationShare: 0, testRows: 0 };
  assert.throws(() => dirichletShares(train, held, options, key(5)), /got 10000, expected 10010 for 10 clients/);
  assert.throws(
    () => dirichletShares(train, held, { ...options, validationShare: 1 }, key(5)),
    /validationShare, got 1/,
  );
});

test("Dirichlet splits depend on their key and on nothing else", () => {
  const options = { ...sizes, alpha: 0.3, fidelity: "paper", minimumRows: 5, validationShare: 0.2 } as const;
  for (const split of [dirichletLabels, dirichletShares]) {
    const [one, again, other] = [1, 1, 2].map((seed) => split(train, held, options, key(seed)));
    assert.equal(one, again);
    assert.not.equal(one, other);
  }
});

test.run();
