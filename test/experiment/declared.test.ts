// What docs/config.md and `moiety config` say of fields is what the schema does with them.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { configPage, withTables } from "../../scripts/config.ts";
import { override } from "../../src/experiment/config.ts";
import { parseConfig, preset } from "../../src/experiment/index.ts";
import { configFields } from "../../src/experiment/schema.ts";
import { defaultOf } from "../../src/experiment/schema/defaults.ts";
import { assert, test } from "../support/suite.ts";

const quick = preset("quick");
const fields = configFields();

/** What parseConfig says of one field, or undefined. */
function refusal(path: string, value: unknown): string | undefined {
  try {
    parseConfig(override(quick, path, value));
  } catch (error) {
    const { message } = error as Error;
    return message.includes(`${path}: `) ? message : undefined;
  }
  return undefined;
}

test("docs/config.md is what the schema declares", () => {
  const page = readFileSync(configPage, "utf8");
  assert.is(withTables(page), page, "npm run docs:config writes it again");
});

test("every field says what it means, and what holds where it is left out", () => {
  assert.ok(fields.length > 150);
  for (const { path, about, optional, limits, unless } of fields) {
    assert.ok(about !== undefined && about.length > 3, `${path} has no meaning`);
    assert.not.match(about, /^[A-Z][a-z]+ .*\.$/, `${path}: no sentence`);
    assert.ok(limits.length > 0, `${path} has no limits`);
    assert.is(optional, unless !== undefined, `${path}: left out, and nothing says what holds`);
  }
});

test("every field of a preset is declared, with its value as the default", () => {
  const declared = new Map(fields.map((field) => [field.path, field]));
  const walk = (value: unknown, path: string): void => {
    const field = declared.get(path);
    assert.ok(field, path);
    if (typeof value === "object" && value !== null)
      for (const [key, one] of Object.entries(value)) walk(one, `${path}.${key}`);
    else assert.is(defaultOf(field!).split("; ")[0], typeof value === "string" ? value : JSON.stringify(value), path);
  };
  for (const [key, value] of Object.entries(quick)) walk(value, key);
});

const range = /^(whole number|number)(?: (from|above) ([-\d.e]+))?(?: (to|below) ([-\d.e]+))?$/;
const ranged = fields.flatMap(({ path, kinds, limits }) => {
  const found = range.exec(limits);
  return found && kinds.length === 0 && !/NAME|\[\]/.test(path) ? [{ path, found }] : [];
});

test("a range that is told is the range that is taken: what is beyond it is refused by name, what is in it is not", () => {
  assert.ok(ranged.length > 30);
  fc.assert(
    fc.property(fc.constantFrom(...ranged), fc.double({ min: 1e-6, max: 1e6, noNaN: true }), ({ path, found }, by) => {
      const [, number, low, from, high, to] = found;
      const whole = number === "whole number";
      const step = whole ? Math.ceil(by) : by;
      if (from !== undefined) {
        assert.ok(refusal(path, Number(from) - step), `${path} takes less than ${from}`);
        if (low === "above") assert.ok(refusal(path, Number(from)), `${path} takes ${from}`);
        else assert.is(refusal(path, Number(from)), undefined);
      }
      if (to !== undefined) {
        assert.ok(refusal(path, Number(to) + step), `${path} takes more than ${to}`);
        if (high === "below") assert.ok(refusal(path, Number(to)), `${path} takes ${to}`);
        else assert.is(refusal(path, Number(to)), undefined);
      } else if (from !== undefined) assert.is(refusal(path, Number(from) + step), undefined);
      if (whole) assert.ok(refusal(path, Number(from) + 0.5), `${path} takes halves`);
    }),
  );
});

const worded = fields.filter(({ limits, kinds, path }) => /^[\w-]+(?:, [\w-]+)+$/.test(limits) && kinds.length === 0 && !/NAME|\[\]|kind$/.test(path)); // prettier-ignore

test("words that are told are taken, and no others", () => {
  assert.ok(worded.length > 8);
  for (const { path, limits } of worded) {
    for (const word of limits.split(", ")) assert.is(refusal(path, word), undefined, `${path}=${word}`);
    assert.match(refusal(path, "no-such-word") ?? "", limits.split(", ")[0]!);
  }
});

test.run();
