// Losses against PyTorch's, and what they refuse.
import { logSoftmax, softmax, type Tensor, tensor, zeros } from "../../src/autograd/index.ts";
import {
  binaryCrossEntropy,
  cosineEmbedding,
  cosineSimilarity,
  type CrossEntropyOptions,
  huber,
  klDivergence,
  meanAbsoluteError,
  meanSquaredError,
  softmaxCrossEntropy,
  triplet,
} from "../../src/nn/losses.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { againstTorch, type Case } from "../support/torch.ts";

const whole = (values: number[]): Tensor => tensor(values, [values.length], "i32");
const weights = (): Tensor => tensor([0.5, 1, 2, 0.25, 1.5]);
const soft = (): Tensor =>
  softmax(
    tensor(
      Array.from({ length: 20 }, (_, i) => (i * 0.37) % 2),
      [4, 5],
    ),
  );
const binary = (): Tensor => tensor([0, 1, 0.5, 1, 0, 0.25], [2, 3]);
const hard = (): Tensor => tensor([0, 0.25, 0.75, 0, 1, 0, 0, 0], [2, 4]);

const classes =
  (options: () => CrossEntropyOptions, target: () => Tensor = () => whole([2, 0, 4, 1])): Case =>
  (x) =>
    softmaxCrossEntropy(x, target(), options());
const ignored = (): Tensor => whole([2, -100, 4, 1]);
const all = (): CrossEntropyOptions => ({ weight: weights(), labelSmoothing: 0.2, ignoreIndex: -100 });

againstTorch(new URL("golden/objectives.json", import.meta.url), {
  squared: (y, t) => meanSquaredError(y, t),
  "squared, summed": (y, t) => meanSquaredError(y, t, { reduction: "sum" }),
  absolute: (y, t) => meanAbsoluteError(y, t),
  huber: (y, t) => huber(y, t, { delta: 0.7 }),
  "huber, each": (y, t) => huber(y, t, { delta: 0.7, reduction: "none" }),
  binary: (z) => binaryCrossEntropy(z, binary()),
  "binary, weighted": (z) => binaryCrossEntropy(z, binary(), { positiveWeight: 3 }),
  classes: classes(() => ({})),
  "classes, ignored": classes(() => ({ ignoreIndex: -100 }), ignored),
  "classes, weights": classes(() => ({ weight: weights() })),
  "classes, smoothed": classes(() => ({ labelSmoothing: 0.2 })),
  "classes, all of it": classes(all, ignored),
  "classes, all of it, each": classes(() => ({ ...all(), reduction: "none" }), ignored),
  "classes, all of it, summed": classes(() => ({ ...all(), reduction: "sum" }), ignored),
  probabilities: classes(() => ({}), soft),
  "probabilities, weights, smoothed": classes(() => ({ weight: weights(), labelSmoothing: 0.1 }), soft),
  divergence: (x) => klDivergence(logSoftmax(x), hard()),
  cosine: (a, b) => cosineSimilarity(a, b),
  embedding: (a, b) => cosineEmbedding(a, b, tensor([1, -1, -1, 1]), { margin: 0.1 }),
  triplet: (a, p, n) => triplet(a, p, n, { margin: 2 }),
});

test("large logits neither overflow nor lose their loss", () => {
  const z = tensor([-200, 200, 200]);
  assert.equal(Array.from(binaryCrossEntropy(z, tensor([0, 1, 0]), { reduction: "none" }).toArray()), [0, 0, 200]);
});

test("shapes that would be spread without a word are refused", () => {
  refuses(
    () => meanSquaredError(zeros([4, 1]), zeros([4])),
    "meanSquaredError: got shapes [4,1] [4], expected equal ones; reshape before",
  );
  refuses(
    () => softmaxCrossEntropy(zeros([2, 3]), whole([0, 1]), { weight: zeros([2]) }),
    "softmaxCrossEntropy: got [2,3] and weights [2], expected [rows,classes] and a weight for each class",
  );
  refuses(
    () => softmaxCrossEntropy(zeros([2, 3]), whole([0, 1]), { labelSmoothing: 2 }),
    "softmaxCrossEntropy: got labelSmoothing 2, expected 0 to 1",
  );
});

test.run();
