import { recognise } from "../../lab/conductor/recognise.ts";
import { formatIdx } from "../../src/data/index.ts";
import { rejects } from "../support/rejects.ts";
import { assert, test } from "../support/suite.ts";

const text = (csv: string): Uint8Array => new TextEncoder().encode(csv);
const images = formatIdx({ shape: [2, 3, 3], data: new Uint8Array(18) });
const labels = formatIdx({ shape: [2], data: new Uint8Array(2) });

test("a table is known by its ending, its label by its column's name or as the last one", async () => {
  const { name, own } = await recognise({ "iris.csv": text("length,width,Species\n1,2,a\n") });
  assert.equal([name, own], ["iris", { kind: "csv", train: "iris.csv", label: "Species" }]);
  const other = await recognise({ "a.tsv": text("x\twhat\n1\ta\n") });
  assert.is(other.own.kind === "csv" && other.own.label, "what");
});

test("of two tables the one with test in its name is the test", async () => {
  const { name, own } = await recognise({ "w_test.csv": text("x,y\n1,2\n"), "w_train.csv": text("y,x\n1,2\n") });
  assert.is(name, "w");
  assert.equal(own, { kind: "csv", train: "w_train.csv", test: "w_test.csv", label: "y" });
});

test("idx files are told apart by what is in them, test from training by their names", async () => {
  const { own } = await recognise({ "t10k-l": labels, "train-i": images, "train-l": labels, "t10k-i": images });
  assert.equal(own, { kind: "idx", train: ["train-i", "train-l"], test: ["t10k-i", "t10k-l"] });
});

test("npy files go by the names they must have", async () => {
  const any = new Uint8Array(1);
  const { own } = await recognise({ "x_train.npy": any, "y_train.npy": any, "x_test.npy": any, "y_test.npy": any });
  assert.equal(own, { kind: "npy" });
});

test("what is not enough, or too much, is said with what was given", async () => {
  await rejects(
    () => recognise({ "train-i": images, "train-l": labels }),
    /got train-i, train-l, expected a CSV table, or four idx/,
  );
  await rejects(
    () => recognise({ "a.csv": text("x\n"), "b.csv": text("x\n") }),
    /got a\.csv, b\.csv, expected one table/,
  );
  await rejects(() => recognise({ "photo.png": text("no") }), /got photo\.png/);
});

test.run();
