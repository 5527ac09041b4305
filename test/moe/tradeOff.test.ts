// Curves of a dial, against what stands at its ends and in between.
import fc from "fast-check";
import { logSoftmax, type Tensor, tensor } from "../../src/autograd/index.ts";
import { constantAnswers, score, type TestSet } from "../../src/moe/evaluate.ts";
import { labelLawAnswers, logRatio } from "../../src/moe/labelLaw.ts";
import { fitPlatt, plattLogits } from "../../src/moe/platt.ts";
import { evidenceOf, gatedAnswers, posteriorLogits, weightsOf } from "../../src/moe/posterior.ts";
import { curveOf, lawDial, mixtureDial, STOPS } from "../../src/moe/tradeOff.ts";
import { FloatExamples } from "../../src/nn/index.ts";
import { accuracy, accuracyUnder } from "../../src/nn/metrics.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const [rows, classes] = [40, 3];
const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);

function world(seed: number): { ls: Tensor; lg: Tensor; set: TestSet } {
  const stream = new Stream(fold(key(seed), "world"));
  const random = (): Tensor =>
    logSoftmax(
      tensor(
        Array.from({ length: rows * classes }, () => 6 * stream.uniform() - 3),
        [rows, classes],
      ),
    );
  const labels = Array.from({ length: rows }, () => Math.floor(classes * stream.uniform()));
  const examples = new FloatExamples(tensor(new Float32Array(rows), [rows, 1]), labels);
  return { ls: random(), lg: random(), set: { examples, classes, local: range(0, 15), global: range(10, rows) } };
}

const own = logRatio([0.7, 0.2, 0.1]);

test("a curve begins and ends where its experts stand, and in between is what the mixture answers", () => {
  fc.assert(
    fc.property(fc.nat(1000), (seed) => {
      const { ls, lg, set } = world(seed);
      const [s, g] = [ls.toArray(), lg.toArray()];
      const evidence = evidenceOf(g, own);
      const posterior = curveOf(mixtureDial(s, g, classes, evidence), set);
      const constant = curveOf(mixtureDial(s, g, classes), set);
      const law = curveOf(lawDial(g, own), set);
      assert.equal([posterior.dial, constant.dial, law.dial], ["rho", "weight", "t"]);
      for (const [i, value] of STOPS.entries()) {
        const same = (curve: typeof law, answers: Tensor): void => {
          const { localTest, globalTest } = score(answers, set);
          assert.equal([curve.localTest[i], curve.globalTest[i]], [localTest, globalTest]);
        };
        same(posterior, gatedAnswers(ls, lg, posteriorLogits(evidence, value)));
        same(law, labelLawAnswers(lg, own, value));
        same(constant, value === 0 ? lg : value === 1 ? ls : constantAnswers(ls, lg, value));
      }
    }),
    { numRuns: 20 },
  );
});

test("accuracy under a law is the mean over rows where the law is theirs, and leaves out classes without rows", () => {
  fc.assert(
    fc.property(fc.nat(1000), (seed) => {
      const { lg, set } = world(seed);
      const answers = { logp: lg.toArray(), classes };
      const { labels } = set.examples;
      const law = [0, 1, 2].map((c) => Array.from(set.global).filter((row) => labels[row] === c).length);
      near([accuracyUnder(law, answers, labels, set.global)], [accuracy(answers, labels, set.global)], 1e-9);
      const one = Array.from(set.global).filter((row) => labels[row] === 1);
      fc.pre(one.length > 0);
      near([accuracyUnder([0, 1, 0], answers, labels, set.global)], [accuracy(answers, labels, one)], 1e-9);
      near([accuracyUnder([0.5, 0.5, 0], answers, labels, one)], [accuracy(answers, labels, one)], 1e-9);
    }),
    { numRuns: 20 },
  );
});

test("scores tell accuracy under the client's law where it is known", () => {
  const { lg, set } = world(3);
  assert.is(score(lg, set).lawTest, undefined);
  const law = [0.1, 0.2, 0.7];
  const answers = { logp: lg.toArray(), classes };
  near(
    [score(lg, { ...set, law }).lawTest!],
    [100 * accuracyUnder(law, answers, set.examples.labels, set.global)],
    1e-9,
  );
});

/** Labels drawn from the client's law, and the evidence of inputs whose p_own / p_fed is e^(scale x). */
function held(count: number, scale: number, shift: number): { evidence: number[]; ratio: number[] } {
  // two inputs tell two labels apart exactly, so evidence is the label's ratio, told wrongly by scale and shift
  const law = [0.8, 0.2];
  const ratio = logRatio(law);
  const stream = new Stream(fold(key(9), "held"));
  const labels = Array.from({ length: count }, () => (stream.uniform() < law[0]! ? 0 : 1));
  return { ratio: labels.map((y) => ratio[y]!), evidence: labels.map((y) => (ratio[y]! - shift) / scale) };
}

test("evidence that is right stays as it is, and evidence that is wrong is set right", () => {
  for (const rho of [0.5, 0.8]) {
    const right = held(4000, 1, 0);
    const { a, b } = fitPlatt(right.evidence, right.ratio, rho);
    near([a, b], [1, Math.log(rho / (1 - rho))], 0.15);
    const wrong = held(4000, 3, 0.4);
    const fitted = fitPlatt(wrong.evidence, wrong.ratio, rho);
    const h = weightsOf(plattLogits(wrong.evidence, fitted));
    near(h, weightsOf(posteriorLogits(wrong.ratio, rho)), 0.02);
  }
  assert.equal(fitPlatt([], [], 0.5), { a: 1, b: 0 });
});

test("the fit is where the loss is flat, whatever the rows", () => {
  const numbers = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(numbers, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (evidence, rho) => {
      const ratio = evidence.map((e, i) => (i % 2 ? e : -e) / 3);
      const loss = (a: number, b: number): number =>
        evidence.reduce(
          (sum, e, i) => {
            const z = a * e + b;
            const foreign = (1 - rho) * Math.exp(-ratio[i]!);
            return sum + rho * Math.log(1 + Math.exp(-z)) + foreign * Math.log(1 + Math.exp(z));
          },
          ((a - 1) ** 2 + (b - Math.log(rho / (1 - rho))) ** 2) / 2,
        );
      const { a, b } = fitPlatt(evidence, ratio, rho);
      for (const [da, db] of [
        [1e-4, 0],
        [-1e-4, 0],
        [0, 1e-4],
        [0, -1e-4],
      ] as const)
        // prettier-ignore
        assert.ok(loss(a + da, b + db) >= loss(a, b) - 1e-9);
    }),
  );
});

test.run();
