// Transfer: a body that is trained already stays as it is while a new head learns another task.
import { fold, key, logSoftmax, Stream } from "moiety";
import { Adam, Apply, FeatureExamples, likelihood, Linear, Net } from "moiety/nn";
import { Sequential, trainEpoch, validateNet } from "moiety/nn";

const stream = new Stream(key(1));
const rows = (count: number, label: (a: number, b: number) => number): FeatureExamples => {
  const x = Float32Array.from({ length: 2 * count }, () => 2 * stream.uniform() - 1);
  const labels = Int32Array.from({ length: count }, (_, i) => label(x[2 * i]!, x[2 * i + 1]!));
  return new FeatureExamples({ x, labels, shape: [2] });
};
const made = (classes: number): Net => {
  const layers = { body: new Linear(2, 32, { relu: true }), head: new Linear(32, classes) };
  return new Net(new Sequential({ ...layers, answer: new Apply(logSoftmax) }), { group: "private" }).init(classes);
};
const train = (net: Net, examples: FeatureExamples, only: (name: string) => boolean): void => {
  const optimizer = new Adam(net.parameters, { lr: 0.02, only });
  for (let epoch = 0; epoch < 30; epoch++)
    trainEpoch({ examples, loss: likelihood(net), optimizer, batchSize: 10, key: fold(key(1), epoch) });
};
const [first, second, stripes] = [made(4), made(2), (a: number, b: number) => Number(a * b > 0)];
const quarters = rows(600, (a, b) => 2 * Number(a > 0) + Number(b > 0));
train(first, quarters, () => true);
second.parameters.copyMatching(first.parameters); // the body; the head has another shape
train(second, rows(40, stripes), (name) => name.startsWith("head"));
console.log(`accuracy with 40 rows ${validateNet(second, rows(300, stripes), 2).accuracy.toFixed(3)}`);
