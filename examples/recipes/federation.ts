// A federation of one's own rows: clients keep their data, most share a generalist, each gets a mixture of its own.
import { fold, key, type Model, personalize, Stream, trainGeneralist } from "moiety";
import { Linear, Sequential } from "moiety/nn";

// a house's heating from the weather; in every house a little different, in house 0 very
const house = (of: number, count = 80): { x: number[][]; labels: number[] } => {
  const stream = new Stream(fold(key(1), of, count));
  const x = Array.from({ length: count }, () => [2 * stream.uniform() - 1, 2 * stream.uniform() - 1]);
  const lean = of === 0 ? -1 : 0.1 * of;
  return { x, labels: x.map(([cold, wind]) => (1 - lean) * cold! + 0.5 * wind! + lean) };
};
const model: Model = {
  expert: new Sequential({ hidden: new Linear(2, 16, { relu: true }), out: new Linear(16, 1) }),
  gate: new Sequential({ out: new Linear(2, 1) }),
  shape: [2],
  classes: ["heating"],
  task: "regression",
};
const clients = [0, 1, 2, 3].map((of) => ({ ...house(of), optOut: of === 0 }));
const generalist = await trainGeneralist(model, clients, { rounds: 15, lr: 0.01 });
for (const [of, client] of clients.entries()) {
  const mixture = await personalize(generalist, client, { lr: 0.01 });
  const [shared, own] = [generalist, mixture].map((who) => who.metrics(house(of, 200))["rmse"]!.toFixed(3));
  console.log(`house ${of}: generalist ${shared}, mixture ${own}`);
}
