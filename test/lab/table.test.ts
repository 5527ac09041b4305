import fc from "fast-check";
import { sketch } from "../../lab/conductor/sketch.ts";
import { checkChoice, choiceIn, filesOf, guess, type TableChoice } from "../../lab/table.ts";
import { memorySource } from "../../src/data/index.ts";
import { openTable } from "../../src/data/table.ts";
import { assert, test } from "../support/suite.ts";
import { prices } from "./support/tables.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a table's columns are known by what is in them: gaps, words that all differ, numbers to be estimated", async () => {
  const drawn = await sketch({ "p.tsv": bytes(prices(200)) }, "p.tsv", undefined);
  const choice = guess(drawn);
  assert.equal(choice, { task: "regression", label: "price", ignore: ["code"] });
  assert.equal(filesOf(drawn, choice), {
    kind: "csv",
    train: "p.tsv",
    label: "price",
    ignore: ["code"],
    columns: {
      owner: { kind: "category" },
      rooms: { kind: "number", gaps: "median" },
      kind: { kind: "category" },
    },
    missing: ["NA"],
  });
});

test("whatever a choice that is not refused, its table opens, the config says the choice, and written rows are the examples' bits", async () => {
  const cell = fc.oneof(
    fc.integer({ min: -9, max: 9 }).map(String),
    fc.constantFrom("", "NA", "?", "red", "blue", "1.5"),
  );
  const names = ["a", "b", "c", "d"];
  const rows = fc.array(fc.array(cell, { minLength: 4, maxLength: 4 }), { minLength: 8, maxLength: 30 });
  const choices = fc.record({
    task: fc.constantFrom<TableChoice["task"][]>("classification", "regression"),
    label: fc.constantFrom(...names),
    client: fc.option(fc.constantFrom(...names), { nil: undefined }),
    ignore: fc.subarray(names),
  });
  await fc.assert(
    fc.asyncProperty(rows, choices, async (cells, wanted) => {
      const choice = {
        ...wanted,
        ignore: wanted.ignore.filter((one) => one !== wanted.label && one !== wanted.client),
      };
      const text = [names, ...cells].map((row) => row.map((one) => `"${one}"`).join(",")).join("\n");
      const files = { "t.csv": bytes(text) };
      const drawn = await sketch(files, "t.csv", undefined);
      try {
        checkChoice(drawn, choice);
      } catch (error) {
        assert.match((error as Error).message, /^(files\.(label|client|ignore)|task): got .*, expected /);
        return;
      }
      const own = filesOf(drawn, choice);
      const task = choice.task === "regression" ? choice.task : undefined;
      assert.equal(choiceIn(own, task), choice);
      const { dataset, cells: written } = await openTable(memorySource(files), { ...own, name: "t", task }).catch(
        // a column may have all its numbers in the test rows
        (error: Error) => {
          assert.match(error.message, /got gaps alone in the training rows/);
          return { dataset: undefined, cells: undefined };
        },
      );
      if (!dataset || !written) return;
      const width = dataset.shape[0]!;
      for (const part of ["train", "test"] as const)
        for (let row = 0; row < dataset[part].rows; row++)
          assert.equal(written.encode(written.read(part, row)), dataset[part].x.slice(row * width, (row + 1) * width));
    }),
  );
});

test.run();
