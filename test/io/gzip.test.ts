import fc from "fast-check";
import { constants, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import { crc32 } from "../../src/io/crc32.ts";
import { gunzip } from "../../src/io/gzip.ts";
import { assert, test } from "../support/suite.ts";

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

/** Bytes as files have them: runs, repeated words, and noise. */
const contents = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.nat(255), fc.nat(3000)).map(([byte, n]) => new Uint8Array(n).fill(byte)),
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(400)).map(([word, n]) => {
        return Uint8Array.from({ length: n * word.length }, (_, i) => word[i % word.length]!);
      }),
      fc.tuple(fc.integer(), fc.nat(12_000)).map(([seed, n]) => {
        let x = seed;
        return Uint8Array.from({ length: n }, () => (x = (Math.imul(x, 1664525) + 1013904223) | 0) >>> 24);
      }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => Buffer.concat(parts));
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
});
const all = { most: 2 ** 31 - 1 };

function same(got: Uint8Array, expected: Uint8Array): void {
  assert.is(Buffer.compare(got, expected), 0, `${got.length} bytes, expected ${expected.length}`);
}

test("members of any packing unpack to what was packed, with zeros behind them and without", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(contents, options), { minLength: 1, maxLength: 3 }),
      fc.nat(600),
      (members, padding) => {
        const packed = members.map(([bytes, how]) => gzipSync(bytes, how));
        const { bytes, whole } = gunzip(Buffer.concat([...packed, Buffer.alloc(padding)]), all);
        assert.ok(whole);
        same(bytes, Buffer.concat(members.map(([bytes]) => bytes)));
      },
    ),
  );
});

test("never more comes out than was asked for, nor is more made room for than twice that", () => {
  fc.assert(
    fc.property(contents, options, fc.nat(100_000), (given, how, most) => {
      let largest = 0;
      const allocate = (size: number): Uint8Array => {
        largest = Math.max(largest, size);
        return new Uint8Array(size);
      };
      const { bytes, whole } = gunzip(gzipSync(given, how), { most, allocate });
      assert.is(whole, given.length <= most);
      same(bytes, given.subarray(0, most));
      assert.ok(largest <= Math.max(1024, 2 * most + 65_536, 2 * given.length), `${largest}`);
    }),
  );
});

test("names, comments, extra fields and header checksums are skipped, other flags and methods refused", () => {
  const given = Buffer.from("what is in it");
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(given), 0);
  tail.writeUInt32LE(given.length, 4);
  const member = (flags: number, method = 8): Buffer =>
    Buffer.concat([
      Buffer.from([0x1f, 0x8b, method, flags, 0, 0, 0, 0, 0, 3]),
      flags & 4 ? Buffer.from([3, 0, 7, 7, 7]) : Buffer.alloc(0),
      flags & 8 ? Buffer.from("name.csv\0") : Buffer.alloc(0),
      flags & 16 ? Buffer.from("a comment\0") : Buffer.alloc(0),
      flags & 2 ? Buffer.from([1, 2]) : Buffer.alloc(0),
      deflateRawSync(given),
      tail,
    ]);
  for (let flags = 0; flags < 32; flags++) same(gunzip(member(flags), all).bytes, given);
  for (const flags of [32, 64, 128]) assert.throws(() => gunzip(member(flags), all), /not deflate/);
  assert.throws(() => gunzip(member(0, 7), all), /not deflate/);
  // a name without an end
  assert.throws(() => gunzip(member(8).subarray(0, 14), all), /its end too early/);
});

test("every cut, every flipped bit and everything appended is refused, or changes nothing", () => {
  const damage = fc.oneof(
    fc.record({ kind: fc.constant("cut" as const), at: fc.nat() }),
    fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), bit: fc.nat(7) }),
    fc.record({ kind: fc.constant("append" as const), tail: fc.uint8Array({ minLength: 1, maxLength: 30 }) }),
  );
  fc.assert(
    fc.property(contents, options, damage, (given, how, hurt) => {
      const packed = gzipSync(given, how);
      let bytes: Uint8Array = packed;
      if (hurt.kind === "cut") bytes = packed.subarray(0, hurt.at % packed.length);
      else if (hurt.kind === "append") bytes = Buffer.concat([packed, hurt.tail]);
      else packed[hurt.at % packed.length]! ^= 1 << hurt.bit;
      if (bytes.length === 0) return;
      let unpacked: Uint8Array;
      try {
        unpacked = gunzip(bytes, all).bytes;
      } catch (error) {
        assert.instance(error, RangeError);
        assert.match((error as Error).message, /^(gunzip|inflate): got /);
        return;
      }
      // the header's time and system, and zeros behind the end, mean nothing to the contents
      assert.not.equal(hurt.kind, "cut");
      same(unpacked, given);
    }),
    { numRuns: 400 },
  );
});

test("a stream made to be slow is read in time that its length allows", () => {
  // bits, first one lowest, as a stream wants them
  const stream = (write: (put: (value: number, bits: number) => void) => void): Uint8Array => {
    const bytes: number[] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let [held, count] = [0, 0];
    write((value, bits) => {
      held |= value << count;
      for (count += bits; count >= 8; count -= 8, held >>>= 8) bytes.push(held & 255);
    });
    return Uint8Array.from(bytes);
  };
  const empty = stream((put) => {
    for (let block = 0; block < 400_000; block++) put(0b010, 3 + 7);
  });
  // blocks of nothing but their codes, of all lengths up to 15
  const codes = stream((put) => {
    for (let block = 0; block < 10_000; block++) {
      put(0b100, 3);
      put(0, 5);
      put(0, 5);
      put(15, 4);
      // every length that a code can have gets one of 4 bits, and 17 and 18 do
      for (const symbol of [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15])
        put(symbol === 16 || symbol === 0 || symbol === 17 ? 0 : 4, 3);
      // their codes, by symbol: 1 to 15 are 0 to 14, 18 is 15, the first bit highest
      const code = (value: number): void => {
        for (let bit = 3; bit >= 0; bit--) put((value >> bit) & 1, 1);
      };
      for (let length = 1; length <= 15; length++) code(length - 1);
      // no code for the next 241 literals, one for the end of the block, one for a distance
      code(15);
      put(138 - 11, 7);
      code(15);
      put(241 - 138 - 11, 7);
      code(14);
      code(0);
      put(0x7fff, 15);
    }
  });
  for (const bytes of [empty, codes]) {
    const begin = performance.now();
    assert.throws(() => gunzip(bytes, all), /its end too early/);
    const middle = performance.now();
    assert.throws(() => gunzipSync(bytes), /unexpected end of file/);
    const [ours, theirs] = [middle - begin, performance.now() - middle];
    assert.ok(ours < 50 * theirs + 100, `${bytes.length} bytes took ${ours} ms, zlib ${theirs} ms`);
  }
});

test.run();
