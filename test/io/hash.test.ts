import fc from "fast-check";
import { createHash } from "node:crypto";
import { Sha256 } from "../../src/io/hash.ts";
import { assert, test } from "../support/suite.ts";

const sha = (text: string): string => new Sha256().update(new TextEncoder().encode(text)).hex();

test("the standard's examples have their known digests", () => {
  assert.is(sha(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.is(sha("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.is(
    sha("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
  assert.is(sha("a".repeat(1e6)), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
});

test("every length around the block size agrees with the platform's digest", () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 37 + length);
    assert.is(new Sha256().update(bytes).hex(), createHash("sha256").update(bytes).digest("hex"));
  }
});

test("where a message is cut into pieces makes no difference, and asking in between neither", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 8 }), (pieces) => {
      const running = new Sha256();
      const whole = createHash("sha256");
      for (const piece of pieces) {
        whole.update(piece);
        assert.is(running.update(piece).hex(), whole.copy().digest("hex"));
      }
    }),
  );
});

test.run();
