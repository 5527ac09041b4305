// One engine per thread: memory, kernels and allocators, made at first use without awaiting anything.
// A reference engine runs the plain-TypeScript twins in double precision behind the same interface.
import { Arena } from "./arena.ts";
import { Heap } from "./heap.ts";
import type { ExtraKernels } from "./extra.wasm.ts";
import { type Kernels, kernelsText } from "./kernels.wasm.ts";
import { Memory } from "./memory.ts";
import { fetchBytes } from "./platform.ts";
import { decodePrintable } from "./printable.ts";

export type { Kernels };

/** The builds of kernels/; what each is for is in docs/kernels.md. */
export type Build = "plain" | "relaxed" | "wide";

// in the order of their numbers in kernels/build.ts
const builds: readonly Build[] = ["plain", "relaxed", "wide"];

export interface Engine {
  readonly memory: Memory;
  readonly kernels: Kernels;
  /** The second module, once it has been needed (see extra.ts). */
  extra: ExtraKernels | undefined;
  readonly build: Build;
  readonly heap: Heap;
  readonly arena: Arena;
  readonly precision: "single" | "double";
}

/** What `configure` accepts; all of it must come before the first tensor. */
export interface EngineOptions {
  /** The kernels as a compiled module or as bytes, where inlined bytes may not be compiled (edge runtimes). */
  readonly kernels?: WebAssembly.Module | Uint8Array<ArrayBuffer>;
  /** The second module (moiety/extra.wasm) in the same way; only ops beyond the first networks need it. */
  readonly extra?: WebAssembly.Module | Uint8Array<ArrayBuffer>;
  /**
   * Multiply and add in one instruction: about a tenth faster. What it computes is rounded once or twice, as the machine
   * likes, so that results are no longer the same everywhere. `import "moiety/relaxed"` first.
   */
  readonly relaxedSimd?: boolean;
  /** Upper limit of linear memory in bytes; at most 4 GiB, default 2 GiB. */
  readonly maximumBytes?: number;
}

const INITIAL_BYTES = 16 * 2 ** 20;
// static data of both modules lies below: the first one's from 1024 on, the second one's from the address in asconfig.json on
const STATIC_BYTES = 32768;
let options: EngineOptions = {};
let current: Engine | undefined;
let relaxedText: string | undefined;
let chosen: WebAssembly.Module | undefined;
let chosenExtra: WebAssembly.Module | undefined;

/** Brings the relaxed kernels into the house without choosing them: what importing "moiety/relaxed" does. */
export function offerRelaxed(text: string): void {
  relaxedText = text;
}

/** Sets how the engine of this thread will be made. Throws if it has been made already. */
export function configure(wanted: EngineOptions): void {
  if (current)
    throw new Error("configure: the engine is already running; call configure before the first tensor is made");
  const limit = wanted.maximumBytes;
  if (limit !== undefined && !(limit >= INITIAL_BYTES && limit <= 65536 * 65536 && limit % 65536 === 0))
    throw new RangeError(`configure: maximumBytes, got ${limit}, expected a multiple of 65536 from 16 MiB to 4 GiB`);
  const all = { ...options, ...wanted };
  if (all.relaxedSimd && all.kernels) throw new TypeError("configure: got both relaxedSimd and kernels, expected one");
  const module = all.relaxedSimd ? relaxedModule() : all.kernels && compile(all.kernels);
  [options, chosen, chosenExtra] = [all, module, all.extra && compile(all.extra)];
}

function relaxedModule(): WebAssembly.Module {
  if (relaxedText === undefined)
    throw new Error('configure: relaxedSimd, got no relaxed kernels; import "moiety/relaxed" before');
  const bytes = decodePrintable(relaxedText);
  if (!WebAssembly.validate(bytes))
    throw new Error(
      "configure: relaxedSimd, got a runtime without it; take Node 22 or newer, Node 20 with " +
        "--experimental-wasm-relaxed-simd, or a browser that has it, or leave it out",
    );
  return compile(bytes);
}

/** The kernels that `configure` was given or told to take, for threads that are to compute alike; undefined by default. */
export function chosenKernels(): WebAssembly.Module | undefined {
  return chosen;
}

/** The second module that `configure` was given; undefined by default. */
export function extraModule(): WebAssembly.Module | undefined {
  return chosenExtra;
}

/**
 * The kernels compiled from an address, ready for `configure({ kernels })`: for a host that serves moiety/kernels.wasm as
 * a file of its own. Compiling takes no part of the main thread's time this way.
 */
export async function loadKernels(address: URL | string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await fetchBytes(address));
}

/** The engine of this thread. */
export function engine(): Engine {
  return (current ??= create());
}

/** Runs `fn` with another engine in charge, for gradient checks in double precision. Tensors do not cross over. */
export function withEngine<T>(other: Engine, fn: () => T): T {
  const before = current;
  current = other;
  try {
    return fn();
  } finally {
    current = before;
  }
}

function create(): Engine {
  const memory = new Memory(INITIAL_BYTES, options.maximumBytes ?? 2 ** 31);
  const module = chosen ?? compile(decodePrintable(kernelsText));
  const instance = new WebAssembly.Instance(module, { env: { memory: memory.wasm } });
  return assemble(memory, instance.exports as unknown as Kernels, "single");
}

/** A module from its bytes, with an error that names the remedy where nothing may be compiled. */
export function compile(source: NonNullable<EngineOptions["kernels"]>): WebAssembly.Module {
  if (source instanceof WebAssembly.Module) return source;
  try {
    return new WebAssembly.Module(source);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `engine: the kernels cannot be compiled here, got ${why}; a page needs 'wasm-unsafe-eval' in its script-src, a host ` +
        `that compiles nothing at run time configure({ kernels }) with a WebAssembly.Module, and both SIMD`,
      { cause },
    );
  }
}

/** Puts allocators around a memory and a set of kernels. */
export function assemble(
  memory: Memory,
  kernels: Kernels,
  precision: Engine["precision"],
  extra?: ExtraKernels,
): Engine {
  const heap = new Heap(memory, STATIC_BYTES);
  kernels.init(heap.alloc(kernels.scratchBytes()));
  const build = builds[kernels.build()]!;
  return { memory, kernels, extra, build, heap, arena: new Arena(heap), precision };
}
