// Rows of floats as examples: tables, measurements, images that are normalised already.
import { gather, labelRows } from "../autograd/ops/rows.ts";
import { persistent, type Tensor } from "../autograd/tensor.ts";
import { type Batch, checkRows, type Examples } from "./examples.ts";
import type { RowGroups } from "./groupGaps.ts";

/** prod(shape) floats for each label. */
export interface FeatureRows {
  /** Floats, prod(shape) a row. */
  readonly x: Float32Array;
  /** Class numbers, one a row. */
  readonly labels: ArrayLike<number>;
  /** Of one row. */
  readonly shape: readonly number[];
  /** Which group each row is of, where that is known. */
  readonly groups?: RowGroups | undefined;
}

/** Rows copied to linear memory once; batches are gathered from there. */
export class FeatureExamples implements Examples {
  /** How many there are. */
  readonly count: number;
  /** Class numbers, one a row. */
  readonly labels: Int32Array;
  /** Which group each is of, where that is known. */
  readonly groups: RowGroups | undefined;
  readonly #x: Tensor;
  readonly #labels: Tensor;

  /** @param rows which rows to hold, all by default; example i is then row rows[i] */
  constructor({ x, labels, shape, groups }: FeatureRows, rows?: ArrayLike<number>) {
    const width = shape.reduce((n, size) => n * size, 1);
    if (x.length !== width * labels.length)
      throw new RangeError(
        `features: got ${x.length} numbers, expected ${labels.length} rows x ${width}, one for each label`,
      );
    checkRows("features", rows, labels.length);
    if (groups && groups.of.length !== labels.length)
      throw new RangeError(`features: groups, got ${groups.of.length}, expected ${labels.length}, one for each label`);
    this.count = rows ? rows.length : labels.length;
    this.labels = Int32Array.from({ length: this.count }, (_, i) => labels[rows ? rows[i]! : i]!);
    this.groups = groups && {
      ...groups,
      of: Int32Array.from({ length: this.count }, (_, i) => groups.of[rows ? rows[i]! : i]!),
    };
    let chosen = x;
    if (rows) {
      chosen = new Float32Array(this.count * width);
      for (let i = 0; i < this.count; i++) chosen.set(x.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
    }
    this.#x = persistent([this.count, ...shape]).set(chosen);
    this.#labels = persistent([this.count], "i32").set(this.labels);
  }

  batch(rows: Tensor): Batch {
    return { x: gather(this.#x, rows), labels: labelRows(this.#labels, rows), rows };
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    this.#x.dispose();
    this.#labels.dispose();
  }
}
