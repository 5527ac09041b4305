// Several optimisers as one.
import type { Optimizer } from "./optimizers.ts";
import { type Memories, memoryOf, type Remembering, under } from "./state.ts";

/** Several optimisers as one, for blocks that learn at rates of their own. */
export class Together implements Optimizer, Remembering {
  readonly #parts: readonly Optimizer[];

  constructor(parts: readonly Optimizer[]) {
    this.#parts = parts;
  }

  step(): void {
    for (const part of this.#parts) part.step();
  }

  /** All of theirs, under their numbers. */
  memory(): Memories {
    return this.#parts.flatMap((part, i) => under(`${i}`, memoryOf(part)));
  }

  reset(): void {
    for (const part of this.#parts) part.reset();
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    for (const part of this.#parts) part.dispose();
  }
}
