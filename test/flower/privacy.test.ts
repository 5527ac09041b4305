import fc from "fast-check";
import { suite, assert } from "../support/suite.ts";
import {
  addGaussian,
  clipUpdate,
  gaussianSigma,
  LocalPrivacy,
  normalCdf,
} from "../../src/federated/backends/flower/privacy.ts";
import { flatten } from "../../src/federated/backends/flower/objects.ts";
import { readContent } from "../../src/federated/backends/flower/records.ts";
import { trainContent } from "../../src/federated/backends/flower/reply.ts";
import { sharedVector, smallModel } from "./support/clients.ts";

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
  assert.is(local.spent()!.epsilon, 0.5);
  for (let round = 1; round < 100; round++) local.protect(zeros, zeros);
  const { rounds, epsilon } = local.spent()!;
  assert.is(rounds, 100);
  assert.ok(epsilon > 0.5 && epsilon < 50, `${epsilon}`);
  assert.is(new LocalPrivacy({ clip: 1 }).spent(), undefined);
});

privacy("a reply with local noise holds no metric but the weight", async () => {
  const generalist = new Float32Array(16);
  const shared = sharedVector(
    smallModel,
    generalist.map(() => 10),
  );
  const reply = { shared, examples: 12, metrics: { loss: 0.5 } };
  const read = async (local: LocalPrivacy | undefined, serverClip?: number) => {
    const root = await trainContent(reply, { generalist, serverClip, local });
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
