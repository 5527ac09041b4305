// CSV files as cells: what is skipped costs nothing, and what is damaged is named in its line.
import fc from "fast-check";
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

test("cells are the package's, whatever is empty, in quotes or marked as we mark it", async () => {
  const parts = fc.constantFrom(
    "a",
    " ",
    ",",
    ";",
    '"',
    '""',
    "\n",
    "\n\n",
    "\n\n\n",
    "\n\n\n\n\n",
    "\ue000",
    "3.",
    ".",
  );
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
