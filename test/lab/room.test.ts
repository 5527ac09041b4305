// What the form's sliders and numbers may say is taken; what is beyond their limits is refused, from wherever it comes.
import fc from "fast-check";
import { bundled, loadFashionMnist } from "../../src/data/index.ts";
import { type Config, override } from "../../src/experiment/config.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import { setUp } from "../../src/experiment/setup.ts";
import { defaultConfig } from "../../lab/page/address.ts";
import { outlineClients } from "../../lab/conductor/outline.ts";
import { type Field, groups } from "../../lab/page/fields.ts";
import { checkLimits, valueAt } from "../../lab/page/limits.ts";
import { optedIn, withRoom } from "../../lab/page/room.ts";
import { assert, test } from "../support/suite.ts";

const fields: readonly Field[] = groups.flatMap((group) => group.fields);
const dataset = await loadFashionMnist(bundled());

test("whatever the sliders say and however many clients there are, nobody is refused", () => {
  const sliders = fields.flatMap((field) => (field.kind === "slider" ? [field] : []));
  assert.ok(sliders.some(({ path }) => path === "optOut"));
  const places = fc.tuple(
    ...sliders.map(({ min = 0, max = 1, step }) => fc.nat(Math.round((max - min) / Number(step)))),
  );
  fc.assert(
    fc.property(places, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (at, clients, cohort) => {
      let config: Config = { ...defaultConfig(), clients, rows: { train: 20, validation: 10, test: 20 } };
      sliders.forEach(({ path, min = 0, step }, i) => {
        // what an input of type range gives
        config = override(config, path, Number((min + at[i]! * Number(step)).toFixed(2))) as Config;
      });
      const fitted = parseConfig(withRoom(config, cohort));
      checkLimits(fitted);
      const outlines = outlineClients({ ...setUp(fitted, dataset), dataset });
      assert.is(outlines.filter(({ optedOut }) => !optedOut).length, optedIn(fitted));
      assert.ok(fitted.federation.cohort <= cohort);
    }),
    { numRuns: 60 },
  );
});

test("every number of the form has limits, and no value beyond them is taken", () => {
  const config = defaultConfig();
  checkLimits(config);
  for (const field of fields) {
    if (field.kind !== "number" && field.kind !== "slider") continue;
    assert.type(field.min, "number", field.path);
    assert.type(field.max, "number", field.path);
    if (valueAt(config, field.path) === undefined) continue;
    for (const value of [field.max! * 1e9 + 1, field.min! - 1])
      assert.throws(
        () => checkLimits(override(config, field.path, value) as Config),
        new RegExp(`lab: ${field.path}, got`),
      );
  }
});

test.run();
