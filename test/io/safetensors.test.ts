import fc from "fast-check";
import { readFileSync } from "node:fs";
import { decodeSafetensors, encodeSafetensors } from "../../src/io/safetensors.ts";
import type { TensorData } from "../../src/io/dtype.ts";
import { assert, test } from "../support/suite.ts";

const fixture = (): Uint8Array => new Uint8Array(readFileSync(new URL("golden/python.safetensors", import.meta.url)));

/** A file with this header and this many bytes of data. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4]): unknown => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

function refuses(header: unknown, message: RegExp): void {
  assert.throws(() => decodeSafetensors(file(header, 8)), message);
}

const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
const arrays = [Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Uint8Array, Uint16Array, Uint32Array];
const tensor: fc.Arbitrary<TensorData> = fc
  .record({ shape: sizes, kind: fc.integer({ min: 0, max: arrays.length + 1 }), seed: fc.integer() })
  .map(({ shape, kind, seed }) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const values = Array.from({ length }, (_, i) => (seed ^ (i * 0x9e3779b9)) / 7);
    if (kind === arrays.length) return { shape, data: BigInt64Array.from(values, (x) => BigInt(Math.trunc(x))) };
    if (kind > arrays.length) return { shape, data: BigUint64Array.from(values, (x) => BigInt(Math.trunc(x))) };
    return { shape, data: (arrays[kind] ?? Float32Array).from(values) };
  });
const tensors = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary" }), tensor), {
  selector: ([name]) => name,
  maxLength: 6,
});
const metadata = fc.dictionary(
  fc.string().map((key) => `k${key}`),
  fc.string({ unit: "binary" }),
);

test("a file written and read again has the same tensors, metadata and bytes", () => {
  fc.assert(
    fc.property(tensors, metadata, (given, notes) => {
      const bytes = encodeSafetensors(given, notes);
      const read = decodeSafetensors(bytes);
      assert.equal(Object.entries(read.metadata), Object.entries(notes));
      assert.is(read.tensors.size, given.length);
      for (const [name, { shape, data }] of given) {
        assert.equal(read.tensors.get(name)?.shape, shape);
        assert.is(read.tensors.get(name)?.data.constructor, data.constructor);
        assert.equal(read.tensors.get(name)?.data, data);
      }
      assert.equal(encodeSafetensors(read.tensors, read.metadata), bytes);
    }),
  );
});

test("a file reads the same wherever it lies in a larger buffer", () => {
  const bytes = fixture();
  for (let shift = 0; shift < 9; shift++) {
    const buffer = new Uint8Array(bytes.length + 16);
    buffer.set(bytes, shift);
    const { tensors } = decodeSafetensors(buffer.subarray(shift, shift + bytes.length));
    assert.equal(tensors.get("linear.weight")?.data, Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25));
    assert.equal(tensors.get("step")?.data, BigInt64Array.of(7n));
  }
});

test("a file by the Python package is read, and written back to the same bytes", () => {
  const { tensors, metadata } = decodeSafetensors(fixture());
  assert.equal([...tensors.keys()], ["step", "lr", "linear.bias", "linear.weight", "empty", "labels"]);
  assert.equal(tensors.get("linear.weight")?.shape, [2, 3]);
  assert.equal(tensors.get("linear.bias")?.data, Float32Array.of(-1.5, 0.25));
  assert.equal(tensors.get("lr")?.data, Float64Array.of(5e-5));
  assert.equal(tensors.get("labels")?.data, Uint8Array.of(3, 1, 4, 1, 5));
  assert.equal(tensors.get("empty"), { shape: [0, 4], data: new Int32Array() });
  assert.equal(metadata, { source: "safetensors in Python" });
  assert.equal(encodeSafetensors(tensors, metadata), fixture());
});

test("tensors of one width stay in the given order, so a flat block remains one block", () => {
  const block = Float32Array.of(1, 2, 3, 4);
  const bytes = encodeSafetensors([
    ["z", { shape: [1], data: block.subarray(0, 1) }],
    ["10", { shape: [2], data: block.subarray(1, 3) }],
    ["9", { shape: [1], data: block.subarray(3) }],
  ]);
  assert.equal(new Float32Array(bytes.slice(-16).buffer), block);
  assert.equal([...decodeSafetensors(bytes).tensors.keys()], ["z", "10", "9"]);
});

test("an empty file of no tensors is a file", () => {
  assert.is(decodeSafetensors(encodeSafetensors([])).tensors.size, 0);
});

test("a shape that does not fit and a name given twice are refused when writing", () => {
  const data = Float32Array.of(1, 2);
  assert.throws(() => encodeSafetensors([["w", { shape: [3], data }]]), /shape does not fit .* \[3\] and 2 elements/);
  const one = ["w", { shape: [2], data }] as const;
  assert.throws(() => encodeSafetensors([one, one]), /name not free, got "w"/);
  assert.throws(() => encodeSafetensors([["__metadata__", one[1]]]), /name not free/);
});

test("every cut of a file is refused", () => {
  const bytes = fixture();
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeSafetensors(bytes.subarray(0, length)), /^safetensors: (no header|truncated)/);
  }
});

test("overlaps, holes and unused bytes are refused", () => {
  assert.throws(() => decodeSafetensors(file({ a: entry(0, 8), b: entry(4, 12) }, 12)), /"b" overlaps/);
  assert.throws(() => decodeSafetensors(file({ a: entry(0, 8), b: entry(0, 8) }, 8)), /"b" overlaps/);
  assert.throws(() => decodeSafetensors(file({ a: entry(0, 4), b: entry(8, 12) }, 12)), /hole before "b"/);
  assert.throws(() => decodeSafetensors(file({ a: entry(4, 8) }, 8)), /hole before "a"/);
  assert.throws(() => decodeSafetensors(file({ a: entry(0, 4) }, 8)), /unused bytes/);
  assert.throws(() => decodeSafetensors(file({ a: entry(0, 8) }, 4)), /truncated in "a"/);
});

test("bad headers are refused with what is wrong in them", () => {
  refuses("not json", /not JSON/);
  refuses('{"a": "\xff', /not JSON/);
  refuses("[]", /not an object/);
  refuses({ __metadata__: { epoch: 3 } }, /metadata is not an object of strings/);
  refuses({ a: 5 }, /bad entry of "a"/);
  refuses(
    { a: { dtype: "F8_E4M3", shape: [4], data_offsets: [0, 8] } },
    /dtype of "a", got "F8_E4M3", expected one of F32/,
  );
  refuses({ a: { dtype: "F32", shape: [-2], data_offsets: [0, 8] } }, /bad shape of "a"/);
  refuses({ a: { dtype: "F32", shape: "2", data_offsets: [0, 8] } }, /bad shape of "a"/);
  refuses({ a: { dtype: "F32", shape: [2], data_offsets: [0] } }, /bad offsets of "a"/);
  refuses({ a: entry(0, 8, [3]) }, /offsets of "a", got 8 bytes, expected 12/);
  refuses({ a: entry(8, 0, [2]) }, /offsets of "a", got -8 bytes, expected 8/);
  refuses({ a: entry(0, 8, [2 ** 40, 2 ** 40]) }, /too many elements/);
});

test("a header length beyond all reason is refused before anything is read", () => {
  const bytes = new Uint8Array(16).fill(0xff);
  assert.throws(() => decodeSafetensors(bytes), /header too long/);
});

test.run();
