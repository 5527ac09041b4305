// Dot product tiles for the gradients of a convolution: 2 rows by up to 4 columns, each operand walked in runs.
import { fma } from "./fma";

/**
 * tile[2][4] (+)= the products of 2 rows with `columns` columns (1 to 4, known where it is called), 4 lanes each, not yet
 * summed. A run is `steps` vectors; from one run to the next the pointers jump as many bytes more than the run is long.
 */
@inline
export function dotRuns(
  columns: i32,
  r0: usize,
  r1: usize,
  q0: usize,
  q1: usize,
  q2: usize,
  q3: usize,
  steps: i32,
  runs: i32,
  rJump: usize,
  qJump: usize,
  tile: usize,
  accumulate: i32,
): void {
  const zero = f32x4.splat(0);
  let c0 = zero;
  let c1 = zero;
  let c2 = zero;
  let c3 = zero;
  let d0 = zero;
  let d1 = zero;
  let d2 = zero;
  let d3 = zero;
  if (accumulate) {
    c0 = v128.load(tile);
    if (columns > 1) c1 = v128.load(tile, 16);
    if (columns > 2) c2 = v128.load(tile, 32);
    if (columns > 3) c3 = v128.load(tile, 48);
    d0 = v128.load(tile, 64);
    if (columns > 1) d1 = v128.load(tile, 80);
    if (columns > 2) d2 = v128.load(tile, 96);
    if (columns > 3) d3 = v128.load(tile, 112);
  }
  for (; runs > 0; runs--) {
    let left = steps;
    // two steps per trip, each ending in an exit, as in `outer`
    while (true) {
      {
        const s = v128.load(r0);
        const t = v128.load(r1);
        const b0 = v128.load(q0);
        const b1 = columns > 1 ? v128.load(q1) : zero;
        const b2 = columns > 2 ? v128.load(q2) : zero;
        const b3 = columns > 3 ? v128.load(q3) : zero;
        c0 = fma(s, b0, c0);
        if (columns > 1) c1 = fma(s, b1, c1);
        if (columns > 2) c2 = fma(s, b2, c2);
        if (columns > 3) c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        if (columns > 1) d1 = fma(t, b1, d1);
        if (columns > 2) d2 = fma(t, b2, d2);
        if (columns > 3) d3 = fma(t, b3, d3);
      }
      if (--left == 0) {
        r0 += 16;
        r1 += 16;
        q0 += 16;
        q1 += 16;
        q2 += 16;
        q3 += 16;
        break;
      }
      {
        const s = v128.load(r0, 16);
        const t = v128.load(r1, 16);
        const b0 = v128.load(q0, 16);
        const b1 = columns > 1 ? v128.load(q1, 16) : zero;
        const b2 = columns > 2 ? v128.load(q2, 16) : zero;
        const b3 = columns > 3 ? v128.load(q3, 16) : zero;
        c0 = fma(s, b0, c0);
        if (columns > 1) c1 = fma(s, b1, c1);
        if (columns > 2) c2 = fma(s, b2, c2);
        if (columns > 3) c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        if (columns > 1) d1 = fma(t, b1, d1);
        if (columns > 2) d2 = fma(t, b2, d2);
        if (columns > 3) d3 = fma(t, b3, d3);
        r0 += 32;
        r1 += 32;
        q0 += 32;
        q1 += 32;
        q2 += 32;
        q3 += 32;
      }
      if (--left == 0) break;
    }
    r0 += rJump;
    r1 += rJump;
    q0 += qJump;
    q1 += qJump;
    q2 += qJump;
    q3 += qJump;
  }
  v128.store(tile, c0);
  if (columns > 1) v128.store(tile, c1, 16);
  if (columns > 2) v128.store(tile, c2, 32);
  if (columns > 3) v128.store(tile, c3, 48);
  v128.store(tile, d0, 64);
  if (columns > 1) v128.store(tile, d1, 80);
  if (columns > 2) v128.store(tile, d2, 96);
  if (columns > 3) v128.store(tile, d3, 112);
}
