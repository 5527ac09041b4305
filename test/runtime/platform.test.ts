import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { loadKernels } from "../../src/runtime/engine.ts";
import { decodeHex } from "../../src/runtime/hex.ts";
import { kernelsHex } from "../../src/runtime/kernels.wasm.ts";
import { availableParallelism, fetchBytes, fetchIfThere, workerPort } from "../../src/runtime/platform.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const folder = mkdtempSync(join(tmpdir(), "moiety-platform-"));
const file = pathToFileURL(join(folder, "kernels.wasm"));
writeFileSync(file, decodeHex(kernelsHex));

const server = createServer(({ url }, response) => {
  if (url === "/there") response.end(Buffer.from([1, 2, 3]));
  else response.writeHead(url === "/broken" ? 500 : 404).end();
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test.after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test("there is at least one core", () => {
  const cores = availableParallelism();
  assert.ok(Number.isInteger(cores) && cores >= 1, `${cores}`);
});

test("bytes are fetched from files and servers alike", async () => {
  assert.equal(Array.from((await fetchBytes(file)).subarray(0, 4)), [0, 0x61, 0x73, 0x6d]);
  assert.equal(Array.from(await fetchBytes(`${host}/there`)), [1, 2, 3]);
});

test("what is not there is undefined to those who ask, and an error to those who need it", async () => {
  const missing = new URL("missing", file);
  assert.is(await fetchIfThere(missing), undefined);
  assert.is(await fetchIfThere(`${host}/missing`), undefined);
  await refusesLater(() => fetchBytes(missing), `fetch: ${missing}, got nothing there; is the address right?`);
  await refusesLater(() => fetchBytes(`${host}/missing`), /got nothing there/);
});

test("a server that fails, or is none, is an error that names the address", async () => {
  await refusesLater(
    () => fetchBytes(`${host}/broken`),
    `fetch: ${host}/broken, got 500 Internal Server Error; is the address right, and may this page ask it?`,
  );
  await refusesLater(() => fetchBytes("http://127.0.0.1:1/x"), /^fetch: http:\/\/127\.0\.0\.1:1\/x, got fetch failed/);
});

test("kernels are compiled from an address", async () => {
  const module = await loadKernels(file);
  assert.instance(module, WebAssembly.Module);
  assert.equal(WebAssembly.Module.imports(module), [{ module: "env", name: "memory", kind: "memory" }]);
});

test("outside of a worker there is no port to serve", async () => {
  await refusesLater(() => workerPort(), "workerPort: this module is meant to run in a worker");
});

test("hexadecimal text is read byte by byte", () => {
  assert.equal(Array.from(decodeHex("00ff0a9bcd10")), [0, 255, 10, 155, 205, 16]);
  assert.is(decodeHex("").length, 0);
});

test.run();
