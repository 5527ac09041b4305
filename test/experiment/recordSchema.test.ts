// The gate of records: what we write passes, and nothing with a field of another type does.
import fc from "fast-check";
import { parseMeasured, parseMetric, parseProgress, parseSummary } from "../../src/experiment/recordSchema.ts";
import { readJson } from "../../src/experiment/checked.ts";
import { exampleRun } from "../report/example.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const { summary, metrics } = exampleRun();
const written = JSON.parse(JSON.stringify(summary)) as Record<string, unknown>;
const lines = JSON.parse(JSON.stringify(metrics)) as Record<string, unknown>[];

type Path = readonly (string | number)[];

/** Where every plain value of a record is. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function changed(record: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to;
  const copy = structuredClone(record) as Record<string, unknown>;
  copy[key] = changed(copy[key], rest, to);
  return copy;
}

test("what is written is read back, and no interval is NaN again", () => {
  assert.equal(parseSummary(written, "summary.json"), summary);
  for (const [i, line] of lines.entries()) assert.equal(parseMetric(line, "m"), metrics[i]);
  const alone = changed(written, ["methods", "local", "localTest", "ci95"], null);
  assert.ok(Number.isNaN(parseSummary(alone, "s").methods["local"]!.localTest.ci95));
});

// no field of a record is one of these
const foreign = fc.oneof(
  fc.constant({ html: "<img src=x onerror=alert(1)>" }),
  fc.array(fc.dictionary(fc.string(), fc.integer()), { minLength: 1, maxLength: 2 }),
  fc.constantFrom([{}], [[]], [true]),
);

test("a record with any one field of another type is refused by file and field", () => {
  const places = leaves(written);
  fc.assert(
    fc.property(fc.constantFrom(...places), foreign, (path, value) => {
      assert.throws(
        () => parseSummary(changed(written, path, value), "runs/a/summary.json"),
        (error: Error) => error.name === "ConfigError" && error.message.startsWith(`runs/a/summary.json: ${path[0]}`),
      );
    }),
  );
  const spots = lines.flatMap((line) => leaves(line).map((path) => ({ line, path })));
  fc.assert(
    fc.property(fc.constantFrom(...spots), foreign, ({ line, path }, value) => {
      assert.throws(() => parseMetric(changed(line, path, value), "m"), /^m: /);
    }),
  );
});

test("a record without one of its fields is refused", () => {
  const needed = ["version", "seed", "methods", "command", "weightsSha256", "wallSeconds"];
  for (const name of needed) {
    const { [name]: _, ...rest } = written;
    assert.throws(() => parseSummary(rest, "s"), new RegExp(`^s: ${name}, got undefined, expected`));
  }
});

test("another version, and what is no record at all, is refused", () => {
  refuses(
    () => parseSummary({ ...written, version: 2 }, "s"),
    "s: version, got 2, expected 1; read it with the moiety that wrote it",
  );
  for (const input of [null, 7, "x", [], {}]) assert.throws(() => parseSummary(input, "s"), /^s: /);
});

test("what a run goes on from says what to do where it is of an older moiety", () => {
  assert.throws(
    () => parseMeasured({ client: 0, scores: { local: {} } }, "c"),
    /; remove it, and the client is done again$/,
  );
  assert.throws(
    () => parseProgress({ round: 3 }, "p"),
    /^p: .*; remove it and the federation runs again, to the same numbers$/,
  );
});

test("a file that is empty, torn or not text is named", () => {
  const bytes = new TextEncoder().encode(JSON.stringify(written));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), (length) => {
      assert.throws(
        () => readJson(bytes.subarray(0, length), "a/summary.json"),
        (error: Error) => error instanceof RangeError && error.message.startsWith("a/summary.json: got "),
      );
    }),
  );
  assert.throws(() => readJson(Uint8Array.of(0x22, 0xff, 0x22), "a"), /^a: got no JSON/);
});

test.run();
