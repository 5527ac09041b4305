// Tiles of the relaxed build. A fused multiply-add leaves no product behind that needs a register, but makes a sum wait
// four cycles for itself, so that two units need more than 8 sums: 12 of them, 2 vectors and a splat are 15 registers.
// They fit only while splats are loaded one at a time. Nothing is at address 0: each `break` is never taken, but ends a
// block, and V8 before version 13 lets no load past that.
import { fma } from "./fma";
import { firstLanes } from "./lanes";
import { finish, sumLanes } from "./matmul-dot";

/**
 * y[rows, 4 * vectors] (+)= a . b for 1 to 6 rows and 1 or 2 vectors, both known where it is called. Rows of a come in
 * pairs `pair` bytes apart, the second of a pair `row` bytes behind the first, and step by `as` bytes; row p of b is at
 * b + p * bs, row i of y at y + i * ys. Whole vectors are read and written.
 */
@inline
export function fusedOuter(
  rows: i32,
  vectors: i32,
  a: usize,
  row: usize,
  pair: usize,
  as: usize,
  b: usize,
  bs: usize,
  k: i32,
  y: usize,
  ys: usize,
  accumulate: i32,
): void {
  const zero = f32x4.splat(0);
  let c0 = zero;
  let c1 = zero;
  let d0 = zero;
  let d1 = zero;
  let e0 = zero;
  let e1 = zero;
  let f0 = zero;
  let f1 = zero;
  let g0 = zero;
  let g1 = zero;
  let h0 = zero;
  let h1 = zero;
  let p0 = a;
  let p1 = p0 + row;
  let p2 = p0 + pair;
  let p3 = p1 + pair;
  let p4 = p2 + pair;
  let p5 = p3 + pair;
  const end = a + <usize>k * as;
  while (p0 != end) {
    const b0 = v128.load(b);
    const b1 = vectors > 1 ? v128.load(b, 16) : zero;
    {
      const s = v128.load32_splat(p0);
      c0 = fma(s, b0, c0);
      if (vectors > 1) c1 = fma(s, b1, c1);
      p0 += as;
    }
    if (rows > 1) {
      if (!p1) break;
      const s = v128.load32_splat(p1);
      d0 = fma(s, b0, d0);
      if (vectors > 1) d1 = fma(s, b1, d1);
      p1 += as;
    }
    if (rows > 2) {
      if (!p2) break;
      const s = v128.load32_splat(p2);
      e0 = fma(s, b0, e0);
      if (vectors > 1) e1 = fma(s, b1, e1);
      p2 += as;
    }
    if (rows > 3) {
      if (!p3) break;
      const s = v128.load32_splat(p3);
      f0 = fma(s, b0, f0);
      if (vectors > 1) f1 = fma(s, b1, f1);
      p3 += as;
    }
    if (rows > 4) {
      if (!p4) break;
      const s = v128.load32_splat(p4);
      g0 = fma(s, b0, g0);
      if (vectors > 1) g1 = fma(s, b1, g1);
      p4 += as;
    }
    if (rows > 5) {
      if (!p5) break;
      const s = v128.load32_splat(p5);
      h0 = fma(s, b0, h0);
      if (vectors > 1) h1 = fma(s, b1, h1);
      p5 += as;
    }
    b += bs;
  }
  put(y, c0, c1, vectors, accumulate);
  if (rows > 1) put(y + ys, d0, d1, vectors, accumulate);
  if (rows > 2) put(y + (ys << 1), e0, e1, vectors, accumulate);
  if (rows > 3) put(y + ys * 3, f0, f1, vectors, accumulate);
  if (rows > 4) put(y + (ys << 2), g0, g1, vectors, accumulate);
  if (rows > 5) put(y + ys * 5, h0, h1, vectors, accumulate);
}

@inline
function put(y: usize, c0: v128, c1: v128, vectors: i32, accumulate: i32): void {
  if (accumulate) {
    c0 = f32x4.add(c0, v128.load(y));
    if (vectors > 1) c1 = f32x4.add(c1, v128.load(y, 16));
  }
  v128.store(y, c0);
  if (vectors > 1) v128.store(y, c1, 16);
}

/** `dot` for 1 or 2 rows, known where it is called, and 5 or 6 columns. */
@inline
export function fusedDot(
  rows: i32,
  x0: usize,
  x1: usize,
  w: usize,
  ws: usize,
  k: i32,
  b: usize,
  y0: usize,
  y1: usize,
  columns: i32,
  accumulate: i32,
  relu: i32,
): void {
  const zero = f32x4.splat(0);
  let c0 = zero;
  let c1 = zero;
  let c2 = zero;
  let c3 = zero;
  let c4 = zero;
  let c5 = zero;
  let d0 = zero;
  let d1 = zero;
  let d2 = zero;
  let d3 = zero;
  let d4 = zero;
  let d5 = zero;
  let w0 = w;
  let w1 = w0 + ws;
  let w2 = w1 + ws;
  let w3 = w2 + ws;
  let w4 = w3 + ws;
  let w5 = columns > 5 ? w4 + ws : w4;
  for (let steps = k >> 2; steps; steps--) {
    const s = v128.load(x0);
    const t = rows > 1 ? v128.load(x1) : zero;
    {
      const b = v128.load(w0);
      c0 = fma(s, b, c0);
      if (rows > 1) d0 = fma(t, b, d0);
      w0 += 16;
    }
    if (!w1) break;
    {
      const b = v128.load(w1);
      c1 = fma(s, b, c1);
      if (rows > 1) d1 = fma(t, b, d1);
      w1 += 16;
    }
    if (!w2) break;
    {
      const b = v128.load(w2);
      c2 = fma(s, b, c2);
      if (rows > 1) d2 = fma(t, b, d2);
      w2 += 16;
    }
    if (!w3) break;
    {
      const b = v128.load(w3);
      c3 = fma(s, b, c3);
      if (rows > 1) d3 = fma(t, b, d3);
      w3 += 16;
    }
    if (!w4) break;
    {
      const b = v128.load(w4);
      c4 = fma(s, b, c4);
      if (rows > 1) d4 = fma(t, b, d4);
      w4 += 16;
    }
    if (!w5) break;
    {
      const b = v128.load(w5);
      c5 = fma(s, b, c5);
      if (rows > 1) d5 = fma(t, b, d5);
      w5 += 16;
    }
    x0 += 16;
    x1 += 16;
  }
  // the last k % 4 values, masked on both sides as in `dot`
  if (k & 3) {
    const keep = firstLanes(k & 3);
    const s = v128.and(v128.load(x0), keep);
    const t = rows > 1 ? v128.and(v128.load(x1), keep) : zero;
    {
      const b = v128.and(v128.load(w0), keep);
      c0 = fma(s, b, c0);
      if (rows > 1) d0 = fma(t, b, d0);
    }
    {
      const b = v128.and(v128.load(w1), keep);
      c1 = fma(s, b, c1);
      if (rows > 1) d1 = fma(t, b, d1);
    }
    {
      const b = v128.and(v128.load(w2), keep);
      c2 = fma(s, b, c2);
      if (rows > 1) d2 = fma(t, b, d2);
    }
    {
      const b = v128.and(v128.load(w3), keep);
      c3 = fma(s, b, c3);
      if (rows > 1) d3 = fma(t, b, d3);
    }
    {
      const b = v128.and(v128.load(w4), keep);
      c4 = fma(s, b, c4);
      if (rows > 1) d4 = fma(t, b, d4);
    }
    {
      const b = v128.and(v128.load(w5), keep);
      c5 = fma(s, b, c5);
      if (rows > 1) d5 = fma(t, b, d5);
    }
  }
  const bias0 = b ? v128.load(b) : zero;
  const bias1 = b ? v128.load(b, 16) : zero;
  finish(y0, f32x4.add(sumLanes(c0, c1, c2, c3), bias0), 4, accumulate, relu);
  finish(y0 + 16, f32x4.add(sumLanes(c4, c5, c5, c5), bias1), columns - 4, accumulate, relu);
  if (rows > 1) finish(y1, f32x4.add(sumLanes(d0, d1, d2, d3), bias0), 4, accumulate, relu);
  if (rows > 1) finish(y1 + 16, f32x4.add(sumLanes(d4, d5, d5, d5), bias1), columns - 4, accumulate, relu);
}
