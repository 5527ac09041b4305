// Tables are read as they are, or refused with the file's own line.
import fc from "fast-check";
import { memorySource } from "../../src/data/source.ts";
import { standardize } from "../../src/data/standardize.ts";
import { loadTable, type TableOptions } from "../../src/data/table.ts";
import { rejects } from "../support/rejects.ts";
import { assert, test } from "../support/suite.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const load = (text: string | Uint8Array, more: Partial<TableOptions> = {}) => {
  const train = typeof text === "string" ? bytes(text) : text;
  return loadTable(memorySource({ "t.csv": train, "e.csv": train }), {
    name: "x",
    train: "t.csv",
    test: "e.csv",
    label: "y",
    standardize: false,
    ...more,
  });
};

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const column = fc.array(finite, { minLength: 1, maxLength: 12 });

test("a constant column becomes exactly 0, whatever its number and whatever is asked of it later", () => {
  fc.assert(
    fc.property(finite, fc.integer({ min: 1, max: 300 }), column, (value, rows, unseen) => {
      const [train, test] = [new Float64Array(rows).fill(value), Float64Array.from(unseen)];
      standardize(train, test, 1);
      for (const x of [...train, ...test]) assert.is(x, 0);
    }),
  );
});

test("any other column gets mean 0 and deviation 1, in any unit", () => {
  fc.assert(
    fc.property(column, (values) => {
      fc.pre(new Set(values).size > 1);
      const train = Float64Array.from(values);
      standardize(train, new Float64Array(), 1);
      const n = train.length;
      for (const x of train) assert.ok(Math.abs(x) <= Math.sqrt(n) * (1 + 1e-9), `${x} of ${n}`);
      const mean = train.reduce((sum, x) => sum + x, 0) / n;
      const squares = train.reduce((sum, x) => sum + x * x, 0) / n;
      // one value beside a mean that no double tells from it costs half the digits
      assert.ok(Math.abs(mean) < 1e-6 || Math.abs(squares - 1) < 1e-6 || n * 1e-15 > 1, `${mean} ${squares}`);
    }),
  );
});

test("the unit of a column changes no bit of it, and ordinary columns have the bits of the plain formula", () => {
  const ordinary = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(ordinary, fc.integer({ min: -400, max: 900 }), (values, power) => {
      // no smallest numbers, which lose bits when they are halved
      const train = Float64Array.from(values, (x) => (Math.abs(x) < 1e-6 ? 0 : x));
      fc.pre(new Set(train).size > 1);
      const scaled = train.map((x) => x * 2 ** power);
      const mean = train.reduce((sum, x) => sum + x, 0) / train.length;
      const deviation = Math.sqrt(train.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / train.length);
      const plain = train.map((x) => (x - mean) / deviation);
      standardize(train, new Float64Array(), 1);
      standardize(scaled, new Float64Array(), 1);
      assert.equal(train, plain);
      assert.equal(scaled, plain);
    }),
  );
});

const cell = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -3e38, max: 3e38 }).map(String),
  fc.constantFrom("1", "-0.5", "+3", ".25", "7.", "1e3", "2E-2", " 4 "),
);
const line = fc.tuple(cell, cell, fc.constantFrom("a", "b", "c", '"a"', " b "));
const lines = fc.array(line, { minLength: 1, maxLength: 8 });
const end = fc.constantFrom("\n", "\r\n", "\r");

test("line ends of any kinds, byte order marks, UTF-16, empty lines and other separators change nothing", async () => {
  const utf16 =
    (little: boolean) =>
    (text: string): Uint8Array => {
      const view = new DataView(new ArrayBuffer(2 * text.length + 2));
      [0xfeff, ...Array.from(text, (c) => c.charCodeAt(0))].forEach((unit, i) => view.setUint16(2 * i, unit, little));
      return new Uint8Array(view.buffer);
    };
  const encodings = fc.constantFrom(bytes, (text: string) => bytes(`\ufeff${text}`), utf16(true), utf16(false));
  const separator = fc.constantFrom(",", ";", "\t");
  const gaps = fc.array(fc.tuple(end, fc.nat(2)), { minLength: 10, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(lines, gaps, encodings, separator, async (rows, gaps, encode, separator) => {
      const text = [["p", "q", "y"], ...rows].map((cells, i) => {
        const [end, empty] = gaps[i]!;
        return cells.join(separator) + end.repeat(1 + empty);
      });
      const got = await load(encode(text.join("")));
      const labels = rows.map(([, , label]) => label.trim().replaceAll('"', ""));
      assert.equal(
        Array.from(got.train.labels, (label) => got.classes[label]),
        labels,
      );
      assert.equal(got.train.x, Float32Array.from(rows.flatMap(([p, q]) => [Number(p), Number(q)])));
    }),
  );
});

test("whatever is no decimal number, no class or no row is refused in the line where it stands", async () => {
  const bad = fc.oneof(
    fc
      .constantFrom(
        "0x10",
        "0b1",
        "0o7",
        "1_000",
        "Infinity",
        "-inf",
        "NaN",
        "",
        "1 2",
        "1,5",
        "one",
        "--1",
        "1e",
        "٣",
        "1e999",
      )
      .map((cell) => [`"${cell}"`, "1", "a"]),
    fc.constant(["1", "2", '""']),
    fc.constant(["1", "2"]),
    fc.constant(["1", "2", "a", "b"]),
  );
  await fc.assert(
    fc.asyncProperty(lines, bad, fc.nat(8), end, fc.nat(3), async (rows, wrong, at, end, empty) => {
      const before = rows.slice(0, at);
      // a quoted cell over two lines, and empty lines, count as lines of the file
      const head = `p,q,y${end}1,2,"a${end}${end}b"${end.repeat(1 + empty)}`;
      const text = head + [...before, wrong, ...rows.slice(at)].map((cells) => cells.join(",") + end).join("");
      const number = 5 + empty + before.length;
      await rejects(() => load(text), new RegExp(`^table: memory/t\\.csv, line ${number}, `));
    }),
  );
});

test("bytes that are no text are refused in their line", async () => {
  const bad = fc.constantFrom([0xe9], [0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8], [0]);
  await fc.assert(
    fc.asyncProperty(lines, bad, fc.nat(8), async (rows, wrong, at) => {
      const all = ["p,q,y", ...rows.map((cells) => cells.join(","))].map((text) => [...bytes(text)]);
      const row = at % all.length;
      all[row]!.push(...wrong);
      const file = Uint8Array.from(all.flatMap((line) => [...line, 10]));
      await rejects(() => load(file), new RegExp(`^text: memory/t\\.csv, line ${row + 1}, got`));
    }),
  );
  // as UTF-16 without its mark is
  await rejects(() => load(Uint8Array.from([...bytes("p,y\n1,a")].flatMap((byte) => [byte, 0]))), /line 1, got a zero/);
  await rejects(() => load(Uint8Array.of(0xff, 0xfe, 0x00, 0xd8)), /got bytes that are no UTF-16LE; save it as UTF-8/);
});

test("headers that do not say what is what are refused", async () => {
  const rows = "\n1,2,a\n3,4,b\n";
  await rejects(() => load(`p,p,y${rows}`), /line 1, got two columns called p/);
  await rejects(() => load(`y,p,y${rows}`), /got two columns called y/);
  await rejects(() => load(`,p,y${rows}`), /got no name for column 1, expected one; name it, or ignore ""/);
  assert.equal((await load(`,p,y${rows}`, { ignore: [""] })).train.x, Float32Array.of(2, 4));
  assert.equal(
    await load(`p,p,y${rows}x`.slice(0, -1), { ignore: ["p"] }).catch((e: Error) => e.message),
    "table: memory/t.csv, line 1, got no column beside y, expected one with numbers at least",
  );
  await rejects(() => load(`p,q,z${rows}`), /line 1, got columns p, q, z, expected one called y/);
  await rejects(() => load("p,q,y\n"), /rows, got 0, expected at least 1/);
  await rejects(() => load("p,y\n1,a\n", { test: undefined }), /rows, got 1, expected at least 2/);
  await rejects(() => load(""), /expected one called y/);
});

test("numbers that no float holds are refused by line and column, unless they are scaled first", async () => {
  const text = "p,q,y\n1,1e300,a\n2,-1e300,b\n";
  await rejects(() => load(text), /line 2, column q, got 1e\+300, expected at most 3\.4e38/);
  assert.equal((await load(text, { standardize: true })).train.x, Float32Array.of(-1, 1, 1, -1));
});

test("classes are at most 256 and written one way; a class of one row may be a test row", async () => {
  const ids = Array.from({ length: 300 }, (_, i) => `${i},id${i}`).join("\n");
  const reason = await load(`p,y\n${ids}`).catch((error: Error) => error.message);
  assert.is(
    reason,
    "table: memory/t.csv, line 1, got 300 classes in column y (id0, id1, id2, id3, id4, id5, id6, id7, id8, id9 and 290 more), " +
      "expected at most 256; is it the column of the class?",
  );
  await rejects(() => load("p,y\n1,1\n2,2\n3,1.0\n"), /got classes 1 and 1\.0 in column y, expected one way/);
  const rows = Array.from({ length: 10 }, (_, i) => `${i},${i}`);
  const { classes, train, test: held } = await load(["p,y", ...rows].join("\n"), { test: undefined });
  assert.equal(
    classes,
    Array.from({ length: 10 }, (_, i) => String(i)),
  );
  assert.is(train.rows + held.rows, 10);
});

test.run();
