import fc from "fast-check";
import { readFileSync } from "node:fs";
import { decodeNpy, encodeNpy } from "../../src/io/npy.ts";
import { assert, test } from "../support/suite.ts";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`golden/${name}.npy`, import.meta.url)));
const quarters = { shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) };

test("numpy's files of version 1, 2 and 3 are read", () => {
  for (const version of [1, 2, 3]) assert.equal(decodeNpy(fixture(`numpy-v${version}`)), quarters);
});

test("a 64-bit integer that no float holds is read exactly", () => {
  assert.equal(decodeNpy(fixture("numpy-scalar")), { shape: [], data: BigInt64Array.of(9007199254740993n) });
});

test("our bytes are numpy's bytes", () => {
  assert.equal(encodeNpy(quarters), fixture("numpy-v1"));
  assert.equal(encodeNpy(decodeNpy(fixture("numpy-scalar"))), fixture("numpy-scalar"));
});

test("column-major order is refused with the remedy", () => {
  assert.throws(() => decodeNpy(fixture("numpy-fortran")), /column-major, expected row-major; save numpy\.ascontig/);
});

test("an array written and read again is the same", () => {
  const float = fc.array(fc.double({ noNaN: true }), { maxLength: 20 });
  fc.assert(
    fc.property(float, fc.boolean(), fc.integer({ min: 0, max: 5 }), (values, flat, kind) => {
      const kinds = [Float32Array, Float64Array, Int32Array, Uint8Array, Int16Array, Uint16Array] as const;
      const data = (kinds[kind] ?? Float32Array).from(values);
      const given = { shape: flat ? [data.length] : [1, data.length, 1], data };
      const bytes = encodeNpy(given);
      assert.is((bytes.length - data.byteLength) % 64, 0);
      assert.equal(decodeNpy(bytes), given);
    }),
  );
});

test("a header too long for version 1 becomes version 2", () => {
  const shape = Array.from({ length: 30000 }, () => 1);
  const bytes = encodeNpy({ shape, data: Float32Array.of(3) });
  assert.is(bytes[6], 2);
  assert.equal(decodeNpy(bytes), { shape, data: Float32Array.of(3) });
});

test("headers with other spacing and key order are read", () => {
  const dict = `{"shape": (2L,), 'fortran_order':False,'descr':  '<u1'}\n`.replaceAll('"', "'");
  const bytes = Uint8Array.from([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, dict.length, 0]);
  const file = Uint8Array.from([...bytes, ...new TextEncoder().encode(dict), 7, 8]);
  assert.equal(decodeNpy(file), { shape: [2], data: Uint8Array.of(7, 8) });
});

test("cut files, other types and other formats are refused", () => {
  const whole = fixture("numpy-v1");
  assert.throws(() => decodeNpy(whole.subarray(0, 60)), /npy: truncated in the header, got 60/);
  assert.throws(() => decodeNpy(whole.subarray(0, 151)), /wrong length, got 151 bytes, expected 152/);
  assert.throws(() => decodeNpy(whole.subarray(0, 5)), /is this an \.npy file/);
  assert.throws(() => decodeNpy(whole.slice().fill(0, 0, 1)), /is this an \.npy file/);
  assert.throws(() => decodeNpy(whole.slice().fill(9, 6, 7)), /version, got 9/);
  const edit = (from: string, to: string): Uint8Array => {
    const text = String.fromCharCode(...whole.subarray(0, 128)).replace(from, to);
    return Uint8Array.from([...Array.from(text, (c) => c.charCodeAt(0)), ...whole.subarray(128)]);
  };
  assert.throws(() => decodeNpy(edit("<f4", ">f4")), /element type, got >f4, expected one of <f4/);
  assert.throws(() => decodeNpy(edit("'<f4'", "[('x', '<f4')]")), /element type, got \[/);
  assert.throws(() => decodeNpy(edit("shape", "shame")), /npy: header, got /);
});

/** A file of version 2 with this header and no elements. */
function headed(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const file = Uint8Array.from([0x93, ...new TextEncoder().encode("NUMPY"), 2, 0, 0, 0, 0, 0, ...bytes]);
  new DataView(file.buffer).setUint32(8, bytes.length, true);
  return file;
}

test("headers of any pieces are read or refused in time that grows with their length alone, and quoted in part", () => {
  const piece = fc.constantFrom(
    ..."{ } ' \" : , ( ) [ ] 1 L True False <f4 \n".split(" "),
    " ",
    "'descr'",
    "'shape'",
    "'fortran_order'",
    "'descr':[",
    "'shape':(1",
    "{'descr': '<f4', ",
  );
  const pieces = fc.tuple(fc.array(piece, { maxLength: 8 }), fc.array(piece, { minLength: 1, maxLength: 3 }));
  fc.assert(
    fc.property(pieces, fc.nat(1), ([begin, again], brace) => {
      const text = "{".repeat(brace) + begin.join("") + again.join("").repeat(20_000);
      const start = performance.now();
      assert.throws(
        () => decodeNpy(headed(text)),
        (error: Error) => error.message.startsWith("npy: ") && error.message.length < 300,
      );
      assert.ok(performance.now() - start < 1000, `${text.slice(0, 60)} took ${performance.now() - start} ms`);
    }),
    { numRuns: 100 },
  );
});

test("a field that is missing, given twice or unknown is refused, and so is what follows the dict", () => {
  const fields = ["'descr': '<f4'", "'fortran_order': False", "'shape': (0,)"];
  const dict = (...parts: string[]) => headed(`{${parts.join(", ")}, }\n`);
  assert.equal(decodeNpy(dict(...fields)), { shape: [0], data: new Float32Array() });
  for (const [i, field] of fields.entries()) {
    assert.throws(() => decodeNpy(dict(...fields.toSpliced(i, 1))), /npy: header, got .*expected a dict with descr/);
    assert.throws(() => decodeNpy(dict(...fields, field)), /npy: header/);
  }
  assert.throws(() => decodeNpy(dict(...fields, "'x': 1")), /npy: header/);
  assert.throws(() => decodeNpy(headed(`{${fields.join(", ")}} x`)), /npy: header/);
  assert.throws(() => decodeNpy(headed(`{${fields.join(" ")}}`)), /npy: header/);
  assert.throws(() => decodeNpy(headed(" ".repeat(1_000_001))), /npy: header too long, got 1000001 bytes/);
});

test.run();
