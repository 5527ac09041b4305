// An optimiser around another one: what it does not change is the inner one's.
import type { Rated } from "./optimizers.ts";
import { type Memories, memoryOf, type Remembering } from "./state.ts";

export abstract class Around implements Rated, Remembering {
  /** The optimiser that steps. */
  protected readonly inner: Rated;

  constructor(inner: Rated) {
    this.inner = inner;
  }

  get lr(): number {
    return this.inner.lr;
  }

  set lr(rate: number) {
    this.inner.lr = rate;
  }

  abstract step(): void;

  /** The inner optimiser's. */
  memory(): Memories {
    return memoryOf(this.inner);
  }

  reset(): void {
    this.inner.reset();
  }

  /** Frees the inner optimiser, too. */
  dispose(): void {
    this.inner.dispose();
  }
}
