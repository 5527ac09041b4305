// Tables and texts: CSV as cells, as a table of numbers, and as AG News has it.
import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { countAgNews, readAgNews } from "../../../src/data/agNews.ts";
import { readCsv } from "../../../src/data/csv.ts";
import { memorySource } from "../../../src/data/index.ts";
import { loadTable } from "../../../src/data/table.ts";
import { damaged, editBytes, edits, hostileNumbers } from "../../support/mutations.ts";
import { partOf, type Reader } from "../fuzz.ts";
import type { Part } from "../kind.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const size = (bytes: Uint8Array): number => bytes.length;

const tables = [
  "a,b,class\n1,2,x\n3,4.5,y\n-5,6e2,x\n0.25,1,z\n7,8,y\n9,1,x\n",
  '\ufeff"a","b","class"\r\n"1","2","x"\r\n3,"4",y\r\n5,6,x\r\n7,8,y\r\n9,0,x\r\n',
  "class,a\n1,0\n2,0\n1,0\n10,0\n2,0\n1,0\n",
  "class\nx\ny\n",
  '1,"Title","A description, with a comma"\n3,"Say ""it""","And more"\n4,T,D\n2,"a\nb",c\n',
].map(bytesOf);

const csv: Reader<Uint8Array> = {
  name: "csv",
  inputs: damaged(tables),
  size,
  read: (bytes) => readCsv({ name: "x.csv", bytes }),
};

const cell = fc.oneof(fc.integer({ min: -9, max: 9 }).map(String), fc.constantFrom(...hostileNumbers).map(String));
const rows = fc.array(fc.tuple(cell, cell, fc.constantFrom("x", "y", "1", "2", "1e9", "", "NaN")), { maxLength: 12 });

const table: Reader<Uint8Array> = {
  name: "table",
  inputs: fc.oneof(
    damaged(tables),
    fc
      .tuple(rows, edits, fc.boolean())
      .map(([lines, list, many]) =>
        editBytes(bytesOf(["a,b,class", ...lines.map((line) => line.join())].join("\n")), many ? [] : list, tables),
      ),
  ),
  size,
  read: (bytes) => loadTable(memorySource({ "x.csv": bytes }), { name: "x", train: "x.csv", label: "class" }),
  check: (value) => {
    const { train, test, shape, classes } = value as Awaited<ReturnType<typeof loadTable>>;
    const width = shape.reduce((n, axis) => n * axis, 1);
    for (const { x, labels, rows } of [train, test]) {
      if (x.length !== rows * width || labels.length !== rows) throw new Error("read, but rows and cells do not fit");
      if (!x.every(Number.isFinite)) throw new Error("read, but a cell is not finite");
      if (!labels.every((label) => label < classes.length)) throw new Error("read, but a label is no class");
    }
  },
};

// packed, a text that repeats itself is as long as it says
const agNews: Reader<{ bytes: Uint8Array; length: number }> = {
  name: "AG News",
  inputs: fc
    .tuple(damaged(tables), fc.boolean())
    .map(([bytes, packs]) => ({ bytes: packs ? new Uint8Array(gzipSync(bytes)) : bytes, length: bytes.length })),
  size: ({ length }) => length,
  read: async ({ bytes }) => {
    const file = { name: "x.csv", bytes };
    const { texts, labels } = await readAgNews(file);
    await countAgNews(file);
    if (texts.length !== labels.length) throw new Error("read, but texts and labels differ in number");
  },
  runs: 500,
};

export const tableReaders: readonly Part[] = [partOf(csv), partOf(table), partOf(agNews)];
