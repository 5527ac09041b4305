// Training that went out of the numbers.

/** A loss that is NaN: the steps were too large, or the data hold no numbers. */
export class DivergenceError extends RangeError {
  /** What tells it from other errors where classes do not: between threads. */
  override readonly name = "DivergenceError";
}
