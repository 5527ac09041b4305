// Twenty clients train a generalist on images that they keep; then three of them get a mixture of their own.
import { key, personalize, trainGeneralist } from "moiety";
import { bundled, loadFashionMnist, majority, take } from "moiety/data";
import { lenetFashion, lenetFashionGate } from "moiety/nn";

const { train, test, shape, classes } = await loadFashionMnist(bundled());
const model = { expert: lenetFashion(), gate: lenetFashionGate(), shape, classes };

// six in ten of a client's images are of two classes that it prefers
const sizes = { clients: 20, trainRows: 100, validationRows: 0, testRows: 200 };
const parts = majority(train.labels, test.labels, { ...sizes, p: 0.6 }, key(1)).clients;
const clients = parts.map((rows) => ({ ...take(train, rows.train), test: take(test, rows.test) }));

const generalist = await trainGeneralist(model, clients, { rounds: 30, seed: 1 });
for (const client of clients.slice(0, 3)) {
  const mixture = await personalize(generalist, client, { seed: 1 });
  const [first] = mixture.predict(client.test.x);
  console.log(`own test: generalist ${generalist.accuracy(client.test)}, mixture ${mixture.accuracy(client.test)}`);
  console.log(`its first image: ${first?.label}, the specialist was trusted ${first?.trust.toFixed(2)}`);
}
