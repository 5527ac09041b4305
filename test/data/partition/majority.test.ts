import fc from "fast-check";
import { majority, type MajorityOptions } from "../../../src/data/partition/majority.ts";
import { concat } from "../../../src/data/partition/pool.ts";
import { key } from "../../../src/runtime/random.ts";
import { disjoint, histogram, labelsOf, sound } from "../../support/labels.ts";
import { assert, test } from "../../support/suite.ts";

const paper = { overlap: true, fidelity: "paper" } as const;
const authors = { overlap: true, fidelity: "authors-code" } as const;
// the authors' setting on ten classes of 6,000 and 1,000 rows
const fashion = { clients: 100, trainRows: 100, validationRows: 200, testRows: 200 };
const train = labelsOf(10, 6000);
const held = labelsOf(10, 1000);

test("any split either keeps its promises or is refused with one message that says what to change", () => {
  let made = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.record({
        classes: fc.integer({ min: 1, max: 6 }),
        each: fc.integer({ min: 1, max: 60 }),
        clients: fc.integer({ min: 1, max: 12 }),
        trainRows: fc.integer({ min: 1, max: 20 }),
        validationRows: fc.nat(10),
        testRows: fc.nat(20),
        p: fc.double({ min: 0, max: 1, noNaN: true }),
        overlap: fc.boolean(),
        seed: fc.nat(),
      }),
      ({ classes, each, seed, ...sizes }) => {
        const labels = labelsOf(classes, each);
        let clients;
        try {
          clients = majority(labels, labels, { ...sizes, fidelity: "paper" }, key(seed)).clients;
        } catch (reason) {
          refused++;
          assert.instance(reason, RangeError);
          assert.match(
            (reason as Error).message,
            /^majority: .*, got .*, expected .*; .*(lower|bring|allow|take p = 1)/,
          );
          return;
        }
        made++;
        sound(clients, sizes, labels, labels);
        for (const client of clients)
          for (const rows of [client.train, client.validation, client.test]) {
            const counts = histogram(rows, labels, classes);
            const own = client.classes!.map((c) => counts[c]!);
            const gap = own.reduce((a, b) => a + b) - sizes.p * rows.length;
            assert.ok(Math.abs(gap) < 1 + 1e-9, `majority rows off by ${gap}`);
            assert.ok(Math.abs(own[0]! - (own[1] ?? own[0]!)) <= 1, `halves ${own}`);
          }
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(made > 20 && refused > 20, `${made} made, ${refused} refused`);
});

test("the authors' setting fits for every p, each of the hundred ordered pairs once", () => {
  for (const p of [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
    const { clients, substituted } = majority(train, held, { ...fashion, ...paper, p }, key(1));
    sound(clients, fashion, train, held);
    assert.is(substituted, 0);
    const pairs = new Set(clients.map((client) => client.classes!.join()));
    assert.is(pairs.size, 100);
    for (const { train: rows, classes } of clients)
      assert.is(
        histogram(rows, train, 10).reduce((sum, n, c) => sum + (classes!.includes(c) ? n : 0), 0),
        Math.round(100 * p),
      );
  }
});

test("rows of other classes are spread over all of them", () => {
  const { clients } = majority(train, held, { ...fashion, ...paper, p: 0.2 }, key(2));
  const shares = Array.from({ length: 10 }, () => 0);
  for (const { train: rows, classes } of clients)
    histogram(rows, train, 10).forEach((n, c) => (shares[c]! += classes!.includes(c) ? 0 : n));
  // 8,000 rows over ten classes by 81 clients each; five standard deviations of a binomial
  for (const n of shares) assert.ok(Math.abs(n - 800) < 5 * Math.sqrt(800 * 0.9), `${shares}`);
});

/** How often each of four classes is a majority class, a single-class client counting twice. */
function uses(clients: number): number[] {
  const labels = labelsOf(4, 100);
  const sizes = { clients, trainRows: 4, validationRows: 0, testRows: 4 };
  const split = majority(labels, labels, { ...sizes, ...paper, p: 1 }, key(3));
  const counts = [0, 0, 0, 0];
  for (const { classes } of split.clients) for (const c of [classes![0]!, classes!.at(-1)!]) counts[c]!++;
  return counts;
}

test("any number of clients shares the classes evenly, also beyond C * C", () => {
  for (const clients of [4, 8, 16, 20, 40])
    assert.equal(
      uses(clients),
      Array.from({ length: 4 }, () => clients / 2),
    );
});

test("every row can be given away: where the last rows do not fit, clients exchange some", () => {
  const labels = labelsOf(10, 200);
  const sizes = { clients: 20, trainRows: 80, validationRows: 20, testRows: 50 };
  for (const p of [0.2, 0.5, 0.6, 0.8, 1])
    for (let seed = 0; seed < 5; seed++) {
      const { clients, substituted } = majority(labels, labels, { ...sizes, ...paper, p }, key(seed));
      sound(clients, sizes, labels, labels);
      assert.ok(substituted <= 60, `${substituted} of 2000 rows exchanged`);
      for (const client of clients) {
        const counts = histogram(concat(client.train, client.validation), labels, 10);
        assert.is(
          counts.reduce((sum, n, c) => sum + (client.classes!.includes(c) ? n : 0), 0),
          Math.round(100 * p),
        );
      }
    }
});

test("with random pairs the authors' split takes any number of clients, and every ordered pair comes up", () => {
  const labels = labelsOf(4, 400);
  const sizes = { clients: 200, trainRows: 2, validationRows: 2, testRows: 4, ...authors };
  const split = majority(labels, labels, { ...sizes, p: 1, pairs: "random" }, key(1));
  const pairs = new Map<string, number>();
  for (const { train: own } of split.clients) {
    // the first half is of the first class, the second of the second
    const pair = Array.from(own, (row) => labels[row]).join();
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  assert.is(pairs.size, 16);
  assert.ok(Math.max(...pairs.values()) < 30, `${[...pairs.values()]}`);
});

test("a split depends on its key and on nothing else", () => {
  const [one, again, other] = [1, 1, 2].map((seed) =>
    majority(train, held, { ...fashion, ...paper, p: 0.6 }, key(seed)),
  );
  assert.equal(one, again);
  assert.not.equal(one, other);
});

test("a split is this one, in every runtime and every later version", () => {
  const last = majority(train, held, { ...fashion, ...paper, p: 0.6 }, key(1)).clients[99]!;
  assert.equal(
    [last.train, last.validation, last.test].map((rows) => [...rows.subarray(-3)]),
    [
      [49413, 29546, 26622],
      [54322, 53025, 56410],
      [5936, 8433, 5925],
    ],
  );
});

test("without overlap no two clients share a majority class, and there are at most C / 2", () => {
  const options: MajorityOptions = { ...fashion, clients: 5, p: 0.9, overlap: false, fidelity: "paper" };
  const { clients } = majority(train, held, options, key(4));
  assert.is(new Set(clients.flatMap((client) => client.classes!)).size, 10);
  for (const fidelity of ["paper", "authors-code"] as const)
    assert.throws(
      () => majority(train, held, { ...options, clients: 6, fidelity }, key(4)),
      /majority: clients, got 6, expected at most 5 without overlap, as there are 10 classes/,
    );
});

const small = labelsOf(10, 100);

function refuse(change: Partial<MajorityOptions>, message: RegExp, labels: Uint8Array = small): void {
  const sizes = { clients: 6, trainRows: 100, validationRows: 50, testRows: 20 };
  assert.throws(() => majority(labels, labels, { ...sizes, ...paper, p: 0.6, ...change }, key(5)), message);
}

test("errors say which rows are too few, how many there are and what to change", () => {
  refuse(
    { clients: 10 },
    /rows of the train split, got 1000, expected 1500 for 10 clients with 100 training and 50 validation rows each; lower/,
  );
  refuse(
    { p: 1 },
    /train rows of class 1, got 100, expected 150 for training and validation of the 2 clients that have it .*; lower p/,
  );
  refuse(
    { clients: 1, p: 1, testRows: 300 },
    /test rows of class 0, got 100 left of 100, expected 150 for client 0; lower testRows/,
  );
  refuse({ testRows: 1001 }, /rows of the test split, got 1000, expected 1001 for every client; lower testRows/);
  refuse(
    { clients: 1, trainRows: 10, validationRows: 0 },
    /majority: classes, got 2, expected at least 3 for p = 0\.6, .*; take p = 1, or another kind of partition/,
    labelsOf(2, 50),
  );
  refuse(
    { clients: 1, trainRows: 10, validationRows: 0 },
    /train rows of classes other than 0 and 1, got 1, expected 4 for training and validation of client 0; lower clients/,
    Uint8Array.from([...labelsOf(2, 50), 2]),
  );
});

test("options that are no counts and no fractions are refused", () => {
  refuse({ p: 1.5 }, /majority: p, got 1.5, expected a number from 0 to 1/);
  refuse({ p: NaN }, /p, got NaN/);
  refuse({ clients: 0 }, /clients, got 0, expected a whole number from 1/);
  refuse({ trainRows: 1.5 }, /trainRows, got 1.5/);
  refuse({ testRows: -1 }, /testRows, got -1, expected a whole number from 0/);
});

test("authors-code truncates counts in floating point: 99 of 100 rows at p = 0.8", () => {
  for (const p of [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
    const client = majority(train, held, { ...fashion, ...authors, p }, key(6)).clients[12]!;
    const lost = p === 0.8 || p === 0.9 ? 1 : 0;
    assert.equal(
      [client.train, client.validation, client.test].map((rows) => rows.length),
      [100 - lost, 200 - lost, 200 - lost],
    );
  }
});

test("authors-code keeps train rows disjoint, but lets validation rows be in other clients' sets, never in the own train set", () => {
  const { clients } = majority(train, held, { ...fashion, ...authors, p: 0.5 }, key(7));
  disjoint(
    clients.filter((_, i) => i % 11 !== 0).map((client) => client.train),
    train.length,
  );
  const owner = new Map(clients.flatMap((client, i) => [...client.train].map((row) => [row, i] as const)));
  const validating = clients.flatMap((client, i) => [...client.validation].map((row) => owner.get(row) === i));
  assert.ok(clients.some((client) => [...client.validation].some((row) => owner.has(row))));
  assert.not.ok(validating.includes(true));
});

/** How many rows of a list are in it again. */
function twice(rows: Int32Array): number {
  return rows.length - new Set(rows).size;
}

test("authors-code draws twice for a client with one class, so that it has rows twice, and walks pairs in its own order", () => {
  const { clients } = majority(train, held, { ...fashion, ...authors, p: 1 }, key(8));
  assert.equal(clients[12]!.classes, [1, 2]);
  assert.equal(clients[11]!.classes, [1]);
  // 100 and again 100 of 1,000 test rows: 10 expected to coincide, for each of ten such clients
  const repeated = [0, 11, 22, 33, 44, 55, 66, 77, 88, 99].reduce((sum, i) => sum + twice(clients[i]!.test), 0);
  assert.ok(repeated > 60 && repeated < 140, `${repeated}`);
  assert.is(
    clients.reduce((sum, client) => sum + twice(client.test), 0),
    repeated,
  );
  assert.throws(
    () => majority(train, held, { ...fashion, ...authors, p: 1, clients: 101 }, key(8)),
    /clients, got 101, expected at most 100 in the authors' code/,
  );
});

test("authors-code gives all that is left, and the whole test split, to every client once the pool is short", () => {
  const labels = labelsOf(8, 10);
  const sizes = { clients: 4, trainRows: 25, validationRows: 4, testRows: 4 };
  const { clients } = majority(labels, labels, { ...sizes, p: 0.4, overlap: false, fidelity: "authors-code" }, key(9));
  // of 80 rows the majority draws, 5 + 5 a client, leave 40; two clients take 15 others each; then 10 are fewer than 25
  assert.equal(
    clients.map((client) => client.train.length),
    [25, 25, 20, 20],
  );
  assert.equal(clients[2]!.train.slice(10), clients[3]!.train.slice(10));
  assert.is(clients[3]!.test.length, 80);
});

test.run();
