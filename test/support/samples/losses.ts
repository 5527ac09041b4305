// Samples of what ends a network: softmaxes, losses and mixtures of answers.
import fc from "fast-check";
import { point, shape } from "../../../src/testing/index.ts";
import { int, op, points, type Sample, whole } from "./sample.ts";

const rowwise = shape({ minRank: 1, maxSize: 9 });

/** [rows, classes] and a label for each row. */
const labelled = fc
  .tuple(int(1, 6), int(1, 11))
  .chain(([rows, cols]) =>
    fc.tuple(fc.constant([rows, cols] as const), fc.array(int(0, cols - 1), { minLength: rows, maxLength: rows })),
  );

const loss = (name: string): Sample => ({
  cases: labelled.chain(([of, labels]) =>
    points(point(of)).map((points) => ({ f: (x) => op(name, [x, whole(labels)]), points })),
  ),
});

// log-probabilities need not be normalised for a gradient to be right
const expertRange = { low: -4, high: -0.1 };

const mixtures = (name: string, extra: number): Sample => ({
  cases: labelled.chain(([of, labels]) =>
    points(point(of, expertRange), point(of, expertRange), point([of[0]])).map((points) => ({
      f: (ls, lg, z) => op(name, extra ? [ls!, lg!, z!, whole(labels)] : [ls!, lg!, z!]),
      points,
    })),
  ),
  order: 1,
  reason: "its gradient kernel has no gradient",
});

/** A gradient of the mixture for one operand: `saved` is what stands between the operands and the gradient. */
const mixtureGradients = (name: string, saved: "labels" | "nothing"): Sample => ({
  cases: fc.tuple(labelled, int(0, 2)).chain(([[of, labels], operand]) =>
    points(
      point(of, expertRange),
      point(of, expertRange),
      point([of[0]]),
      point(saved === "labels" ? [of[0]] : of),
    ).map((points) => ({
      f: (ls, lg, z, g) => {
        const experts = [ls!, lg!, z!];
        const between = saved === "labels" ? [whole(labels)] : [];
        return op(name, [...experts, ...between, g!], operand);
      },
      points,
    })),
  ),
  order: 0,
  reason: "the gradient of a mixture cannot be differentiated again",
});

export const losses: Readonly<Record<string, Sample>> = {
  softmax: {
    cases: rowwise.chain((of) => points(point(of))).map((points) => ({ f: (x) => op("softmax", [x!]), points })),
  },
  logSoftmax: {
    cases: rowwise.chain((of) => points(point(of))).map((points) => ({ f: (x) => op("logSoftmax", [x!]), points })),
  },
  softmaxGrad: {
    cases: rowwise
      .chain((of) => points(point(of, { low: 0, high: 1 }), point(of)))
      .map((points) => ({ f: (y, g) => op("softmaxGrad", [y!, g!]), points })),
  },
  logSoftmaxGrad: {
    cases: rowwise
      .chain((of) => points(point(of, { low: -3, high: 0 }), point(of)))
      .map((points) => ({ f: (y, g) => op("logSoftmaxGrad", [y!, g!]), points })),
  },
  nll: loss("nll"),
  crossEntropy: loss("crossEntropy"),
  nllGrad: {
    cases: labelled.chain(([[rows, cols], labels]) =>
      points(point([rows])).map((points) => ({ f: (g) => op("nllGrad", [whole(labels), g!], cols), points })),
    ),
  },
  crossEntropyGrad: {
    cases: labelled.chain(([of, labels]) =>
      points(point(of), point([of[0]])).map((points) => ({
        f: (x, g) => op("crossEntropyGrad", [x!, whole(labels), g!]),
        points,
      })),
    ),
  },
  mixture: mixtures("mixture", 0),
  mixtureLog: mixtures("mixtureLog", 0),
  mixtureNll: mixtures("mixtureNll", 1),
  mixtureGrad: mixtureGradients("mixtureGrad", "nothing"),
  mixtureLogGrad: mixtureGradients("mixtureLogGrad", "nothing"),
  mixtureNllGrad: mixtureGradients("mixtureNllGrad", "labels"),
};
