import fc from "fast-check";
import { jsonLine, parseJsonLines } from "../../src/io/jsonl.ts";
import { assert, test } from "../support/suite.ts";

test("rows written one by one are read back in order", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ noUnicodeString: false })), (rows) => {
      const text = rows.map(jsonLine).join("");
      const expected = rows.map((row) => JSON.parse(JSON.stringify(row)));
      assert.equal(parseJsonLines(text), { rows: expected, torn: false });
    }),
  );
});

test("wherever the last line is torn, all rows before it are read", () => {
  const rows = [
    { round: 1, loss: 0.5 },
    { round: 2, clients: [3, 14] },
  ];
  const text = rows.map(jsonLine).join("");
  const first = jsonLine(rows[0]).length;
  for (let length = first + 1; length < text.length - 1; length++) {
    assert.equal(parseJsonLines(text.slice(0, length)), { rows: rows.slice(0, 1), torn: true }, text.slice(0, length));
  }
  assert.equal(parseJsonLines(text.slice(0, first)), { rows: rows.slice(0, 1), torn: false });
});

test("a last row that only lacks its newline is whole, but a number may be the head of a longer one", () => {
  assert.equal(parseJsonLines('{"a":1}\n{"a":2}'), { rows: [{ a: 1 }, { a: 2 }], torn: false });
  assert.equal(parseJsonLines("1\n12"), { rows: [1], torn: true });
});

test("carriage returns and empty lines do not matter", () => {
  assert.equal(parseJsonLines("[1]\r\n\r\n[2]\r\n"), { rows: [[1], [2]], torn: false });
  assert.equal(parseJsonLines(""), { rows: [], torn: false });
});

test("a broken line that is not the last is an error that names it", () => {
  assert.throws(() => parseJsonLines('{"a":1}\n{"a":\n{"a":3}\n'), /jsonl: line 2 is not JSON, got \{"a":/);
});

test("what JSON cannot hold is refused", () => {
  assert.throws(() => jsonLine(undefined), /not JSON, got undefined/);
});

test.run();
