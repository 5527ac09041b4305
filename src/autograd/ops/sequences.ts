// Sentences as tensors: a rectangle of word numbers, one sentence to a row, NOTHING behind its end; and packed, for whom
// computing with nothing would be waste. None of this is differentiated.
import { engine } from "../../runtime/engine.ts";
import { wordAt } from "../../runtime/memory.ts";
import { defineOp, type Op } from "../op.ts";
import { formatShape } from "../shape.ts";
import { empty, type Tensor, tensor } from "../tensor.ts";
import { checkIndices } from "./indices.ts";

/** Behind the end of a sentence: no word, not even one for padding. */
export const NOTHING = -1;

type Sentences = readonly [words: Tensor, offsets: Tensor, rows: Tensor];

const sentenceRowsOp: Op<Sentences, number, "i32"> = /* @__PURE__ */ defineOp<Sentences, number, "i32">({
  name: "sentenceRows",
  dtype: "i32",
  takes: { 0: "i32", 1: "i32", 2: "i32" },
  shape: ([words, offsets, rows], padding) => {
    if (!(Number.isInteger(padding) && Math.abs(padding) < 2 ** 31))
      throw new RangeError(`sentenceRows: padding, got ${padding}, expected a whole number that an i32 holds`);
    checkIndices("sentenceRows", "row", rows, offsets.size - 1);
    const [starts, chosen] = [wordAt(offsets.ptr), wordAt(rows.ptr)];
    const { i32 } = engine().memory;
    let longest = 0;
    for (let i = 0; i < rows.size; i++) {
      const row = starts + i32[chosen + i]!;
      const [from, to] = [i32[row]!, i32[row + 1]!];
      if (!(from >= 0 && from <= to && to <= words.size))
        throw new RangeError(
          `sentenceRows: offsets of row ${row - starts}, got ${from} to ${to}, expected to ascend within ${words.size} words`,
        );
      longest = Math.max(longest, to - from);
    }
    return [rows.size, longest];
  },
  forward: (y, [words, offsets, rows], padding) => {
    const [count, longest] = y.shape as readonly [number, number];
    const [out, from, starts, chosen] = [wordAt(y.ptr), wordAt(words.ptr), wordAt(offsets.ptr), wordAt(rows.ptr)];
    const { i32 } = engine().memory;
    i32.fill(padding, out, out + y.size);
    for (let i = 0; i < count; i++) {
      const row = starts + i32[chosen + i]!;
      i32.copyWithin(out + i * longest, from + i32[row]!, from + i32[row + 1]!);
    }
  },
  vjp: [null, null, null],
});

/**
 * Chosen sentences side by side, i32 [k, longest].
 * @param words i32, all sentences one after another
 * @param offsets i32 [n + 1], where in `words` each begins, and the last one ends
 * @param rows i32 [k], which ones
 * @param padding what follows a sentence that is shorter than the longest: NOTHING, or the number of a word that stands for it
 */
export function sentenceRows(words: Tensor, offsets: Tensor, rows: Tensor, padding: number = NOTHING): Tensor<"i32"> {
  return sentenceRowsOp([words, offsets, rows], padding);
}

/** Sentences from the longest to the shortest, first all their first words, then all their second ones, and so on. */
export interface Packed {
  /** i32 [rows], in that order. */
  readonly words: Tensor;
  /** i32 [batch]: which row of the rectangle each sentence was. */
  readonly order: Tensor;
  /** i32 [steps]: how many sentences have a word at a step. */
  readonly active: Tensor;
}

/** Packs a rectangle i32 [batch, longest], in which each sentence ends at its row's end or its first NOTHING. */
export function pack(x: Tensor): Packed {
  if (x.shape.length !== 2 || x.dtype !== "i32")
    throw new RangeError(`pack: word numbers i32 [batch,longest] expected, got ${x.dtype}${formatShape(x.shape)}`);
  const [batch, longest] = x.shape as readonly [number, number];
  const lengths: number[] = [];
  const from = wordAt(x.ptr);
  const { i32 } = engine().memory;
  for (let i = 0; i < batch; i++) {
    const row = from + i * longest;
    let n = 0;
    while (n < longest && i32[row + n]! >= 0) n++;
    lengths.push(n);
  }
  // stable, so that equal sentences keep their order on every engine
  const sorted = lengths.map((_, i) => i).toSorted((a, b) => lengths[b]! - lengths[a]!);
  const steps = batch ? lengths[sorted[0]!]! : 0;
  const total = lengths.reduce((sum, n) => sum + n, 0);
  const [words, order, active] = [empty([total], "i32"), empty([batch], "i32"), empty([steps], "i32")];
  const counts = wordAt(active.ptr);
  // memory may have grown
  const cells = engine().memory.i32;
  cells.set(sorted, wordAt(order.ptr));
  let [to, rows] = [wordAt(words.ptr), batch];
  for (let t = 0; t < steps; t++) {
    while (lengths[sorted[rows - 1]!]! <= t) rows--;
    cells[counts + t] = rows;
    for (let i = 0; i < rows; i++) cells[to++] = cells[from + sorted[i]! * longest + t]!;
  }
  return { words, order, active };
}

/** A rectangle of words without a hole, and which of it are words of the sentences. */
export interface Filled {
  /** i32 [batch, steps], 0 where there is nothing. */
  readonly words: Tensor<"i32">;
  /** [batch, steps]: 1 for a word, 0 where there is nothing. */
  readonly mask: Tensor<"f32">;
  /** [batch, steps]: the mask over the sentence's number of words. */
  readonly shares: Tensor<"f32">;
}

/**
 * A rectangle i32 [batch, longest], in which each sentence ends at its row's end or its first NOTHING, cut to `length` steps and at least one.
 * @param words how many are known; others become 0
 */
export function filled(x: Tensor, { words, length }: { readonly words: number; readonly length: number }): Filled {
  if (x.shape.length !== 2 || x.dtype !== "i32")
    throw new RangeError(`filled: word numbers i32 [batch,longest] expected, got ${x.dtype}${formatShape(x.shape)}`);
  const [batch, longest] = x.shape as readonly [number, number];
  const steps = Math.max(1, Math.min(length, longest));
  const numbers = empty([batch, steps], "i32");
  // memory may have grown
  const { i32 } = engine().memory;
  const [from, to] = [wordAt(x.ptr), wordAt(numbers.ptr)];
  i32.fill(0, to, to + numbers.size);
  const mask = new Array<number>(numbers.size).fill(0);
  const shares = new Array<number>(numbers.size).fill(0);
  for (let i = 0; i < batch; i++) {
    let n = 0;
    for (; n < Math.min(steps, longest); n++) {
      const word = i32[from + i * longest + n]!;
      if (word < 0) break;
      i32[to + i * steps + n] = word < words ? word : 0;
    }
    mask.fill(1, i * steps, i * steps + n);
    shares.fill(1 / n, i * steps, i * steps + n);
  }
  return { words: numbers, mask: tensor(mask, [batch, steps]), shares: tensor(shares, [batch, steps]) };
}

/** Throws unless what was packed is one row per word, and all sentences have a place. */
export function checkPacked(op: string, { words, order, active }: Packed): void {
  checkIndices(op, "place of sentence", order, order.size);
  checkIndices(op, "sentences active at step", active, order.size + 1);
  const counts = wordAt(active.ptr);
  const { i32 } = engine().memory;
  // two sentences in one place would leave another's state unwritten
  const taken = new Uint8Array(order.size);
  for (let i = 0, at = wordAt(order.ptr); i < order.size; i++) {
    const place = i32[at + i]!;
    if (taken[place]) throw new RangeError(`${op}: place ${place}, got it twice, expected each sentence in its own`);
    taken[place] = 1;
  }
  let total = 0;
  for (let t = 0; t < active.size; t++) total += i32[counts + t]!;
  if (total !== words.size)
    throw new RangeError(`${op}: ${words.size} packed words, got steps that have ${total}; pack() makes them agree`);
}
