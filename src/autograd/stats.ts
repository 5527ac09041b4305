// What can be asked about the engine: how much linear memory is in use, which is what a leak would show in, and its build.
import { type Build, engine } from "../runtime/engine.ts";

/** Bytes of linear memory: in heap blocks (the arena's chunks among them), taken at most so far, and in the arena. */
export function memory(): { used: number; reserved: number; arena: number; blocks: number } {
  const { heap, arena } = engine();
  return { ...heap.stats, arena: arena.reserved };
}

/** The build of the kernels this thread computes with. Two of them round differently: a record of results names it. */
export function kernelBuild(): Build {
  return engine().build;
}
