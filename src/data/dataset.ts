// What a loader yields: plain typed arrays with their meaning beside them. No tensors, no clients, no normalised copy:
// pixels stay bytes until a kernel gathers a batch of them.
import type { FeatureDataset } from "./features.ts";
import type { Owners } from "./owners.ts";

/** Rows of one part of a dataset: `x` holds `rows` examples of prod(shape) bytes each, `labels` one class number per row. */
export interface Split {
  /** Bytes, prod(shape) a row. */
  readonly x: Uint8Array;
  /** Class numbers, one a row. */
  readonly labels: Uint8Array;
  /** How many rows there are. */
  readonly rows: number;
}

/** Some rows of a split, in that order, as copies: what one client would hold. */
export function take<X extends Uint8Array | Float32Array>(
  { x, labels, rows }: { readonly x: X; readonly labels: Uint8Array; readonly rows: number },
  which: ArrayLike<number>,
): { x: X; labels: Uint8Array; rows: number } {
  const size = x.length / rows;
  if (!(rows === 0 ? x.length === 0 : Number.isInteger(size)) || labels.length !== rows)
    throw new RangeError(`take: got ${x.length} values and ${labels.length} labels, expected those of ${rows} rows`);
  const length = which.length * size;
  const taken = x instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length);
  const marks = new Uint8Array(which.length);
  for (let i = 0; i < which.length; i++) {
    const row = which[i]!;
    if (!(Number.isInteger(row) && row >= 0 && row < rows))
      throw new RangeError(`take: row ${row}, expected 0 to ${rows - 1}`);
    taken.set(x.subarray(row * size, (row + 1) * size), i * size);
    marks[i] = labels[row]!;
  }
  return { x: taken as X, labels: marks, rows: which.length };
}

/** How bytes become numbers: channel c of a pixel is `(byte / 255 - mean[c]) / std[c]`. */
export interface Normalization {
  /** By channel, of bytes over 255. */
  readonly mean: readonly number[];
  /** By channel, above 0. */
  readonly std: readonly number[];
}

/** Images with one class each. Examples lie channel by channel, rows from the top; `shape` is [channels, height, width]. */
export interface ImageDataset {
  /** What its rows are. */
  readonly kind: "image";
  /** What the dataset is called. */
  readonly name: string;
  /** What classes are called, in the order of their numbers. */
  readonly classes: readonly string[];
  /** [channels, height, width] of one example. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Rows to train and validate on. */
  readonly train: Split;
  /** Rows to test on. */
  readonly test: Split;
  /** How bytes become numbers. */
  readonly normalization: Normalization;
  /** Whose each row is, where the data say so. */
  readonly owners?: Owners | undefined;
}

/**
 * Texts of one part of a dataset, one after another: row r is `words[offsets[r]]` to before `words[offsets[r + 1]]`, numbers
 * into the vocabulary.
 */
export interface TextSplit {
  /** Numbers into the vocabulary, text after text. */
  readonly words: Int32Array;
  /** Where each text begins, [rows + 1]. */
  readonly offsets: Int32Array;
  /** Class numbers, one a row. */
  readonly labels: Uint8Array;
  /** How many rows there are. */
  readonly rows: number;
}

/** Texts with one class each. */
export interface TextDataset {
  /** What its rows are. */
  readonly kind: "text";
  /** What the dataset is called. */
  readonly name: string;
  /** What classes are called, in the order of their numbers. */
  readonly classes: readonly string[];
  /** Words by number; UNKNOWN and PADDING are the first two. */
  readonly vocabulary: readonly string[];
  /** Rows to train and validate on. */
  readonly train: TextSplit;
  /** Rows to test on. */
  readonly test: TextSplit;
  /** Whose each row is, where the data say so. */
  readonly owners?: Owners | undefined;
}

/** Any dataset; `kind` says which. */
export type Dataset = ImageDataset | TextDataset | FeatureDataset;

/** Refuses a normalisation that lacks a channel, or divides by what is no size. */
export function checkNormalization(op: string, { mean, std }: Normalization, channels: number): void {
  for (const [what, values] of Object.entries({ mean, std })) {
    if (values.length !== channels)
      throw new RangeError(
        `${op}: normalization.${what}, got ${values.length} numbers, expected ${channels}, one a channel`,
      );
    const odd = values.find((value) => !Number.isFinite(value) || (what === "std" && value <= 0));
    if (odd !== undefined)
      throw new RangeError(
        `${op}: normalization.${what}, got ${odd}, expected a ${what === "std" ? "number above 0" : "finite number"}`,
      );
  }
}

/** The authors' normalisation, 0.5 and 0.5 in every channel, so pixels lie in [-1, 1]. */
export function centred(channels: number): Normalization {
  const halves = Array.from({ length: channels }, () => 0.5);
  return { mean: halves, std: halves };
}
