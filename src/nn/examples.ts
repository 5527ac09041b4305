// Labelled examples in linear memory, from which batches are gathered. The trainer sees only this interface, so it does
// not know images from text.
import { gather, imageRows, labelRows } from "../autograd/ops/rows.ts";
import { sizeOf } from "../autograd/shape.ts";
import { persistent, type Tensor, view } from "../autograd/tensor.ts";
import type { RowGroups } from "./groupGaps.ts";
import type { Mode } from "./module.ts";

/** Inputs as the network takes them, and what it is to answer. */
export interface Batch {
  /** Inputs [rows, ...shape]. */
  readonly x: Tensor;
  /** Class numbers, i32 [rows]; or targets, f32 [rows, outputs]. */
  readonly labels: Tensor;
  /** Which examples these are, i32 [rows]. */
  readonly rows: Tensor;
}

/** Rows in linear memory, of which batches are made. */
export interface Examples {
  /** How many there are. */
  readonly count: number;
  /** Class numbers; or targets, [count, outputs] row by row. */
  readonly labels: ArrayLike<number>;
  /** Which group each is of, where the data say so. */
  readonly groups?: RowGroups | undefined;
  /**
   * The examples numbered `rows` (i32), in that order.
   * @param mode of the step that learns from them, if one does: see Augmented
   */
  batch(rows: Tensor, mode?: Mode): Batch;
  /** The batches of a training epoch, each example in one, where they are not to be drawn at random. */
  epoch?(): readonly Int32Array[];
  /** The batches in which all examples are best answered, each in one; else they are taken in their order. */
  answering?(): readonly Int32Array[];
  /** Frees its memory now rather than when it is collected. */
  dispose(): void;
}

/** Byte images and how their channels become numbers: `(byte / 255 - mean) / std`. */
export interface Images {
  /** Bytes, prod(shape) a row. */
  readonly x: Uint8Array;
  /** Class numbers, one a row. */
  readonly labels: ArrayLike<number>;
  /** [channels, height, width]. */
  readonly shape: readonly number[];
  /** How bytes become numbers, by channel. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/** Throws a RangeError for the first of `rows` that is none of `count`: it would be staged as one that is all zeros. */
export function checkRows(op: string, rows: ArrayLike<number> | undefined, count: number): void {
  if (!rows) return;
  for (let i = 0; i < rows.length; i++)
    if (!(Number.isInteger(rows[i]) && rows[i]! >= 0 && rows[i]! < count))
      throw new RangeError(`${op}: row ${i}, got ${rows[i]}, expected 0 to ${count - 1}`);
}

/** Rows of byte images, copied to linear memory once; batches are normalised by the kernel that gathers them. */
export class ImageExamples implements Examples {
  /** How many there are. */
  readonly count: number;
  /** Class numbers, one a row. */
  readonly labels: Int32Array;
  readonly #tensors: readonly Tensor[];

  /** @param rows which images to hold, all by default; example i is then image rows[i] */
  constructor({ x, labels, shape, normalization }: Images, rows?: ArrayLike<number>) {
    const width = sizeOf(shape);
    checkRows("images", rows, Math.min(labels.length, Math.floor(x.length / width)));
    this.count = rows ? rows.length : labels.length;
    this.labels = new Int32Array(this.count);
    const pixels = persistent([this.count, ...shape], "u8");
    if (rows) {
      const staged = new Uint8Array(this.count * width);
      for (let i = 0; i < this.count; i++) {
        const row = rows[i]!;
        staged.set(x.subarray(row * width, (row + 1) * width), i * width);
        this.labels[i] = labels[row]!;
      }
      pixels.set(staged);
    } else {
      pixels.set(x);
      this.labels.set(labels);
    }
    const { mean, std } = normalization;
    for (const [what, values] of Object.entries({ mean, std }))
      if (values.length !== shape[0])
        throw new RangeError(
          `images: normalization.${what}, got ${values.length} numbers, expected ${shape[0]}, one for each channel`,
        );
    const scale = persistent([mean.length]).set(std.map((s) => 1 / (255 * s)));
    const shift = persistent([mean.length]).set(mean.map((m, c) => -m / std[c]!));
    this.#tensors = [pixels, persistent([this.count], "i32").set(this.labels), scale, shift];
  }

  batch(rows: Tensor): Batch {
    const [pixels, labels, scale, shift] = this.#tensors as readonly [Tensor, Tensor, Tensor, Tensor];
    return { x: imageRows(pixels, rows, scale, shift), labels: labelRows(labels, rows), rows };
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    for (const t of this.#tensors) t.dispose();
  }
}

/** Consecutive parts of `order` (i32), `size` each and the rest in the last. */
export function* batches(order: Tensor, size: number): Generator<Tensor> {
  for (let at = 0; at < order.size; at += size) yield view(order, at, [Math.min(size, order.size - at)]);
}

/** Consecutive parts of `order`, as long as these are. */
export function* parts(order: Tensor, like: readonly Int32Array[]): Generator<Tensor> {
  let at = 0;
  for (const { length } of like) {
    yield view(order, at, [length]);
    at += length;
  }
}

/** Examples that are floats already, [count, ...]: features, tables, answers of other networks. The tensor stays the caller's. */
export class FloatExamples implements Examples {
  /** How many there are. */
  readonly count: number;
  /** Class numbers, one a row. */
  readonly labels: Int32Array;
  readonly #x: Tensor;
  readonly #labels: Tensor;

  constructor(x: Tensor, labels: ArrayLike<number>) {
    this.count = x.shape[0]!;
    if (labels.length !== this.count) throw new RangeError(`examples: ${this.count} rows, got ${labels.length} labels`);
    this.labels = Int32Array.from(labels);
    this.#x = x;
    this.#labels = persistent([this.count], "i32").set(this.labels);
  }

  batch(rows: Tensor): Batch {
    return { x: gather(this.#x, rows), labels: labelRows(this.#labels, rows), rows };
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    this.#labels.dispose();
  }
}
