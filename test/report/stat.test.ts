import fc from "fast-check";
import { pairedDifference, stat, tQuantile } from "../../src/report/stat.ts";
import { assert, test } from "../support/suite.ts";

const near = (got: number, expected: number, tolerance: number): void => {
  assert.ok(Math.abs(got - expected) <= tolerance, `got ${got}, expected ${expected}`);
};

test("quantiles agree with the tables, small and large", () => {
  const table = [
    [1, 12.7062047362],
    [2, 4.3026527297],
    [10, 2.2281388520],
    [30, 2.0422724563],
    [31, 2.0395134464],
    [40, 2.0210753903],
    [99, 1.9842169516],
    [1000, 1.9623390808],
    [1e9, 1.959963984540054],
  ] as const; // prettier-ignore
  for (const [n, quantile] of table) near(tQuantile(n), quantile, 1e-7);
});

test("more degrees of freedom never widen an interval", () => {
  for (let n = 1; n < 500; n++) assert.ok(tQuantile(n) > tQuantile(n + 1), `${n}`);
});

test("degrees of freedom that are none are refused", () => {
  for (const n of [0, -1, 1.5, NaN]) assert.throws(() => tQuantile(n), /tQuantile: degrees of freedom, got/);
});

test("mean, deviation and interval agree with a hand calculation", () => {
  const { mean, std, ci95 } = stat([2, 4, 4, 4, 5, 5, 7, 9]);
  assert.is(mean, 5);
  near(std, Math.sqrt(32 / 7), 1e-12);
  near(ci95, (2.3646242516 * Math.sqrt(32 / 7)) / Math.sqrt(8), 1e-9);
});

test("one value has a mean and no interval", () => {
  assert.equal(JSON.stringify(stat([61])), '{"mean":61,"std":null,"ci95":null}');
});

test("no values are refused", () => {
  assert.throws(() => stat([]), /stat: no values/);
});

test("the deviation does not drown in a large mean", () => {
  near(stat([1e9 + 1, 1e9 + 2, 1e9 + 3]).std, 1, 1e-9);
});

test("pairing takes the clients' own spread out of the interval", () => {
  const base = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 30 });
  fc.assert(
    fc.property(base, fc.integer({ min: -50, max: 50 }), (values, gain) => {
      const shifted = values.map((value) => value + gain);
      assert.equal(pairedDifference(shifted, values), { mean: gain, std: 0, ci95: 0 });
    }),
  );
});

test("unpaired values are refused", () => {
  assert.throws(() => pairedDifference([1, 2], [1]), /unpaired values, got 2 and 1/);
});

test.run();
