import { csvLine, csvTable } from "../../src/io/csv.ts";
import { assert, test } from "../support/suite.ts";

test("plain cells are written as they are, nothing as an empty cell", () => {
  assert.is(csvLine([0, true, "own rows", 12.5, null]), "0,true,own rows,12.5,\n");
});

test("commas, quotes and line breaks are quoted", () => {
  assert.is(csvLine(["3,7", 'say "h"', "two\nlines", "cr\r"]), '"3,7","say ""h""","two\nlines","cr\r"\n');
});

test("a table is its header and its rows", () => {
  assert.is(csvTable(["client", "test"], [[0, 61.5], [1, 58]]), "client,test\n0,61.5\n1,58\n"); // prettier-ignore
});

test("a row of another length is refused", () => {
  assert.throws(() => csvTable(["client", "test"], [[0]]), /csv: cells in a row, got 1, expected 2/);
});

test.run();
