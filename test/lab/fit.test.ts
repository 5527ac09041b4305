import fc from "fast-check";
import type { DataOutline } from "../../lab/messages.ts";
import { defaultConfig } from "../../lab/page/address.ts";
import { fit } from "../../lab/page/fit.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import { assert, test } from "../support/suite.ts";

const outline = (
  train: number,
  test: number,
  shape: readonly number[] = [4],
  classes = ["a", "b", "c"],
): DataOutline => ({
  kind: shape.length === 3 ? "image" : "features",
  classes,
  shape,
  train,
  test,
  names: { dataset: "own", files: { kind: "npy", folder: "." } },
});

test("data with room enough change nothing but their names and the network", () => {
  const config = defaultConfig();
  const { files, dataset, model, ...rest } = fit(config, outline(60_000, 10_000));
  assert.equal([files, dataset, model], [{ kind: "npy", folder: "." }, "own", "mlp"]);
  for (const [field, value] of Object.entries(rest)) assert.equal(value, config[field as keyof typeof config]);
});

test("two classes are not parted by majorities of two, nor numbers by classes, and owners are clients", () => {
  const two = outline(60_000, 10_000, [4], ["a", "b"]);
  assert.equal(fit(defaultConfig(), two).partition, { kind: "iid" });
  const numbers = { ...two, names: { ...two.names, task: "regression" as const } };
  assert.equal(
    [fit(defaultConfig(), numbers).partition, fit(defaultConfig(), numbers).task],
    [{ kind: "iid" }, "regression"],
  );
  const { clients, partition } = fit(defaultConfig(), { ...two, owners: 7 });
  assert.equal([clients, partition], [7, { kind: "column" }]);
});

test("images of the size that the convolutional network takes get it", () => {
  assert.is(fit(defaultConfig(), outline(60_000, 10_000, [1, 28, 28])).model, "lenet");
  assert.is(fit(defaultConfig(), outline(60_000, 10_000, [1, 16, 16])).model, "mlp");
});

test("whatever the size, there is a valid config whose rows there are", () => {
  fc.assert(
    fc.property(fc.integer({ min: 60, max: 20_000 }), fc.integer({ min: 8, max: 4000 }), (train, test) => {
      const config = parseConfig(fit(defaultConfig(), outline(train, test)));
      assert.ok(config.clients * (config.rows.train + config.rows.validation) <= train);
      assert.ok(config.rows.test <= test);
      assert.ok(config.federation.cohort <= config.clients);
    }),
  );
});

test.run();
