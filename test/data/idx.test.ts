import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { Split } from "../../src/data/dataset.ts";
import { countIdx, formatIdx, loadIdx, parseIdx } from "../../src/data/idx.ts";
import { assert, test } from "../support/suite.ts";
import { rejects } from "../support/rejects.ts";

const sizes = { classes: 3, height: 2, width: 3 };

function images(rows: number): Uint8Array {
  return formatIdx({ shape: [rows, 2, 3], data: Uint8Array.from({ length: rows * 6 }, (_, i) => i) });
}

function labels(...marks: number[]): Uint8Array {
  return formatIdx({ shape: [marks.length], data: Uint8Array.from(marks) });
}

function load(i: Uint8Array, l: Uint8Array): Promise<Split> {
  return loadIdx({ name: "images", bytes: i }, { name: "labels", bytes: l }, sizes);
}

test("any idx file of bytes reads back as it was written", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }), fc.nat(255), (shape, fill) => {
      const data = new Uint8Array(shape.reduce((n, size) => n * size, 1)).fill(fill);
      const idx = parseIdx(formatIdx({ shape, data }), "file", shape.length);
      assert.equal(idx.shape, shape);
      assert.equal([...idx.data], [...data]);
    }),
  );
});

test("images and labels load alike packed and unpacked", async () => {
  for (const pack of [(bytes: Uint8Array) => bytes, (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))]) {
    const split = await loadIdx(
      { name: "i", bytes: pack(images(3)) },
      { name: "l", bytes: pack(labels(2, 0, 1)) },
      sizes,
    );
    assert.is(split.rows, 3);
    assert.equal([...split.x], [...Array(18).keys()]);
    assert.equal([...split.labels], [2, 0, 1]);
    assert.is(await countIdx({ name: "i", bytes: pack(images(3)) }, { name: "l", bytes: pack(labels(2, 0, 1)) }), 3);
  }
});

test("files of several members, or padded, are counted and read like any other", async () => {
  const cut = (bytes: Uint8Array, at: number) =>
    Buffer.concat([gzipSync(bytes.subarray(0, at)), gzipSync(bytes.subarray(at)), Buffer.alloc(100)]);
  for (let at = 0; at <= 34; at += 17) {
    const pair = [
      { name: "i", bytes: cut(images(3), at) },
      { name: "l", bytes: cut(labels(2, 0, 1), at % 5) },
    ] as const;
    assert.is(await countIdx(...pair), 3);
    assert.equal([...(await loadIdx(...pair, sizes)).labels], [2, 0, 1]);
  }
});

test("no more is unpacked than the header says there is", async () => {
  const much = new Uint8Array(gzipSync(new Uint8Array([...images(2), ...new Uint8Array(50_000_000)])));
  const before = process.memoryUsage().arrayBuffers;
  await rejects(() => load(much, labels(0, 1)), /images, got more than 28 bytes, expected at most as many/);
  await rejects(
    () => countIdx({ name: "images", bytes: much }, { name: "labels", bytes: labels(0, 1) }),
    /images, got 50000012 bytes after the header, expected 2 x 2 x 3 = 12; the file is too long/,
  );
  assert.ok(process.memoryUsage().arrayBuffers - before < 200_000_000);
});

test("pixels and labels lie in memory that workers can share", async () => {
  const split = await loadIdx({ name: "i", bytes: images(2) }, { name: "l", bytes: labels(0, 1) }, sizes);
  assert.instance(split.x.buffer, SharedArrayBuffer);
  assert.instance(split.labels.buffer, SharedArrayBuffer);
});

test("every broken pair of files is one error that names the file and what was expected", async () => {
  const packed = new Uint8Array(gzipSync(images(2)));
  const cases: [Uint8Array, Uint8Array, RegExp][] = [
    [labels(0, 1), labels(0, 1), /images.*got magic number 0x00000801, expected 0x00000803 .*3 dimensions/],
    [images(2), images(2), /labels.*got magic number 0x00000803, expected 0x00000801/],
    [images(2).slice(0, 10), labels(0, 1), /images.*got 10 bytes, expected a header of 16; the file is truncated/],
    [
      images(2).slice(0, -1),
      labels(0, 1),
      /images.*got 11 bytes after the header, expected 2 x 2 x 3 = 12; .*truncated/,
    ],
    [new Uint8Array([...images(2), 7]), labels(0, 1), /images.*got 13 bytes after the header.*too long/],
    [images(2), labels(0, 1, 2), /images and labels, got 2 images and 3 labels, expected as many/],
    [images(0), labels(), /images, got 0 images/],
    [packed.slice(0, packed.length - 9), labels(0, 1), /images, got a damaged or truncated file|images.*truncated/],
  ];
  for (const [i, l, message] of cases) {
    await rejects(() => load(i, l), message);
    await rejects(() => countIdx({ name: "images", bytes: i }, { name: "labels", bytes: l }), /images|labels/);
  }
  await rejects(() => load(images(2), labels(0, 3)), /labels, got 3 in row 1, expected a class number from 0 to 2/);
  const square = formatIdx({ shape: [1, 2, 2], data: new Uint8Array(4) });
  await rejects(() => load(square, labels(0)), /images, got images of 2 x 2, expected 2 x 3/);
});

test.run();
