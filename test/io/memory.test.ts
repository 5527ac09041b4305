// Bytes are bytes, wherever they lie: every reader gives the same of a Uint8Array, of shared memory and of Node's Buffer, whose
// own `slice` is a view, at every offset.
import fc from "fast-check";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/io/checkpoint.ts";
import { copyBytes, dtypes, type NumericArray } from "../../src/io/dtype.ts";
import { decodeNpy, encodeNpy } from "../../src/io/npy.ts";
import { decodeSafetensors } from "../../src/io/safetensors.ts";
import { parseIdx, formatIdx } from "../../src/data/idx.ts";
import { unpack, unpackHead } from "../../src/data/gzip.ts";
import { gzipSync } from "node:zlib";
import { assert, test } from "../support/suite.ts";

type Place = (bytes: Uint8Array, offset: number) => Uint8Array;

function around(memory: Uint8Array, bytes: Uint8Array, offset: number): Uint8Array {
  memory.fill(0xa5);
  memory.set(bytes, offset);
  return memory;
}

const places: readonly Place[] = [
  (bytes, offset) => around(new Uint8Array(bytes.length + offset + 3), bytes, offset).subarray(offset, -3),
  (bytes, offset) => around(Buffer.alloc(bytes.length + offset + 3), bytes, offset).subarray(offset, -3),
  // from the pool that readFile and concat use
  (bytes, offset) => Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset),
  (bytes, offset) => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + offset));
    return around(shared, bytes, offset).subarray(offset);
  },
  (bytes, offset) => {
    const shared = Buffer.from(new SharedArrayBuffer(bytes.length + offset));
    return around(shared, bytes, offset).subarray(offset);
  },
];

/** Elements of every type, made of any bytes. */
const array: fc.Arbitrary<NumericArray> = fc
  .record({ dtype: fc.constantFrom(...dtypes), length: fc.nat(5), seed: fc.nat(255) })
  .map(({ dtype: { array }, length, seed }) => {
    const bytes = Uint8Array.from({ length: length * array.BYTES_PER_ELEMENT }, (_, i) => (seed + 37 * i) % 251);
    return new array(bytes.buffer, 0, length);
  });
const place = fc.constantFrom(...places);
const offset = fc.nat(17);

function same(got: NumericArray, expected: NumericArray): void {
  assert.is(got.constructor, expected.constructor);
  const bytes = ({ buffer, byteOffset, byteLength }: NumericArray) => [
    ...new Uint8Array(buffer, byteOffset, byteLength),
  ];
  assert.equal(bytes(got), bytes(expected));
}

/** A safetensors file in the order given and with a header of any length, as other writers make them. */
function unaligned(tensors: readonly NumericArray[], pad: number): Uint8Array {
  let at = 0;
  const fields = tensors.map((data, i) => {
    const { safetensors } = dtypes.find(({ array }) => data instanceof array)!;
    const begin = at;
    at += data.byteLength;
    return `"${i}":{"dtype":"${safetensors}","shape":[${data.length}],"data_offsets":[${begin},${at}]}`;
  });
  const header = new TextEncoder().encode(`{${fields.join(",")}}${" ".repeat(pad)}`);
  const file = new Uint8Array(8 + header.length + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let end = 8 + header.length;
  for (const { buffer, byteOffset, byteLength } of tensors) {
    file.set(new Uint8Array(buffer, byteOffset, byteLength), end);
    end += byteLength;
  }
  return file;
}

test("safetensors decode alike at every alignment, of every type, in every kind of memory", () => {
  fc.assert(
    fc.property(fc.array(array, { minLength: 1, maxLength: 4 }), fc.nat(8), place, offset, (tensors, pad, put, at) => {
      const read = decodeSafetensors(put(unaligned(tensors, pad), at)).tensors;
      tensors.forEach((data, i) => same(read.get(String(i))!.data, data));
    }),
  );
});

test("checkpoints do, seal and all", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), array, { maxKeys: 4 }), place, offset, (tensors, put, at) => {
      const read = decodeCheckpoint(put(encodeCheckpoint({ tensors, meta: "m" }), at));
      assert.is(read.meta, "m");
      for (const [name, data] of Object.entries(tensors)) same(read.tensors[name]!, data);
    }),
  );
});

test("npy does, and idx, and gzip", async () => {
  await fc.assert(
    fc.asyncProperty(array, place, offset, async (data, put, at) => {
      const npy = encodeNpy({ shape: [data.length], data });
      same(decodeNpy(put(npy, at)).data, data);
      const idx = formatIdx({ shape: [npy.length], data: npy });
      same(parseIdx(put(idx, at), "x", 1).data, npy);
      assert.equal([...(await unpack(put(gzipSync(npy), at), "x"))], [...npy]);
      assert.equal([...(await unpackHead(put(gzipSync(npy), at), "x", 9))], [...npy.subarray(0, 9)]);
    }),
  );
});

test("a copy of bytes is one, and is never shared", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), place, offset, fc.nat(20), fc.nat(20), (bytes, put, at, from, to) => {
      const placed = put(bytes, at);
      const copy = copyBytes(placed, from, to);
      assert.equal(copy, bytes.slice(from, to));
      assert.instance(copy.buffer, ArrayBuffer);
      placed.fill(1);
      assert.equal(copy, bytes.slice(from, to));
    }),
  );
});

test.run();
