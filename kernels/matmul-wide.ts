// Tiles of the wide build: 16 sums in neighbouring pairs, of which V8's --experimental-wasm-revectorize makes 8 of 256
// bits. It starts from stores to neighbouring addresses, pairs up what leads to them, and gives up on a pair that anything
// else uses; so loads come before stores, and nothing but whole rows of a tile is ever stored. Without the flag half of
// the sums are spilled.
import { fma } from "./fma";
import { finish, sumLanes } from "./matmul-dot";

/**
 * y[4, 16] (+)= a . b. Rows of a come in pairs `pair` bytes apart, the second of a pair `row` bytes behind the first, and
 * step by `as` bytes; row p of b is at b + p * bs, row i of y at y + i * ys.
 */
@inline
export function wideOuter(
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
  let c2 = zero;
  let c3 = zero;
  let d0 = zero;
  let d1 = zero;
  let d2 = zero;
  let d3 = zero;
  let e0 = zero;
  let e1 = zero;
  let e2 = zero;
  let e3 = zero;
  let f0 = zero;
  let f1 = zero;
  let f2 = zero;
  let f3 = zero;
  let p0 = a;
  let p1 = p0 + row;
  let p2 = p0 + pair;
  let p3 = p1 + pair;
  const end = a + <usize>k * as;
  while (p0 != end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    const s = v128.load32_splat(p0);
    c0 = fma(s, b0, c0);
    c1 = fma(s, b1, c1);
    c2 = fma(s, b2, c2);
    c3 = fma(s, b3, c3);
    const t = v128.load32_splat(p1);
    d0 = fma(t, b0, d0);
    d1 = fma(t, b1, d1);
    d2 = fma(t, b2, d2);
    d3 = fma(t, b3, d3);
    const u = v128.load32_splat(p2);
    e0 = fma(u, b0, e0);
    e1 = fma(u, b1, e1);
    e2 = fma(u, b2, e2);
    e3 = fma(u, b3, e3);
    const v = v128.load32_splat(p3);
    f0 = fma(v, b0, f0);
    f1 = fma(v, b1, f1);
    f2 = fma(v, b2, f2);
    f3 = fma(v, b3, f3);
    p0 += as;
    p1 += as;
    p2 += as;
    p3 += as;
    b += bs;
  }
  put(y, c0, c1, c2, c3, accumulate);
  put(y + ys, d0, d1, d2, d3, accumulate);
  put(y + (ys << 1), e0, e1, e2, e3, accumulate);
  put(y + ys * 3, f0, f1, f2, f3, accumulate);
}

@inline
function put(y: usize, c0: v128, c1: v128, c2: v128, c3: v128, accumulate: i32): void {
  if (accumulate) {
    c0 = f32x4.add(c0, v128.load(y));
    c1 = f32x4.add(c1, v128.load(y, 16));
    c2 = f32x4.add(c2, v128.load(y, 32));
    c3 = f32x4.add(c3, v128.load(y, 48));
  }
  v128.store(y, c0);
  v128.store(y, c1, 16);
  v128.store(y, c2, 32);
  v128.store(y, c3, 48);
}

/**
 * `dot` for 2 rows and 4 columns and k a multiple of 8: even and odd vectors of k are summed apart. The sums meet in
 * `tile`, 256 bytes of scratch.
 */
@inline
export function wideDot(
  x0: usize,
  x1: usize,
  w: usize,
  ws: usize,
  k: i32,
  b: usize,
  y0: usize,
  y1: usize,
  accumulate: i32,
  relu: i32,
  tile: usize,
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
  let i0 = zero;
  let i1 = zero;
  let j0 = zero;
  let j1 = zero;
  let w0 = w;
  let w1 = w0 + ws;
  let w2 = w1 + ws;
  let w3 = w2 + ws;
  const end = x0 + ((<usize>k) << 2);
  while (x0 != end) {
    const s0 = v128.load(x0);
    const s1 = v128.load(x0, 16);
    const t0 = v128.load(x1);
    const t1 = v128.load(x1, 16);
    {
      const v0 = v128.load(w0);
      const v1 = v128.load(w0, 16);
      c0 = fma(s0, v0, c0);
      c1 = fma(s1, v1, c1);
      g0 = fma(t0, v0, g0);
      g1 = fma(t1, v1, g1);
    }
    {
      const v0 = v128.load(w1);
      const v1 = v128.load(w1, 16);
      d0 = fma(s0, v0, d0);
      d1 = fma(s1, v1, d1);
      h0 = fma(t0, v0, h0);
      h1 = fma(t1, v1, h1);
    }
    {
      const v0 = v128.load(w2);
      const v1 = v128.load(w2, 16);
      e0 = fma(s0, v0, e0);
      e1 = fma(s1, v1, e1);
      i0 = fma(t0, v0, i0);
      i1 = fma(t1, v1, i1);
    }
    {
      const v0 = v128.load(w3);
      const v1 = v128.load(w3, 16);
      f0 = fma(s0, v0, f0);
      f1 = fma(s1, v1, f1);
      j0 = fma(t0, v0, j0);
      j1 = fma(t1, v1, j1);
    }
    x0 += 32;
    x1 += 32;
    w0 += 32;
    w1 += 32;
    w2 += 32;
    w3 += 32;
  }
  v128.store(tile, c0);
  v128.store(tile, c1, 16);
  v128.store(tile, d0, 32);
  v128.store(tile, d1, 48);
  v128.store(tile, e0, 64);
  v128.store(tile, e1, 80);
  v128.store(tile, f0, 96);
  v128.store(tile, f1, 112);
  v128.store(tile, g0, 128);
  v128.store(tile, g1, 144);
  v128.store(tile, h0, 160);
  v128.store(tile, h1, 176);
  v128.store(tile, i0, 192);
  v128.store(tile, i1, 208);
  v128.store(tile, j0, 224);
  v128.store(tile, j1, 240);
  const bias = b ? v128.load(b) : zero;
  finish(y0, f32x4.add(sumFour(tile), bias), 4, accumulate, relu);
  finish(y1, f32x4.add(sumFour(tile + 128), bias), 4, accumulate, relu);
}

/** The sums of the lanes of four pairs. */
@inline
function sumFour(tile: usize): v128 {
  return sumLanes(
    f32x4.add(v128.load(tile), v128.load(tile, 16)),
    f32x4.add(v128.load(tile, 32), v128.load(tile, 48)),
    f32x4.add(v128.load(tile, 64), v128.load(tile, 80)),
    f32x4.add(v128.load(tile, 96), v128.load(tile, 112)),
  );
}
