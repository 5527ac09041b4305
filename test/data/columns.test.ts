// Columns of words, and gaps: what training rows teach is all that is known of others.
import fc from "fast-check";
import { memorySource } from "../../src/data/source.ts";
import { loadTable, type TableOptions } from "../../src/data/table.ts";
import { rejects } from "../support/rejects.ts";
import { assert, test } from "../support/suite.ts";

const bytes = (lines: readonly string[]): Uint8Array => new TextEncoder().encode(`${lines.join("\n")}\n`);
const load = (train: readonly string[], test: readonly string[], more: Partial<TableOptions>) =>
  loadTable(memorySource({ "t.csv": bytes(train), "e.csv": bytes(test) }), {
    name: "x",
    train: "t.csv",
    test: "e.csv",
    label: "y",
    standardize: false,
    ...more,
  });

const category = { kind: "category" } as const;

test("words become columns of 0 and 1 by their letters, and words that the training rows lack share the last", async () => {
  const { shape, train, test } = await load(
    ["age,city,y", "1,Oslo,a", "2,Bergen,b", "3,Oslo,a"],
    ["age,city,y", "4,Paris,a", "5,Oslo,b"],
    { columns: { city: category } },
  );
  assert.equal(shape, [4]);
  assert.equal(Array.from(train.x), [1, 0, 1, 0, 2, 1, 0, 0, 3, 0, 1, 0]);
  assert.equal(Array.from(test.x), [4, 0, 0, 1, 5, 0, 1, 0]);
});

test("gaps are filled by the training rows' mean, median, a number or the most frequent word, or are words", async () => {
  const train = ["m,n,z,w,f,y", "1,1,,u,u,a", ",,5,,,b", "2,9,7,v,u,a", "6,2,8,v,v,b"];
  const test = ["m,n,z,w,f,y", "NA,?,NA,NA,?,a", "1,1,1,v,v,b"];
  const columns = {
    m: { kind: "number", gaps: "mean" },
    n: { kind: "number", gaps: "median" },
    z: { kind: "number", gaps: -1 },
    w: category,
    f: { kind: "category", gaps: "most-frequent" },
  } as const;
  const found = await load(train, test, { columns, missing: ["NA", "?"] });
  // w: "", u, v, others; f: u, v, others
  const rows = (x: Float32Array): number[][] =>
    Array.from({ length: x.length / 10 }, (_, i) => [...x.subarray(10 * i, 10 * i + 10)]);
  assert.equal(rows(found.train.x)[1], [3, 2, 5, 1, 0, 0, 0, 1, 0, 0]);
  assert.equal(rows(found.train.x)[0], [1, 1, -1, 0, 1, 0, 0, 1, 0, 0]);
  assert.equal(rows(found.test.x)[0], [3, 2, -1, 1, 0, 0, 0, 1, 0, 0]);
});

test("however many words there are, no more than the most frequent have columns, and every row is in one", () => {
  const word = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom("a", "b", "c", "d") });
  return fc.assert(
    fc.asyncProperty(
      fc.array(word, { minLength: 2, maxLength: 40 }),
      fc.array(word, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 6 }),
      fc.nat(),
      async (words, others, most, turn) => {
        const lines = (of: readonly string[]): string[] => [
          "w,y",
          ...of.map((one, i) => `${one},${i % 2 ? "p" : "q"}`),
        ];
        const options = { columns: { w: { kind: "category", most } } } as const;
        const all = ["p", "q"].map((_, i) => words[i % words.length]!);
        const { shape, train, test } = await load(lines([...words, ...all]), lines(others), options);
        const [width] = shape as [number];
        assert.ok(width <= most + 1);
        for (const { x } of [train, test])
          for (let row = 0; row < x.length / width; row++)
            assert.equal(
              [...x.subarray(row * width, (row + 1) * width)].toSorted().join(""),
              `${"0".repeat(width - 1)}1`,
            );
        // what tests say changes nothing about training rows, nor does their order change the columns
        const again = await load(lines([...words, ...all]), lines(["zzz"]), options);
        assert.equal(again.train.x, train.x);
        const turned = [...words, ...all].map((_, i, list) => list[(i + turn) % list.length]!);
        assert.equal((await load(lines(turned), lines(others), options)).test.x, test.x);
      },
    ),
    { numRuns: 40 },
  );
});

test("numbers are standardised after their gaps are filled, words stay 0 and 1", async () => {
  const { train } = await load(["a,w,y", "1,u,p", "3,v,q", ",u,p"], ["a,w,y", "1,u,p"], {
    standardize: true,
    columns: { a: { kind: "number", gaps: "mean" }, w: category },
  });
  const deviation = Math.sqrt(2 / 3);
  assert.equal(
    Array.from(train.x),
    Array.from(Float32Array.of(-1 / deviation, 1, 0, 0, 1 / deviation, 0, 1, 0, 0, 1, 0, 0)),
  );
});

test("what is not said is refused by its line, and kinds that make no sense by their column", async () => {
  const table = ["a,w,y", "1,u,p", ",v,q"];
  const columns = { w: category } as const;
  await rejects(
    () => load(table, table, { columns }),
    /t.csv, line 3, column a, got "", expected a decimal number; mend it, say in columns what it holds, or ignore it/,
  );
  await rejects(() => load(table, table, {}), /line 2, column w, got "u"/);
  await rejects(
    () => load(table, table, { columns: { b: category } }),
    /t.csv, line 1, got no column b to be read as category/,
  );
  await rejects(
    () => load(table, table, { columns: { w: { ...category, most: 0 } } }),
    /column w, most, got 0, expected a whole number of at least 1/,
  );
  await rejects(
    () => load(["a,y", ",p", ",q"], ["a,y", "1,p"], { columns: { a: { kind: "number", gaps: "mean" } } }),
    /column a, got gaps alone in the training rows, expected numbers for their mean/,
  );
  await rejects(
    () => load(["a,y", ",p", ",q"], ["a,y", "u,p"], { columns: { a: { kind: "category", gaps: "most-frequent" } } }),
    /column a, got gaps alone in the training rows, expected words/,
  );
});

test.run();
