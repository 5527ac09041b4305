import fc from "fast-check";
import { median, medianInterval, modes, quantile } from "../../bench/statistics.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { assert, test } from "../support/suite.ts";

const values = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 60 });

function draws(seed: number, count: number, value: (uniform: number) => number): number[] {
  const stream = new Stream(key(seed));
  return Array.from({ length: count }, () => value(stream.uniform()));
}

test("the median is the middle of an odd count and halfway in the middle of an even one", () => {
  assert.is(median([3, 1, 2]), 2);
  assert.is(median([4, 1, 3, 2]), 2.5);
  assert.is(median([7]), 7);
});

test("a quantile lies between the extremes, which are the first and the last", () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (found, q) => {
      const at = quantile(found, q);
      assert.ok(at >= Math.min(...found) * (1 - 1e-12) && at <= Math.max(...found) * (1 + 1e-12));
      assert.is(quantile(found, 0), Math.min(...found));
      assert.is(quantile(found, 1), Math.max(...found));
    }),
  );
});

test("the median of nothing is not a number", () => {
  assert.ok(Number.isNaN(median([])));
});

function width(count: number): number {
  const { low, high } = medianInterval(Array.from({ length: count }, (_, i) => i / count));
  return high - low;
}

test("the interval of a median holds it, and narrows with more values", () => {
  fc.assert(
    fc.property(values, (found) => {
      const { low, middle, high } = medianInterval(found);
      assert.ok(low <= middle && middle <= high);
    }),
  );
  assert.ok(width(1000) < width(100) && width(100) < width(16));
});

test("the interval of a median holds the true one about 99 times in 100", () => {
  let held = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const { low, high } = medianInterval(draws(seed, 20, (u) => u));
    if (low <= 0.5 && 0.5 <= high) held++;
  }
  assert.ok(held >= 980, `${held}`);
});

test("timings of two states are told from timings of one", () => {
  const fast = draws(1, 60, (u) => 1 + 0.05 * u);
  const slow = draws(2, 40, (u) => 2.4 + 0.05 * u);
  assert.is(modes(fast), null);
  const found = modes([...fast, ...slow])!;
  assert.ok(Math.abs(found.fast - 1.025) < 0.02, `${found.fast}`);
  assert.ok(Math.abs(found.slow - 2.425) < 0.02, `${found.slow}`);
  assert.is(found.slowShare, 0.4);
});

test("neither a long tail, nor a flat spread, nor a few outliers are two states", () => {
  assert.is(modes(draws(3, 200, (u) => 1 - 0.1 * Math.log(1 - u))), null);
  assert.is(modes(draws(4, 200, (u) => 1 + u)), null);
  assert.is(modes([...draws(5, 97, (u) => 1 + 0.05 * u), 9, 9, 9]), null);
});

function pair(gap: number): number[] {
  return [...draws(6, 40, (u) => 1 + u / 100), ...draws(7, 40, (u) => gap + u / 100)];
}

test("two states must lie 15 % apart, and a handful of samples says nothing", () => {
  assert.is(modes(pair(1.1)), null);
  assert.ok(modes(pair(1.3)));
  assert.is(modes([1, 1, 1, 2, 2, 2]), null);
});

test.run();
