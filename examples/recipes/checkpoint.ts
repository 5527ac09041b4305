// An exact checkpoint: 10 epochs are 5, a file and 5 more, to the bit, with Adam, dropout and a schedule.
import { fold, key, logSoftmax, Stream } from "moiety";
import { decodeSafetensors, encodeSafetensors } from "moiety/io";
import { Adam, Apply, Dropout, FeatureExamples, likelihood, Linear, Net, optimizerState } from "moiety/nn";
import { type Rated, restoreOptimizer, Scheduled, Sequential, trainEpoch } from "moiety/nn";

const stream = new Stream(key(1));
const x = Float32Array.from({ length: 600 }, () => stream.uniform());
const labels = Int32Array.from({ length: 200 }, (_, i) => Number(x[3 * i]! > x[3 * i + 1]!));
const examples = new FeatureExamples({ x, labels, shape: [3] });
const hidden = new Linear(3, 16, { relu: true });
const layers = { hidden, drop: new Dropout(0.2), out: new Linear(16, 2), answer: new Apply(logSoftmax) };
const made = (): [Net, Rated] => {
  const net = new Net(new Sequential(layers), { group: "private" }).init(1);
  return [net, new Scheduled(new Adam(net.parameters, { lr: 0.01 }), { kind: "cosine", rounds: 200, warmup: 10 })];
};
const train = ([net, optimizer]: [Net, Rated], from: number, to: number): void => {
  for (let epoch = from; epoch < to; epoch++)
    trainEpoch({ examples, loss: likelihood(net), optimizer, batchSize: 10, key: fold(key(1), "epoch", epoch) });
};
const [whole, first, second] = [made(), made(), made()];
train(whole, 0, 10);
train(first, 0, 5);
const weights = encodeSafetensors(Object.entries(first[0].parameters.toRecord()));
const state = encodeSafetensors(Object.entries(optimizerState(first[1])));
second[0].parameters.fromRecord(Object.fromEntries(decodeSafetensors(weights).tensors) as never);
restoreOptimizer(second[1], Object.fromEntries(decodeSafetensors(state).tensors));
train(second, 5, 10);
console.log(`to the bit: ${second[0].parameters.toArray().join() === whole[0].parameters.toArray().join()}`);
