import fc from "fast-check";
import { accuracy, areaUnderCurve, calibrationError, macroF1, negativeLogLikelihood } from "../../src/nn/index.ts";
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

test("macro-F1 is the mean of the classes' own F1", () => {
  // answers 0, 1, 1 for labels 0, 2, 1: class 0 is perfect, class 1 has one of two, class 2 is missed
  near([macroF1(answers, labels, all)], [(1 + 2 / 3 + 0) / 3]);
  // a class that nobody is and nobody says is not counted
  near([macroF1(answers, labels, [0, 2])], [1]);
  assert.ok(Number.isNaN(macroF1(answers, labels, [])));
});

test("the area is the share of pairs in the right order, and one half where all are said the same", () => {
  const two = { logp: [0.9, 0.1, 0.4, 0.6, 0.6, 0.4, 0.2, 0.8].map(Math.log), classes: 2 };
  // 0.9 and 0.4 of class 0 against 0.6 and 0.2 of class 1: three of four, and the same seen from class 1
  near([areaUnderCurve(two, [0, 0, 1, 1], [0, 1, 2, 3])], [0.75]);
  near([areaUnderCurve({ logp: [0, 0, 0, 0, 0, 0], classes: 2 }, [0, 1, 1], [0, 1, 2])], [0.5]);
  assert.ok(Number.isNaN(areaUnderCurve(two, [0, 0, 0, 0], [0, 1])));
});

// few values, so that there are ties; some rows are left out
const cases = fc.integer({ min: 2, max: 4 }).chain((classes) =>
  fc.record({
    classes: fc.constant(classes),
    rows: fc.array(
      fc.record({
        logp: fc.array(fc.integer({ min: -3, max: 0 }), { minLength: classes, maxLength: classes }),
        label: fc.integer({ min: 0, max: classes - 1 }),
        counts: fc.boolean(),
      }),
      { minLength: 1, maxLength: 25 },
    ),
  }),
);

test("areas and F1 are what counting pairs and tables of errors gives, on any answers", () => {
  fc.assert(
    fc.property(cases, ({ classes, rows }) => {
      const all = { logp: rows.flatMap(({ logp }) => logp), classes };
      const labels = rows.map(({ label }) => label);
      const some = rows.flatMap(({ counts }, i) => (counts ? [i] : []));
      const every = Array.from({ length: classes }, (_, c) => c);

      const areas = every.flatMap((c) => {
        const [own, others] = [true, false].map((is) =>
          some.filter((i) => (labels[i] === c) === is).map((i) => rows[i]!.logp[c]!),
        ) as [number[], number[]];
        const pairs = own.flatMap((a): number[] => others.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
        return pairs.length > 0 ? [pairs.reduce((a, b) => a + b, 0) / pairs.length] : [];
      });
      const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
      near([areaUnderCurve(all, labels, some)], [mean(areas)], 1e-12);

      const said = rows.map(({ logp }) => logp.indexOf(Math.max(...logp)));
      const scores = every.flatMap((c) => {
        const count = (says: boolean, is: boolean): number =>
          some.filter((i) => (said[i] === c) === says && (labels[i] === c) === is).length;
        const [hit, wrong, missed] = [count(true, true), count(true, false), count(false, true)];
        if (hit + wrong + missed === 0) return [];
        const [precision, recall] = [hit / (hit + wrong || 1), hit / (hit + missed || 1)];
        return [precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0];
      });
      near([macroF1(all, labels, some)], [mean(scores)], 1e-12);
    }),
  );
});

test.run();
