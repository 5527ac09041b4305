// Numbers as targets: squared error, RMSE, MAE and R2 by the task's name.
import { fold, key, Stream } from "moiety";
import { Adam, Linear, Net, Sequential, TargetExamples, taskLoss, taskMetrics, trainEpoch } from "moiety/nn";

const stream = new Stream(key(1));
const rows = (count: number): TargetExamples => {
  const x = Float32Array.from({ length: 2 * count }, () => 2 * stream.uniform() - 1);
  const targets = Float32Array.from({ length: count }, (_, i) => x[2 * i]! * x[2 * i + 1]! + 0.5 * x[2 * i]!);
  return new TargetExamples({ x, targets, shape: [2] });
};
const [examples, test] = [rows(400), rows(100)];
const module = new Sequential({ hidden: new Linear(2, 24, { relu: true }), out: new Linear(24, 1) });
const net = new Net(module, { group: "private" }).init(1);
const optimizer = new Adam(net.parameters, { lr: 0.01 });
const loss = taskLoss("regression", net);
for (let epoch = 0; epoch < 60; epoch++)
  trainEpoch({ examples, loss, optimizer, batchSize: 20, key: fold(key(1), epoch) });
const { rmse, mae, r2 } = taskMetrics("regression", net, test, 1);
console.log(`RMSE ${rmse!.toFixed(3)}, MAE ${mae!.toFixed(3)}, R2 ${r2!.toFixed(3)}`);
