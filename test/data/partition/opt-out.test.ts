import fc from "fast-check";
import { keepBack, optOut } from "../../../src/data/partition/opt-out.ts";
import { key } from "../../../src/runtime/random.ts";
import { assert, test } from "../../support/suite.ts";

const none = new Int32Array(0);

test("a fraction of the clients stays out, each client as often as any other", () => {
  const counts = new Float64Array(10);
  for (let seed = 0; seed < 2000; seed++) for (const client of optOut(10, 0.3, key(seed))) counts[client]!++;
  for (const n of counts) assert.ok(Math.abs(n - 600) < 5 * Math.sqrt(420), `${counts}`);
});

test("int(fraction * clients) stay out, in ascending order, without the loss of binary fractions", () => {
  for (const [clients, fraction, out] of [
    [100, 0, 0],
    [100, 0.25, 25],
    [100, 0.29, 29],
    [100, 0.9, 90],
    [10, 0.19, 1],
    [7, 1, 7],
  ] as const) {
    const chosen = [...optOut(clients, fraction, key(1))];
    assert.is(new Set(chosen).size, out);
    assert.equal(
      chosen,
      chosen.toSorted((a, b) => a - b),
    );
  }
  assert.throws(() => optOut(10, 1.1, key(1)), /optOut: fraction, got 1.1, expected a number from 0 to 1/);
});

test("rows kept back and rows shared are together the client's own, in their order", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(1000)),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (own, fraction, seed) => {
        const rows = { train: Int32Array.from(own), validation: none, test: none };
        const { shared, keptBack } = keepBack(rows, fraction, key(seed));
        assert.is(keptBack.length, Math.round(fraction * own.length));
        const kept = new Set(keptBack);
        assert.equal(
          [...shared],
          own.filter((row) => !kept.has(row)),
        );
        assert.equal(
          [...keptBack],
          own.filter((row) => kept.has(row)),
        );
      },
    ),
  );
  assert.throws(
    () => keepBack({ train: none, validation: none, test: none }, -1, key(1)),
    /keepBack: fraction, got -1/,
  );
});

test("a row that a client has twice is kept back or shared as two rows", () => {
  const rows = { train: Int32Array.of(5, 5, 5, 5), validation: none, test: none };
  const { shared, keptBack } = keepBack(rows, 0.25, key(1));
  assert.equal([shared.length, keptBack.length], [3, 1]);
});

test.run();
