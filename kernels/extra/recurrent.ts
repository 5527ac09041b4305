// LSTM and GRU over sequences of one length, with the states behind all steps and from given ones: x[steps, batch, ...], one
// direction. Step s is at time t = s, or steps - 1 - s if `reverse`. The input's part of the gates comes from outside.
import { expand } from "../expand";
import { cell, cellGrad } from "../lstm";
import { lastLanes, lastVector, storeLanes } from "../lanes";
import { sigmoid4, tanh4 } from "../transcendental";
import { matmul } from "./first";

/** Bytes of scratch `lstmSteps` needs. */
export function lstmStepsScratchBytes(width: i32): i32 {
  return 16 * width * width;
}

/**
 * gates[steps, batch, 4 width]: in, W x + b of the input; out, the gates (input, forget, cell, output) after their
 * non-linearity. w[4 width, width], b[4 width]: the recurrent part. h, c[batch, width]: the states in front; 0: zeros.
 * hidden[steps, batch, width]: out, the state in front of each step; cells[steps, batch, width], by step: the cell in front;
 * squashed: tanh of the cell behind. y[steps, batch, width]: out, the state behind each step. last[batch, width]: the last cell.
 */
export function lstmSteps(
  gates: usize,
  w: usize,
  b: usize,
  h: usize,
  c: usize,
  hidden: usize,
  cells: usize,
  squashed: usize,
  y: usize,
  last: usize,
  steps: i32,
  batch: i32,
  width: i32,
  reverse: i32,
  scratch: usize,
): void {
  const row = (<usize>width) << 2;
  const block = <usize>batch * row;
  expand(w, scratch, 1, 1, width, 4 * width, 0, 0, 1, width);
  start(c, cells, block);
  for (let s = 0; s < steps; s++) {
    const t = <usize>(reverse ? steps - 1 - s : s) * block;
    const front = hidden + t;
    if (!s) start(h, front, block);
    else memory.copy(front, y + t + (reverse ? block : <usize>0 - block), block);
    const g = gates + (t << 2);
    matmul(front, scratch, g, batch, 4 * width, width, width, 4 * width, 4 * width, 0, 0, 1);
    for (let i: usize = 0; i < block; i += row) {
      const next = s + 1 < steps ? cells + block + i : last + i;
      cell(g + (i << 2), b, cells + i, next, squashed + t + i, y + t + i, width);
    }
    cells += block;
  }
}

/** A state in front of the first step. */
@inline
function start(state: usize, to: usize, bytes: usize): void {
  if (state) memory.copy(to, state, bytes);
  else memory.fill(to, 0, bytes);
}

/**
 * Gradient of the gates in front of their non-linearity, ggates[steps, batch, 4 width], and of the states in front, gh and
 * gc[batch, width], from those of all states, gy[steps, batch, width], and of the last cell, glast[batch, width].
 */
export function lstmStepsGrad(
  gy: usize,
  glast: usize,
  w: usize,
  gates: usize,
  cells: usize,
  squashed: usize,
  ggates: usize,
  gh: usize,
  gc: usize,
  steps: i32,
  batch: i32,
  width: i32,
  reverse: i32,
): void {
  const row = (<usize>width) << 2;
  const block = <usize>batch * row;
  memory.copy(gc, glast, block);
  memory.fill(gh, 0, block);
  for (let s = steps - 1; s >= 0; s--) {
    const t = <usize>(reverse ? steps - 1 - s : s) * block;
    addTo(gh, gy + t, batch * width);
    for (let i: usize = 0; i < block; i += row) {
      const at = t + i;
      const c = cells + <usize>s * block + i;
      cellGrad(gates + (at << 2), c, squashed + at, gh + i, gc + i, ggates + (at << 2), width);
    }
    matmul(ggates + (t << 2), w, gh, batch, width, 4 * width, 4 * width, width, width, 0, 0, 0);
  }
}

function addTo(y: usize, x: usize, n: i32): void {
  if (n <= 0) return;
  const last = lastVector(n);
  for (let i: usize = 0; i < last; i += 16) v128.store(y + i, f32x4.add(v128.load(y + i), v128.load(x + i)));
  storeLanes(y + last, f32x4.add(v128.load(y + last), v128.load(x + last)), lastLanes(n));
}

/** Bytes of scratch `gruSteps` needs. */
export function gruStepsScratchBytes(batch: i32, width: i32): i32 {
  return 12 * width * (width + batch);
}

/**
 * gates[steps, batch, 3 width]: in, W x + b of the input; out, the gates (reset, update, new) after their non-linearity.
 * w[3 width, width], b[3 width]: the recurrent part. h[batch, width]: the state in front; 0: zeros. hidden[steps, batch, width]:
 * out, the state in front of each step; inner: out, the state's part of the new gate. y[steps, batch, width]: out, the states behind.
 */
export function gruSteps(
  gates: usize,
  w: usize,
  b: usize,
  h: usize,
  hidden: usize,
  inner: usize,
  y: usize,
  steps: i32,
  batch: i32,
  width: i32,
  reverse: i32,
  scratch: usize,
): void {
  const row = (<usize>width) << 2;
  const block = <usize>batch * row;
  const parts = scratch + <usize>(3 * width) * row;
  expand(w, scratch, 1, 1, width, 3 * width, 0, 0, 1, width);
  for (let s = 0; s < steps; s++) {
    const t = <usize>(reverse ? steps - 1 - s : s) * block;
    const front = hidden + t;
    if (!s) start(h, front, block);
    else memory.copy(front, y + t + (reverse ? block : <usize>0 - block), block);
    matmul(front, scratch, parts, batch, 3 * width, width, width, 3 * width, 3 * width, 0, 0, 0);
    for (let i: usize = 0; i < block; i += row)
      gruCell(gates + (t + i) * 3, parts + i * 3, b, front + i, inner + t + i, y + t + i, width);
  }
}

/** One row: n = tanh(x + r (w h + b)), h' = (1 - z) n + z h. */
function gruCell(g: usize, part: usize, b: usize, h: usize, inner: usize, y: usize, width: i32): void {
  const gate = (<usize>width) << 2;
  const one = f32x4.splat(1);
  const last = lastVector(width);
  for (let i: usize = 0; i <= last; i += 16) {
    const lanes = i == last ? lastLanes(width) : 4;
    const own = f32x4.add(v128.load(part + i), v128.load(b + i));
    const r = sigmoid4(f32x4.add(v128.load(g + i), own));
    const i2 = i + gate;
    const z = sigmoid4(f32x4.add(v128.load(g + i2), f32x4.add(v128.load(part + i2), v128.load(b + i2))));
    const i3 = i2 + gate;
    const state = f32x4.add(v128.load(part + i3), v128.load(b + i3));
    const n = tanh4(f32x4.add(v128.load(g + i3), f32x4.mul(r, state)));
    storeLanes(g + i, r, lanes);
    storeLanes(g + i2, z, lanes);
    storeLanes(g + i3, n, lanes);
    storeLanes(inner + i, state, lanes);
    storeLanes(y + i, f32x4.add(f32x4.mul(f32x4.sub(one, z), n), f32x4.mul(z, v128.load(h + i))), lanes);
  }
}

/**
 * Gradients of the gates in front of their non-linearity, ggates[steps, batch, 3 width] of the input's part and gparts of the
 * state's, and of the state in front, gh[batch, width], from that of all states, gy[steps, batch, width].
 */
export function gruStepsGrad(
  gy: usize,
  w: usize,
  gates: usize,
  hidden: usize,
  inner: usize,
  ggates: usize,
  gparts: usize,
  gh: usize,
  steps: i32,
  batch: i32,
  width: i32,
  reverse: i32,
): void {
  const row = (<usize>width) << 2;
  const block = <usize>batch * row;
  memory.fill(gh, 0, block);
  for (let s = steps - 1; s >= 0; s--) {
    const t = <usize>(reverse ? steps - 1 - s : s) * block;
    addTo(gh, gy + t, batch * width);
    for (let i: usize = 0; i < block; i += row) {
      const at = t + i;
      gruCellGrad(gates + at * 3, hidden + at, inner + at, gh + i, ggates + at * 3, gparts + at * 3, width);
    }
    matmul(gparts + t * 3, w, gh, batch, width, 3 * width, 3 * width, width, width, 0, 0, 1);
  }
}

/** One row, backwards; of gh stays what goes straight through, z gh. */
function gruCellGrad(g: usize, h: usize, inner: usize, gh: usize, ggates: usize, gparts: usize, width: i32): void {
  const gate = (<usize>width) << 2;
  const one = f32x4.splat(1);
  const last = lastVector(width);
  for (let i: usize = 0; i <= last; i += 16) {
    const lanes = i == last ? lastLanes(width) : 4;
    const i2 = i + gate;
    const i3 = i2 + gate;
    const r = v128.load(g + i);
    const z = v128.load(g + i2);
    const n = v128.load(g + i3);
    const dh = v128.load(gh + i);
    const dn = f32x4.mul(f32x4.mul(dh, f32x4.sub(one, z)), f32x4.sub(one, f32x4.mul(n, n)));
    const dz = f32x4.mul(f32x4.mul(dh, f32x4.sub(v128.load(h + i), n)), f32x4.mul(z, f32x4.sub(one, z)));
    const dr = f32x4.mul(f32x4.mul(dn, v128.load(inner + i)), f32x4.mul(r, f32x4.sub(one, r)));
    storeLanes(ggates + i, dr, lanes);
    storeLanes(ggates + i2, dz, lanes);
    storeLanes(ggates + i3, dn, lanes);
    storeLanes(gparts + i, dr, lanes);
    storeLanes(gparts + i2, dz, lanes);
    storeLanes(gparts + i3, f32x4.mul(dn, r), lanes);
    storeLanes(gh + i, f32x4.mul(dh, z), lanes);
  }
}
