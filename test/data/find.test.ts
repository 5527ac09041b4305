import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { catalogue, loadDataset, loadFashionMnist } from "../../src/data/catalogue.ts";
import { findDataset, survey } from "../../src/data/find.ts";
import { formatIdx } from "../../src/data/idx.ts";
import { type DataSource, memorySource } from "../../src/data/source.ts";
import { assert, test } from "../support/suite.ts";
import { rejects } from "../support/rejects.ts";

const folder = fileURLToPath(new URL("../../data/fashion-mnist", import.meta.url));
const bundled: DataSource = {
  where: "bundled",
  read: async (name) => (existsSync(`${folder}/${name}`) ? readFileSync(`${folder}/${name}`) : undefined),
};

const blank = (...shape: number[]): Uint8Array =>
  formatIdx({ shape, data: new Uint8Array(shape.reduce((n, size) => n * size)) });

function fashion(train: number, held: number): Record<string, Uint8Array> {
  const [trainImages, trainLabels] = catalogue["fashion-mnist"].files.train as [string, string];
  const [testImages, testLabels] = catalogue["fashion-mnist"].files.test as [string, string];
  return {
    [trainImages]: blank(train, 28, 28),
    [trainLabels]: blank(train),
    [testImages]: blank(held, 28, 28),
    [testLabels]: blank(held),
  };
}

test("the bundled Fashion-MNIST is 1,000 train and 200 test images of each class, not blank and not repeated", async () => {
  const { train, test: held, shape, normalization, classes } = await loadFashionMnist(bundled);
  assert.equal(shape, [1, 28, 28]);
  assert.equal(normalization, { mean: [0.5], std: [0.5] });
  for (const [split, each] of [
    [train, 1000],
    [held, 200],
  ] as const) {
    const counts = classes.map((_, c) => split.labels.filter((label) => label === c).length);
    assert.equal(
      counts,
      classes.map(() => each),
    );
    assert.is(split.x.length, split.rows * 784);
    const images = Array.from({ length: split.rows }, (_, row) => split.x.subarray(row * 784, row * 784 + 784).join());
    // the original has repeated images, too
    assert.ok(new Set(images).size > 0.99 * split.rows);
  }
});

test("a survey says what each place has, and the bundled part is a part", async () => {
  const [images] = catalogue["fashion-mnist"].files.train as [string];
  const damaged = { ...fashion(3, 2), [images]: new Uint8Array(40) };
  const found = await survey([
    memorySource({ "notes.txt": new Uint8Array(1) }, "empty"),
    memorySource({ "fashion-mnist/train-images-idx3-ubyte.gz": new Uint8Array(9) }, "gap"),
    memorySource(damaged, "damaged"),
    bundled,
  ]);
  assert.equal(
    found.map(({ source, rows, complete }) => [source.where, rows, complete]),
    [
      ["gap", undefined, false],
      ["damaged", undefined, false],
      ["bundled", { train: 10_000, test: 2000 }, false],
    ],
  );
  assert.equal(found[0]!.missing, ["train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]);
  assert.match(found[1]!.problem!, /damaged\/train-images-idx3-ubyte, got magic number 0x00000000/);
});

test("the whole set is preferred to an earlier part, and an earlier place among equals", async () => {
  const part = memorySource(fashion(3, 2), "part");
  const other = memorySource(fashion(4, 2), "other part");
  const whole = memorySource(fashion(60_000, 10_000), "whole");
  assert.is((await findDataset("fashion-mnist", [part, whole])).source, whole);
  assert.is((await findDataset("fashion-mnist", [part, other])).source, part);
  assert.is((await loadDataset("fashion-mnist", part)).train.rows, 3);
});

test("a place with some of the files, or a damaged one, is an error and not passed over", async () => {
  const files = fashion(3, 2);
  const gap = memorySource(Object.fromEntries(Object.entries(files).slice(1)), "gap");
  await rejects(() => findDataset("fashion-mnist", [gap, bundled]), /gap, got no train-images-idx3-ubyte, expected/);
  const damaged = memorySource({ ...files, "train-labels-idx1-ubyte": new Uint8Array(3) }, "torn");
  await rejects(() => findDataset("fashion-mnist", [damaged, bundled]), /torn\/train-labels.*got 3 bytes/);
  await rejects(() => findDataset("cifar10", [bundled, gap]), /cifar10, got none of its files in bundled, gap; give/);
  await rejects(() => findDataset("cifar100", []), /in no place at all/);
});

test.run();
