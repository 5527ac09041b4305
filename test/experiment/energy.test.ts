// Loads of households by the hour through networks with a layer of experts, from the preset to its records.
import { fileURLToPath } from "node:url";
import { configOf } from "../../src/cli/configOf.ts";
import { openDataset } from "../../src/cli/dataset.ts";
import { generateDataset } from "../../src/data/index.ts";
import { scope, tensor } from "../../src/autograd/index.ts";
import { experimentCalls, InThread, MemoryStore, parseConfig, preset, run } from "../../src/experiment/index.ts";
import { Net, sparseMlp } from "../../src/nn/index.ts";
import { methodTable } from "../../src/report/index.ts";
import { near } from "../support/near.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("energy");

test("a layer of equal experts is one of them, whatever its gate and however many a row has", () => {
  for (const soft of [false, true]) {
    const net = new Net(sparseMlp(3, 2, { soft, probabilities: false }), { group: "private" }).init(1);
    const parts = net.parameters.toRecord();
    const values = net.module.specs.flatMap(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const from = name.replace(/experts\.\d/, "experts.0");
      return name === "moe.gate" ? Array.from({ length: size }, (_, i) => Math.sin(i)) : Array.from(parts[from]!.data);
    });
    const x = [0.3, -1, 2, 0.5, 0.1, -0.7];
    const answer = (): number[] => scope(() => Array.from(net.predict(tensor(x, [2, 3])).toArray()));
    net.parameters.copyFrom(values);
    const one = answer();
    const row = (weights: string, biases: string, z: readonly number[]): number[] => {
      const [w, b] = [parts[weights]!.data, parts[biases]!.data];
      return Array.from(b, (bias, o) => z.reduce((sum, v, i) => sum + w[o * z.length + i]! * v, bias));
    };
    const up = (z: readonly number[]): number[] => z.map((v) => Math.max(0, v));
    const plain = [x.slice(0, 3), x.slice(3)].flatMap((input) => {
      const hidden = up(row("fc1.weight", "fc1.bias", input));
      return row("fc2.weight", "fc2.bias", up(row("moe.experts.0.weight", "moe.experts.0.bias", hidden)));
    });
    near(one, plain, 1e-5);
    net.dispose();
  }
});

test("a file of one's own by the hour: windows of buildings, none of whose last fifth trains", async () => {
  const mine = await configOf(fileURLToPath(new URL("../../examples/hourly/windows.json", import.meta.url)), {});
  const { dataset } = await openDataset(mine, undefined);
  if (dataset.kind !== "features") throw new Error(dataset.kind);
  // 24 hours, 7 days, each with one more for others, temperature and what was used
  assert.equal([dataset.shape, dataset.owners!.names.length], [[12, 25 + 8 + 2], 6]);
  assert.is(dataset.test.rows, 6 * Math.ceil(336 / 5));
  assert.is(dataset.train.rows, 6 * (336 - Math.ceil(336 / 5) - 12));
});

test("the preset energy, cut short: the next hour's load from a day of it, with experts in every client's network", async () => {
  const whole = preset("energy");
  const dataset = await generateDataset("households");
  for (const model of ["soft-moe", "moe"]) {
    const config = parseConfig({
      ...whole,
      model,
      clients: 8,
      rows: { train: 120, validation: 60, test: 100 },
      federation: { ...whole.federation, rounds: 12, cohort: 8, lr: 3e-3 },
      personal: { ...whole.personal, clients: 3, epochs: 6 },
    });
    const pool = async (setup: Parameters<typeof experimentCalls>[0]) => new InThread(experimentCalls(setup));
    const result = await run({ config, dataset, store: new MemoryStore(), pool });
    if (!result.finished) throw new Error(result.at);
    const { methods, classNames, task } = result.records.summary;
    assert.equal([classNames, task], [["kilowatts"], "regression"]);
    assert.ok(methods["fedavg"]!.localTest.mean > 40, methodTable({ methods, task: "regression" }));
    assert.ok(methods["mixture"]!.localRmse!.mean < 1, methodTable({ methods, task: "regression" }));
  }
});

test.run();
