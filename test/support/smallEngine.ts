// An engine of the real kernels with a memory of its own, small enough to be looked at byte by byte.
import { assemble, type Engine, type Kernels } from "../../src/runtime/engine.ts";
import { kernelsText } from "../../src/runtime/kernels.wasm.ts";
import { decodePrintable } from "../../src/runtime/printable.ts";
import { Memory } from "../../src/runtime/memory.ts";

let module: WebAssembly.Module | undefined;

/** Where a range of bytes begins and ends. */
export type Range = readonly [from: number, to: number];

/** A fresh one, for `withEngine`, and where its kernels work besides what they are given: elsewhere they write only results. */
export function smallEngine(maximumBytes: number): { readonly engine: Engine; readonly working: readonly Range[] } {
  module ??= new WebAssembly.Module(decodePrintable(kernelsText));
  const memory = new Memory(1 << 20, maximumBytes);
  const instance = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  const kernels = instance.exports as unknown as Kernels;
  const sums = kernels.workingMemory();
  const working: Range[] = [[sums, sums + kernels.workingBytes()]];
  const init = (scratch: number): void => {
    working.push([scratch, scratch + kernels.scratchBytes()]);
    kernels.init(scratch);
  };
  return { engine: assemble(memory, { ...kernels, init }, "single"), working };
}
