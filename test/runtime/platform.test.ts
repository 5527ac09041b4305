import { readFileSync } from "node:fs";
import { loadKernels } from "../../src/runtime/engine.ts";
import { kernelsText } from "../../src/runtime/kernels.wasm.ts";
import { decodePrintable } from "../../src/runtime/printable.ts";
import { fetchBytes, fetchIfThere } from "../../src/runtime/platform.ts";
import { rejects } from "../support/rejects.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("platform");

test("bytes come from files and from addresses alike", async () => {
  const here = new URL("./platform.test.ts", import.meta.url);
  assert.equal(await fetchBytes(here), Uint8Array.from(readFileSync(here)));
  assert.equal(await fetchBytes("data:application/octet-stream;base64,AQID"), Uint8Array.of(1, 2, 3));
});

test("what is not there is undefined or an error that names the address, as wanted", async () => {
  const nowhere = new URL("./nowhere.bin", import.meta.url);
  assert.is(await fetchIfThere(nowhere), undefined);
  await rejects(() => fetchBytes(nowhere), /fetch: file:.*nowhere.bin, got nothing there/);
  // a folder is there, but has no bytes
  await rejects(() => fetchIfThere(new URL(".", import.meta.url)), /fetch: file:.*EISDIR/);
});

test("kernels are compiled from an address", async () => {
  const module = await loadKernels(
    `data:application/wasm;base64,${Buffer.from(decodePrintable(kernelsText)).toString("base64")}`,
  );
  assert.ok(WebAssembly.Module.exports(module).some(({ name }) => name === "adam"));
});

test.run();
