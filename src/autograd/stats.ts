// How much linear memory is in use: what a leak would show in.
import { engine } from "../runtime/engine.ts";

/** Bytes of linear memory: in heap blocks (the arena's chunks among them), taken at most so far, and in the arena. */
export function memory(): { used: number; reserved: number; arena: number; blocks: number } {
  const { heap, arena } = engine();
  return { ...heap.stats, arena: arena.reserved };
}
