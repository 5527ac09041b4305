// Labelled sentences in linear memory. Batches have nothing where a sentence is shorter than its neighbours, so its answer
// depends on no other, and which sentences share a batch is a matter of speed alone.
import { labelRows } from "../autograd/ops/rows.ts";
import { NOTHING, sentenceRows } from "../autograd/ops/sequences.ts";
import { persistent, type Tensor } from "../autograd/tensor.ts";
import { type Batch, checkRows, type Examples } from "./examples.ts";

/** Sentences one after another: row r is `words[offsets[r]]` to before `words[offsets[r + 1]]`. */
export interface Sentences {
  /** Numbers into the vocabulary, sentence after sentence. */
  readonly words: Int32Array;
  /** Where each sentence begins, [rows + 1]. */
  readonly offsets: Int32Array;
  /** Class numbers, one a sentence. */
  readonly labels: ArrayLike<number>;
}

// large enough for matrix products, small enough that the states of all steps stay in the second-level cache
const ANSWERED = 32;

/** Sentences of any length; a batch has them packed. */
export class TextExamples implements Examples {
  /** How many there are. */
  readonly count: number;
  /** Class numbers, one a sentence. */
  readonly labels: Int32Array;
  /** Words of each sentence. */
  readonly lengths: Int32Array;
  readonly #padding: number;
  readonly #tensors: readonly [words: Tensor, offsets: Tensor, labels: Tensor];

  /**
   * @param rows which sentences to hold, all by default; example i is then sentence rows[i]
   * @param padding what a batch has behind its short sentences: NOTHING, or the number of a word
   */
  constructor({ words, offsets, labels }: Sentences, rows?: ArrayLike<number>, padding: number = NOTHING) {
    checkRows("texts", rows, labels.length);
    const count = rows?.length ?? labels.length;
    const held = new Int32Array(count + 1);
    this.labels = new Int32Array(count);
    this.lengths = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const row = rows ? rows[i]! : i;
      this.labels[i] = labels[row]!;
      this.lengths[i] = offsets[row + 1]! - offsets[row]!;
      held[i + 1] = held[i]! + this.lengths[i]!;
    }
    const staged = new Int32Array(held[count]!);
    for (let i = 0; i < count; i++) {
      const row = rows ? rows[i]! : i;
      staged.set(words.subarray(offsets[row], offsets[row + 1]), held[i]);
    }
    this.count = count;
    this.#padding = padding;
    this.#tensors = [staged, held, this.labels].map((values) => persistent([values.length], "i32").set(values)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
  }

  /** x is i32 [rows, longest]. */
  batch(rows: Tensor): Batch {
    const [words, offsets, labels] = this.#tensors;
    return { x: sentenceRows(words, offsets, rows, this.#padding), labels: labelRows(labels, rows), rows };
  }

  /** Sentences of like lengths together. */
  answering(): readonly Int32Array[] {
    return cut(byLength(this.lengths), ANSWERED);
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    for (const t of this.#tensors) t.dispose();
  }
}

/** The numbers of sentences from the shortest to the longest, equal ones in their order. */
export function byLength(lengths: Int32Array, order: Int32Array = lengths.map((_, i) => i)): Int32Array {
  return order.toSorted((a, b) => lengths[a]! - lengths[b]!);
}

/** Consecutive parts of so many, and the rest in the last. */
export function cut(order: Int32Array, size: number): Int32Array[] {
  return Array.from({ length: Math.ceil(order.length / size) }, (_, i) => order.subarray(i * size, (i + 1) * size));
}
