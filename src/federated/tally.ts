// What a training has lost, step by step.

/** Of a batch: its epoch, and how many rows it has. */
interface Batch {
  readonly epoch: number;
  readonly rows: { readonly size: number };
}

/** Losses of single steps, for the mean over the last epoch. */
export class Tally {
  /** Steps so far. */
  steps = 0;
  #epoch = -1;
  #total = 0;
  #rows = 0;

  /** Counts a step's mean loss over the rows of its batch. */
  add({ epoch, rows }: Batch, loss: number): void {
    if (epoch !== this.#epoch) [this.#epoch, this.#total, this.#rows] = [epoch, 0, 0];
    this.#total += loss * rows.size;
    this.#rows += rows.size;
    this.steps++;
  }

  /** Mean loss over the last epoch, 0 without steps. */
  get trainLoss(): number {
    return this.#rows > 0 ? this.#total / this.#rows : 0;
  }
}
