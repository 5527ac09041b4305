// Windows of a signal: a convolution along time, an average over it, and classes by pitch.
import { fold, key, logSoftmax, mean, relu, Stream } from "moiety";
import { Adam, Apply, Conv1d, FeatureExamples, likelihood, Linear, Net } from "moiety/nn";
import { Sequential, trainEpoch, validateNet } from "moiety/nn";

const stream = new Stream(key(1));
const steps = 64;
const windows = (count: number): FeatureExamples => {
  const labels = Int32Array.from({ length: count }, () => stream.below(3));
  const x = new Float32Array(count * steps);
  labels.forEach((label, i) => {
    const [pitch, phase] = [0.2 + 0.25 * label, 6 * stream.uniform()];
    for (let t = 0; t < steps; t++) x[i * steps + t] = Math.sin(pitch * t + phase) + 0.3 * (stream.uniform() - 0.5);
  });
  return new FeatureExamples({ x, labels, shape: [1, steps] });
};
const [examples, test] = [windows(300), windows(150)];
const module = new Sequential({
  conv: new Conv1d(1, 8, 7, { pad: "same", stride: 2 }),
  bend: new Apply(relu),
  pool: new Apply((x) => mean(x, { axis: 2 })),
  out: new Linear(8, 3),
  answer: new Apply(logSoftmax),
});
const net = new Net(module, { group: "private" }).init(1);
const optimizer = new Adam(net.parameters, { lr: 0.01 });
for (let epoch = 0; epoch < 15; epoch++)
  trainEpoch({ examples, loss: likelihood(net), optimizer, batchSize: 15, key: fold(key(1), epoch) });
console.log(`accuracy ${validateNet(net, test, 3).accuracy.toFixed(3)}`);
