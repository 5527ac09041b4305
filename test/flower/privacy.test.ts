import fc from "fast-check";
import { suite, assert } from "../support/suite.ts";
import { type Account, NOTHING_SPENT, parseAccount } from "../../src/federated/privacy/account.ts";
import { addGaussian, gaussianSigma, normalCdf } from "../../src/federated/privacy/gaussian.ts";
import { clipUpdate } from "../../src/federated/privacy/clip.ts";
import { LocalPrivacy } from "../../src/federated/privacy/local.ts";
import { flatten } from "../../src/federated/backends/flower/objects.ts";
import { readContent } from "../../src/federated/backends/flower/records.ts";
import { namedContent } from "../../src/federated/backends/flower/reply.ts";
import { steppingClient } from "./support/clients.ts";

const privacy = suite("flower privacy");

const norm = (x: Float32Array, y: Float32Array): number =>
  Math.sqrt(x.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0));

privacy("a clipped update keeps its direction and its norm stays below the limit", () => {
  const vectors = fc.integer({ min: 1, max: 30 }).chain((length) => {
    const numbers = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: length, maxLength: length });
    return fc.tuple(numbers, numbers);
  });
  fc.assert(
    fc.property(vectors, fc.double({ min: 0.01, max: 50, noNaN: true }), ([a, b], limit) => {
      const [shared, generalist] = [Float32Array.from(a), Float32Array.from(b)];
      const { values, clipped } = clipUpdate(shared, generalist, limit);
      const before = norm(shared, generalist);
      assert.is(clipped, before > limit);
      if (!clipped) assert.equal(values, shared);
      else assert.ok(Math.abs(norm(values, generalist) - limit) <= 1e-4 * (1 + limit) + 1e-3);
    }),
  );
});

/** Single floats of every magnitude, and those that are none. */
const anyFloat = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ min: -2, max: 2, noNaN: true }),
  fc.constantFrom(NaN, Infinity, -Infinity, 3.4e38, -3.4e38, 1e30, 16_777_216, 0, -0),
);

privacy("whatever a server sends, an update is within the limit or is not sent", () => {
  const pairs = fc.array(fc.tuple(anyFloat, anyFloat), { minLength: 1, maxLength: 12 });
  const limits = fc.oneof(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.constantFrom(NaN, Infinity, 0, -1));
  fc.assert(
    fc.property(pairs, limits, (both, limit) => {
      const shared = Float32Array.from(both, ([a]) => a);
      const generalist = Float32Array.from(both, ([, b]) => b);
      let values: Float32Array | undefined;
      try {
        ({ values } = clipUpdate(shared, generalist, limit));
      } catch (error) {
        assert.match((error as Error).message, /^clip: .*, expected /);
      }
      const finite = both.flat().every((value) => Math.abs(value) < Infinity);
      assert.is(values !== undefined, finite && limit > 0 && limit < Infinity);
      if (values !== undefined) assert.ok(norm(values, generalist) <= limit * (1 + 1e-12));
    }),
    { numRuns: 1000 },
  );
});

privacy("noise is added before anything is rounded, and nothing is sent that is not finite", () => {
  const local = new LocalPrivacy({ clip: 1, noise: { epsilon: 1, delta: 1e-5 } });
  // the next float after 1e9 is 64 away: the clipped update of 1 must not become one of 64
  const far = Float32Array.of(1e9);
  const steps = Array.from({ length: 300 }, () => (local.protect(Float32Array.of(2e9), far)[0]! - 1e9) / 64);
  assert.ok(steps.filter((step) => step !== 0).length < 10);
  for (const bad of [NaN, Infinity, -Infinity]) {
    assert.throws(() => local.protect(Float32Array.of(0, 1), Float32Array.of(bad, 0)), /clip: generalist/);
    assert.throws(() => local.protect(Float32Array.of(bad, 1), Float32Array.of(0, 0)), /clip: update/);
  }
  assert.is(local.account.rounds, 300, "what is not sent costs nothing");
});

privacy("options that promise nothing are refused when they are given", () => {
  const numbers = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, -1));
  fc.assert(
    fc.property(numbers, numbers, numbers, fc.option(numbers, { nil: undefined }), (clip, epsilon, delta, budget) => {
      const above = (value: number): boolean => value > 0 && value < Infinity;
      const fits = above(clip) && above(2 * clip) && above(epsilon) && delta >= 1e-300 && delta < 1;
      const make = (): unknown => new LocalPrivacy({ clip, noise: { epsilon, delta }, budget });
      if (fits && (budget === undefined || above(budget)))
        assert.ok(Number.isFinite(new LocalPrivacy({ clip, noise: { epsilon, delta } }).spent()!.sigma));
      else assert.throws(make, /^privacy: (clip|epsilon|delta|budget|sensitivity), got /);
    }),
  );
  assert.throws(() => new LocalPrivacy({ clip: 1, budget: 3 }), /a budget is spent by noise/);
});

privacy("the normal distribution function agrees with tables", () => {
  // scipy.stats.norm.cdf
  for (const [x, expected] of [
    [0, 0.5],
    [-1, 0.15865525393145707],
    [1.96, 0.9750021048517795],
    [-3.1, 0.0009676032132183561],
    [-6, 9.865876450376946e-10],
    [-10, 7.619853024160527e-24],
  ] as const)
    assert.ok(Math.abs(normalCdf(x) / expected - 1) < 1e-9, `${x}: ${normalCdf(x)} against ${expected}`);
});

const profile = (sigma: number, epsilon: number): number =>
  normalCdf(1 / (2 * sigma) - epsilon * sigma) - Math.exp(epsilon) * normalCdf(-1 / (2 * sigma) - epsilon * sigma);

privacy("noise is as small as the analytic Gaussian mechanism allows", () => {
  // at the calibrated sigma the privacy profile is delta, a little below it is more
  for (const epsilon of [0.1, 0.5, 1, 4, 8]) {
    const sigma = gaussianSigma(1, epsilon, 1e-5);
    assert.ok(profile(sigma, epsilon) <= 1e-5);
    assert.ok(profile(sigma * 0.999, epsilon) > 1e-5);
    if (epsilon <= 1) assert.ok(sigma < Math.sqrt(2 * Math.log(1.25 / 1e-5)) / epsilon, "below the classical bound");
  }
  assert.throws(() => gaussianSigma(1, 0, 1e-5), /epsilon, got 0/);
  assert.throws(() => gaussianSigma(1, 1, 1), /delta, got 1/);
});

privacy("noise is enough and not more, from tiny to huge epsilon and delta", () => {
  // epsilon, delta, and sigma at sensitivity 2 by mpmath with 60 digits
  for (const [epsilon, delta, sigma] of [
    [1, 1e-5, 7.46126327],
    [8, 1e-5, 1.200458144],
    [700, 1e-5, 0.05984630149],
    [1000, 1e-5, 0.0491635667],
    [0.001, 1e-9, 8245.259464],
    [1e-6, 1e-12, 8245050.806],
    [1, 1e-15, 14.97401894],
    [5, 1e-300, 14.78520126],
    [1, 0.99, 0.3650040422],
  ] as const) {
    const ratio = gaussianSigma(2, epsilon, delta) / sigma;
    assert.ok(ratio >= 1 && ratio < 1 + 2e-6, `epsilon ${epsilon}, delta ${delta}: ${ratio}`);
  }
});

privacy("noise has the mean, the spread and the tails of a Gaussian", () => {
  const values = new Float32Array(200_001);
  addGaussian(values, 3);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  const beyond = values.reduce((count, value) => count + (Math.abs(value) > 6 ? 1 : 0), 0) / values.length;
  // six standard errors
  assert.ok(Math.abs(mean) < 6 * (3 / Math.sqrt(values.length)), `mean ${mean}`);
  assert.ok(Math.abs(variance / 9 - 1) < 6 * Math.sqrt(2 / values.length), `variance ${variance}`);
  assert.ok(Math.abs(beyond - 0.0455) < 0.003, `beyond two sigma ${beyond}`);
});

privacy("the account grows with the rounds, slower than by adding up", () => {
  const local = new LocalPrivacy({ clip: 1, noise: { epsilon: 0.5, delta: 1e-6 } });
  const zeros = new Float32Array(4);
  assert.is(local.spent()!.epsilon, 0);
  local.protect(zeros, zeros);
  assert.ok(Math.abs(local.spent()!.epsilon - 0.5) < 1e-5, "one answer costs what it was made for");
  for (let round = 1; round < 100; round++) local.protect(zeros, zeros);
  const { rounds, epsilon } = local.spent()!;
  assert.is(rounds, 100);
  assert.ok(epsilon > 0.5 && epsilon < 50, `${epsilon}`);
  assert.is(new LocalPrivacy({ clip: 1 }).spent(), undefined);
});

privacy("the account goes on from what was kept, and an answer above the budget is not given", () => {
  const options = { clip: 1, noise: { epsilon: 1, delta: 1e-5 }, budget: 2.8 };
  const zeros = new Float32Array(4);
  let account: Account = NOTHING_SPENT;
  let spent = 0;
  const told: number[] = [];
  for (let session = 0; session < 20; session++) {
    const local = new LocalPrivacy(options, account);
    try {
      local.afford();
    } catch (error) {
      assert.match(
        (error as Error).message,
        /privacy: budget, got epsilon 2.953 after one more answer \(2.706 so far\), expected at most 2.8/,
      );
      assert.throws(() => local.protect(zeros, zeros), /budget/);
      continue;
    }
    local.protect(zeros, zeros);
    ({ account } = local);
    spent = local.spent()!.epsilon;
    told.push(spent);
  }
  assert.is(account.rounds, 6);
  assert.equal(
    told,
    told.toSorted((a, b) => a - b),
  );
  assert.ok(Math.abs(spent - 2.71) < 0.01, `${spent}`);
  // a session with other noise adds what it costs, and does not change what was
  const stronger = new LocalPrivacy({ clip: 5, noise: { epsilon: 0.1, delta: 1e-5 } }, account);
  assert.ok(Math.abs(stronger.spent()!.epsilon - spent) < 1e-9);
});

privacy("an account that is none is refused", () => {
  assert.equal(parseAccount({ rounds: 2, rho: 0.5, more: 1 }), { rounds: 2, rho: 0.5 });
  fc.assert(
    fc.property(fc.anything(), (value) => {
      assert.throws(() => parseAccount({ rounds: value, rho: NaN }), /privacy: account, got/);
      assert.throws(() => parseAccount([value]), /restore the file, it cannot be counted again/);
    }),
  );
});

privacy("a reply with local noise holds no metric but the weight", async () => {
  const generalist = new Float32Array(16);
  const reply = { up: { model: generalist.map(() => 10) }, examples: 12, metrics: { trainLoss: 0.5 } };
  const part = steppingClient();
  const read = async (local: LocalPrivacy | undefined, serverClip?: number) => {
    const root = await namedContent(reply, { part, down: { model: generalist }, serverClip, local });
    return readContent(root.id, new Map(flatten(root).map(({ id, content }) => [id, content])));
  };
  const noisy = await read(new LocalPrivacy({ clip: 1, noise: { epsilon: 1, delta: 1e-5 } }));
  assert.equal([...noisy.metrics.get("metrics")!.keys()], ["num-examples"]);
  assert.is.not(noisy.arrays.get("arrays")!.get("hidden.bias")!.data[0], 10);
  const clipped = await read(undefined, 4);
  assert.is(clipped.metrics.get("metrics")!.get("norm_bit"), 1);
  // 16 equal weights of norm 4
  assert.ok(Math.abs(Number(clipped.arrays.get("arrays")!.get("hidden.bias")!.data[0]) - 1) < 1e-6);
});

privacy.run();
