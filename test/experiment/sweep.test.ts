import { complete } from "../../src/experiment/complete.ts";
import { networks } from "../../src/experiment/networks.ts";
import { type Config, planRuns, preset } from "../../src/experiment/index.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { config, dataset } from "../support/tiny.ts";

const base = preset("quick");

test("a sweep is every combination, seeds innermost", () => {
  const variations = [
    { path: "partition.p", values: [0.2, 1] },
    { path: "optOut", values: [0, 0.5] },
  ];
  const runs = planRuns({ base, variations, seeds: 2 });
  assert.equal(
    runs.map(({ name }) => name),
    [
      "p0.2-optOut0-seed1",
      "p0.2-optOut0-seed2",
      "p0.2-optOut0.5-seed1",
      "p0.2-optOut0.5-seed2",
      "p1-optOut0-seed1",
      "p1-optOut0-seed2",
      "p1-optOut0.5-seed1",
      "p1-optOut0.5-seed2",
    ],
  );
  assert.equal(runs[6]!.config, { ...base, optOut: 0.5, partition: { ...base.partition, p: 1 } });
  assert.is(runs[7]!.config.seed, 2);
});

test("without variations a sweep is its seeds", () => {
  assert.equal(
    planRuns({ base: { ...base, seed: 7 }, variations: [], seeds: 3 }).map(({ config: { seed } }) => seed),
    [7, 8, 9],
  );
});

/** Plans runs over one field. */
function plan(path: string, values: unknown[], seeds = 1): () => unknown {
  return () => planRuns({ base, variations: [{ path, values }], seeds });
}

test("a sweep that cannot be is refused before anything runs", () => {
  refuses(plan("partition.p", [0.5, 2]), "config: partition.p: got 2, expected a number from 0 to 1");
  refuses(plan("colour", ["red"]), /^config: no field colour/);
  refuses(plan("optOut", []), "--vary: optOut has no values");
  refuses(plan("optOut", [0.5, 0.5]), "--vary: two runs would be optOut0.5-seed1; give every value once");
  refuses(plan("optOut", [0], 0), "--seeds: got 0, expected a whole number from 1");
});

test("what a short config leaves out comes from the preset it names", () => {
  assert.equal(complete({ seed: 3 }), { ...base, seed: 3 });
  const changed = complete({ preset: "fashion-mnist", federation: { lr: 1 }, partition: { kind: "iid" } }) as Config;
  const named = preset("fashion-mnist");
  assert.equal(changed, { ...named, federation: { ...named.federation, lr: 1 }, partition: { kind: "iid" } });
  // no config at all is for the schema to say
  for (const input of [null, 7, [1], { preset: 5 }]) assert.is(complete(input), input);
});

/** The expert's parameters with their shapes. */
function names(model: Config["model"], data = dataset): string[] {
  return networks({ ...config, model }, data).expert.specs.map(({ name, shape }) => `${name} ${shape}`);
}

test("the networks are those of the data's shape", () => {
  assert.is(names("lenet")[0], "conv1.weight 6,1,5,5");
  assert.is(names("mlp")[0], "fc1.weight 200,784");
  assert.is(names("lenet", { ...dataset, shape: [3, 32, 32] })[0], "conv1.weight 6,3,5,5");
  refuses(
    () => names("lenet", { ...dataset, shape: [1, 8, 8], name: "digits" }),
    "config: model lenet takes images of 3x32x32 or 1x28x28, got 1x8x8 (digits); use mlp",
  );
  refuses(() => names("bilstm"), /^config: model bilstm takes texts, got 1x28x28 numbers/);
});

test.run();
