// A table with words and gaps: what columns hold is said by name, and learnt from the training rows alone.
import { fold, key, Stream, logSoftmax } from "moiety";
import { loadTable, memorySource } from "moiety/data";
import { Adam, Apply, FeatureExamples, likelihood, Linear, Net, Sequential, trainEpoch, validateNet } from "moiety/nn";

const stream = new Stream(key(1));
const lines = Array.from({ length: 300 }, () => {
  const [age, city] = [20 + stream.below(50), ["Oslo", "Bergen", "Hamar"][stream.below(3)]!];
  const buys = age > 45 === (city !== "Oslo") ? "yes" : "no";
  return `${stream.uniform() < 0.1 ? "NA" : age},${stream.uniform() < 0.05 ? "" : city},${buys}`;
});
const csv = new TextEncoder().encode(["age,city,buys", ...lines].join("\n"));

const { shape, classes, train, test } = await loadTable(memorySource({ "people.csv": csv }), {
  name: "people",
  train: "people.csv",
  label: "buys",
  missing: ["NA"],
  columns: { age: { kind: "number", gaps: "median" }, city: { kind: "category", most: 10 } },
});
const hidden = new Linear(shape[0]!, 16, { relu: true });
const module = new Sequential({ hidden, out: new Linear(16, classes.length), answer: new Apply(logSoftmax) });
const net = new Net(module, { group: "private" }).init(1);
const optimizer = new Adam(net.parameters, { lr: 0.01 });
const examples = new FeatureExamples({ ...train, shape });
for (let epoch = 0; epoch < 40; epoch++)
  trainEpoch({ examples, loss: likelihood(net), optimizer, batchSize: 16, key: fold(key(1), epoch) });
const { accuracy } = validateNet(net, new FeatureExamples({ ...test, shape }), classes.length);
console.log(`${shape[0]} columns, accuracy ${accuracy.toFixed(3)}`);
