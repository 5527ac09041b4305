import { take } from "../../src/data/dataset.ts";
import { fromFeatures } from "../../src/data/features.ts";
import { formatIdx } from "../../src/data/idx.ts";
import { loadOwn, type OwnData } from "../../src/data/own.ts";
import { memorySource } from "../../src/data/source.ts";
import { encodeNpy } from "../../src/io/npy.ts";
import { rejects } from "../support/rejects.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("data of one's own");

const text = (lines: readonly string[]): Uint8Array => new TextEncoder().encode(lines.join("\n"));
const csv = { kind: "csv", train: "a.csv", test: "b.csv", label: "kind" } as const;
const a = ["width, kind ,height,note", "1,cat,10,x", "3,dog,10,y", "5,cat,10,z"];
const b = ["width,kind,height,note", "7,dog,10,x"];

const load = (own: OwnData, files: Record<string, Uint8Array>) => loadOwn("mine", memorySource(files), own);

test("a table becomes numbers of mean 0 and deviation 1 over its training rows, with classes by the alphabet", async () => {
  const mine = await load({ ...csv, ignore: ["note"] }, { "a.csv": text(a), "b.csv": text(b) });
  assert.is(mine.kind, "features");
  assert.equal(mine.classes, ["cat", "dog"]);
  assert.equal(mine.shape, [2]);
  const scale = Math.sqrt(8 / 3);
  assert.equal(mine.train.x, Float32Array.of(-2 / scale, 0, 0, 0, 2 / scale, 0));
  assert.equal(mine.test.x, Float32Array.of(4 / scale, 0));
  assert.equal([...mine.train.labels, ...mine.test.labels], [0, 1, 0, 1]);
});

test("a table without a test file keeps a fifth of its rows for it, the same ones every time", async () => {
  const rows = Array.from({ length: 50 }, (_, i) => `${i},${i % 3}`);
  const own = { kind: "csv", train: "a.csv", label: "c", standardize: false } as const;
  const [one, two] = [0, 1].map(() => load(own, { "a.csv": text(["v,c", ...rows]) }));
  const [mine, again] = [await one!, await two!];
  assert.is(mine.test.rows, 10);
  assert.equal(
    [...mine.train.x, ...mine.test.x].toSorted((x, y) => x - y),
    rows.map((_, i) => i),
  );
  assert.equal(mine.test.x, again.test.x);
  // numbers are put in order as numbers
  assert.equal(mine.classes, ["0", "1", "2"]);
});

const refuses = (lines: readonly string[], message: RegExp, more: object = { ignore: ["note"] }) =>
  rejects(() => load({ ...csv, ...more }, { "a.csv": text(lines), "b.csv": text(b) }), message);

test("what does not fit in a table is named by file, row and column", async () => {
  await refuses([...a, "big,cat,1,x"], /a.csv, line 5, column width, got "big", expected a decimal number/);
  await refuses([...a, "1,cat"], /a.csv, line 5, got 2 cells, expected 4/);
  await refuses(a, /line 2, column note, got "x"/, {});
  await refuses(a, /expected one called species/, { label: "species" });
  await refuses(a.slice(0, 2), /b.csv, line 2, got class "dog", expected one of the training rows': cat/);
  await rejects(() => load(csv, {}), /got no a.csv; give the folder/);
});

const file = (shape: number[], data: Uint8Array | Float32Array | BigInt64Array) => encodeNpy({ shape, data });

test("npy bytes are images, npy floats are features", async () => {
  const labels = file([2], BigInt64Array.of(1n, 0n));
  const bytes = file([2, 3, 4], new Uint8Array(24).fill(9));
  const images = { "x_train.npy": bytes, "y_train.npy": labels, "x_test.npy": bytes, "y_test.npy": labels };
  const image = await load({ kind: "npy" }, images);
  assert.equal([image.kind, image.shape, image.classes], ["image", [1, 3, 4], ["0", "1"]]);
  const floats = file([2, 5], new Float32Array(10).fill(0.5));
  const table = await load(
    { kind: "npy", classes: ["no", "yes"] },
    { ...images, "x_train.npy": floats, "x_test.npy": floats },
  );
  assert.equal([table.kind, table.shape, table.classes], ["features", [5], ["no", "yes"]]);
  await rejects(
    () => load({ kind: "npy" }, { ...images, "y_test.npy": file([3], BigInt64Array.of(0n, 0n, 0n)) }),
    /y_test.npy, got \[3\], expected \[2\]/,
  );
  await rejects(
    () => load({ kind: "npy" }, { ...images, "x_test.npy": floats }),
    /got rows of \[5\], expected \[3,4\]/,
  );
});

test("idx and CIFAR files are found under names of one's own", async () => {
  const images = formatIdx({ shape: [2, 3, 3], data: new Uint8Array(18) });
  const labels = formatIdx({ shape: [2], data: Uint8Array.of(2, 0) });
  const pair = ["i", "l"] as const;
  const idx = await load({ kind: "idx", train: pair, test: pair }, { i: images, l: labels });
  assert.equal([idx.kind, idx.shape, idx.classes], ["image", [1, 3, 3], ["0", "1", "2"]]);
  const record = new Uint8Array(3073);
  record[0] = 1;
  const cifar = { kind: "cifar", train: ["x", "x"], test: ["x"], labelBytes: 1 } as const;
  const mine = await load({ ...cifar, classes: ["a", "b"] }, { x: record });
  assert.equal([mine.train.rows, mine.test.rows, mine.train.labels[1]], [2, 1, 1]);
  await rejects(
    () => load({ ...cifar, classes: ["a"] }, { x: record }),
    /labels: memory\/x, got 1 in row 0, expected a class number from 0 to 0/,
  );
});

const make = (x: number[], labels: number[]) =>
  fromFeatures({
    name: "n",
    classes: ["a", "b"],
    shape: [2],
    train: { x, labels },
    test: { x: [0, 0], labels: [0] },
  });

test("features are checked for their count, their labels and numbers that are none", () => {
  assert.equal(take(make([1, 2, 3, 4], [0, 1]).train, [1]), {
    x: Float32Array.of(3, 4),
    labels: Uint8Array.of(1),
    rows: 1,
  });
  assert.throws(() => make([1], [0]), /train x, got 1 numbers, expected 1 labels x 2 = 2/);
  assert.throws(() => make([1, NaN], [0]), /got NaN in row 0/);
  assert.throws(() => make([1, 2], [2]), /got 2 in row 0, expected a class number from 0 to 1/);
});

test.run();
