import { gzipSync } from "node:zlib";
import { loadCifar10, loadCifar100 } from "../../src/data/catalogue.ts";
import { countCifar } from "../../src/data/cifar.ts";
import { memorySource } from "../../src/data/source.ts";
import { assert, test } from "../support/suite.ts";
import { rejects } from "../support/rejects.ts";

/** Records of the given label bytes; every pixel of record r is the number of its channel plus 10 r. */
function records(...labels: number[][]): Uint8Array {
  return Uint8Array.from(
    labels.flatMap((marks, r) => [...marks, ...Array.from({ length: 3072 }, (_, i) => 10 * r + Math.floor(i / 1024))]),
  );
}

const ten = {
  "data_batch_1.bin": records([3], [9]),
  "data_batch_2.bin": records([0]),
  "cifar-10-batches-bin/data_batch_3.bin.gz": new Uint8Array(gzipSync(records([1], [2]))),
  "data_batch_4.bin": records([4]),
  "data_batch_5.bin": records([5]),
  "test_batch.bin": records([7]),
};

test("CIFAR-10 batches, packed or not, become one split in order", async () => {
  const { train, test: held, shape, classes } = await loadCifar10(memorySource(ten));
  assert.equal([...train.labels], [3, 9, 0, 1, 2, 4, 5]);
  assert.is(train.rows, 7);
  assert.is(train.x.length, 7 * 3072);
  // the second record of the first batch: channel values 10, 11, 12
  assert.equal([train.x[3072], train.x[3072 + 1024], train.x[3072 + 3071]], [10, 11, 12]);
  assert.equal([...held.labels], [7]);
  assert.equal(shape, [3, 32, 32]);
  assert.is(classes[6], "frog");
});

test("CIFAR-100 records give their fine label", async () => {
  const { train, classes } = await loadCifar100(
    memorySource({ "train.bin": records([19, 99], [0, 42]), "test.bin": records([1, 2]) }),
  );
  assert.equal([...train.labels], [99, 42]);
  assert.is(train.x[3072], 10);
  assert.is(new Set(classes).size, 100);
  assert.is(classes[99], "worm");
});

test("missing, truncated and foreign CIFAR files are one error that names them", async () => {
  const { "data_batch_4.bin": _, ...gap } = ten;
  await rejects(() => loadCifar10(memorySource(gap, "here")), /cifar10: here, got no data_batch_4.bin, expected/);
  const cut = { ...ten, "data_batch_2.bin": records([0]).slice(1) };
  await rejects(() => loadCifar10(memorySource(cut)), /data_batch_2.bin, got 3072 bytes, expected a multiple of 3073/);
  await rejects(
    () => loadCifar10(memorySource({ ...ten, "test_batch.bin": records([10]) })),
    /test_batch.bin, got 10 in row 0, expected a class number from 0 to 9/,
  );
  assert.throws(() => countCifar([{ name: "f", bytes: new Uint8Array(0) }], 1), /f, got 0 bytes/);
});

test.run();
