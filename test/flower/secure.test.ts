// Masked sums through the relay, with nodes on a grid in this process: the rounds of a method that averages come out as they do in the clear, to
// the ring's step; what leaves a node is masked; nodes may go as long as enough of them stay.
import { type Config, MemoryStore } from "../../src/experiment/index.ts";
import { STAGES } from "../../src/federated/backends/flower/secureLetters.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";
import { config, dataset, metricsOf, textOf } from "../support/tiny.ts";
import { distance, modelOf, Nodes } from "./support/masking.ts";

const test = suite("flower secure");

const four: Config = { ...config, clients: 6, federation: { ...config.federation, cohort: 5, rounds: 3 } };

test("rounds of masked sums are the rounds in the clear, to the ring's step, and of an update nothing else leaves a node", async () => {
  const [plain, masked] = [new Nodes(four, dataset, false), new Nodes(four, dataset, true)];
  const promised: string[] = [];
  const store = new MemoryStore();
  const found = await masked.coordinate({ store, audit: true, onPromise: (line) => promised.push(line) });
  const far = distance(modelOf(found), modelOf(await plain.coordinate()));
  assert.ok(far < 1e-5, `${far}`);
  assert.match(promised.join(), /fedavg: the server sees sums over the clients of a round, of whom 3 of 5 must stay/);
  const trained = masked.sent.filter(({ type }) => type === STAGES.masked);
  assert.is(trained.length, 15);
  for (const { names } of trained) assert.equal(names, ["secure/masked", "num-examples"]);
  assert.not(masked.sent.some(({ type }) => type === "train"));
  // the server's log has the masked numbers, each of its own kind though clients all begin alike
  const log = textOf(store, "audit.jsonl").trim().split("\n").map((line) => JSON.parse(line) as { kind: string; vectors?: { name: string; sha256: string }[] }); // prettier-ignore
  const vectors = log.filter(({ kind }) => kind === "train").flatMap((line) => line.vectors ?? []);
  assert.is(vectors.length, 15);
  assert.ok(vectors.every(({ name }) => name === "masked"));
  assert.is(new Set(vectors.map(({ sha256 }) => sha256)).size, 15);
});

test("a node that goes is left out of its round, at whichever message, and the rest is their mean", async () => {
  for (const [stage, counts] of [
    [STAGES.keys, 4],
    [STAGES.shares, 4],
    [STAGES.masked, 4],
    [STAGES.reveal, 5],
  ] as const) {
    // prettier-ignore
    const all = { ...four, clients: 5, federation: { ...four.federation, rounds: 1 } };
    const [plain, masked] = [new Nodes(all, dataset, false), new Nodes(all, dataset, true)];
    masked.fails.set(2, { type: stage });
    if (counts === 4) plain.fails.set(2, { type: "train" });
    const store = new MemoryStore();
    const far = distance(modelOf(await masked.coordinate({ store })), modelOf(await plain.coordinate()));
    assert.ok(far < 1e-5, `${stage}: ${far}`);
    const [round] = metricsOf(store).flatMap((one) => (one.kind === "round" ? [one] : []));
    const refused = round!.refused ?? [];
    assert.equal(refused.map(({ client }) => client), counts === 4 ? [2] : []); // prettier-ignore
  }
});

test("too few are one error that says so, and nothing is made of what they sent", async () => {
  const nodes = new Nodes(four, dataset, true);
  for (const client of [0, 1, 2, 3]) nodes.fails.set(client, { type: STAGES.masked });
  await refusesLater(() => nodes.coordinate(), /secure: clients that answered, got \d of 5, expected 3 at least/);
});

test("messages and answers that get lost cost a round nothing but time", async () => {
  const calm = modelOf(await new Nodes(four, dataset, true).coordinate());
  const nodes = new Nodes(four, dataset, true);
  const rough = await nodes.coordinate({ trouble: 0.02, pingSeconds: 0.02, answerSeconds: 30 });
  assert.ok(nodes.grid!.troubles.size > 3, [...nodes.grid!.troubles.keys()].join());
  assert.ok(distance(modelOf(rough), calm) < 1e-5);
});

test("what is no sum is refused by its name, and so is who masks beside one who does not", async () => {
  const ask = (of: Config): Promise<unknown> => new Nodes(of, dataset, true).coordinate();
  const methods = (name: string): Config => ({ ...four, methods: { [name]: {} } });
  await refusesLater(() => ask(methods("scaffold")), /--secure: got scaffold, .*expected a method that averages/);
  await refusesLater(
    () => ask(methods("krum")),
    /--secure: got krum, whose server looks at single updates, expected a method that averages/,
  );
  const noisy = { ...four, federation: { ...four.federation, privacy: { clip: 1, multiplier: 1 } } };
  await refusesLater(() => ask(noisy), /--secure: got federation.privacy.kind=central, expected none/);
  await refusesLater(
    () => ask({ ...four, federation: { ...four.federation, cohort: 2 } }),
    /--secure: got federation.cohort=2, expected 3 to 255/,
  );
  await refusesLater(
    () => new Nodes(four, dataset, false).coordinate({ secure: true }),
    /secure: clients that sent keys, got 0 of 5/,
  );
  await refusesLater(
    () => new Nodes(four, dataset, true).coordinate({ secure: false }),
    /secure: got a question for a plain update/,
  );
});

test.run();
