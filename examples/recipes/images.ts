// Images through a batch-normalised network, with flips and crops, momentum and a one-cycle schedule.
import { fold, key, logSoftmax, relu } from "moiety";
import { bundled, loadFashionMnist, take } from "moiety/data";
import { Apply, Augmented, BatchNorm, Convolution, cropped, Flatten, flipped, ImageExamples, inTurn } from "moiety/nn";
import { likelihood, Linear, MaxPool2d, Net, Scheduled, Sequential, SGD, trainEpoch, validateNet } from "moiety/nn";

const { train, test, shape, normalization } = await loadFashionMnist(bundled());
const some = (of: typeof train, rows: number): ImageExamples =>
  new ImageExamples({
    ...take(
      of,
      Int32Array.from({ length: rows }, (_, i) => i),
    ),
    shape,
    normalization,
  });
const block = (from: number, to: number): Sequential => {
  const conv = new Convolution(from, to, 3, { pad: 1, bias: false });
  return new Sequential({ conv, norm: new BatchNorm(to), bend: new Apply(relu), pool: new MaxPool2d(2) });
};
const body = { one: block(1, 8), two: block(8, 16), flat: new Flatten() };
const module = new Sequential({ ...body, out: new Linear(784, 10), answer: new Apply(logSoftmax) });
const net = new Net(module, { group: "private" }).init(1);
const examples = new Augmented(some(train, 1000), inTurn(flipped(), cropped(1)));
const sgd = new SGD(net.parameters, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 5e-4 });
const optimizer = new Scheduled(sgd, { kind: "one-cycle", rounds: 4 * 32 });
for (let epoch = 0; epoch < 4; epoch++)
  trainEpoch({ examples, loss: likelihood(net), optimizer, batchSize: 32, key: fold(key(1), epoch) });
console.log(`accuracy ${validateNet(net, some(test, 500), 10).accuracy.toFixed(3)}`);
