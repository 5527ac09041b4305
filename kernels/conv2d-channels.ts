// Convolution tiles whose lanes are output channels: 2 outputs, wherever they lie, by up to 16 channels.
import { storePairs } from "./conv2d-layout";
import { fma } from "./fma";

/**
 * act(bias + sum over runs and taps of w . x) for the outputs that start at x0 and x1 and `vectors` vectors of channels
 * (2 to 4, known where it is called). A run is one row of `taps` taps; `runs` to `runsEnd` hold their byte offsets into x;
 * w and `bias` hold 16 channels together, tap by tap. The outputs go to y and y + 4, one plane per channel; if the two are
 * the same, only to y.
 */
@inline
function tile(
  vectors: i32,
  x0: usize,
  x1: usize,
  runs: usize,
  runsEnd: usize,
  taps: i32,
  w: usize,
  bias: usize,
  relu: i32,
  y: usize,
  plane: usize,
  count: i32,
): void {
  const zero = f32x4.splat(0);
  let c0 = v128.load(bias);
  let c1 = v128.load(bias, 16);
  let c2 = vectors > 2 ? v128.load(bias, 32) : zero;
  let c3 = vectors > 3 ? v128.load(bias, 48) : zero;
  let d0 = c0;
  let d1 = c1;
  let d2 = c2;
  let d3 = c3;
  for (; runs != runsEnd; runs += 4) {
    const offset = load<u32>(runs);
    let p0 = x0 + offset;
    let p1 = x1 + offset;
    // five taps per trip, each ending in an exit, as in `pixels`
    for (let left = taps; ; left -= 5) {
      {
        const s = v128.load32_splat(p0);
        const t = v128.load32_splat(p1);
        const b0 = v128.load(w);
        const b1 = v128.load(w, 16);
        const b2 = vectors > 2 ? v128.load(w, 32) : zero;
        const b3 = vectors > 3 ? v128.load(w, 48) : zero;
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        if (vectors > 2) c2 = fma(s, b2, c2);
        if (vectors > 3) c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        if (vectors > 2) d2 = fma(t, b2, d2);
        if (vectors > 3) d3 = fma(t, b3, d3);
        p0 += 4;
        p1 += 4;
        w += 64;
      }
      if (left == 1) break;
      {
        const s = v128.load32_splat(p0);
        const t = v128.load32_splat(p1);
        const b0 = v128.load(w);
        const b1 = v128.load(w, 16);
        const b2 = vectors > 2 ? v128.load(w, 32) : zero;
        const b3 = vectors > 3 ? v128.load(w, 48) : zero;
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        if (vectors > 2) c2 = fma(s, b2, c2);
        if (vectors > 3) c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        if (vectors > 2) d2 = fma(t, b2, d2);
        if (vectors > 3) d3 = fma(t, b3, d3);
        p0 += 4;
        p1 += 4;
        w += 64;
      }
      if (left == 2) break;
      {
        const s = v128.load32_splat(p0);
        const t = v128.load32_splat(p1);
        const b0 = v128.load(w);
        const b1 = v128.load(w, 16);
        const b2 = vectors > 2 ? v128.load(w, 32) : zero;
        const b3 = vectors > 3 ? v128.load(w, 48) : zero;
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        if (vectors > 2) c2 = fma(s, b2, c2);
        if (vectors > 3) c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        if (vectors > 2) d2 = fma(t, b2, d2);
        if (vectors > 3) d3 = fma(t, b3, d3);
        p0 += 4;
        p1 += 4;
        w += 64;
      }
      if (left == 3) break;
      {
        const s = v128.load32_splat(p0);
        const t = v128.load32_splat(p1);
        const b0 = v128.load(w);
        const b1 = v128.load(w, 16);
        const b2 = vectors > 2 ? v128.load(w, 32) : zero;
        const b3 = vectors > 3 ? v128.load(w, 48) : zero;
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        if (vectors > 2) c2 = fma(s, b2, c2);
        if (vectors > 3) c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        if (vectors > 2) d2 = fma(t, b2, d2);
        if (vectors > 3) d3 = fma(t, b3, d3);
        p0 += 4;
        p1 += 4;
        w += 64;
      }
      if (left == 4) break;
      {
        const s = v128.load32_splat(p0);
        const t = v128.load32_splat(p1);
        const b0 = v128.load(w);
        const b1 = v128.load(w, 16);
        const b2 = vectors > 2 ? v128.load(w, 32) : zero;
        const b3 = vectors > 3 ? v128.load(w, 48) : zero;
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        if (vectors > 2) c2 = fma(s, b2, c2);
        if (vectors > 3) c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        if (vectors > 2) d2 = fma(t, b2, d2);
        if (vectors > 3) d3 = fma(t, b3, d3);
        p0 += 4;
        p1 += 4;
        w += 64;
      }
      if (left == 5) break;
    }
  }
  const both = x0 != x1;
  put(y, c0, d0, plane, count, both, relu);
  put(y + (plane << 2), c1, d1, plane, count - 4, both, relu);
  if (vectors > 2) put(y + (plane << 3), c2, d2, plane, count - 8, both, relu);
  if (vectors > 3) put(y + plane * 12, c3, d3, plane, count - 12, both, relu);
}

/** Spreads two outputs of up to 4 channels over the channels' planes. */
@inline
function put(y: usize, c: v128, d: v128, plane: usize, count: i32, both: bool, relu: i32): void {
  if (relu) {
    // this order of operands keeps NaN
    const zero = f32x4.splat(0);
    c = f32x4.pmax(c, zero);
    d = f32x4.pmax(d, zero);
  }
  storePairs(y, c, d, plane, count, both);
}

// Each number of vectors is a function of its own: as branches of one function, binaryen folds them into a single loop
// that asks for the number at every tap, which costs a quarter of the speed.

/** The tile with 4 vectors of channels. */
export function channels16(
  x0: usize,
  x1: usize,
  runs: usize,
  runsEnd: usize,
  taps: i32,
  w: usize,
  bias: usize,
  relu: i32,
  y: usize,
  plane: usize,
  count: i32,
): void {
  tile(4, x0, x1, runs, runsEnd, taps, w, bias, relu, y, plane, count);
}

/** The tile with 3 vectors of channels. */
export function channels12(
  x0: usize,
  x1: usize,
  runs: usize,
  runsEnd: usize,
  taps: i32,
  w: usize,
  bias: usize,
  relu: i32,
  y: usize,
  plane: usize,
  count: i32,
): void {
  tile(3, x0, x1, runs, runsEnd, taps, w, bias, relu, y, plane, count);
}

/** The tile with 2 vectors of channels. */
export function channels8(
  x0: usize,
  x1: usize,
  runs: usize,
  runsEnd: usize,
  taps: i32,
  w: usize,
  bias: usize,
  relu: i32,
  y: usize,
  plane: usize,
  count: i32,
): void {
  tile(2, x0, x1, runs, runsEnd, taps, w, bias, relu, y, plane, count);
}
