// A table of one's own becomes a federation: its rows are dealt to clients that prefer some classes, the clients train together,
// and each gets a mixture.
//
//   npm run example -- deno [folder file label]
import { key, personalize, trainGeneralist } from "moiety";
import { dirichletLabels, loadTable, take, urlSource } from "moiety/data";
import { mlp, mlpGate } from "moiety/nn";

const [folder = new URL(".", import.meta.url).href, train = "readings.csv", label = "state"] = process.argv.slice(2);
const table = await loadTable(urlSource(folder), { name: "readings", train, label });
const [columns] = table.shape as [number];
const { classes } = table;
console.log(`${table.train.rows} training rows of ${columns} numbers; classes ${classes.join(", ")}`);

const model = { expert: mlp(columns, classes.length), gate: mlpGate(columns), shape: table.shape, classes };
const sizes = { clients: 4, trainRows: 40, validationRows: 0, testRows: 20 };
const parts = dirichletLabels(table.train.labels, table.test.labels, { ...sizes, alpha: 0.5 }, key(1)).clients;
const clients = parts.map((rows) => ({ ...take(table.train, rows.train), test: take(table.test, rows.test) }));

const generalist = await trainGeneralist(model, clients, { rounds: 20 });
for (const [i, client] of clients.entries()) {
  const mixture = await personalize(generalist, client);
  console.log(`client ${i}: generalist ${generalist.accuracy(client.test)}, mixture ${mixture.accuracy(client.test)}`);
}
