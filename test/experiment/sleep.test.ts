// Stages of sleep that are made up, through a network with a chain of stages.
import { generateDataset } from "../../src/data/index.ts";
import { sleepCsv } from "../../src/data/sleep.ts";
import { experimentCalls, InThread, MemoryStore, parseConfig, preset, run } from "../../src/experiment/index.ts";
import { Sha256 } from "../../src/io/index.ts";
import { methodTable } from "../../src/report/index.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("sleep");

test("nights are the same every time: nine epochs of six numbers, and the stage of the last", async () => {
  const text = sleepCsv();
  assert.is(new Sha256().update(new TextEncoder().encode(text)).hex().slice(0, 16), "52b687f6ed0ca813");
  const { shape, classes, train, test: tests, owners, targets } = await generateDataset("sleep");
  assert.equal(
    [shape, classes],
    [
      [9, 6],
      ["deep", "light", "rem", "sleep", "wake"],
    ],
  );
  assert.equal([train.rows, tests.rows, owners!.names.length, targets], [16 * (480 - 8), 16 * 120, 16, undefined]);
  // the first window of a night ends in its ninth epoch
  const lines = text.split("\n").slice(1);
  assert.is(classes[train.labels[0]!], lines[8]!.split(",").at(-1));
});

test("the preset sleep, cut short: with a chain stages are told better than by a perceptron that sees the same epochs", async () => {
  const whole = preset("sleep");
  const dataset = await generateDataset("sleep");
  const accuracy = async (model: string): Promise<number> => {
    const config = parseConfig({
      ...whole,
      model,
      methods: { fedavg: {} },
      clock: { turn: false },
      rows: { train: 200, validation: 40, test: 118 },
      federation: { ...whole.federation, rounds: 30 },
      personal: { ...whole.personal, clients: 8 },
    });
    const pool = async (setup: Parameters<typeof experimentCalls>[0]) => new InThread(experimentCalls(setup));
    const result = await run({ config, dataset, store: new MemoryStore(), pool });
    if (!result.finished) throw new Error(result.at);
    const { methods } = result.records.summary;
    assert.ok(methods["fedavg"]!.localTest.mean > 50, methodTable({ methods }));
    return methods["fedavg"]!.localTest.mean;
  };
  // a perceptron sees all nine epochs as well
  const [chained, plain] = [await accuracy("chain"), await accuracy("mlp")];
  assert.ok(chained > plain, `${chained} and ${plain}`);
});

test.run();
