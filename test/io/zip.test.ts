import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { encodeZip } from "../../src/io/zip.ts";
import { assert, test } from "../support/suite.ts";

const utf8 = new TextEncoder();
const files = [
  ["run/summary.json", utf8.encode('{"version":1}\n')],
  ["run/größe.bin", Uint8Array.from({ length: 300 }, (_, i) => i)],
  ["run/empty", new Uint8Array()],
] as const;

test("the archive is the one that Python's zipfile has tested", () => {
  assert.equal(encodeZip(files), new Uint8Array(readFileSync(new URL("golden/run.zip", import.meta.url))));
});

test("the directory leads to every file, with its length and checksum", () => {
  const archive = encodeZip(files);
  const view = new DataView(archive.buffer);
  const end = archive.length - 22;
  assert.is(view.getUint32(end, true), 0x06054b50);
  assert.is(view.getUint16(end + 10, true), files.length);
  let at = view.getUint32(end + 16, true);
  for (const [path, bytes] of files) {
    assert.is(view.getUint32(at, true), 0x02014b50);
    assert.is(view.getUint32(at + 16, true), crc32(bytes));
    const nameLength = view.getUint16(at + 28, true);
    assert.is(new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength)), path);
    const local = view.getUint32(at + 42, true);
    assert.is(view.getUint32(local, true), 0x04034b50);
    const start = local + 30 + view.getUint16(local + 26, true);
    assert.equal(archive.subarray(start, start + view.getUint32(at + 24, true)), bytes);
    at += 46 + nameLength;
  }
  assert.is(at, end);
});

test("no files make an empty archive", () => {
  assert.is(encodeZip([]).length, 22);
});

test.run();
