// An optimiser around another one: what it does not change is the inner one's.
import type { Rated } from "./optimizers.ts";
import { type Memories, memoryOf, type Remembering } from "./state.ts";

export abstract class Around implements Rated, Remembering {
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

  memory(): Memories {
    return memoryOf(this.inner);
  }

  reset(): void {
    this.inner.reset();
  }

  dispose(): void {
    this.inner.dispose();
  }
}
