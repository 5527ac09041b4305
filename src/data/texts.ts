// Texts that are in memory already, as a dataset: split into words, words into numbers.
import type { TextDataset, TextSplit } from "./dataset.ts";
import { share, shared } from "./share.ts";
import { tokenize } from "./tokens.ts";
import { UNKNOWN, vocabularyOf } from "./vocabulary.ts";

/** Texts and a class for each. */
export interface Texts {
  readonly texts: readonly string[];
  readonly labels: ArrayLike<number>;
}

export interface TextsOptions {
  readonly name: string;
  /** Class names in label order; labels are numbers from 0. */
  readonly classes: readonly string[];
  /** How many words the vocabulary has besides the two special ones; 10,000 as in the authors' code. */
  readonly words?: number;
  readonly train: Texts;
  readonly test: Texts;
}

function check(part: string, { texts, labels }: Texts, { classes }: TextsOptions): void {
  if (texts.length === 0) throw new RangeError(`fromTexts: ${part} texts, got none, expected at least 1`);
  if (labels.length !== texts.length)
    throw new RangeError(
      `fromTexts: ${part} labels, got ${labels.length}, expected ${texts.length}, one for each text`,
    );
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label >= Math.min(classes.length, 256))
      throw new RangeError(
        `fromTexts: ${part} labels, got ${label} in row ${row}, expected a class number from 0 to ${classes.length - 1}`,
      );
  }
}

function whole(n: number): Int32Array {
  return new Int32Array(shared(4 * n).buffer);
}

function encode(
  texts: readonly (readonly string[])[],
  labels: ArrayLike<number>,
  numbers: Map<string, number>,
): TextSplit {
  const offsets = whole(texts.length + 1);
  const words = whole(texts.reduce((n, text) => n + text.length, 0));
  let at = 0;
  texts.forEach((text, row) => {
    for (const word of text) words[at++] = numbers.get(word) ?? UNKNOWN;
    offsets[row + 1] = at;
  });
  return { words, offsets, labels: share(Uint8Array.from(labels)), rows: texts.length };
}

/** A dataset of texts; the vocabulary is that of the training texts alone. */
export function fromTexts(options: TextsOptions): TextDataset {
  const { name, classes, words = 10_000, train, test } = options;
  check("train", train, options);
  check("test", test, options);
  const [training, held] = [train.texts.map(tokenize), test.texts.map(tokenize)];
  const vocabulary = vocabularyOf(training, words);
  const numbers = new Map(vocabulary.map((word, number) => [word, number]));
  return {
    kind: "text",
    name,
    classes,
    vocabulary,
    train: encode(training, train.labels, numbers),
    test: encode(held, test.labels, numbers),
  };
}
