import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { suite, assert } from "../support/suite.ts";
import { createKeyPair, derSignature, identityOf, keyPairOf } from "../../src/federated/backends/flower/identity.ts";
import { loadIdentity } from "../../src/federated/backends/flower/keyfile.ts";

const identity = suite("flower identity");

const value = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);

/** The message with which a promise is rejected; empty if it is kept. */
function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "",
    (error: Error) => error.message,
  );
}

identity("signs the time of day so that OpenSSL accepts it as DER", async () => {
  const { publicKey, timestamp, signature } = await (await identityOf(await createKeyPair())).credentials();
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/);
  const key = createPublicKey(Buffer.from(publicKey));
  assert.is(key.asymmetricKeyDetails?.namedCurve, "secp384r1");
  assert.ok(verify("sha256", Buffer.from(timestamp), key, signature));
  assert.not.ok(verify("sha256", Buffer.from(timestamp.replace("20", "21")), key, signature));
});

identity("a signature in r || s form and its DER form say the same", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  assert.ok(privateKey);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 96, maxLength: 96 }), (raw) => {
      const der = derSignature(raw);
      assert.is(der[0], 0x30);
      assert.is(der[1], der.length - 2);
      const r = der.subarray(4, 4 + der[3]!);
      const s = der.subarray(6 + der[3]!);
      assert.is(value(r), value(raw.subarray(0, 48)));
      assert.is(value(s), value(raw.subarray(48)));
      for (const part of [r, s]) assert.ok(part[0]! < 0x80 && (part.length === 1 || part[0] !== 0 || part[1]! >= 0x80));
    }),
  );
});

identity("is made once, stored for its owner alone, and loaded unchanged", async () => {
  const folder = await mkdtemp(join(tmpdir(), "moiety-key-"));
  try {
    const path = join(folder, "deep", "node.key");
    const made = await loadIdentity(path);
    assert.is((await stat(path)).mode & 0o777, 0o600);
    // in OpenSSH's form: three strings, of which the last is the point that also ends the PEM
    const [type, blob = ""] = (await readFile(`${path}.pub`, "utf8")).split(" ");
    const spki = createPublicKey(Buffer.from(made.publicKey)).export({ type: "spki", format: "der" });
    assert.is(type, "ecdsa-sha2-nistp384");
    assert.equal(Buffer.from(blob, "base64").subarray(-97), spki.subarray(-97));
    assert.is(Buffer.from(blob, "base64").length, 4 + 19 + 4 + 8 + 4 + 97);
    assert.equal((await loadIdentity(path)).publicKey, made.publicKey);
    await chmod(path, 0o644);
    assert.match(await rejection(loadIdentity(path)), /others can read .*got mode 644; chmod 600/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

identity("keys of another kind are refused with the remedy", async () => {
  assert.match(await rejection(keyPairOf("nonsense")), /openssl genpkey/);
  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });
  const torn = "-----BEGIN PRIVATE KEY-----\nMIG2*\n-----END PRIVATE KEY-----";
  assert.match(await rejection(keyPairOf(torn)), /keyPairOf: the key, got 5 characters that are not base64/);
  assert.match(await rejection(keyPairOf(String(p256))), /not an EC key of curve P-384/);
});

identity.run();
