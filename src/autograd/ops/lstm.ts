// The long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), one direction,
// over packed sentences. Only the last states come out, and only once can it be differentiated.
import { engine } from "../../runtime/engine.ts";
import { defineOp, notTwice, type Op } from "../op.ts";
import { alike, formatShape, sameShape } from "../shape.ts";
import { checkBeside, empty, scratch, type Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";
import { checkPacked, type Packed } from "./sequences.ts";
import { sumRows } from "./sum.ts";

type Cell = readonly [x: Tensor, wx: Tensor, wh: Tensor, bx: Tensor, bh: Tensor];

interface Run {
  readonly packed: Packed;
  readonly reverse: boolean;
  /** Gates of every row after their non-linearity [rows, 4 width]. */
  readonly gates: Tensor;
  /** States in front of every row, and tanh of the cell behind it [rows, width]. */
  readonly hidden: Tensor;
  readonly cells: Tensor;
  readonly squashed: Tensor;
}

/** Throws unless the weights go together; returns the width of the state. */
function widthOf(op: string, inputs: number, [wx, wh, bx, bh]: readonly [Tensor, Tensor, Tensor, Tensor]): number {
  const width = wh.shape[1] ?? 0;
  if (
    !sameShape(wx.shape, [4 * width, inputs]) ||
    !sameShape(wh.shape, [4 * width, width]) ||
    !sameShape(bx.shape, [4 * width]) ||
    !sameShape(bh.shape, [4 * width])
  )
    throw new RangeError(
      `${op}: weights [4 width,${inputs}], [4 width,width] and two biases [4 width] expected, got ` +
        [wx, wh, bx, bh].map((t) => formatShape(t.shape)).join(" "),
    );
  return width;
}

/** Throws unless what is kept for the gradient has its rows, and sentences their places. */
function checkRun(op: string, { packed, gates, hidden, cells, squashed }: Run, width: number): void {
  checkPacked(op, packed);
  const rows = packed.words.size;
  checkBeside(op, "gates", gates, [rows, 4 * width]);
  for (const t of [hidden, cells, squashed]) checkBeside(op, "states", t, [rows, width]);
}

const lstmOp: Op<Cell, Run> = /* @__PURE__ */ defineOp<Cell, Run>({
  name: "lstm",
  shape: ([x, ...weights], run) => {
    const { words, order } = run.packed;
    if (x.shape.length !== 2 || x.shape[0] !== words.size)
      throw new RangeError(
        `lstm: x [${words.size},inputs] expected, a row for each packed word, got ${formatShape(x.shape)}`,
      );
    const width = widthOf("lstm", x.shape[1]!, weights);
    checkRun("lstm", run, width);
    return [order.size, width];
  },
  forward: (y, [x, wx, wh, bx, bh], { packed, reverse, gates, hidden, cells, squashed }) => {
    const { kernels } = engine();
    const [batch, width] = y.shape as readonly [number, number];
    const [rows, inputs] = x.shape as readonly [number, number];
    const { active, order } = packed;
    const states = [hidden.ptr, cells.ptr, squashed.ptr] as const;
    const work = scratch(kernels.lstmScratchBytes(width)).ptr;
    // the input's part of all gates of all rows at once; the kernel adds the other bias
    kernels.linear(x.ptr, wx.ptr, bx.ptr, gates.ptr, rows, 4 * width, inputs, 0);
    const pointers = [gates.ptr, wh.ptr, bh.ptr, active.ptr, order.ptr] as const;
    kernels.lstm(...pointers, ...states, y.ptr, active.size, batch, width, +reverse, work);
  },
  through: (g, { x: [, , wh], y, attrs }) => lstmGradOp([g, wh, y], attrs),
  vjp: [
    (g, { x: [, wx], out }) => matmul(g, wx, {}, out),
    (g, { x: [x], out }) => matmul(g, x, { transA: true }, out),
    (g, { attrs, out }) => matmul(g, attrs.hidden, { transA: true }, out),
    (g, { out }) => sumRows(g, out),
    (g, { out }) => sumRows(g, out),
  ],
});

// from the gradient of the last states to that of all gates, in front of their non-linearity; it takes y as well, so that
// whatever the gates depend on, a second gradient is refused
const lstmGradOp: Op<readonly [Tensor, Tensor, Tensor], Run> = /* @__PURE__ */ defineOp<
  readonly [g: Tensor, wh: Tensor, y: Tensor],
  Run
>({
  name: "lstmGrad",
  shape: ([g, wh, y], run) => {
    const width = wh.shape[1] ?? 0;
    if (!sameShape(wh.shape, [4 * width, width]) || !sameShape(g.shape, [run.packed.order.size, width]))
      throw new RangeError(
        `lstmGrad: got ${formatShape(g.shape)} and ${formatShape(wh.shape)}, expected [batch,width] and [4 width,width]`,
      );
    alike("lstmGrad", g.shape, y.shape);
    checkRun("lstmGrad", run, width);
    return [run.packed.words.size, 4 * width];
  },
  forward: (gy, [g, wh], { packed, reverse, gates, cells, squashed }) => {
    const { kernels } = engine();
    const [batch, width] = g.shape as readonly [number, number];
    const { active, order } = packed;
    const work = scratch(kernels.lstmGradScratchBytes(batch, width)).ptr;
    const pointers = [g.ptr, wh.ptr, active.ptr, order.ptr, gates.ptr, cells.ptr, squashed.ptr] as const;
    kernels.lstmGrad(...pointers, gy.ptr, active.size, batch, width, +reverse, work);
  },
  vjp: [notTwice("lstm"), notTwice("lstm"), notTwice("lstm")],
});

/** Weights in PyTorch's layout: gates input, forget, cell, output below each other, two biases that are added. */
export interface LstmWeights {
  /** Of the input, [4 width, inputs]. */
  readonly wx: Tensor;
  /** Of the state, [4 width, width]. */
  readonly wh: Tensor;
  /** Both [4 width]. */
  readonly bx: Tensor;
  /** Biases of what comes from the step before, [4 hidden]. */
  readonly bh: Tensor;
}

/**
 * The hidden state behind each sentence's last word, or before its first if `reverse`, [batch, width], in the order of the
 * rectangle that was packed; 0 for an empty sentence.
 * @param x [rows, inputs]: one row per packed word
 */
export function lstm(
  x: Tensor,
  weights: LstmWeights,
  packed: Packed,
  { reverse = false }: { reverse?: boolean } = {},
): Tensor<"f32"> {
  const { wx, wh, bx, bh } = weights;
  const rows = packed.words.size;
  const width = wh.shape[1] ?? 0;
  const states = (): Tensor<"f32"> => empty([rows, width]);
  const run: Run = {
    packed,
    reverse,
    gates: empty([rows, 4 * width]),
    hidden: states(),
    cells: states(),
    squashed: states(),
  };
  return lstmOp([x, wx, wh, bx, bh], run);
}
