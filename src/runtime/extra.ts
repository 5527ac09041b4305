// The second module of kernels, instantiated over the engine's memory when an op first needs it. A bundle carries its
// bytes only if it imports such an op; its static data lies below what the engine allocates (see engine.ts).
import { compile, engine, type Engine, extraModule } from "./engine.ts";
import { type ExtraKernels, extraText } from "./extra.wasm.ts";
import { decodePrintable } from "./printable.ts";

/** The kernels of the second module, on this thread's engine. */
export function extra(): ExtraKernels {
  const e = engine();
  return (e.extra ??= instantiate(e));
}

function instantiate({ memory, kernels }: Engine): ExtraKernels {
  const module = extraModule() ?? compile(decodePrintable(extraText));
  return new WebAssembly.Instance(module, { env: { memory: memory.wasm }, kernels: { ...kernels } })
    .exports as unknown as ExtraKernels;
}
