// The gate that theory asks for, against theory: Bayes' rule on Gaussians, and what it must be at its ends.
import fc from "fast-check";
import { logSoftmax, type Tensor, tensor } from "../../src/autograd/index.ts";
import { labelLaw, labelLawAnswers, logRatio } from "../../src/moe/labelLaw.ts";
import { evidenceOf, gatedAnswers, posteriorLogits, weightsOf } from "../../src/moe/posterior.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const classes = 3;

/** A law of labels without zeros. */
const law = fc
  .array(fc.double({ min: 0.02, max: 1, noNaN: true }), { minLength: classes, maxLength: classes })
  .map((parts) => parts.map((part) => part / parts.reduce((a, b) => a + b)));
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });

const answers = (values: readonly number[]): Tensor => logSoftmax(tensor(values, [values.length / classes, classes]));
const some = fc
  .array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 4 * classes, maxLength: 4 * classes })
  .map(answers);
const bits = (x: Tensor): number[] => Array.from(x.toArray());

/** Points of a line, dense enough to integrate over. */
const line = Array.from({ length: 401 }, (_, i) => -10 + i / 20);
const bell = (x: number): number => Math.exp((-x * x) / 2);

/** Classes that are Gaussians on a line, the same for everybody; clients differ in their law of labels. */
const world = fc.record({
  means: fc.tuple(
    ...Array.from({ length: classes }, () => fc.double({ min: -4, max: 4, noNaN: true })),
  ) as fc.Arbitrary<readonly number[]>,
  own: law,
  general: law,
  rho: share,
});

test("on Gaussians the posterior mixture is Bayes' rule for the mixed law, and no predictor errs less", () => {
  fc.assert(
    fc.property(world, ({ means, own, general, rho }) => {
      // the exact generalist, and the label law's exact specialist
      const joint = (of: readonly number[], x: number): number[] => means.map((mean, y) => of[y]! * bell(x - mean));
      const lg = answers(line.flatMap((x) => joint(general, x).map(Math.log)));
      const ratio = logRatio(own, general);
      const ls = labelLawAnswers(lg, ratio);
      const z = posteriorLogits(evidenceOf(lg.toArray(), ratio), rho);
      const mixed = Array.from(gatedAnswers(ls, lg, z).toArray());
      let [bayes, ours] = [0, 0];
      for (const [i, x] of line.entries()) {
        const [mine, others] = [joint(own, x), joint(general, x)];
        const both = mine.map((density, y) => rho * density + (1 - rho) * others[y]!);
        const total = both.reduce((a, b) => a + b);
        const found = mixed.slice(i * classes, (i + 1) * classes);
        near(
          found.map(Math.exp),
          both.map((density) => density / total),
          1e-5,
        );
        bayes += total - Math.max(...both);
        ours += total - both[found.indexOf(Math.max(...found))]!;
      }
      near([ours / bayes], [1], 1e-5);
    }),
  );
});

test("where the client's law is the generalist's, the gate is rho whatever the input", () => {
  fc.assert(
    fc.property(some, law, share, (lg, own, rho) => {
      const z = posteriorLogits(evidenceOf(lg.toArray(), logRatio(own, own)), rho);
      near(weightsOf(z), new Array(4).fill(rho), 1e-12);
    }),
  );
});

test("rho 1 is the specialist and rho 0 the generalist, bit for bit", () => {
  fc.assert(
    fc.property(some, some, law, (ls, lg, own) => {
      const evidence = evidenceOf(lg.toArray(), logRatio(own));
      assert.equal(bits(gatedAnswers(ls, lg, posteriorLogits(evidence, 1))), bits(ls));
      assert.equal(bits(gatedAnswers(ls, lg, posteriorLogits(evidence, 0))), bits(lg));
      assert.equal(Array.from(weightsOf(posteriorLogits(evidence, 1))), [1, 1, 1, 1]);
      assert.equal(Array.from(weightsOf(posteriorLogits(evidence, 0))), [0, 0, 0, 0]);
    }),
  );
});

test("the gate trusts the specialist more, the likelier the client's own classes are", () => {
  fc.assert(
    fc.property(law, share, share, share, (own, rho, a, b) => {
      const [most, least] = [Math.max(...own), Math.min(...own)].map((part) => own.indexOf(part));
      fc.pre(most !== least);
      const at = (p: number): number[] => own.map((_, y) => (y === most ? p : y === least ? 1 - p : 1e-9));
      const rows = [Math.min(a, b), Math.max(a, b)].flatMap((p) => at(p).map(Math.log));
      const [less, more] = weightsOf(posteriorLogits(evidenceOf(rows, logRatio(own)), rho));
      assert.ok(less! <= more!);
    }),
  );
});

test("the label law at t = 0 is the generalist bit for bit; one law after another is their product", () => {
  fc.assert(
    fc.property(some, law, law, share, (lg, one, two, t) => {
      const ratio = logRatio(one);
      assert.equal(bits(labelLawAnswers(lg, ratio, 0)), bits(lg));
      near(bits(labelLawAnswers(lg, logRatio(one, one))), bits(lg), 1e-5);
      const both = logRatio(two).map((value, y) => value + t * ratio[y]!);
      near(bits(labelLawAnswers(labelLawAnswers(lg, ratio, t), logRatio(two))), bits(labelLawAnswers(lg, both)), 1e-4);
    }),
  );
});

test("a law of labels is shares of rows and one row more of each class", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(classes - 1), { maxLength: 50 }), (labels) => {
      const found = labelLaw(labels, classes);
      near([found.reduce((a, b) => a + b)], [1], 1e-12);
      for (let y = 0; y < classes; y++)
        near([found[y]! * (labels.length + classes)], [1 + labels.filter((label) => label === y).length], 1e-9);
    }),
  );
});

test("what the generalist holds for impossible still gives a weight between 0 and 1", () => {
  const rows = [0, -80, -900, -1e5, 0, -1e5];
  const z = posteriorLogits(evidenceOf(rows, logRatio(labelLaw([0, 0, 0, 1], classes))), 0.5);
  for (const h of weightsOf(z)) assert.ok(h > 0 && h < 1);
});

test.run();
