// Rows of floats whose targets are floats, too: regression, and several labels at once.
import { gather } from "../autograd/ops/rows.ts";
import { persistent, type Tensor } from "../autograd/tensor.ts";
import type { Batch, Examples } from "./examples.ts";

/** prod(shape) floats for each row, and as many targets a row as there are outputs. */
export interface TargetRows {
  /** Floats, prod(shape) a row. */
  readonly x: Float32Array;
  /** Row by row, `outputs` each. */
  readonly targets: ArrayLike<number>;
  /** Of one row. */
  readonly shape: readonly number[];
  /** Targets a row, 1 unless said. In several labels at once they are 0 and 1, or probabilities. */
  readonly outputs?: number;
}

/** Rows copied to linear memory once. A batch's labels are its targets, f32 [rows, outputs]; all of them are `labels`, row by row. */
export class TargetExamples implements Examples {
  /** How many there are. */
  readonly count: number;
  readonly labels: Float32Array;
  /** Targets a row. */
  readonly outputs: number;
  readonly #x: Tensor;
  readonly #targets: Tensor;

  /** @param rows which rows to hold, all by default; example i is then row rows[i] */
  constructor({ x, targets, shape, outputs = 1 }: TargetRows, rows?: ArrayLike<number>) {
    const width = shape.reduce((n, size) => n * size, 1);
    if (!Number.isInteger(targets.length / outputs) || x.length * outputs !== width * targets.length)
      throw new RangeError(
        `targets: got ${x.length} numbers and ${targets.length} targets, expected rows of ${width} and ${outputs}`,
      );
    const all = targets.length / outputs;
    const odd = Array.from(targets).findIndex((value) => !(Math.abs(Math.fround(value)) < Infinity));
    if (odd >= 0)
      throw new RangeError(`targets: row ${Math.floor(odd / outputs)}, got ${targets[odd]}, expected a finite number`);
    const chosen = rows ? Array.from(rows) : Array.from({ length: all }, (_, i) => i);
    const pick = (from: ArrayLike<number>, size: number): Float32Array => {
      const picked = new Float32Array(chosen.length * size);
      for (const [i, row] of chosen.entries())
        for (let j = 0; j < size; j++) picked[i * size + j] = from[row * size + j]!;
      return picked;
    };
    this.count = chosen.length;
    this.outputs = outputs;
    this.labels = pick(targets, outputs);
    this.#x = persistent([this.count, ...shape]).set(pick(x, width));
    this.#targets = persistent([this.count, outputs]).set(this.labels);
  }

  batch(rows: Tensor): Batch {
    return { x: gather(this.#x, rows), labels: gather(this.#targets, rows), rows };
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    this.#x.dispose();
    this.#targets.dispose();
  }
}
