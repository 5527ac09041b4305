// Which words have a number. What is not among them is UNKNOWN; PADDING is a word that no text has, for those who fill up
// short sentences with one.

/** The number of every word that is not in a vocabulary. */
export const UNKNOWN = 0;

/** The number of the word that stands for nothing. */
export const PADDING = 1;

const specials = ["<unk>", "<pad>"] as const;

/**
 * The `size` most frequent words of some texts behind the two special ones, ties in the order of their characters, as
 * torchtext's Vocab numbers them. The texts should be those that training may see, and no others.
 */
export function vocabularyOf(texts: Iterable<readonly string[]>, size: number): string[] {
  if (!(Number.isSafeInteger(size) && size >= 0))
    throw new RangeError(`vocabulary: words, got ${size}, expected a whole number of at least 0`);
  const counts = new Map<string, number>();
  for (const words of texts) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const ranked = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return [...specials, ...ranked.slice(0, size).map(([word]) => word)];
}
