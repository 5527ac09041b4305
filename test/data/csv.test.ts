// CSV files as cells: what is skipped costs nothing, and what is damaged is named in its line.
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import papaparse from "papaparse";
import { readCsv } from "../../src/data/csv.ts";
import { tryReader } from "../campaign/fuzz.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const fileOf = (text: string): { name: string; bytes: Uint8Array } => ({
  name: "x.csv",
  bytes: new TextEncoder().encode(text),
});

test("empty lines take no memory that their bytes do not account for", async () => {
  for (const [quoted, empty] of [
    ["2", 27_000],
    ["2", 400_000],
    ['"2"', 27_000],
    ['"2"', 400_000],
  ] as const) {
    const file = fileOf(`class,a\n1,${quoted}\n${"\n".repeat(empty)}3,"4"\n`);
    await tryReader(
      {
        name: "csv",
        inputs: fc.constant(file),
        size: ({ bytes }) => bytes.length,
        read: readCsv,
        check: (read) => {
          const { rows, line } = read as Awaited<ReturnType<typeof readCsv>>;
          assert.equal(rows, [
            ["class", "a"],
            ["1", "2"],
            ["3", "4"],
          ]);
          assert.is(line(2), empty + 3);
        },
      },
      file,
    );
  }
});

test("short rows and quotes that are wrong take no memory that their bytes do not account for", async () => {
  const part = fc.constantFrom(
    "s\n",
    "\n",
    '"1\n',
    '"1',
    'a",',
    '""\n',
    '"a"\n',
    "a,",
    '"a",',
    '" ',
    ";\n",
    "long ".repeat(9),
  );
  const text = fc
    .tuple(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.array(part, { maxLength: 2 }),
      fc.constantFrom(16_500, 40_000, 90_000, 300_000),
    )
    .map(
      ([period, once, length]) => once.join("") + period.join("").repeat(Math.ceil(length / period.join("").length)),
    );
  await fc.assert(
    fc.asyncProperty(text, async (long) => {
      await tryReader(
        { name: "csv", inputs: text, size: (one) => one.length, read: (one) => readCsv(fileOf(one)) },
        long,
      );
    }),
    { numRuns: 60 },
  );
});

test("long files are read as the package reads them, wherever a stretch of them ends", async () => {
  const part = fc.constantFrom(
    "a",
    "b,",
    '"c"',
    '"d,\n"',
    "\n",
    "\n\n",
    '""""',
    "long ".repeat(40),
    '"' + "e\n".repeat(30) + '"',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.array(part, { maxLength: 4 }), fc.integer({ min: 1, max: 6000 })), { maxLength: 4 }),
      async (list) => {
        const text = list.map(([parts, times]) => `${parts.join("")}\n`.repeat(times)).join("");
        const { data, errors } = papaparse.parse<string[]>(text, {
          skipEmptyLines: true,
          newline: "\n",
          delimiter: ",",
        });
        if (errors.some(({ type }) => type === "Quotes"))
          return refusesLater(() => readCsv(fileOf(text), ","), /^csv: x\.csv, line \d+, .*; the file is damaged$/);
        assert.ok(isDeepStrictEqual((await readCsv(fileOf(text), ",")).rows, data), "rows differ");
      },
    ),
    { numRuns: 100 },
  );
});

test("the header of an empty file would stand in its first line", async () => {
  for (const text of ["", "\n\n", " "]) assert.is((await readCsv(fileOf(text))).line(0), 1);
});

test("a quote that does not end is told in the line of its row, however many lines are empty before it", async () => {
  const cells = fc.array(fc.tuple(fc.nat(9), fc.nat(3)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(cells, fc.nat(3), async (rows, empty) => {
      const before = rows.map(([cell, after]) => `${cell},a${"\n".repeat(after + 1)}`).join("");
      const line = before.split("\n").length + empty;
      const file = fileOf(`${before}${"\n".repeat(empty)}1,"open\n2,3\n`);
      await refusesLater(
        () => readCsv(file, ","),
        new RegExp(`^csv: x\\.csv, line ${line}, Quoted field unterminated`),
      );
    }),
  );
});

test("cells are the package's, whatever is empty or in quotes", async () => {
  const parts = fc.constantFrom("a", " ", ",", ";", '"', '""', "\n", "\n\n", "\n\n\n", "\n\n\n\n\n");
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { maxLength: 24 }), async (list) => {
      const text = list.join("");
      const { data, errors } = papaparse.parse<string[]>(text, { skipEmptyLines: true, newline: "\n" });
      if (errors.some(({ type }) => type === "Quotes"))
        return refusesLater(() => readCsv(fileOf(text)), /^csv: x\.csv, line \d+, .*; the file is damaged$/);
      const { rows, line } = await readCsv(fileOf(text));
      assert.equal(rows, data);
      const lines = text.split("\n");
      if (!text.includes('"'))
        assert.equal(
          rows.map((_, row) => lines[line(row) - 1]),
          lines.filter((one) => one !== ""),
        );
    }),
    { numRuns: 2000 },
  );
});

test.run();
