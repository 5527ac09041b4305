// Two answers pooled by powers: what the fit stands on, and that it has nothing to lose on the rows that it sees.
import fc from "fast-check";
import { logSoftmax, type Tensor, tensor } from "../../src/autograd/index.ts";
import { FIRST, fitPowers, pooledAnswers, type Powers } from "../../src/moe/opinionPool.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

const classes = 3;
const count = 40;

const answers = (values: readonly number[]): Tensor => logSoftmax(tensor(values, [values.length / classes, classes]));
const some = fc
  .array(fc.float({ min: -6, max: 6, noNaN: true }), { minLength: count * classes, maxLength: count * classes })
  .map(answers);
const marks = fc.array(fc.nat(classes - 1), { minLength: count, maxLength: count });
const bits = (x: Tensor): number[] => Array.from(x.toArray());

/** What is minimised, by its definition. */
function lossAt([a, b]: Powers, la: Tensor, lb: Tensor, labels: readonly number[]): number {
  const [first, second] = [la.toArray(), lb.toArray()];
  let loss = 5 * ((a - 1) ** 2 + b ** 2);
  for (const [row, label] of labels.entries()) {
    const z = Array.from({ length: classes }, (_, y) => a * first[row * classes + y]! + b * second[row * classes + y]!);
    loss += Math.log(z.reduce((sum, one) => sum + Math.exp(one), 0)) - z[label]!;
  }
  return loss;
}

test("the powers are where the loss is flat and lowest, whatever the answers", () => {
  fc.assert(
    fc.property(some, some, marks, (la, lb, labels) => {
      const found = fitPowers(la.toArray(), lb.toArray(), labels, classes);
      const least = lossAt(found, la, lb, labels);
      assert.ok(least <= lossAt(FIRST, la, lb, labels) + 1e-9);
      for (const [da, db] of [
        [1e-3, 0],
        [-1e-3, 0],
        [0, 1e-3],
        [0, -1e-3],
      ] as const)
        assert.ok(lossAt([found[0] + da, found[1] + db], la, lb, labels) >= least - 1e-7);
    }),
    { numRuns: 40 },
  );
});

test("the first answer as it is keeps every bit, alone the second is itself, and nobody is heard without rows", () => {
  fc.assert(
    fc.property(some, some, (la, lb) => {
      assert.equal(bits(pooledAnswers(la, lb, FIRST)), bits(la));
      near(bits(pooledAnswers(la, lb, [0, 1])), bits(lb), 1e-5);
      assert.equal(fitPowers([], [], [], classes), FIRST);
    }),
    { numRuns: 20 },
  );
});

test("an answer that is right is heard and one that is noise is not; equal answers share what they say", () => {
  const right = answers(Array.from({ length: count * classes }, (_, i) => (i % classes === Math.floor(i / classes) % classes ? 3 : 0))); // prettier-ignore
  const noise = answers(Array.from({ length: count * classes }, (_, i) => ((i * 7919) % 13) / 3));
  const labels = Array.from({ length: count }, (_, row) => row % classes);
  const told = fitPowers(noise.toArray(), right.toArray(), labels, classes);
  assert.ok(told[1] > 0.5 && told[0] < told[1]);
  const [a, b] = fitPowers(right.toArray(), noise.toArray(), labels, classes);
  assert.ok(a > 0.9 && Math.abs(b) < a / 3);
  const twice = fitPowers(right.toArray(), right.toArray(), labels, classes);
  near([twice[0] - twice[1]], [1], 1e-6);
});

test.run();
