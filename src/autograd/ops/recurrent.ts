// LSTM and GRU over sequences of one length, one direction, with the states behind all steps and from given ones. Only once
// can they be differentiated.
import { engine } from "../../runtime/engine.ts";
import { extra } from "../../runtime/extra.ts";
import { defineOp, notTwice, type Op } from "../op.ts";
import { alike, formatShape, isSize, sameShape, type Shape } from "../shape.ts";
import { checkBeside, empty, scratch, type Tensor } from "../tensor.ts";
import { aside } from "./aside.ts";
import type { LstmWeights } from "./lstm.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./reshape.ts";
import { slice } from "./slice.ts";
import { sumRows } from "./sum.ts";

type Cell = readonly [x: Tensor, wx: Tensor, wh: Tensor, bx: Tensor, bh: Tensor, h: Tensor | null, c: Tensor | null];

interface Run {
  readonly steps: number;
  readonly batch: number;
  /** Whether it reads from the last step to the first. */
  readonly reverse: boolean;
  /** Gates of every row after their non-linearity [rows, 4 width]. */
  readonly gates: Tensor;
  /** States in front of every row, and tanh of the cell behind it [rows, width]. */
  readonly hidden: Tensor;
  readonly cells: Tensor;
  readonly squashed: Tensor;
  /** Gradients of the states in front of all steps [batch, width], made by the backward pass. */
  readonly found: { gh?: Tensor; gc?: Tensor };
}

/** Throws unless the operands of a cell and the rows of its run go together; returns the width of the state. */
function checkCell(
  op: string,
  gates: number,
  [x, wx, wh, bx, bh, ...states]: readonly (Tensor | null)[],
  { steps, batch }: { readonly steps: number; readonly batch: number },
): number {
  const width = wh!.shape[1] ?? 0;
  const [rows, inputs] = x!.shape;
  const wide = gates * width;
  if (x!.shape.length !== 2 || !(isSize(steps) && isSize(batch) && steps >= 1) || rows !== steps * batch)
    throw new RangeError(`${op}: x, got ${formatShape(x!.shape)}, expected [${steps} x ${batch},inputs]`);
  checkBeside(op, "weights of the input", wx!, [wide, inputs!]);
  checkBeside(op, "weights of the state", wh!, [wide, width]);
  for (const b of [bx, bh]) checkBeside(op, "bias", b!, [wide]);
  for (const state of states) if (state) checkBeside(op, "state", state, [batch, width]);
  return width;
}

/** Throws unless what a run kept for its gradient, and the gradient itself, have its rows; returns the width of the state. */
function checkBehind(
  op: string,
  gates: number,
  wh: Tensor,
  { steps, batch }: { readonly steps: number; readonly batch: number },
  kept: Tensor,
  states: readonly Tensor[],
): number {
  const width = wh.shape[1] ?? 0;
  const rows = steps * batch;
  if (!(isSize(steps) && isSize(batch) && steps >= 1))
    throw new RangeError(`${op}: got ${steps} steps of ${batch}, expected whole numbers, one step or more`);
  checkBeside(op, "weights of the state", wh, [gates * width, width]);
  checkBeside(op, "gates", kept, [rows, gates * width]);
  for (const t of states) checkBeside(op, "states", t, [rows, width]);
  return width;
}

// x [steps batch, inputs]; the result [steps batch + batch, width] has the last cells behind the states of all steps
const lstmStepsOp: Op<Cell, Run> = /* @__PURE__ */ defineOp<Cell, Run>({
  name: "lstmSteps",
  shape: (x, run) => {
    const width = checkCell("lstmSteps", 4, x, run);
    checkBehind("lstmSteps", 4, x[2], run, run.gates, [run.hidden, run.cells, run.squashed]);
    return [x[0].shape[0]! + run.batch, width];
  },
  forward: (y, [x, wx, wh, bx, bh, h, c], { steps, batch, reverse, gates, hidden, cells, squashed }) => {
    const width = y.shape[1]!;
    const [rows, inputs] = x.shape as readonly [number, number];
    engine().kernels.linear(x.ptr, wx.ptr, bx.ptr, gates.ptr, rows, 4 * width, inputs, 0);
    const pointers = [
      gates.ptr,
      wh.ptr,
      bh.ptr,
      h?.ptr ?? 0,
      c?.ptr ?? 0,
      hidden.ptr,
      cells.ptr,
      squashed.ptr,
    ] as const;
    const last = y.ptr + rows * width * 4;
    const work = scratch(extra().lstmStepsScratchBytes(width)).ptr;
    extra().lstmSteps(...pointers, y.ptr, last, steps, batch, width, +reverse, work);
  },
  through: (g, { x: [, , wh], y, attrs }) => lstmStepsGradOp([g, wh, y], attrs),
  vjp: [
    (g, { x: [, wx], out }) => matmul(g, wx, {}, out),
    (g, { x: [x], out }) => matmul(g, x, { transA: true }, out),
    (g, { attrs, out }) => matmul(g, attrs.hidden, { transA: true }, out),
    (g, { out }) => sumRows(g, out),
    (g, { out }) => sumRows(g, out),
    (g, { attrs }) => aside(attrs.found.gh!, g),
    (g, { attrs }) => aside(attrs.found.gc!, g),
  ],
});

// the gradient of all gates in front of their non-linearity
const lstmStepsGradOp: Op<readonly [Tensor, Tensor, Tensor], Run> = /* @__PURE__ */ defineOp<
  readonly [g: Tensor, wh: Tensor, y: Tensor],
  Run
>({
  name: "lstmStepsGrad",
  shape: ([g, wh, y], run) => {
    const width = checkBehind("lstmStepsGrad", 4, wh, run, run.gates, [run.hidden, run.cells, run.squashed]);
    alike("lstmStepsGrad", [(run.steps + 1) * run.batch, width], g.shape, y.shape);
    return run.gates.shape;
  },
  forward: (gy, [g, wh], { steps, batch, reverse, gates, cells, squashed, found }) => {
    const width = wh.shape[1]!;
    const [gh, gc] = [empty([batch, width]), empty([batch, width])];
    Object.assign(found, { gh, gc });
    const last = g.ptr + steps * batch * width * 4;
    const pointers = [g.ptr, last, wh.ptr, gates.ptr, cells.ptr, squashed.ptr, gy.ptr, gh.ptr, gc.ptr] as const;
    extra().lstmStepsGrad(...pointers, steps, batch, width, +reverse);
  },
  vjp: [notTwice("lstmSequence"), notTwice("lstmSequence"), notTwice("lstmSequence")],
});

type GruCell = readonly [x: Tensor, wx: Tensor, wh: Tensor, bx: Tensor, bh: Tensor, h: Tensor | null];

interface GruRun {
  readonly steps: number;
  readonly batch: number;
  /** Whether it reads from the last step to the first. */
  readonly reverse: boolean;
  /** Gates of every row after their non-linearity [rows, 3 width]. */
  readonly gates: Tensor;
  /** The state in front of every row, and its part of the new gate [rows, width]. */
  readonly hidden: Tensor;
  readonly inner: Tensor;
  /** Gradients of the gates' parts that the state gives [rows, 3 width], and of the state in front of all steps. */
  readonly found: { gparts?: Tensor; gh?: Tensor };
}

const gruStepsOp: Op<GruCell, GruRun> = /* @__PURE__ */ defineOp<GruCell, GruRun>({
  name: "gruSteps",
  shape: (x, run) => {
    const width = checkCell("gruSteps", 3, x, run);
    checkBehind("gruSteps", 3, x[2], run, run.gates, [run.hidden, run.inner]);
    return [x[0].shape[0]!, width];
  },
  forward: (y, [x, wx, wh, bx, bh, h], { steps, batch, reverse, gates, hidden, inner }) => {
    const [rows, inputs] = x.shape as readonly [number, number];
    const width = y.shape[1]!;
    engine().kernels.linear(x.ptr, wx.ptr, bx.ptr, gates.ptr, rows, 3 * width, inputs, 0);
    const pointers = [gates.ptr, wh.ptr, bh.ptr, h?.ptr ?? 0, hidden.ptr, inner.ptr, y.ptr] as const;
    const work = scratch(extra().gruStepsScratchBytes(batch, width)).ptr;
    extra().gruSteps(...pointers, steps, batch, width, +reverse, work);
  },
  through: (g, { x: [, , wh], y, attrs }) => gruStepsGradOp([g, wh, y], attrs),
  vjp: [
    (g, { x: [, wx], out }) => matmul(g, wx, {}, out),
    (g, { x: [x], out }) => matmul(g, x, { transA: true }, out),
    (g, { attrs, out }) => matmul(aside(attrs.found.gparts!, g), attrs.hidden, { transA: true }, out),
    (g, { out }) => sumRows(g, out),
    (g, { attrs, out }) => sumRows(aside(attrs.found.gparts!, g), out),
    (g, { attrs }) => aside(attrs.found.gh!, g),
  ],
});

// the gradient of the gates' parts that the input gives
const gruStepsGradOp: Op<readonly [Tensor, Tensor, Tensor], GruRun> = /* @__PURE__ */ defineOp<
  readonly [g: Tensor, wh: Tensor, y: Tensor],
  GruRun
>({
  name: "gruStepsGrad",
  shape: ([g, wh, y], run) => {
    const width = checkBehind("gruStepsGrad", 3, wh, run, run.gates, [run.hidden, run.inner]);
    alike("gruStepsGrad", [run.steps * run.batch, width], g.shape, y.shape);
    return run.gates.shape;
  },
  forward: (gy, [g, wh], { steps, batch, reverse, gates, hidden, inner, found }) => {
    const width = wh.shape[1]!;
    const [gparts, gh] = [empty(gates.shape), empty([batch, width])];
    Object.assign(found, { gparts, gh });
    const pointers = [g.ptr, wh.ptr, gates.ptr, hidden.ptr, inner.ptr, gy.ptr, gparts.ptr, gh.ptr] as const;
    extra().gruStepsGrad(...pointers, steps, batch, width, +reverse);
  },
  vjp: [notTwice("gruSequence"), notTwice("gruSequence"), notTwice("gruSequence")],
});

function check(
  op: string,
  x: Tensor,
  { wx, wh, bx, bh }: LstmWeights,
  gates: number,
  ...states: (Tensor | undefined)[]
): void {
  const [steps, batch, inputs] = x.shape as readonly [number, number, number];
  const width = wh.shape.at(-1)!;
  const fits = (t: Tensor | undefined, of: Shape): boolean => !t || sameShape(t.shape, of);
  if (x.shape.length !== 3 || steps < 1)
    throw new RangeError(`${op}: x, got ${formatShape(x.shape)}, expected [steps,batch,inputs]`);
  if (
    !fits(wx, [gates * width, inputs]) ||
    !fits(wh, [gates * width, width]) ||
    bx.size !== gates * width ||
    bh.size !== gates * width
  )
    throw new RangeError(
      `${op}: weights, got ${[wx, wh, bx, bh].map((t) => formatShape(t.shape)).join(" ")}, ` +
        `expected [${gates} width,${inputs}], [${gates} width,width] and two biases [${gates} width]`,
    );
  for (const t of states)
    if (!fits(t, [batch, width]))
      throw new RangeError(`${op}: state, got ${formatShape(t!.shape)}, expected [${batch},${width}]`);
}

/** The states an LSTM begins with, [batch, width] each, zeros unless said; and whether it runs from the last step to the first. */
export interface LstmStart {
  /** Hidden states [batch, hidden]: those it begins with, or ends with. */
  readonly h?: Tensor;
  /** Cells [batch, hidden]: those it begins with, or ends with. */
  readonly c?: Tensor;
  /** Whether it reads from the last step to the first. */
  readonly reverse?: boolean;
}

/** The state behind every step [steps, batch, width], and hidden state and cell behind the last one that was run [batch, width]. */
export interface LstmStates {
  /** Hidden states of all steps, [batch, steps, hidden]. */
  readonly y: Tensor<"f32">;
  /** Hidden states [batch, hidden]: those it begins with, or ends with. */
  readonly h: Tensor<"f32">;
  /** Cells [batch, hidden]: those it begins with, or ends with. */
  readonly c: Tensor<"f32">;
}

/**
 * An LSTM over sequences of one length, with the states behind all steps, as torch.nn.LSTM.
 * @param x [steps, batch, inputs]
 */
export function lstmSequence(x: Tensor, weights: LstmWeights, { h, c, reverse = false }: LstmStart = {}): LstmStates {
  check("lstmSequence", x, weights, 4, h, c);
  const [steps, batch, inputs] = x.shape as readonly [number, number, number];
  const { wx, wh, bx, bh } = weights;
  const width = wh.shape[1]!;
  const rows = steps * batch;
  const states = (): Tensor<"f32"> => empty([rows, width]);
  const gates = empty([rows, 4 * width]);
  const run = { steps, batch, reverse, gates, hidden: states(), cells: states(), squashed: states(), found: {} };
  const all = lstmStepsOp([reshape(x, [rows, inputs]), wx, wh, bx, bh, h ?? null, c ?? null], run);
  const part = (from: number, count: number): Tensor<"f32"> => slice(all, { axis: 0, from, to: from + count });
  return {
    y: reshape(part(0, rows), [steps, batch, width]),
    h: part(reverse ? 0 : rows - batch, batch),
    c: part(rows, batch),
  };
}

/** The state a GRU begins with [batch, width], zeros unless said; and whether it runs from the last step to the first. */
export interface GruStart {
  /** Hidden states [batch, hidden]: those it begins with, or ends with. */
  readonly h?: Tensor;
  /** Whether it reads from the last step to the first. */
  readonly reverse?: boolean;
}

/**
 * A gated recurrent unit (Cho et al. 2014, arXiv 1406.1078) over sequences of one length, as torch.nn.GRU: gates reset,
 * update, new, the reset gate behind the state's product.
 * @param x [steps, batch, inputs]
 * @param weights wx [3 width, inputs], wh [3 width, width] and two biases [3 width]
 * @returns the state behind every step [steps, batch, width], and that behind the last one that was run [batch, width]
 */
export function gruSequence(
  x: Tensor,
  weights: LstmWeights,
  { h, reverse = false }: GruStart = {},
): { readonly y: Tensor<"f32">; readonly h: Tensor<"f32"> } {
  check("gruSequence", x, weights, 3, h);
  const [steps, batch, inputs] = x.shape as readonly [number, number, number];
  const { wx, wh, bx, bh } = weights;
  const width = wh.shape[1]!;
  const rows = steps * batch;
  const [gates, hidden, inner] = [empty([rows, 3 * width]), empty([rows, width]), empty([rows, width])];
  const run = { steps, batch, reverse, gates, hidden, inner, found: {} };
  const y = gruStepsOp([reshape(x, [rows, inputs]), wx, wh, bx, bh, h ?? null], run);
  const last = reverse ? 0 : rows - batch;
  return { y: reshape(y, [steps, batch, width]), h: slice(y, { axis: 0, from: last, to: last + batch }) };
}
