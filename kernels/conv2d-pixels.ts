// Convolution tiles whose lanes are pixels: 2 output channels by 4 vectors of 4 neighbouring outputs. Stride 1.
import { fma } from "./fma";

/**
 * act(bias + sum over runs and taps of w . x) for 2 channels and 4 vectors of outputs, which start at x0..x3 and go to
 * y0 + o0..o3 and y1 + o0..o3. A run is one row of `taps` taps; `runs` to `runsEnd` hold their byte offsets into x;
 * w and `bias` hold both channels together, tap by tap.
 */
@inline
export function pixels(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  runs: usize,
  runsEnd: usize,
  taps: i32,
  w: usize,
  bias: usize,
  relu: i32,
  y0: usize,
  y1: usize,
  o0: usize,
  o1: usize,
  o2: usize,
  o3: usize,
): void {
  let c0 = v128.load32_splat(bias);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let d0 = v128.load32_splat(bias, 4);
  let d1 = d0;
  let d2 = d0;
  let d3 = d0;
  for (; runs != runsEnd; runs += 4) {
    const offset = load<u32>(runs);
    let p0 = x0 + offset;
    let p1 = x1 + offset;
    let p2 = x2 + offset;
    let p3 = x3 + offset;
    // five taps per trip, each ending in an exit, as in `outer`: whole rows of the usual kernels without a jump back
    for (let left = taps; ; left -= 5) {
      {
        const s = v128.load32_splat(w);
        const t = v128.load32_splat(w, 4);
        const b0 = v128.load(p0);
        const b1 = v128.load(p1);
        const b2 = v128.load(p2);
        const b3 = v128.load(p3);
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        c2 = fma(s, b2, c2);
        c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        d2 = fma(t, b2, d2);
        d3 = fma(t, b3, d3);
        w += 8;
      }
      if (left == 1) break;
      {
        const s = v128.load32_splat(w);
        const t = v128.load32_splat(w, 4);
        const b0 = v128.load(p0, 4);
        const b1 = v128.load(p1, 4);
        const b2 = v128.load(p2, 4);
        const b3 = v128.load(p3, 4);
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        c2 = fma(s, b2, c2);
        c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        d2 = fma(t, b2, d2);
        d3 = fma(t, b3, d3);
        w += 8;
      }
      if (left == 2) break;
      {
        const s = v128.load32_splat(w);
        const t = v128.load32_splat(w, 4);
        const b0 = v128.load(p0, 8);
        const b1 = v128.load(p1, 8);
        const b2 = v128.load(p2, 8);
        const b3 = v128.load(p3, 8);
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        c2 = fma(s, b2, c2);
        c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        d2 = fma(t, b2, d2);
        d3 = fma(t, b3, d3);
        w += 8;
      }
      if (left == 3) break;
      {
        const s = v128.load32_splat(w);
        const t = v128.load32_splat(w, 4);
        const b0 = v128.load(p0, 12);
        const b1 = v128.load(p1, 12);
        const b2 = v128.load(p2, 12);
        const b3 = v128.load(p3, 12);
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        c2 = fma(s, b2, c2);
        c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        d2 = fma(t, b2, d2);
        d3 = fma(t, b3, d3);
        w += 8;
      }
      if (left == 4) break;
      {
        const s = v128.load32_splat(w);
        const t = v128.load32_splat(w, 4);
        const b0 = v128.load(p0, 16);
        const b1 = v128.load(p1, 16);
        const b2 = v128.load(p2, 16);
        const b3 = v128.load(p3, 16);
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        c2 = fma(s, b2, c2);
        c3 = fma(s, b3, c3);
        d0 = fma(t, b0, d0);
        d1 = fma(t, b1, d1);
        d2 = fma(t, b2, d2);
        d3 = fma(t, b3, d3);
        w += 8;
      }
      if (left == 5) break;
      p0 += 20;
      p1 += 20;
      p2 += 20;
      p3 += 20;
    }
  }
  put(y0, c0, c1, c2, c3, o0, o1, o2, o3, relu);
  put(y1, d0, d1, d2, d3, o0, o1, o2, o3, relu);
}

@inline
function put(
  y: usize,
  c0: v128,
  c1: v128,
  c2: v128,
  c3: v128,
  o0: usize,
  o1: usize,
  o2: usize,
  o3: usize,
  relu: i32,
): void {
  if (relu) {
    // this order of operands keeps NaN
    const zero = f32x4.splat(0);
    c0 = f32x4.pmax(c0, zero);
    c1 = f32x4.pmax(c1, zero);
    c2 = f32x4.pmax(c2, zero);
    c3 = f32x4.pmax(c3, zero);
  }
  v128.store(y + o0, c0);
  v128.store(y + o1, c1);
  v128.store(y + o2, c2);
  v128.store(y + o3, c3);
}
