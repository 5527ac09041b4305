// Series as rows: windows see what was before their target and nothing else, and the last fifth of every series tests.
import fc from "fast-check";
import { generateDataset, loadOwn, memorySource } from "../../src/data/index.ts";
import { Words } from "../../src/data/columnKinds.ts";
import { householdsCsv } from "../../src/data/households.ts";
import { readRows } from "../../src/data/tableRows.ts";
import { Sha256 } from "../../src/io/index.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("windows");

type Own = Parameters<typeof loadOwn>[2];
const load = (text: string, files: object) =>
  loadOwn(
    "t",
    memorySource({ "a.csv": new TextEncoder().encode(text) }),
    { kind: "csv", train: "a.csv", label: "y", ...files } as Own,
    "regression",
  );

test("a window is the rows of its series before its target, whoever else's rows lie between", async () => {
  const world = fc.record({
    past: fc.integer({ min: 1, max: 4 }),
    ahead: fc.integer({ min: 1, max: 3 }),
    whose: fc.array(fc.constantFrom("a", "b"), { minLength: 30, maxLength: 60 }),
  });
  await fc.assert(
    fc.asyncProperty(world, async ({ past, ahead, whose }) => {
      const lines = whose.map((owner, row) => [owner, row, 1000 + row].join());
      const names = [...new Set(whose)];
      const series = names.map((owner) => whose.flatMap((one, row) => (one === owner ? [row] : [])));
      fc.pre(series.every(({ length }) => length - Math.ceil(0.2 * length) >= past + ahead));
      const files = { client: "who", standardize: false, windows: { past, ahead } };
      const found = await load(["who,x,y", ...lines].join("\n"), files);
      if (found.kind !== "features") throw new Error(found.kind);
      assert.equal(
        [found.shape, found.owners!.names],
        [
          [past, 2],
          ["a", "b"],
        ],
      );
      for (const part of ["train", "test"] as const) {
        const wanted = series.flatMap((rows, owner) => {
          const cut = rows.length - Math.ceil(0.2 * rows.length);
          return rows.flatMap((target, at) => {
            const seen = rows.slice(Math.max(0, at - ahead - past + 1), Math.max(0, at - ahead + 1));
            const mine = part === "train" ? at < cut : at >= cut;
            return mine && seen.length === past ? [{ owner, target: 1000 + target, x: seen.flatMap((row) => [row, 1000 + row]) }] : []; // prettier-ignore
          });
        });
        assert.equal(Array.from(found.targets![part]), wanted.map(({ target }) => target)); // prettier-ignore
        assert.equal(Array.from(found[part].x), wanted.flatMap(({ x }) => x)); // prettier-ignore
        assert.equal(Array.from(found.owners![part]), wanted.map(({ owner }) => found.owners!.names.indexOf(names[owner]!))); // prettier-ignore
      }
    }),
    { numRuns: 40 },
  );
});

test("where rows have classes a window has its last row's, or that of so many later, and no class is an input", async () => {
  const text = ["x,y", ...Array.from({ length: 20 }, (_, t) => `${t},${"abc"[t % 3]}`)].join("\n");
  for (const ahead of [undefined, 0, 2]) {
    const windows = { past: 3, ...(ahead !== undefined && { ahead }) };
    const own = { kind: "csv", train: "a.csv", label: "y", standardize: false, windows } as const;
    const found = await loadOwn("t", memorySource({ "a.csv": new TextEncoder().encode(text) }), own);
    if (found.kind !== "features") throw new Error(found.kind);
    assert.equal([found.shape, found.classes, found.targets], [[3, 1], ["a", "b", "c"], undefined]);
    const lasts = Array.from(found.train.labels, (_, i) => found.train.x[3 * i + 2]!);
    assert.equal(
      Array.from(found.train.labels),
      lasts.map((last) => (last + (ahead ?? 0)) % 3),
    );
    assert.is(lasts[0], 2);
    assert.is(lasts.at(-1)! + (ahead ?? 0), 15);
  }
});

test("columns are scaled by what comes before the last fifth, so that nothing of the future is in the past", async () => {
  const text = (last: number): string =>
    ["x,y", ...Array.from({ length: 20 }, (_, t) => `${t},${t < 16 ? t % 3 : last}`)].join("\n");
  const [one, other] = [await load(text(0), { windows: { past: 2 } }), await load(text(500), { windows: { past: 2 } })];
  assert.equal(one.train.x, other.train.x);
  assert.not.equal(one.test.x, other.test.x);
});

test("windows that do not fit are refused with numbers", async () => {
  const refusal = (text: string, files: object, task?: "regression"): Promise<string> =>
    loadOwn("t", memorySource({ "a.csv": new TextEncoder().encode(text) }), { kind: "csv", train: "a.csv", label: "y", ...files } as Own, task).then(() => "", (error: Error) => error.message); // prettier-ignore
  const rows = "who,x,y\n" + "a,1,2\n".repeat(9) + "b,1,2\n".repeat(30);
  assert.match(
    await refusal(rows, { client: "who", windows: { past: 8 } }, "regression"),
    /a\.csv, line 1, windows, got 9 rows of a, expected 12 at least for windows of 8 and 1 ahead/,
  );
  assert.match(
    await refusal(rows, { client: "who", windows: { past: 2, ahead: 0 } }, "regression"),
    /windows, got a target that is seen, expected ahead from 1 in a regression/,
  );
  assert.match(
    await refusal(rows, { windows: { past: 2 }, group: "who" }),
    /windows, got groups in who, expected none beside windows/,
  );
  assert.match(
    await refusal(rows, { client: "who", windows: { past: 2 }, test: "a.csv" }, "regression"),
    /test, got a\.csv beside windows, expected none/,
  );
});

test("reading a table asks for lines of its header alone, however many rows there are: each reads the file again", () => {
  for (const task of ["regression", undefined] as const) {
    const asked: number[] = [];
    const rows = [["who", "side", "x", "y"], ...Array.from({ length: 50 }, (_, t) => ["a", "b", String(t), "1"])];
    const line = (row: number): number => {
      asked.push(row);
      return row + 1;
    };
    const options = { name: "t", train: "a", label: "y", client: "who", group: "side", task };
    assert.is(readRows({ rows, line }, "a.csv", options, undefined, new Words()).labels.length, 50);
    assert.ok(asked.every((row) => row === 0));
  }
});

test("households are the same every time: a day of loads, the hour and the temperature, and the next hour's load", async () => {
  const text = householdsCsv();
  assert.is(text.split("\n").length, 24 * 70 * 24 + 2);
  const sha = new Sha256().update(new TextEncoder().encode(text)).hex();
  assert.is(sha.slice(0, 16), "ddff9a6ca5023396");
  const { shape, owners, targets, train, test: tests } = await generateDataset("households");
  assert.equal([shape, owners!.names.length, train.rows, tests.rows], [[24, 4], 24, 24 * (1344 - 24), 24 * 336]);
  assert.ok(targets!.train.every((load) => load >= 0.05 && load < 12));
});

test.run();
