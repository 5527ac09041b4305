import { fromArrays } from "../../src/data/index.ts";
import { experimentCalls } from "../../src/experiment/clients.ts";
import { heldGeneralist } from "../../src/experiment/personalize.ts";
import { initialModel } from "../../src/experiment/federations.ts";
import { preset } from "../../src/experiment/presets.ts";
import { type Setup, setUp } from "../../src/experiment/setup.ts";
import { type LiveEvent, spaced } from "../../src/experiment/watch.ts";
import { Stream } from "../../src/runtime/random.ts";
import { assert, test } from "../support/suite.ts";

// bright rows in a place that depends on the class, in noise
function toySetup(): Setup {
  const stream = new Stream([1, 2]);
  const rows = (count: number): { x: Uint8Array; labels: Uint8Array } => {
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
    const x = Uint8Array.from({ length: count * 64 }, (_, i) => {
      const own = (i >> 4) % 4 === labels[i >> 6];
      return stream.below(100) + (own ? 100 : 0);
    });
    return { x, labels };
  };
  const classes = ["a", "b", "c", "d"];
  const dataset = fromArrays({ name: "toy", classes, shape: [1, 8, 8], train: rows(400), test: rows(80) });
  const base = preset("quick");
  const config = {
    ...base,
    model: "mlp",
    clients: 3,
    rows: { train: 20, validation: 10, test: 16 },
    federation: { ...base.federation, cohort: 2, localEpochs: 1 },
    personal: { ...base.personal, epochs: 3, validateEvery: 1 },
  } as const;
  return setUp(config, dataset);
}

test("looking on changes no weight and no score", async () => {
  const setup = toySetup();
  const generalist = initialModel(setup);
  const events: LiveEvent[] = [];
  const alone = experimentCalls(setup);
  const watched = experimentCalls(setup, { tell: (event) => events.push(event), share: 1 });
  const list = { federation: "fedavg", round: 0, calls: [{ client: 1, down: { model: generalist }, kept: {} }] };
  assert.equal(await watched.train(list), await alone.train(list));
  const call = { client: 1, held: heldGeneralist(generalist) };
  assert.equal(watched.personalize(call), alone.personalize(call));
  const told = (kind: string): number => events.filter((event) => event.kind === kind).length;
  assert.is(told("begins"), 2);
  assert.ok(told("epoch") >= 3, "every validation is told");
  assert.ok(told("standing") >= 2, "and so is where models stand");
});

test("a look at all rows finds what the scores say in the end", () => {
  const setup = toySetup();
  const generalist = initialModel(setup);
  const seen: LiveEvent[] = [];
  const calls = experimentCalls(setup, { tell: (event) => seen.push(event), rows: 80, share: Infinity });
  const { scores, epochs } = calls.personalize({ client: 2, held: heldGeneralist(generalist) }) as Awaited<
    ReturnType<typeof calls.personalize>
  >;
  const looks = seen.filter((event) => event.kind === "standing" && event.method === "local");
  const best = looks[epochs.local!.bestEpoch]!;
  assert.ok(best.kind === "standing" && Math.abs(best.localTest - scores["local"]!.localTest) < 1e-9);
  assert.ok(best.kind === "standing" && Math.abs(best.globalTest - scores["local"]!.globalTest) < 1e-9);
});

test("spaced rows are at most so many, evenly from the first on", () => {
  const rows = Int32Array.of(5, 6, 7, 8, 9, 10);
  assert.equal([...spaced(rows, 3)], [5, 7, 9]);
  assert.equal([...spaced(rows, 4)], [5, 6, 8, 9]);
  assert.equal([...spaced(rows, 9)], [...rows]);
});

test.run();
