import { dirname, join } from "node:path";
import fc from "fast-check";
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

test("a run is called what a folder can be called, or the sweep is refused", () => {
  const one = fc.oneof(
    fc.double({ min: 1e-9, max: 1, noNaN: true }).map((value) => ({ path: "mixture.lr", values: [value] })),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 90 }).map((name) => ({ path: "dataset", values: [name] })),
  );
  fc.assert(
    fc.property(fc.array(one, { maxLength: 24 }), (variations) => {
      try {
        for (const { name } of planRuns({ base, variations, seeds: 1 })) assert.ok(Buffer.byteLength(name) <= 240);
      } catch (error) {
        assert.match((error as Error).message, /^(?:--vary: got a run called .*, \d+ bytes long|config: dataset: )/s);
      }
    }),
  );
  const variations = Array.from({ length: 40 }, () => ({ path: "mixture.lr", values: [1e-4] }));
  refuses(() => planRuns({ base, variations, seeds: 1 }), /^--vary: got a run called lr0\.0001-.*, 365 bytes long/);
});

/** Plans runs over one field. */
function plan(path: string, values: unknown[], seeds = 1): () => unknown {
  return () => planRuns({ base, variations: [{ path, values }], seeds });
}

test("a sweep that cannot be is refused before anything runs", () => {
  refuses(plan("partition.p", [0.5, 2]), "config: partition.p: got 2, expected a number from 0 to 1");
  refuses(plan("colour", ["red"]), /^config: no field colour/);
  refuses(plan("optOut", []), '--vary: "optOut" has no values');
  refuses(plan("optOut", [0.5, 0.5]), "--vary: two runs would be optOut0.5; give every value once");
  refuses(plan("optOut", [0], 0), "--seeds: got 0, expected a whole number from 1");
});

test("seeds that are varied are the runs' seeds, one for each", () => {
  const variations = [
    { path: "seed", values: [5, 6] },
    { path: "optOut", values: [0, 0.5] },
  ];
  const runs = planRuns({ base, variations, seeds: 1 });
  assert.equal(
    runs.map(({ name, config: { seed } }) => [name, seed]),
    [
      ["optOut0-seed5", 5],
      ["optOut0-seed6", 6],
      ["optOut0.5-seed5", 5],
      ["optOut0.5-seed6", 6],
    ],
  );
  refuses(plan("seed", [5, 6], 3), /^--seeds: got 3 beside --vary seed, expected one of the two/);
  refuses(plan("seed", [5, 5]), "--vary: two runs would be seed5; give every value once");
});

// texts that a path or an address could be, and any others
const text = fc.oneof(
  fc.string(),
  fc.array(fc.constantFrom("..", ".", "a", "net.mjs", ""), { maxLength: 6 }).map((parts) => parts.join("/")),
  fc.constantFrom("file:///x/net.mjs", "..\\\\..\\\\x", "/etc", "a\u0000b", "x".repeat(300)),
);

test("whatever is varied, every run has a folder of its own right in the sweep's, and the value it is named after", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(
        text.filter((value) => value !== ""),
        { minLength: 1, maxLength: 6 },
      ),
      (values) => {
        const files = { kind: "csv", folder: "/data", train: "a.csv", label: "y" } as const;
        const runs = planRuns({
          base: { ...base, dataset: "mine", files },
          variations: [{ path: "files.train", values }],
          seeds: 2,
        });
        const names = runs.map(({ name }) => name);
        assert.is(new Set(names).size, 2 * values.length);
        for (const name of names) {
          assert.is(dirname(join("sweep", name)), "sweep");
          assert.ok(Buffer.byteLength(name) <= 255, name);
        }
        assert.equal(
          runs.map(({ config }) => (config.files as { train: string }).train),
          values.flatMap((value) => [value, value]),
        );
      },
    ),
  );
});

test("a preset's name cannot lead out of the folder of runs", () => {
  for (const value of ["../..", "/etc", "a/b", "..", "", ".x"])
    refuses(plan("preset", [value]), /^config: preset: got .*, expected a name of letters and digits/);
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
