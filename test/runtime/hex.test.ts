import fc from "fast-check";
import { decodeHex } from "../../src/runtime/hex.ts";
import { assert, test } from "../support/suite.ts";

const globals = globalThis as { Buffer?: unknown };
const arrays = Uint8Array as { fromHex?: unknown };

/** Decodes with what a runtime may lack taken away. */
function bare(text: string): number[] {
  const { Buffer } = globals;
  const { fromHex } = arrays;
  delete globals.Buffer;
  delete arrays.fromHex;
  try {
    return Array.from(decodeHex(text));
  } finally {
    globals.Buffer = Buffer;
    if (fromHex) arrays.fromHex = fromHex;
  }
}

test("hexadecimal text is read as its bytes, with the runtime's help and without", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
      assert.equal(Array.from(decodeHex(text)), Array.from(bytes));
      assert.equal(bare(text), Array.from(bytes));
    }),
  );
});

test("the bytes have a buffer of their own", () => {
  const { buffer, byteLength } = decodeHex("0001feff");
  assert.is(buffer.byteLength, byteLength);
});

test.run();
