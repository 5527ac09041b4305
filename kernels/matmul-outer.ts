// Matrix product tiles by outer products: lanes run along the columns of b, elements of a are splat. 2 rows of 16
// columns are 8 sums; with 4 vectors of b, 2 splats and a product they fill the 15 registers V8 has to give.
import { fma } from "./fma";

/**
 * y[rows, 4 * vectors] (+)= a . b for 1 or 2 rows and 1 to 4 vectors, both known where it is called (the rest is folded
 * away). Row i of a starts at ai and steps by `as` bytes, row p of b is at b + p * bs; reads whole vectors of b.
 * Convolutions walk a in runs of k elements: `runs` to `runsEnd` hold their byte offsets; for a matrix both are 0.
 */
@inline
export function outer(
  rows: i32,
  vectors: i32,
  a0: usize,
  a1: usize,
  as: usize,
  b: usize,
  bs: usize,
  k: i32,
  runs: usize,
  runsEnd: usize,
  y0: usize,
  y1: usize,
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
  let p0 = a0;
  let p1 = a1;
  do {
    if (runsEnd) {
      if (runs == runsEnd) break;
      const offset = load<u32>(runs);
      p0 = a0 + offset;
      p1 = a1 + offset;
      runs += 4;
    }
    const end = p0 + <usize>k * as;
    // two steps per trip, each ending in an exit: the branch keeps V8 from hoisting the second step's loads over the
    // first, which would spill sums
    while (p0 != end) {
      {
        const s = v128.load32_splat(p0);
        const t = rows > 1 ? v128.load32_splat(p1) : zero;
        const b0 = v128.load(b);
        const b1 = vectors > 1 ? v128.load(b, 16) : zero;
        const b2 = vectors > 2 ? v128.load(b, 32) : zero;
        const b3 = vectors > 3 ? v128.load(b, 48) : zero;
        c0 = fma(s, b0, c0);
        if (vectors > 1) c1 = fma(s, b1, c1);
        if (vectors > 2) c2 = fma(s, b2, c2);
        if (vectors > 3) c3 = fma(s, b3, c3);
        if (rows > 1) d0 = fma(t, b0, d0);
        if (rows > 1 && vectors > 1) d1 = fma(t, b1, d1);
        if (rows > 1 && vectors > 2) d2 = fma(t, b2, d2);
        if (rows > 1 && vectors > 3) d3 = fma(t, b3, d3);
        p0 += as;
        p1 += as;
        b += bs;
      }
      if (p0 == end) break;
      {
        const s = v128.load32_splat(p0);
        const t = rows > 1 ? v128.load32_splat(p1) : zero;
        const b0 = v128.load(b);
        const b1 = vectors > 1 ? v128.load(b, 16) : zero;
        const b2 = vectors > 2 ? v128.load(b, 32) : zero;
        const b3 = vectors > 3 ? v128.load(b, 48) : zero;
        c0 = fma(s, b0, c0);
        if (vectors > 1) c1 = fma(s, b1, c1);
        if (vectors > 2) c2 = fma(s, b2, c2);
        if (vectors > 3) c3 = fma(s, b3, c3);
        if (rows > 1) d0 = fma(t, b0, d0);
        if (rows > 1 && vectors > 1) d1 = fma(t, b1, d1);
        if (rows > 1 && vectors > 2) d2 = fma(t, b2, d2);
        if (rows > 1 && vectors > 3) d3 = fma(t, b3, d3);
        p0 += as;
        p1 += as;
        b += bs;
      }
    }
  } while (runsEnd);
  put(y0, c0, c1, c2, c3, vectors, accumulate);
  if (rows > 1) put(y1, d0, d1, d2, d3, vectors, accumulate);
}

/** Writes one row of a tile, whole vectors only: V8's revectoriser looks for neighbouring stores, and finds them here. */
@inline
function put(y: usize, c0: v128, c1: v128, c2: v128, c3: v128, vectors: i32, accumulate: i32): void {
  if (accumulate) {
    c0 = f32x4.add(c0, v128.load(y));
    if (vectors > 1) c1 = f32x4.add(c1, v128.load(y, 16));
    if (vectors > 2) c2 = f32x4.add(c2, v128.load(y, 32));
    if (vectors > 3) c3 = f32x4.add(c3, v128.load(y, 48));
  }
  v128.store(y, c0);
  if (vectors > 1) v128.store(y, c1, 16);
  if (vectors > 2) v128.store(y, c2, 32);
  if (vectors > 3) v128.store(y, c3, 48);
}
