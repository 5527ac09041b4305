// Rows of a table by number, as an embedding looks up its words.
import { engine } from "../../runtime/engine.ts";
import { wordAt } from "../../runtime/memory.ts";
import { defineOp, type Op } from "../op.ts";
import { alike, checkShape, formatShape, type Shape } from "../shape.ts";
import { checkOpen, markWritten, type Tensor } from "../tensor.ts";
import { fillInto } from "./fill.ts";
import { checkIndices } from "./indices.ts";

const embeddingOp: Op<readonly [Tensor, Tensor], undefined> = /* @__PURE__ */ defineOp<
  readonly [w: Tensor, words: Tensor]
>({
  name: "embedding",
  takes: { 1: "i32" },
  shape: ([w, words]) => {
    if (w.shape.length !== 2)
      throw new RangeError(`embedding: a table [words,width] expected, got ${formatShape(w.shape)}`);
    return [...words.shape, w.shape[1]!];
  },
  forward: (y, [w, words]) => {
    const [rows, width] = w.shape as readonly [number, number];
    checkIndices("embedding", "word", words, rows);
    engine().kernels.gather(w.ptr, words.ptr, y.ptr, words.size, width);
  },
  vjp: [(g, { x: [w, words], out }) => embeddingGradOp([g, words], w.shape, out), null],
});

const embeddingGradOp: Op<readonly [Tensor, Tensor], Shape> = /* @__PURE__ */ defineOp<
  readonly [g: Tensor, words: Tensor],
  Shape
>({
  name: "embeddingGrad",
  takes: { 1: "i32" },
  shape: ([g, words], shape) => {
    checkShape("embeddingGrad", shape);
    if (shape.length !== 2)
      throw new RangeError(`embeddingGrad: a table [words,width] expected, got ${formatShape(shape)}`);
    alike("embeddingGrad", g.shape, [words.size, shape[1]!]);
    return shape;
  },
  forward: (gw, [g, words]) => {
    const [rows, width] = gw.shape as readonly [number, number];
    checkIndices("embeddingGrad", "word", words, rows);
    engine().kernels.embeddingGrad(g.ptr, words.ptr, gw.ptr, gw.touched?.ptr ?? 0, words.size, rows, width);
  },
  vjp: [(u, { x: [, words] }) => embedding(u, words), null],
});

/** Says of a slot that keeps track of its rows that any of them may be other than zero. */
export function touchAll({ touched }: Tensor): void {
  if (!touched) return;
  const at = wordAt(touched.ptr);
  engine().memory.i32.fill(1, at, at + touched.size);
}

/** Makes a slot zero: all of it, or the rows that may be other than zero where it keeps track of them. */
export function clearSlot(slot: Tensor): void {
  if (!slot.touched) return void fillInto(slot, 0);
  const [rows, width] = slot.shape as readonly [number, number];
  checkOpen(slot);
  engine().kernels.embeddingGrad(0, 0, slot.ptr, slot.touched.ptr, 0, rows, width);
  markWritten(slot);
}

/**
 * y[..., :] = w[words[...], :]; RangeError for a word that the table has not. The gradient costs what the words cost, not what the table does,
 * where it is written to a slot that keeps track of its rows.
 * @param w [words, width]
 * @param words i32 of any shape
 */
export function embedding(w: Tensor, words: Tensor): Tensor<"f32"> {
  return embeddingOp([w, words], undefined);
}
