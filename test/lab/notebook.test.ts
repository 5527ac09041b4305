import type { ClientOutline } from "../../lab/messages.ts";
import { clustersOf, peersOf } from "../../lab/page/clusters.ts";
import { Notebook, type Topic } from "../../lab/page/notebook.ts";
import type { ClientMetric } from "../../src/report/metrics.ts";
import { assert, test } from "../support/suite.ts";

const outline = (client: number, optedOut = false): ClientOutline => ({
  client,
  optedOut,
  evaluated: true,
  counts: [3, 1],
  classes: [0],
});

function opened(): { notebook: Notebook; changed: Set<Topic> } {
  const changed = new Set<Topic>();
  const notebook = new Notebook((topics) => topics.forEach((topic) => changed.add(topic)));
  notebook.begin([outline(0), outline(1, true)]);
  changed.clear();
  return { notebook, changed };
}

const result = (client: number, method: string, localTest: number, globalTest: number): ClientMetric => ({
  kind: "client",
  client,
  method,
  optedOut: false,
  localTest,
  globalTest,
  localNll: 1,
  globalNll: 1,
});

test("the generalist puts every client where its copy stands, and the trained copy moves on", () => {
  const { notebook, changed } = opened();
  notebook.hear([{ kind: "generalist", localTest: 15, globalTest: 10, clients: [10, 20] }]);
  assert.equal(notebook.clients[1]!.places.fedavg, { localTest: 20, globalTest: 10 });
  notebook.hear([{ kind: "standing", client: 0, method: "fedavg", localTest: 40, globalTest: 30 }]);
  assert.equal(notebook.clients[0]!.places.fedavg, { localTest: 40, globalTest: 30 });
  assert.is(notebook.clients[0]!.trail.length, 2);
  assert.equal([...changed], ["places"]);
});

test("a model trained alone goes its own way while the client holds the other", () => {
  const { notebook } = opened();
  notebook.hear([
    { kind: "standing", client: 0, method: "finetuned", localTest: 60, globalTest: 50 },
    { kind: "standing", client: 0, method: "local", localTest: 20, globalTest: 10 },
  ]);
  const [client] = notebook.clients;
  assert.is(client!.model, "finetuned");
  assert.equal(client!.places.local, { localTest: 20, globalTest: 10 });
  assert.is(client!.trail.length, 1);
});

test("a client that is done stands where its mixture is, whatever the generalist does", () => {
  const { notebook } = opened();
  notebook.hear([result(0, "mixture", 80, 70), result(0, "local", 70, 50), { kind: "done", client: 0, done: 1 }]);
  notebook.hear([{ kind: "generalist", localTest: 1, globalTest: 1, clients: [1, 1] }]);
  const [client] = notebook.clients;
  assert.is(client!.model, "mixture");
  assert.is(client!.doing, "done");
  assert.is(client!.places.mixture?.localTest, 80);
});

test("private training that begins again forgets the epochs of the time before", () => {
  const { notebook } = opened();
  const epoch = { kind: "epoch", client: 1, method: "local", epoch: 0, validationLoss: 1, validationAccuracy: 50, best: true } as const; // prettier-ignore
  notebook.hear([{ kind: "begins", client: 1, part: "private" }, epoch, epoch]);
  notebook.hear([{ kind: "begins", client: 1, part: "private" }, epoch]);
  assert.is(notebook.clients[1]!.epochs.length, 1);
});

test("rounds count the phase up", () => {
  const { notebook } = opened();
  notebook.hear([
    { kind: "phase", phase: "federation", done: 0, total: 9 },
    { kind: "round", round: 3, clients: [0], trainLoss: 1, seconds: 1 },
  ]);
  assert.equal(notebook.phase, { kind: "phase", phase: "federation", done: 4, total: 9 });
  assert.is(notebook.rounds.length, 1);
});

test("clusters and peers are known as soon as a turn shows them, the last ones of each method", () => {
  const { notebook, changed } = opened();
  notebook.hear([
    { kind: "ties", method: "aem", client: 0, cluster: 1 },
    { kind: "ties", method: "pens", client: 0, peers: [1] },
    { kind: "ties", method: "aem", client: 0, cluster: 0 },
  ]);
  const [client] = notebook.clients;
  assert.is(client!.clusters.get("aem"), 0);
  assert.equal([...peersOf(notebook.clients, "pens")], [[0, [1]]]);
  assert.equal([...clustersOf(notebook.clients, "aem")], [[0, [0]]]);
  assert.ok(changed.has("results"));
});

test.run();
