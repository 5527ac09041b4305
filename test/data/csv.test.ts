// CSV files as cells: what is skipped costs nothing, and what is damaged is named in its line.
import fc from "fast-check";
import { readCsv } from "../../src/data/csv.ts";
import { tryReader } from "../campaign/fuzz.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const fileOf = (text: string): { name: string; bytes: Uint8Array } => ({
  name: "x.csv",
  bytes: new TextEncoder().encode(text),
});

test("empty lines take no memory that their bytes do not account for", async () => {
  for (const quoted of ["2", '"2"']) {
    const file = fileOf(`class,a\n1,${quoted}\n${"\n".repeat(400_000)}3,4\n`);
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
          assert.is(line(2), 400_003);
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

test.run();
