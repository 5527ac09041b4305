// Labelled sentences as the authors' code serves them (github edvinli/federated-learning-mixture, commit ddc9e9b, and the
// torchtext it uses): filled up to the longest of their batch with a word that is read like any other, so that which
// sentences share a batch decides what the network sees. Batches are made once and stay.
import { fold, type Key, Stream } from "../runtime/random.ts";
import { byLength, cut, type Sentences, TextExamples } from "./textExamples.ts";

/** From the lengths of all sentences to batches of their numbers, each sentence in one. */
export type Batching = (lengths: Int32Array) => readonly Int32Array[];

/** Sentences padded to the longest of their batch, as the authors' code reads them. */
export class PaddedTextExamples extends TextExamples {
  readonly #batches: readonly Int32Array[];

  /** @param padding the number of the word that fills up */
  constructor(sentences: Sentences, rows: ArrayLike<number> | undefined, padding: number, batching: Batching) {
    super(sentences, rows, padding);
    this.#batches = batching(this.lengths);
  }

  /** The same batches in the same order, whatever size is asked for. */
  epoch(): readonly Int32Array[] {
    return this.#batches;
  }

  override answering(): readonly Int32Array[] {
    return this.#batches;
  }
}

/** torchtext's BucketIterator for training: pools of 100 batches, each sorted by length, cut, and its batches shuffled. */
export function bucketed(size: number, key: Key): Batching {
  return (lengths) => {
    const order = new Stream(fold(key, "rows")).shuffle(lengths.map((_, i) => i));
    return cut(order, 100 * size).flatMap((pool, i) => {
      const batches = cut(byLength(lengths, pool), size);
      const turns = new Stream(fold(key, "batches", i)).shuffle(batches.map((_, at) => at));
      return turns.map((at) => batches[at]!);
    });
  };
}

/** torchtext's BucketIterator for validation: sorted by length and cut. */
export function sorted(size: number): Batching {
  return (lengths) => cut(byLength(lengths), size);
}

/** torchtext's Iterator: cut as they come. */
export function inOrder(size: number): Batching {
  return (lengths) =>
    cut(
      lengths.map((_, i) => i),
      size,
    );
}
