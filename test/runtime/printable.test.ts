import fc from "fast-check";
import { decodePrintable, encodePrintable } from "../../src/runtime/printable.ts";
import { assert, test } from "../support/suite.ts";

test("bytes come back from their text, and the text is of characters that nothing escapes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = encodePrintable(bytes);
      assert.match(text, /^[#%-;=-[\]-_a-~]*$/);
      assert.equal(decodePrintable(text), bytes);
    }),
  );
});

test("every byte has a text of its own, one character or two", () => {
  const texts = Array.from({ length: 256 }, (_, byte) => encodePrintable(Uint8Array.of(byte)));
  assert.is(new Set(texts).size, 256);
  assert.ok(texts.every(({ length }) => length === 1 || length === 2));
});

test("the bytes have a buffer of their own", () => {
  const { buffer, byteLength } = decodePrintable(encodePrintable(Uint8Array.of(0, 1, 254, 255)));
  assert.is(buffer.byteLength, byteLength);
});

test.run();
