// The builds of the kernels that this runtime can run, each in a memory of its own. Operands of a test lie below
// `fixedScratch`, what `init` gives the kernels above it; untouched pages cost nothing.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { extraText } from "../../src/runtime/extra.wasm.ts";
import { kernelsText } from "../../src/runtime/kernels.wasm.ts";
import { decodePrintable } from "../../src/runtime/printable.ts";
import { relaxedText } from "../../src/runtime/relaxed.wasm.ts";

export interface Build {
  readonly name: "plain" | "relaxed" | "wide";
  readonly kernels: Record<string, (...args: number[]) => number | void>;
  readonly memory: WebAssembly.Memory;
}

/** Where the kernels' own scratch begins: beyond all operands. */
export const fixedScratch: number = 96 << 20;

const extraModule = new WebAssembly.Module(decodePrintable(extraText));

/** One build of the first module with the second one over the same memory. */
function instantiate(name: Build["name"], module: WebAssembly.Module): Build {
  const memory = new WebAssembly.Memory({ initial: (fixedScratch >> 16) + 32 });
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as Build["kernels"];
  kernels.init!(fixedScratch);
  const extra = new WebAssembly.Instance(extraModule, { env: { memory }, kernels }).exports as Build["kernels"];
  return { name, kernels: { ...kernels, ...extra }, memory };
}

/** The module, with Node 20's flag for as long as it takes; null where there is no relaxed SIMD at all. */
function relaxedModule(): WebAssembly.Module | null {
  const bytes = decodePrintable(relaxedText);
  if (WebAssembly.validate(bytes)) return new WebAssembly.Module(bytes);
  if (!process.versions.node.startsWith("20.")) return null;
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  try {
    return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  } finally {
    setFlagsFromString("--no-experimental-wasm-relaxed-simd");
  }
}

const relaxed = relaxedModule();
if (!relaxed) console.warn("kernels: this runtime has no relaxed SIMD; the relaxed build is not tested");

/** Plain first. */
export const builds: readonly Build[] = [
  instantiate("plain", new WebAssembly.Module(decodePrintable(kernelsText))),
  ...(relaxed ? [instantiate("relaxed", relaxed)] : []),
  instantiate("wide", new WebAssembly.Module(readFileSync(new URL("../../build/kernels.wide.wasm", import.meta.url)))),
];
