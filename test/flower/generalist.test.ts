import fc from "fast-check";
import { editJson, edits } from "../support/mutations.ts";
import { suite, assert } from "../support/suite.ts";
import { encodeSafetensors } from "../../src/io/safetensors.ts";
import { pullGeneralist, signManifest } from "../../src/federated/backends/flower/generalist.ts";
import type { Generalist, Manifest } from "../../src/federated/backends/flower/generalist.ts";
import { objectId } from "../../src/federated/backends/flower/objects.ts";

const generalist = suite("flower generalist");

const keys = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
const key = Buffer.from(await crypto.subtle.exportKey("raw", keys.publicKey)).toString("base64");
const stranger = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;

const weights = new Uint8Array(encodeSafetensors([["w", { shape: [3], data: Float32Array.of(1, 2, 3) }]]));
const manifest: Manifest = {
  format: "moiety-generalist/1",
  version: 1,
  round: 4,
  created: "2026-01-01T00:00:00+00:00",
  weights: { file: "generalist-1.safetensors", bytes: weights.length, sha256: await objectId(weights) },
  tensors: [{ name: "w", shape: [3], dtype: "F32" }],
};

type Site = (url: string) => Promise<Uint8Array<ArrayBuffer>>;

/** A static host with one generalist, whose files may be tampered with. */
async function site(
  signed: Manifest = manifest,
  by: CryptoKey = keys.privateKey,
  file: Uint8Array<ArrayBuffer> = weights,
): Promise<Site> {
  const json = new TextEncoder().encode(await signManifest(signed, by));
  return async (url) => {
    if (url === "https://models.example/public/generalist.json") return json;
    if (url === "https://models.example/public/generalist-1.safetensors") return file;
    throw new TypeError(`pull: ${url} answered 404`);
  };
}

const failure = async (get: Site, since?: number): Promise<string> =>
  pullGeneralist("https://models.example/public", { key, get, ...(since === undefined ? {} : { since }) }).then(
    () => "",
    (error: Error) => error.message,
  );

generalist("is fetched, checked and decoded", async () => {
  const pulled = await pullGeneralist("https://models.example/public/", { key, get: await site() });
  assert.is(pulled.manifest.round, 4);
  assert.equal([...pulled.tensors.get("w")!.data], [1, 2, 3]);
  assert.equal(pulled.bytes, weights);
});

generalist("of another publisher is refused", async () => {
  assert.match(await failure(await site(manifest, stranger.privateKey)), /not signed by this key/);
});

generalist("with one changed byte is refused, in the manifest and in the weights", async () => {
  const tampered = weights.slice();
  tampered[tampered.length - 1]! ^= 1;
  assert.match(await failure(await site(manifest, keys.privateKey, tampered)), /has SHA-256/);
  assert.match(await failure(await site(manifest, keys.privateKey, weights.slice(1))), /bytes, expected/);
  const honest = await site();
  const edited: Site = async (url) => {
    const bytes = await honest(url);
    return url.endsWith(".json")
      ? new TextEncoder().encode(Buffer.from(bytes).toString().replace('\\"round\\":4', '\\"round\\":5'))
      : bytes;
  };
  assert.match(await failure(edited), /not signed by this key/);
});

generalist("that is older than asked for, of another format, or elsewhere is refused", async () => {
  assert.match(await failure(await site(), 5), /round 4, expected 5 or later/);
  assert.match(await failure(await site({ ...manifest, format: "x/2" })), /format, got x\/2/);
  const outside = { ...manifest, weights: { ...manifest.weights, file: "../../etc/passwd" } };
  assert.match(await failure(await site(outside)), /expected a plain name/);
  const renamed = { ...manifest, tensors: [{ name: "v", shape: [3], dtype: "F32" }] };
  assert.match(await failure(await site(renamed)), /other tensors than its manifest names/);
  assert.match(await failure(async () => new TextEncoder().encode("<html>")), /not a generalist.json/);
});

generalist("whatever a signed manifest says is checked before it is believed", async () => {
  await fc.assert(
    fc.asyncProperty(edits, async (list) => {
      const odd = editJson(manifest, list) as Manifest;
      const pulled = await pullGeneralist("https://models.example/public", { key, get: await site(odd) }).catch(
        (error: unknown) => error,
      );
      if (pulled instanceof Error) {
        // another plain name is a file that the host does not have
        if (!pulled.message.endsWith("answered 404")) assert.instance(pulled, RangeError, String(pulled));
        assert.match(pulled.message, /^(pull|safetensors): /);
        return;
      }
      const { tensors } = (pulled as Generalist).manifest;
      assert.equal(tensors.map(({ name, shape }) => [name, shape]), [["w", [3]]]); // prettier-ignore
    }),
    { numRuns: 200 },
  );
});

generalist("a key or a signature that is not base64 is refused by name", async () => {
  const get = await site();
  const failed = await pullGeneralist("https://models.example/public", { key: `${key}*`, get }).catch(String);
  assert.match(String(failed), /RangeError: pull: the publisher's key, got 45 characters that are not base64/);
});

generalist("with a value that is no number is refused, whoever signed it", async () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    const file = new Uint8Array(encodeSafetensors([["w", { shape: [3], data: Float32Array.of(1, bad, 3) }]]));
    const signed = {
      ...manifest,
      weights: { ...manifest.weights, bytes: file.length, sha256: await objectId(file) },
    };
    assert.match(await failure(await site(signed, keys.privateKey, file)), `pull: w, got ${bad} at 1`);
  }
});

generalist("of a round that is none is older than any", async () => {
  for (const round of [NaN, -1, 0.5, "7", null])
    assert.match(await failure(await site({ ...manifest, round: round as number })), /pull: round, got/);
});

generalist("is not looked for where a host sends elsewhere, and its size is bounded", async () => {
  const { createServer } = await import("node:http");
  const json = await signManifest({ ...manifest, weights: { ...manifest.weights, bytes: 10 } }, keys.privateKey);
  const server = createServer((request, response) => {
    if (request.url === "/moved/generalist.json") response.writeHead(302, { location: "/generalist.json" }).end();
    else response.end(request.url === "/generalist.json" ? json : Buffer.alloc(100_000));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const pull = (path: string): Promise<string> =>
    pullGeneralist(`http://127.0.0.1:${port}${path}`, { key }).then(
      () => "",
      (error: Error) => error.message,
    );
  assert.match(await pull("/moved"), /sends elsewhere, which is not followed/);
  assert.match(await pull("/"), "an answer of more than 10 bytes");
  server.closeAllConnections();
  server.close();
});

generalist.run();
