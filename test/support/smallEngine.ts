// An engine of the real kernels with a memory of its own, small enough to be looked at byte by byte.
import { assemble, type Engine, type Kernels } from "../../src/runtime/engine.ts";
import { kernelsText } from "../../src/runtime/kernels.wasm.ts";
import { decodePrintable } from "../../src/runtime/printable.ts";
import { Memory } from "../../src/runtime/memory.ts";

let module: WebAssembly.Module | undefined;

/** A fresh one, for `withEngine`. */
export function smallEngine(maximumBytes: number): Engine {
  module ??= new WebAssembly.Module(decodePrintable(kernelsText));
  const memory = new Memory(1 << 20, maximumBytes);
  const instance = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  return assemble(memory, instance.exports as unknown as Kernels, "single");
}
