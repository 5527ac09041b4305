// Networks, optimisers, losses and metrics asked for what cannot be.
import fc from "fast-check";
import { tensor } from "../../../src/autograd/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { key } from "../../../src/runtime/random.ts";
import { bad, type BadCall, negative, noCount, noCountOrNone, noWord } from "./badCall.ts";

const parameters = (): nn.Parameters => new nn.Parameters([{ name: "w", shape: [3] }], "private");
const answers = { logp: [-0.1, -2, -2, -0.1], classes: 2 };
const x = (): ReturnType<typeof tensor> => tensor([0.1, 0.2, 0.3, 0.4], [2, 2]);
const images = { x: new Uint8Array(8), labels: [0, 1], shape: [1, 2, 2], normalization: { mean: [0.5], std: [0.5] } };
const features = { x: new Float32Array(4), labels: [0, 1], shape: [2] };
const noRow = fc.constantFrom(-1, 2, 0.5, NaN, Infinity, 2 ** 31);
const noRate = fc.constantFrom(-1, NaN, Infinity, -Infinity);
const misspelt = fc.constantFrom("learningRate", "Lr", "beta1", "weight_decay", "epoch", "toString");

const optimizers = {
  Adam: nn.Adam,
  SGD: nn.SGD,
  RMSprop: nn.RMSprop,
  Adagrad: nn.Adagrad,
  AMSGrad: nn.AMSGrad,
  Lion: nn.Lion,
};

const metrics = {
  accuracy: nn.accuracy,
  negativeLogLikelihood: nn.negativeLogLikelihood,
  calibrationError: nn.calibrationError,
  macroF1: nn.macroF1,
  areaUnderCurve: nn.areaUnderCurve,
};

export const nnCalls: readonly fc.Arbitrary<BadCall>[] = [
  ...Object.entries(optimizers).flatMap(([name, Kind]) => [
    bad(`${name} lr`, noRate, (lr) => new Kind(parameters(), { lr })),
    bad(`${name} weightDecay`, noRate, (weightDecay) => new Kind(parameters(), { weightDecay })),
    bad(`${name} misspelt`, misspelt, (option) => new Kind(parameters(), { [option]: 0.1 })),
  ]),
  ...Object.entries(metrics).flatMap(([name, metric]) => [
    bad(`${name} label`, fc.constantFrom(2, -1, 0.5, NaN), (label) => metric(answers, [0, label], [0, 1])),
    bad(`${name} rows`, noRow, (row) => metric(answers, [0, 1], [0, row])),
    bad(`${name} of fewer labels`, fc.constantFrom([0], []), (labels) => metric(answers, labels, [0, 1])),
    bad(`${name} classes`, fc.constantFrom(0, 3, NaN, 1.5, -2), (classes) =>
      metric({ ...answers, classes }, [0, 1], [0, 1]),
    ),
  ]),
  bad("validation", fc.constantFrom([0, 2], [0, -1], [0, 1, 1]), (labels) => nn.validation(answers.logp, labels, 2)),
  bad("clipGradient", fc.constantFrom(0, -1, NaN), (norm) => nn.clipGradient([parameters()], norm)),
  bad("clipGradientValues", fc.constantFrom(0, -1, NaN), (most) => nn.clipGradientValues([parameters()], most)),
  bad("optimizerOf kind", noWord, (kind) => nn.optimizerOf({ kind: kind as "sgd", lr: 0.1 }, [parameters()])),
  bad("factorAt kind", noWord, (kind) => nn.factorAt({ kind: kind as "constant" }, 1)),
  bad("factorAt round", noCountOrNone, (round) => nn.factorAt({ kind: "exponential", gamma: 0.5 }, round)),
  bad("loss reduction", noWord, (reduction) => nn.meanSquaredError(x(), x(), { reduction: reduction as "sum" })),
  bad("softmaxCrossEntropy reduction", noWord, (reduction) =>
    nn.softmaxCrossEntropy(x(), tensor([0, 1], [2], "i32"), { labelSmoothing: 0.1, reduction: reduction as "sum" }),
  ),
  bad("huber delta", fc.constantFrom(0, -1, NaN), (delta) => nn.huber(x(), x(), { delta })),
  bad("binaryCrossEntropy weight", negative, (positiveWeight) => nn.binaryCrossEntropy(x(), x(), { positiveWeight })),
  bad("triplet margin", fc.constantFrom(NaN, Infinity), (margin) => nn.triplet(x(), x(), x(), { margin })),
  bad("Dropout", fc.constantFrom(1, -0.1, NaN, 2), (p) => new nn.Dropout(p)),
  bad("BatchNorm momentum", fc.constantFrom(-0.1, 1.1, NaN), (momentum) => new nn.BatchNorm(2, { momentum })),
  bad("gaussian", negative, (std) => nn.gaussian(std)),
  bad("constant", fc.constantFrom(NaN, Infinity), (value) => nn.constant(value)),
  bad("ImageExamples row", noRow, (row) => new nn.ImageExamples(images, [0, row]).count),
  bad("FeatureExamples row", noRow, (row) => new nn.FeatureExamples(features, [0, row]).count),
  bad(
    "TextExamples row",
    noRow,
    (row) =>
      new nn.TextExamples({ words: Int32Array.of(1, 2), offsets: Int32Array.of(0, 1, 2), labels: [0, 1] }, [0, row])
        .count,
  ),
  bad(
    "ImageExamples of too few bytes",
    fc.constantFrom(0, 7),
    (n) => new nn.ImageExamples({ ...images, x: new Uint8Array(n) }, [0, 1]).count,
  ),
  bad("fit batchSize", noCount, (batchSize) => nn.fit({ ...plan(), batchSize })),
];

// a training that would end at once
function plan(): nn.FitOptions {
  return {
    examples: new nn.FeatureExamples(features),
    loss: () => tensor(0),
    optimizer: new nn.SGD(parameters()),
    batchSize: 1,
    key: key(1),
    epochs: 0,
    validateEvery: 1,
    margin: 0,
    patience: 1,
    validate: () => ({ loss: 1, accuracy: 0 }),
    keep: () => {},
  };
}
