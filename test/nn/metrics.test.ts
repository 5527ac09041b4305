import { accuracy, calibrationError, negativeLogLikelihood } from "../../src/nn/index.ts";
import { near } from "../support/near.ts";
import { assert, test } from "../support/suite.ts";

// three answers over three classes
const p = [0.7, 0.2, 0.1, 0.1, 0.5, 0.4, 0.25, 0.5, 0.25];
const answers = { logp: p.map(Math.log), classes: 3 };
const labels = [0, 2, 1];
const all = [0, 1, 2];

test("accuracy is the fraction of rows whose largest answer is the label", () => {
  near([accuracy(answers, labels, all)], [2 / 3]);
  assert.is(accuracy(answers, labels, [1]), 0);
  assert.is(accuracy(answers, labels, [2, 0]), 1);
});

test("of equal answers the first counts", () => {
  const tie = { logp: [0, 0, -1], classes: 3 };
  assert.is(accuracy(tie, [0], [0]), 1);
  assert.is(accuracy(tie, [1], [0]), 0);
});

test("a row that is named twice counts twice", () => {
  near([accuracy(answers, labels, [0, 0, 0, 1])], [0.75]);
});

test("the likelihood is the mean of -ln p of the labels", () => {
  near([negativeLogLikelihood(answers, labels, all)], [-(Math.log(0.7) + Math.log(0.4) + Math.log(0.5)) / 3]);
  near([negativeLogLikelihood(answers, labels, [1])], [-Math.log(0.4)]);
});

test("the calibration error weighs |accuracy - confidence| of 15 bins by their rows", () => {
  // confidences 0.7, 0.5, 0.5: the two of 0.5 share a bin with one right of two
  near([calibrationError(answers, labels, all)], [(1 / 3) * 0.3 + (2 / 3) * Math.abs(0.5 - 0.5)]);
  // apart, in the outermost bins
  const sure = { logp: [0, -100, Math.log(0.04), Math.log(0.03)], classes: 2 };
  near([calibrationError(sure, [0, 1], [0, 1])], [0.04 / 2], 1e-6);
});

/** The calibration error of two rows of two classes with these confidences. */
function twoRows(a: number, b: number): number {
  return calibrationError({ logp: [a, 1 - a, b, 1 - b].map(Math.log), classes: 2 }, [0, 1], [0, 1]);
}

test("confidences of 0.61 and 0.69 fall into different bins of fifteen, of 0.62 and 0.65 into one", () => {
  // the first row is right, the second wrong
  near(
    [0.61, 0.62].map((p, i) => twoRows(p, [0.69, 0.65][i]!)),
    [(0.39 + 0.69) / 2, (0.65 - 0.38) / 2],
  );
});

test("an expert that is always sure and always wrong is off by one, a right one by nothing", () => {
  const sure = { logp: [0, -100, 0, -100], classes: 2 };
  assert.is(calibrationError(sure, [1, 1], [0, 1]), 1);
  assert.is(calibrationError(sure, [0, 0], [0, 1]), 0);
});

test.run();
