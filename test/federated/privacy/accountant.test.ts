import fc from "fast-check";
import {
  accountantFor,
  epsilonOf,
  multiplierFor,
  type Noisy,
  roundsWithin,
} from "../../../src/federated/privacy/accountant.ts";
import { Fft } from "../../../src/federated/privacy/fft.ts";
import { gaussianDelta, gaussianEpsilon } from "../../../src/federated/privacy/gaussian.ts";
import { gaussianLosses } from "../../../src/federated/privacy/loss.ts";
import { fixedSizeRdp, poissonRdp } from "../../../src/federated/privacy/rdp.ts";
import { assert, suite } from "../../support/suite.ts";
import { distances, rows } from "./yardstick.ts";

const test = suite("accountant");

test("divergences are those of dp-accounting over the whole grid, losses over a part of it", () => {
  assert.ok(rows.length > 150);
  for (const [i, row] of rows.entries()) {
    // all of them: node --import tsx test/federated/privacy/grid.ts
    const of = i % 25 === 0 ? (["pld", "poisson", "fixed"] as const) : (["poisson", "fixed"] as const);
    for (const { name, distance } of distances(row, of))
      assert.ok(distance > -0.001 && distance < 0.01, `${name} of ${JSON.stringify(row)}: ${100 * distance} % away`);
  }
});

test("one sum with everybody is the analytic Gaussian mechanism", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.5, max: 20, noNaN: true }),
      fc.double({ min: 1e-9, max: 1e-2, noNaN: true }),
      (sigma, delta) => {
        const epsilon = epsilonOf([{ share: 1, multiplier: sigma, rounds: 1, sampling: "poisson" }], delta);
        // at its own epsilon it fails exactly with delta; where even 0 holds there is nothing to compare
        if (epsilon === 0) assert.ok(gaussianDelta(sigma, 1e-12) <= delta * 1.001);
        else assert.ok(Math.abs(gaussianDelta(sigma, epsilon) / delta - 1) < 0.02, `${gaussianDelta(sigma, epsilon)}`);
      },
    ),
    { numRuns: 8 },
  );
});

test("Gaussian answers one after another cost exactly what their losses do", () => {
  for (const [sigma, rounds, delta] of [
    [1, 1, 1e-5],
    [4, 7, 1e-6],
    [20, 300, 1e-3],
  ] as const) {
    const epsilon = gaussianEpsilon(sigma / Math.sqrt(rounds), delta);
    const losses = epsilonOf([{ share: 1, multiplier: sigma, rounds, sampling: "poisson" }], delta);
    assert.ok(epsilon <= losses && epsilon > 0.99 * losses, `${epsilon} and ${losses}`);
    assert.ok(gaussianDelta(sigma / Math.sqrt(rounds), epsilon) <= delta);
  }
  assert.is(gaussianEpsilon(1e9, 0.1), 0);
});

test("n rounds of noise with everybody are one round of sqrt n times less", () => {
  const many = epsilonOf([{ share: 1, multiplier: 8, rounds: 64, sampling: "poisson" }], 1e-6);
  const one = epsilonOf([{ share: 1, multiplier: 1, rounds: 1, sampling: "poisson" }], 1e-6);
  assert.ok(Math.abs(many / one - 1) < 1e-3, `${many} and ${one}`);
});

test("a client's losses keep every probability, at the grid's points also of failure", () => {
  const draws = fc.record({
    q: fc.double({ min: 1e-3, max: 1, noNaN: true }),
    sigma: fc.double({ min: 0.4, max: 5, noNaN: true }),
    direction: fc.constantFrom("removed" as const, "added" as const),
  });
  fc.assert(
    fc.property(draws, ({ q, sigma, direction }) => {
      const { mass, from, step, infinite } = gaussianLosses(q, sigma, direction, 0.01);
      const all = mass.reduce((sum, p) => sum + p, infinite);
      assert.ok(Math.abs(all - 1) < 1e-9, `${all}`);
      assert.ok(mass.every((p) => p >= 0));
      // under the other neighbour nothing is more than certain: sum of mass e^-loss
      const other = mass.reduce((sum, p, i) => sum + p * Math.exp(-(from + i) * step), 0);
      assert.ok(other < 1 + 1e-9, `${other}`);
    }),
    { numRuns: 40 },
  );
});

test("the Renyi divergence of whole orders is the binomial sum of moments", () => {
  const binomial = (q: number, sigma: number, order: number): number => {
    let [sum, choose] = [0, 1];
    for (let k = 0; k <= order; k++) {
      sum += choose * (1 - q) ** (order - k) * q ** k * Math.exp((k * (k - 1)) / (2 * sigma * sigma));
      choose = (choose * (order - k)) / (k + 1);
    }
    return Math.log(sum) / (order - 1);
  };
  const draws = [fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.double({ min: 0.7, max: 6, noNaN: true }), fc.integer({ min: 2, max: 12 })] as const; // prettier-ignore
  fc.assert(
    fc.property(...draws, (q, sigma, order) => {
      const [got, wanted] = [poissonRdp(q, sigma, order), binomial(q, sigma, order)];
      assert.ok(Math.abs(got - wanted) < 1e-9 * Math.max(1, wanted), `${got} and ${wanted}`);
    }),
  );
  assert.is(fixedSizeRdp(0, 1, 5), 0);
  assert.is(fixedSizeRdp(1, 2, 6), 6 / 8);
});

test("more rounds, a larger share, less noise and a smaller delta never cost less", () => {
  const draws = fc.record({
    share: fc.double({ min: 0.001, max: 0.5, noNaN: true }),
    multiplier: fc.double({ min: 0.7, max: 5, noNaN: true }),
    rounds: fc.integer({ min: 1, max: 200 }),
    sampling: fc.constantFrom("poisson" as const, "fixed" as const),
  });
  fc.assert(
    fc.property(draws, (noisy: Noisy) => {
      const cost = (change: Partial<Noisy>, delta = 1e-5): number => epsilonOf([{ ...noisy, ...change }], delta, "rdp");
      const here = cost({}) * (1 - 1e-9);
      assert.ok(cost({ rounds: noisy.rounds * 2 }) >= here);
      assert.ok(cost({ share: noisy.share * 1.5 }) >= here);
      assert.ok(cost({ multiplier: noisy.multiplier / 1.5 }) >= here);
      assert.ok(cost({}, 1e-7) >= here);
    }),
    { numRuns: 8 },
  );
});

test("losses are never dearer than divergences, and two halves cost what the whole does", () => {
  const noisy: Noisy = { share: 0.02, multiplier: 1.1, rounds: 200, sampling: "poisson" };
  assert.is(accountantFor([noisy]), "pld");
  assert.is(accountantFor([noisy, { ...noisy, sampling: "fixed" }]), "rdp");
  const whole = epsilonOf([noisy], 1e-5);
  assert.ok(whole <= epsilonOf([noisy], 1e-5, "rdp"));
  const halves = epsilonOf(
    [
      { ...noisy, rounds: 120 },
      { ...noisy, rounds: 80 },
    ],
    1e-5,
  );
  assert.ok(Math.abs(halves / whole - 1) < 1e-6, `${halves} and ${whole}`);
  assert.is(epsilonOf([{ ...noisy, rounds: 0 }], 1e-5), 0);
});

test("noise for an epsilon, and rounds within a budget, are the least and the most that hold", () => {
  const plan = { share: 0.05, rounds: 60, sampling: "poisson" } as const;
  const multiplier = multiplierFor(plan, 2, 1e-5);
  assert.ok(epsilonOf([{ ...plan, multiplier }], 1e-5) <= 2);
  assert.ok(epsilonOf([{ ...plan, multiplier: multiplier * 0.995 }], 1e-5) > 2);
  const rounds = roundsWithin({ ...plan, multiplier }, 1, { delta: 1e-5, most: 60 });
  assert.ok(rounds > 0 && rounds < 60, `${rounds}`);
  assert.ok(epsilonOf([{ ...plan, multiplier, rounds }], 1e-5) <= 1);
  assert.ok(epsilonOf([{ ...plan, multiplier, rounds: rounds + 1 }], 1e-5) > 1);
});

test("numbers that promise nothing are refused", () => {
  const noisy: Noisy = { share: 0.02, multiplier: 1.1, rounds: 200, sampling: "fixed" };
  assert.throws(() => epsilonOf([noisy], 1e-5, "pld"), /accountant, got pld for rounds of a fixed size, expected rdp/);
  for (const delta of [0, 1, NaN, -1]) assert.throws(() => epsilonOf([noisy], delta), /delta, got/);
  for (const share of [NaN, -0.1, 1.1]) assert.throws(() => epsilonOf([{ ...noisy, share }], 1e-5), /share, got/);
  for (const multiplier of [NaN, 0, -1, Infinity])
    assert.throws(() => epsilonOf([{ ...noisy, multiplier }], 1e-5), /noise multiplier, got/);
  for (const rounds of [NaN, -1, 1.5]) assert.throws(() => epsilonOf([{ ...noisy, rounds }], 1e-5), /rounds, got/);
  assert.throws(() => multiplierFor(noisy, 0, 1e-5), /epsilon, got 0/);
});

test("the Fourier transform is its definition, and undone by its inverse", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5 }),
      fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })),
      (bits, stream) => {
        const n = 2 ** bits;
        const [re, im] = [Float64Array.from({ length: n }, () => stream.next().value), Float64Array.from({ length: n }, () => stream.next().value)]; // prettier-ignore
        const [a, b] = [re.slice(), im.slice()];
        const fft = new Fft(n);
        fft.forward(a, b);
        for (let j = 0; j < n; j++) {
          let [x, y] = [0, 0];
          for (let k = 0; k < n; k++) {
            const angle = (-2 * Math.PI * j * k) / n;
            x += re[k]! * Math.cos(angle) - im[k]! * Math.sin(angle);
            y += re[k]! * Math.sin(angle) + im[k]! * Math.cos(angle);
          }
          assert.ok(Math.hypot(a[j]! - x, b[j]! - y) < 1e-12 * n);
        }
        fft.inverse(a, b);
        for (let j = 0; j < n; j++) assert.ok(Math.hypot(a[j]! - re[j]!, b[j]! - im[j]!) < 1e-13 * n);
      },
    ),
  );
  assert.throws(() => new Fft(12), /a power of two/);
});

test.run();
