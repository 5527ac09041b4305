import fc from "fast-check";
import type { Config } from "../../src/experiment/config.ts";
import { presetList } from "../../src/experiment/presets.ts";
import { defaultConfig, readAddress, writeAddress } from "../../lab/page/address.ts";
import { comparable } from "../../lab/page/declared.ts";
import { assert, test } from "../support/suite.ts";

test("an address holds the whole config of every preset that the lab can run", () => {
  const runnable = presetList().filter(({ config }) => ["lenet", "mlp"].includes(config.model));
  assert.ok(runnable.length >= 2);
  for (const { config } of runnable) assert.equal(readAddress(`#${writeAddress(config)}`), config);
});

test("an address holds files of one's own", () => {
  const files = { kind: "csv", folder: ".", train: "a, b & c.csv", label: "kind", ignore: ["id", "=1"] } as const;
  const config: Config = { ...defaultConfig(), dataset: "things", model: "mlp", files };
  assert.equal(readAddress(`#${writeAddress(config)}`), config);
  assert.throws(() => readAddress("#files=%7Bkind"), /no field files, or not a whole one/);
});

test("an address cannot make the page run a module from elsewhere", () => {
  assert.throws(() => readAddress("#model=https://example.org/net.js"), /expected lenet or mlp/);
  assert.throws(() => readAddress("#model=./net.js"), /expected lenet or mlp/);
});

test("an address holds methods with their options, and none from elsewhere", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...comparable), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      (chosen, all) => {
        const methods = Object.fromEntries(chosen.map(({ name, options }) => [name, all ? { ...options } : {}]));
        const config: Config = { ...defaultConfig(), methods };
        assert.equal(readAddress(`#${writeAddress(config)}`), config);
      },
    ),
  );
  assert.throws(() => readAddress("#methods./mine=as it is"), /methods, got \/mine, expected names of moiety methods/);
  assert.throws(() => readAddress("#methods.nothing=as it is"), /got nothing, expected one of/);
  assert.throws(() => readAddress("#methods.ditto.lambda=-1"), /ditto: lambda, got -1, expected a number from 0/);
});

test("an address holds any number exactly", () => {
  const rate = fc.double({ min: 1e-300, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.maxSafeInteger(), rate, fc.double({ min: 0, max: 1, noNaN: true }), (seed, lr, p) => {
      const config: Config = { ...defaultConfig(), seed, partition: { kind: "majority", p, overlap: false } };
      const changed = { ...config, mixture: { ...config.mixture, lr } };
      // -0 is no other number here
      assert.equal(readAddress(writeAddress(changed)), JSON.parse(JSON.stringify(changed)));
    }),
  );
});

test("what an address leaves out is the preset's", () => {
  assert.equal(readAddress("#seed=7"), { ...defaultConfig(), seed: 7 });
  assert.equal(readAddress(""), defaultConfig());
});

test("a partition in the address replaces the preset's, with all its fields", () => {
  const { partition } = readAddress("#partition.kind=dirichlet-labels&partition.alpha=0.1");
  assert.equal(partition, { kind: "dirichlet-labels", alpha: 0.1 });
});

test("an address that makes no experiment says which field is wrong", () => {
  assert.throws(() => readAddress("#clients=many"), /clients: got "many"/);
  assert.throws(() => readAddress("#federation.lr=0"), /federation\.lr/);
  assert.throws(() => readAddress("#colour=red"), /no field colour/);
  assert.throws(() => readAddress("#preset=none"), /no none/);
});

test.run();
