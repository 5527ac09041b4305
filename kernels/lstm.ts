// One direction of an LSTM over a whole batch of sequences. Sequences are packed: sorted from the longest to the shortest,
// their first elements come first, then their second ones, and so on, so that step t has the rows of the first active[t]
// sequences and nothing is ever computed for padding. The input's part of the gates is a matrix product of all steps and
// comes from outside; what is left is one small product per step and the element-wise rest.
//
// For every row the state in front of it is kept, as the gradient needs it; and as all steps' states then lie in one
// matrix, the gradient of the recurrent weights is one product, too.
import { expand } from "./expand";
import { storeLanes } from "./lanes";
import { matmul } from "./matmul";
import { sigmoid4, tanh4 } from "./transcendental";

/**
 * Runs the cell over `steps` steps, last to first if `reverse`. Gates are input, forget, cell, output, as in PyTorch.
 * gates[rows, 4 width]: in, the input's part W x + b; out, the gates after their non-linearity.
 * w[4 width, width], b[4 width]: the recurrent part. active[steps], i32, never rising: sequences that reach step t.
 * hidden, cells[rows, width]: out, the state in front of each row. squashed[rows, width]: out, tanh of the cell behind it.
 * y[batch, width]: out, the state behind each sequence's last row, of sorted sequence i in row order[i] (i32); 0 if it has none.
 */
export function lstm(
  gates: usize,
  w: usize,
  b: usize,
  active: usize,
  order: usize,
  hidden: usize,
  cells: usize,
  squashed: usize,
  y: usize,
  steps: i32,
  batch: i32,
  width: i32,
  reverse: i32,
  scratch: usize,
): void {
  const row = <usize>width << 2;
  const wide = 4 * width;
  // [width, 4 width], so that lanes run along the gates
  expand(w, scratch, 1, 1, width, wide, 0, 0, 1, width);
  for (let i = rowsAt(active, 0, steps); i < batch; i++) memory.fill(y + rowAt(order, i) * row, 0, row);

  const total = rowsIn(active, steps);
  let first = reverse ? total : 0;
  for (let s = 0; s < steps; s++) {
    const t = reverse ? steps - 1 - s : s;
    const rows = rowsAt(active, t, steps);
    if (reverse) first -= rows;
    // sequences that bring a state along, and those that hand theirs on
    const before = reverse ? rowsAt(active, t + 1, steps) : s ? rows : 0;
    const after = reverse ? (t ? rows : 0) : rowsAt(active, t + 1, steps);
    const next = reverse ? first - rowsAt(active, t - 1, steps) : first + rows;
    const h = hidden + <usize>first * row;
    const c = cells + <usize>first * row;
    memory.fill(h + <usize>before * row, 0, <usize>(rows - before) * row);
    memory.fill(c + <usize>before * row, 0, <usize>(rows - before) * row);
    const g = gates + <usize>first * (row << 2);
    if (before) matmul(h, scratch, g, before, wide, width, width, wide, wide, 0, 0, 1);
    for (let i = 0; i < rows; i++) {
      const at = <usize>i * row;
      const goesOn = i < after;
      const to = <usize>(next + i) * row;
      const out = goesOn ? hidden + to : y + rowAt(order, i) * row;
      cell(g + (at << 2), b, c + at, goesOn ? cells + to : 0, squashed + <usize>first * row + at, out, width);
    }
    if (!reverse) first += rows;
  }
}

/** Bytes of scratch `lstm` needs for these sizes. */
export function lstmScratchBytes(width: i32): i32 {
  return 16 * width * width;
}

/**
 * Gradient of the gates in front of their non-linearity, ggates[rows, 4 width], from that of the last states, gy[batch, width].
 * gates, cells and squashed are what `lstm` left; the rest as there. Every other gradient is a product or a sum of this one.
 */
export function lstmGrad(
  gy: usize,
  w: usize,
  active: usize,
  order: usize,
  gates: usize,
  cells: usize,
  squashed: usize,
  ggates: usize,
  steps: i32,
  batch: i32,
  width: i32,
  reverse: i32,
  scratch: usize,
): void {
  const row = <usize>width << 2;
  const wide = 4 * width;
  // gradients of the state behind the rows at hand, hidden and cell
  const gh = scratch;
  const gc = scratch + <usize>batch * row;
  const total = rowsIn(active, steps);
  let first = reverse ? 0 : total;
  for (let s = steps - 1; s >= 0; s--) {
    const t = reverse ? steps - 1 - s : s;
    const rows = rowsAt(active, t, steps);
    if (!reverse) first -= rows;
    const before = reverse ? rowsAt(active, t + 1, steps) : s ? rows : 0;
    const after = reverse ? (t ? rows : 0) : rowsAt(active, t + 1, steps);
    memory.fill(gc + <usize>after * row, 0, <usize>(rows - after) * row);
    for (let i = after; i < rows; i++) memory.copy(gh + <usize>i * row, gy + rowAt(order, i) * row, row);
    const c = <usize>first * row;
    for (let i = 0; i < rows; i++) {
      const at = <usize>i * row;
      const g = (c + at) << 2;
      cellGrad(gates + g, cells + c + at, squashed + c + at, gh + at, gc + at, ggates + g, width);
    }
    if (before) matmul(ggates + (c << 2), w, gh, before, width, wide, wide, width, width, 0, 0, 0);
    if (reverse) first += rows;
  }
}

/** Bytes of scratch `lstmGrad` needs for these sizes. */
export function lstmGradScratchBytes(batch: i32, width: i32): i32 {
  return 8 * batch * width;
}

/** Sequences at step t, none beyond either end. */
@inline
function rowsAt(active: usize, t: i32, steps: i32): i32 {
  return t < 0 || t >= steps ? 0 : load<i32>(active + (<usize>t << 2));
}

@inline
function rowAt(order: usize, i: i32): usize {
  return <usize>load<i32>(order + (<usize>i << 2));
}

function rowsIn(active: usize, steps: i32): i32 {
  let rows = 0;
  for (let t = 0; t < steps; t++) rows += load<i32>(active + (<usize>t << 2));
  return rows;
}

/** One row: c' = f c + i g, h' = o tanh c'. The new cell goes to `next`, if that is not 0. */
export function cell(gates: usize, b: usize, c: usize, next: usize, squashed: usize, h: usize, width: i32): void {
  const gate = <usize>width << 2;
  const whole = gate & ~15;
  let at: usize = 0;
  for (; at < whole; at += 16) cell4(gates + at, b + at, gate, c + at, next ? next + at : 0, squashed + at, h + at, 4);
  if (at < gate) cell4(gates + at, b + at, gate, c + at, next ? next + at : 0, squashed + at, h + at, width & 3);
}

@inline
function cell4(g: usize, b: usize, gate: usize, c: usize, next: usize, squashed: usize, h: usize, lanes: i32): void {
  const b2 = b + (gate << 1);
  const g2 = g + (gate << 1);
  const input = sigmoid4(f32x4.add(v128.load(g), v128.load(b)));
  const forget = sigmoid4(f32x4.add(v128.load(g + gate), v128.load(b + gate)));
  const fresh = tanh4(f32x4.add(v128.load(g2), v128.load(b2)));
  const output = sigmoid4(f32x4.add(v128.load(g2 + gate), v128.load(b2 + gate)));
  const after = f32x4.add(f32x4.mul(forget, v128.load(c)), f32x4.mul(input, fresh));
  const small = tanh4(after);
  storeLanes(g, input, lanes);
  storeLanes(g + gate, forget, lanes);
  storeLanes(g2, fresh, lanes);
  storeLanes(g2 + gate, output, lanes);
  if (next) storeLanes(next, after, lanes);
  storeLanes(squashed, small, lanes);
  storeLanes(h, f32x4.mul(output, small), lanes);
}

/** One row, backwards: from gh and gc behind it to ggates, and gc in front of it. */
export function cellGrad(gates: usize, c: usize, squashed: usize, gh: usize, gc: usize, ggates: usize, width: i32): void {
  const gate = <usize>width << 2;
  const whole = gate & ~15;
  let at: usize = 0;
  for (; at < whole; at += 16)
    cellGrad4(gates + at, gate, c + at, squashed + at, gh + at, gc + at, ggates + at, 4);
  if (at < gate) cellGrad4(gates + at, gate, c + at, squashed + at, gh + at, gc + at, ggates + at, width & 3);
}

@inline
function cellGrad4(
  g: usize,
  gate: usize,
  c: usize,
  squashed: usize,
  gh: usize,
  gc: usize,
  ggates: usize,
  lanes: i32,
): void {
  const one = f32x4.splat(1);
  const g2 = g + (gate << 1);
  const input = v128.load(g);
  const forget = v128.load(g + gate);
  const fresh = v128.load(g2);
  const output = v128.load(g2 + gate);
  const small = v128.load(squashed);
  const dh = v128.load(gh);
  const dhOutput = f32x4.mul(dh, output);
  // h = o tanh c, so dc += dh o (1 - tanh^2 c)
  const dc = f32x4.add(v128.load(gc), f32x4.mul(dhOutput, f32x4.sub(one, f32x4.mul(small, small))));
  // sigmoid' = s (1 - s), tanh' = 1 - s^2
  const dInput = f32x4.mul(f32x4.mul(dc, fresh), f32x4.mul(input, f32x4.sub(one, input)));
  const dForget = f32x4.mul(f32x4.mul(dc, v128.load(c)), f32x4.mul(forget, f32x4.sub(one, forget)));
  const dFresh = f32x4.mul(f32x4.mul(dc, input), f32x4.sub(one, f32x4.mul(fresh, fresh)));
  const dOutput = f32x4.mul(f32x4.mul(dhOutput, small), f32x4.sub(one, output));
  const ggates2 = ggates + (gate << 1);
  storeLanes(ggates, dInput, lanes);
  storeLanes(ggates + gate, dForget, lanes);
  storeLanes(ggates2, dFresh, lanes);
  storeLanes(ggates2 + gate, dOutput, lanes);
  storeLanes(gc, f32x4.mul(dc, forget), lanes);
}
