import fc from "fast-check";
import { dirichlet, gamma, logDirichlet, logGamma, multinomial, normal } from "../../src/data/distributions.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { assert, test } from "../support/suite.ts";

const N = 40_000;

function draws(seed: number, draw: (stream: Stream) => number): number[] {
  const stream = new Stream(key(seed));
  return Array.from({ length: N }, () => draw(stream));
}

/** The share of draws below x is within five standard deviations of the probability. */
function below(values: number[], x: number, probability: number): void {
  const share = values.filter((value) => value < x).length / values.length;
  const sd = Math.sqrt((probability * (1 - probability)) / values.length);
  assert.ok(Math.abs(share - probability) < 5 * sd, `below ${x}: ${share}, expected ${probability} +- ${sd}`);
}

const normalQuantiles = [
  [-2.3263478740408408, 0.01],
  [-0.6744897501960817, 0.25],
  [0, 0.5],
  [1.2815515655446004, 0.9],
  [3.090232306167813, 0.999],
] as const;

test("normal draws follow the normal law", () => {
  const values = draws(1, normal);
  for (const [x, probability] of normalQuantiles) below(values, x, probability);
});

test("gamma(1) is the exponential law, gamma(1/2) half a squared normal, gamma(3) the sum of three exponentials", () => {
  const one = draws(2, (stream) => gamma(stream, 1));
  for (const x of [0.01, 0.5, 1, 3, 7]) below(one, x, 1 - Math.exp(-x));
  const half = draws(3, (stream) => gamma(stream, 0.5));
  for (const [z, probability] of normalQuantiles.slice(3)) below(half, (z * z) / 2, 2 * probability - 1);
  const three = draws(4, (stream) => gamma(stream, 3));
  for (const x of [0.5, 2, 4, 8]) below(three, x, 1 - Math.exp(-x) * (1 + x + (x * x) / 2));
});

test("gamma of a tiny alpha keeps its law in log space where the draw itself is below the smallest double", () => {
  // P(U^(1/a) < e^t) = e^(a t), and Gamma(a + 1) is Gamma(1) in the limit
  const logs = draws(5, (stream) => logGamma(stream, 1e-6));
  for (const t of [-3e6, -1e6, -1e5]) below(logs, t, Math.exp(1e-6 * t));
  assert.ok(logs.every(Number.isFinite));
  assert.throws(() => gamma(new Stream(key(0)), 0), /gamma: alpha, got 0, expected/);
  assert.throws(() => gamma(new Stream(key(0)), NaN), RangeError);
});

test("dirichlet proportions sum to 1 whatever alpha, and their variance is that of the law", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -300, max: 300, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      fc.nat(),
      (power, n, seed) => {
        const alphas = Array.from({ length: n }, () => 10 ** power);
        const shares = dirichlet(new Stream(key(seed)), alphas);
        assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-9, `${shares}`);
        assert.ok(shares.every((share) => share >= 0));
      },
    ),
  );
  for (const alpha of [0.1, 1, 10]) {
    const first = draws(6, (stream) => dirichlet(stream, [alpha, alpha, alpha, alpha])[0]!).slice(0, 10_000);
    const variance = first.reduce((sum, x) => sum + (x - 0.25) ** 2, 0) / first.length;
    const wanted = (0.25 * 0.75) / (4 * alpha + 1);
    assert.ok(Math.abs(variance / wanted - 1) < 0.08, `alpha ${alpha}: variance ${variance}, expected ${wanted}`);
  }
});

test("log proportions rank outcomes that all but one underflow", () => {
  const logs = logDirichlet(new Stream(key(1)), new Float64Array(10).fill(1e-5));
  assert.is(new Set(logs).size, 10);
  assert.ok(logs.every(Number.isFinite));
});

test("draws are these, to the last bit, in every runtime", () => {
  assert.equal(
    [...logDirichlet(new Stream(key(1)), [0.01, 0.5, 2])],
    [-262.51345433745166, -7.393557967142708, -0.0006153924973368863],
  );
});

test("multinomial counts sum to the trials, follow the weights and never fall on weight 0", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 8 }), fc.nat(200), fc.nat(), (weights, trials, seed) => {
      if (weights.every((weight) => weight === 0)) return;
      const counts = multinomial(new Stream(key(seed)), trials, weights);
      assert.is(
        counts.reduce((a, b) => a + b, 0),
        trials,
      );
      weights.forEach((weight, i) => assert.ok(weight > 0 || counts[i] === 0));
    }),
  );
  const counts = multinomial(new Stream(key(9)), N, [1, 0, 2, 5]);
  for (const [i, share] of [1 / 8, 0, 2 / 8, 5 / 8].entries())
    assert.ok(Math.abs(counts[i]! - N * share) <= 5 * Math.sqrt(N * share * (1 - share)), `${counts}`);
  assert.throws(() => multinomial(new Stream(key(0)), 1, [0, 0]), /weights, got a sum of 0/);
});

test.run();
