// Evidence over a stream, against the sums and products that it stands for.
import fc from "fast-check";
import { Evidence, filtered } from "../../src/moe/evidence.ts";
import { posteriorLogits, weightsOf } from "../../src/moe/posterior.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const stream = fc.array(fc.double({ min: -6, max: 3, noNaN: true }), { minLength: 1, maxLength: 30 });
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const hazards = fc.double({ min: 0, max: 0.5, noNaN: true });

test("with a hazard of 1/2 every input is judged by itself: the posterior gate", () => {
  fc.assert(
    fc.property(stream, share, (evidence, rho) => {
      assert.equal(filtered(evidence, { rho, hazard: 0.5 }), posteriorLogits(evidence, rho));
    }),
  );
});

test("with no hazard evidence is summed for ever", () => {
  fc.assert(
    fc.property(stream, share, (evidence, rho) => {
      const [prior] = posteriorLogits([0], rho);
      let sum = prior!;
      near(
        filtered(evidence, { rho, hazard: 0 }),
        evidence.map((one) => (sum += one)),
        1e-9,
      );
    }),
  );
});

test("the filter is Bayes' rule over all ways in which the source may have changed", () => {
  const short = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(short, share, hazards, (evidence, rho, hazard) => {
      const law = [rho, 1 - rho];
      // every path of sources, own = 0
      let paths = law.map((p, source) => ({ p: p * (source === 0 ? Math.exp(evidence[0]!) : 1), source }));
      for (const one of evidence.slice(1))
        paths = paths.flatMap(({ p, source }) =>
          law.map((to, next) => ({
            p: p * ((next === source ? 1 - 2 * hazard : 0) + 2 * hazard * to) * (next === 0 ? Math.exp(one) : 1),
            source: next,
          })),
        );
      const total = paths.reduce((sum, { p }) => sum + p, 0);
      const own = paths.reduce((sum, { p, source }) => sum + (source === 0 ? p : 0), 0);
      near([weightsOf(filtered(evidence, { rho, hazard })).at(-1)!], [own / total], 1e-9);
    }),
  );
});

test("a long stream of one source is told, in both directions, and a change is noticed", () => {
  const steps = (length: number, one: number): number[] => new Array<number>(length).fill(one);
  const h = weightsOf(filtered([...steps(30, 0.5), ...steps(30, -0.5), ...steps(30, 0.5)], { hazard: 0.02 }));
  assert.ok(h[29]! > 0.95 && h[59]! < 0.05 && h[89]! > 0.95);
  // the hazard bounds how sure it gets, so that evidence of any length can be overcome
  const endless = new Evidence({ hazard: 0.01 });
  for (let i = 0; i < 5000; i++) endless.push(i < 4000 ? 700 : -700);
  assert.ok(endless.next < -4 && Number.isFinite(endless.next));
});

test("options that are no probabilities are refused", () => {
  for (const rho of [0, 1, -1, NaN])
    refuses(() => new Evidence({ rho }), `stream: rho, got ${rho}, expected a number between 0 and 1`);
  for (const hazard of [-0.1, 0.6, NaN])
    refuses(() => new Evidence({ hazard }), `stream: hazard, got ${hazard}, expected a number from 0 to 0.5`);
});

test.run();
