import { readFileSync } from "node:fs";
import { crc32, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { decodeZip } from "../../src/io/unzip.ts";
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

test("what was packed comes back, whatever it is called and holds", async () => {
  const name = fc.stringMatching(/^[a-z]{1,3}(\/[a-zé.]{1,4}[a-z])?$/);
  const entries = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 40 })), {
    selector: ([path]) => path,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(entries, async (packed) => {
      assert.equal([...(await decodeZip(encodeZip(packed)))], packed);
    }),
  );
});

test("an archive that was packed anew is read, too: deflated, with folders and a comment", async () => {
  const content = utf8.encode("line\n".repeat(500));
  const plain = encodeZip([["run/metrics.jsonl", content]]);
  const packed = deflateRawSync(content);
  // the same entry, with its content deflated
  const nameLength = "run/metrics.jsonl".length;
  const start = 30 + nameLength;
  const archive = new Uint8Array(plain.length - content.length + packed.length + 5);
  archive.set(plain.subarray(0, start));
  archive.set(packed, start);
  archive.set(plain.subarray(start + content.length), start + packed.length);
  const view = new DataView(archive.buffer);
  const directory = start + packed.length;
  view.setUint16(8, 8, true);
  view.setUint32(18, packed.length, true);
  view.setUint16(directory + 10, 8, true);
  view.setUint32(directory + 20, packed.length, true);
  const end = archive.length - 5 - 22;
  view.setUint32(end + 16, directory, true);
  view.setUint16(end + 20, 5, true);
  assert.equal([...(await decodeZip(archive))], [["run/metrics.jsonl", content]]);
  await assertRefused(archive, /over 100 bytes/, { most: 100 });
  view.setUint32(directory + 24, content.length - 1, true);
  await assertRefused(archive, /damaged/);
});

test("damage is refused in one line, and nothing leads out of a folder", async () => {
  const archive = encodeZip(files);
  for (let end = 0; end < archive.length; end += 7) await assertRefused(archive.slice(0, end), /^zip: /);
  await fc.assert(
    fc.asyncProperty(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const torn = archive.slice();
      torn[at]! ^= by;
      // either it is told, or it makes no difference to the files
      const read = await decodeZip(torn).catch((error: Error) => error);
      if (read instanceof Error) assert.match(`${read.name}: ${read.message}`, /^RangeError: zip: [^\n]+$/);
      else assert.equal([...read.values()], files.map(([, bytes]) => bytes)); // prettier-ignore
    }),
  );
  for (const path of ["../evil", "/etc/passwd", "a/../../b", "C:\\x", "a//b", "..\\up"])
    await assertRefused(encodeZip([[path, new Uint8Array()]]), /expected one inside of a folder/);
});

async function assertRefused(archive: Uint8Array, message: RegExp, options = {}): Promise<void> {
  const error = await decodeZip(archive, options).then(
    () => new Error("it was taken"),
    (error: Error) => error,
  );
  assert.match(error.message, message);
}

test.run();
