// Convolution tiles whose lanes are pixels: 1 or 2 output channels by 4 vectors of 4 neighbouring outputs. Stride 1.
import { fma } from "./fma";

/**
 * y[rows, 4 vectors] = act(sum over runs and taps of w . x + bias), rows (1 or 2) known where it is called.
 * The vectors start at x0..x3 and y + o0..o3; a run is one row of `taps` taps, its byte offset into x in `table`;
 * w holds the weights tap by tap, `rows` of them together.
 */
@inline
export function pixels(
  rows: i32,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  table: usize,
  tableEnd: usize,
  taps: i32,
  w: usize,
  bias0: v128,
  bias1: v128,
  relu: i32,
  y0: usize,
  y1: usize,
  o0: usize,
  o1: usize,
  o2: usize,
  o3: usize,
): void {
  let c0 = bias0;
  let c1 = bias0;
  let c2 = bias0;
  let c3 = bias0;
  let d0 = bias1;
  let d1 = bias1;
  let d2 = bias1;
  let d3 = bias1;
  for (; table != tableEnd; table += 4) {
    const offset = load<u32>(table);
    let p0 = x0 + offset;
    let p1 = x1 + offset;
    let p2 = x2 + offset;
    let p3 = x3 + offset;
    let left = taps;
    // each step ends in an exit, as in `outer`
    while (true) {
      {
        const s = v128.load32_splat(w);
        const t = rows > 1 ? v128.load32_splat(w, 4) : s;
        const b0 = v128.load(p0);
        const b1 = v128.load(p1);
        const b2 = v128.load(p2);
        const b3 = v128.load(p3);
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        c2 = fma(s, b2, c2);
        c3 = fma(s, b3, c3);
        if (rows > 1) d0 = fma(t, b0, d0);
        if (rows > 1) d1 = fma(t, b1, d1);
        if (rows > 1) d2 = fma(t, b2, d2);
        if (rows > 1) d3 = fma(t, b3, d3);
        w += rows << 2;
      }
      if (--left == 0) break;
      {
        const s = v128.load32_splat(w);
        const t = rows > 1 ? v128.load32_splat(w, 4) : s;
        const b0 = v128.load(p0, 4);
        const b1 = v128.load(p1, 4);
        const b2 = v128.load(p2, 4);
        const b3 = v128.load(p3, 4);
        c0 = fma(s, b0, c0);
        c1 = fma(s, b1, c1);
        c2 = fma(s, b2, c2);
        c3 = fma(s, b3, c3);
        if (rows > 1) d0 = fma(t, b0, d0);
        if (rows > 1) d1 = fma(t, b1, d1);
        if (rows > 1) d2 = fma(t, b2, d2);
        if (rows > 1) d3 = fma(t, b3, d3);
        w += rows << 2;
      }
      if (--left == 0) break;
      p0 += 8;
      p1 += 8;
      p2 += 8;
      p3 += 8;
    }
  }
  put(y0, c0, c1, c2, c3, o0, o1, o2, o3, relu);
  if (rows > 1) put(y1, d0, d1, d2, d3, o0, o1, o2, o3, relu);
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
