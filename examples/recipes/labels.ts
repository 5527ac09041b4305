// An autoencoder makes eight numbers of sixteen; from those a second network tells which of three patterns are in a row.
import { fold, key, Stream } from "moiety";
import { Adam, Linear, type Module, Net, predictAll, Sequential, TargetExamples } from "moiety/nn";
import { taskLoss, taskMetrics, type TaskName, trainEpoch } from "moiety/nn";

const stream = new Stream(key(1));
const patterns = Float32Array.from({ length: 3 * 16 }, () => stream.uniform() - 0.5);
const had = Float32Array.from({ length: 3 * 400 }, () => stream.below(2));
const x = Float32Array.from({ length: 16 * 400 }, (_, i) => {
  const [row, at] = [Math.floor(i / 16), i % 16];
  return [0, 1, 2].reduce((sum, c) => sum + had[3 * row + c]! * patterns[16 * c + at]!, 0.1 * stream.uniform());
});
const train = (module: Module, task: TaskName, examples: TargetExamples): Net => {
  const net = new Net(module, { group: "private" }).init(1);
  const optimizer = new Adam(net.parameters, { lr: 0.01 });
  for (let epoch = 0; epoch < 30; epoch++)
    trainEpoch({ examples, loss: taskLoss(task, net), optimizer, batchSize: 20, key: fold(key(1), epoch) });
  return net;
};
const own = new TargetExamples({ x, targets: x, shape: [16], outputs: 16 });
const layers = { in: new Linear(16, 8, { relu: true }), out: new Linear(8, 16) };
const coder = train(new Sequential(layers), "regression", own);
const body = new Net(new Sequential(layers).split().body, { group: "private" });
body.parameters.copyMatching(coder.parameters);
const codes = predictAll(own, 8, (rows) => body.predict(rows)).toArray();
const coded = new TargetExamples({ x: codes, targets: had, shape: [8], outputs: 3 });
const teller = train(new Sequential({ out: new Linear(8, 3) }), "multi-label", coded);
const { f1, auc } = taskMetrics("multi-label", teller, coded, 3);
const { r2 } = taskMetrics("regression", coder, own, 16);
console.log(`R2 ${r2!.toFixed(3)}, F1 ${f1!.toFixed(3)}, AUC ${auc!.toFixed(3)}`);
