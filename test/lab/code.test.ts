// A run as code is the same run: what is copied from the page is read as the config that it was made of.
import fc from "fast-check";
import yargs from "yargs";
import { configOf } from "../../src/cli/configOf.ts";
import { experimentFlags } from "../../src/cli/experimentFlags.ts";
import { type Config, override } from "../../src/experiment/config.ts";
import { parseConfig } from "../../src/experiment/schema.ts";
import { configFile, program, runLine } from "../../lab/page/code.ts";
import { comparable } from "../../lab/page/declared.ts";
import { defaultConfig, sameConfig } from "../../lab/page/address.ts";
import { groups } from "../../lab/page/fields.ts";
import { valueAt } from "../../lab/page/limits.ts";
import { assert, test } from "../support/suite.ts";

// as a shell takes the line apart
function wordsOf(line: string): string[] {
  const words = line.replaceAll(/\\\n */g, "").match(/(?:'[^']*'|[^\s'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'/g, "$1"));
}

async function read(line: string): Promise<Config> {
  const [moiety, run, experiment = "", ...words] = wordsOf(line);
  assert.equal([moiety, run], ["moiety", "run"]);
  return configOf(experiment, await experimentFlags(yargs(words).strict()).parse());
}

const fields = groups.flatMap((group) => group.fields);
const change = fc.constantFrom(...fields).chain((field) => {
  const value: fc.Arbitrary<unknown> =
    field.kind === "check"
      ? fc.constantFrom(field.on ?? true, field.on ?? false)
      : field.kind === "choice"
        ? fc.constantFrom(...field.choices.map(([one]) => one))
        : field.step === 1
          ? fc.integer({ min: field.min!, max: Math.min(field.max!, 500) })
          : fc.double({ min: Math.max(field.min!, 0.001), max: Math.min(field.max!, 1), noNaN: true });
  return value.map((one) => [field, one] as const);
});
const chosen = fc.uniqueArray(fc.constantFrom(...comparable), { maxLength: 2 });

test("the line for the command line is the page's config, whatever was set in the form", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 5 }), chosen, async (changes, methods) => {
      let config: Config = defaultConfig();
      for (const [field, value] of changes)
        if ((field.when?.(config) ?? true) && (field.kind !== "number" || valueAt(config, field.path) !== undefined))
          config = override(config, field.path, value) as Config;
      if (methods.length > 0)
        config = { ...config, methods: Object.fromEntries(methods.map(({ name, options }) => [name, { ...options }])) };
      config = parseConfig(config);
      const line = runLine(config);
      assert.ok(sameConfig(await read(line), config), line);
      assert.equal(JSON.parse(configFile(config)), config);
      assert.ok(program(config).includes(JSON.stringify(config, null, 2)));
    }),
    { numRuns: 60 },
  );
});

test("the line for what the page begins with is short", () => {
  assert.is(runLine(defaultConfig()), "moiety run quick");
});

test.run();
