// Texts that are in memory already, as a dataset: split into words, words into numbers.
import type { TextDataset, TextSplit } from "./dataset.ts";
import { classNumbers } from "./labels.ts";
import { type OwnerNames, ownersOf } from "./owners.ts";
import { shared } from "./share.ts";
import { tokenize } from "./tokens.ts";
import { UNKNOWN, vocabularyOf } from "./vocabulary.ts";

/** Texts and a class for each. */
export interface Texts {
  /** Texts as they are written. */
  readonly texts: readonly string[];
  /** Class numbers, one a text. */
  readonly labels: ArrayLike<number>;
  /** Whose each text is: a name or a number for each. */
  readonly owners?: OwnerNames | undefined;
}

/** What texts in memory are. */
export interface TextsOptions {
  /** What the dataset is called. */
  readonly name: string;
  /** Class names in label order; labels are numbers from 0. */
  readonly classes: readonly string[];
  /** How many words the vocabulary has besides the two special ones; 10,000 as in the authors' code. */
  readonly words?: number;
  /** Texts to train and validate on; their words make the vocabulary. */
  readonly train: Texts;
  /** Texts to test on. */
  readonly test: Texts;
}

function check(part: string, { texts, labels }: Texts, { classes }: TextsOptions): Uint8Array {
  if (texts.length === 0) throw new RangeError(`fromTexts: ${part} texts, got none, expected at least 1`);
  if (labels.length !== texts.length)
    throw new RangeError(
      `fromTexts: ${part} labels, got ${labels.length}, expected ${texts.length}, one for each text`,
    );
  return classNumbers(labels, `fromTexts: ${part} labels`, classes.length);
}

function whole(n: number): Int32Array {
  return new Int32Array(shared(4 * n).buffer);
}

function encode(texts: readonly (readonly string[])[], labels: Uint8Array, numbers: Map<string, number>): TextSplit {
  const offsets = whole(texts.length + 1);
  const words = whole(texts.reduce((n, text) => n + text.length, 0));
  let at = 0;
  texts.forEach((text, row) => {
    for (const word of text) words[at++] = numbers.get(word) ?? UNKNOWN;
    offsets[row + 1] = at;
  });
  return { words, offsets, labels, rows: texts.length };
}

/** A dataset of texts; the vocabulary is that of the training texts alone. */
export function fromTexts(options: TextsOptions): TextDataset {
  const { name, classes, words = 10_000, train, test } = options;
  const [marks, heldMarks] = [check("train", train, options), check("test", test, options)];
  const [training, held] = [train.texts.map(tokenize), test.texts.map(tokenize)];
  const vocabulary = vocabularyOf(training, words);
  const numbers = new Map(vocabulary.map((word, number) => [word, number]));
  const owners = ownersOf("fromTexts", { ...train, rows: marks.length }, { ...test, rows: heldMarks.length });
  return {
    kind: "text",
    name,
    classes,
    vocabulary,
    train: encode(training, marks, numbers),
    test: encode(held, heldMarks, numbers),
    ...(owners && { owners }),
  };
}
