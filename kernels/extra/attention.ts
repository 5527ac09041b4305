// Scaled dot-product attention (Vaswani et al. 2017), a block of queries at a time: scores of a block with all keys it may
// see are products, and so are their answers. Backwards the scores are made again from the logarithm of each row's sum, so
// that nothing of the size queries x keys is ever kept (Dao et al. 2022).
import { firstLanes, lastLanes, lastVector, larger, maxAcross, sumAcross } from "../lanes";
import { exp4, log4 } from "../transcendental";
import { matmul } from "./first";

const BLOCK = 32;

/** Row stride of a block's scores: whole vectors. */
@inline
function stride(keys: i32): i32 {
  return (keys + 3) & ~3;
}

/** Bytes of scratch `attention` needs. */
export function attentionScratchBytes(keys: i32): i32 {
  return BLOCK * stride(keys) * 4;
}

/** Bytes of scratch `attentionGrad` needs. */
export function attentionGradScratchBytes(keys: i32): i32 {
  return 2 * BLOCK * stride(keys) * 4;
}

/** Scores of one vector of keys, -inf where the mask is 0 or the end is passed. */
@inline
function score(s: usize, mask: usize, scale: v128, valid: v128): v128 {
  let keep = valid;
  if (mask) keep = v128.and(keep, f32x4.ne(v128.load(mask), f32x4.splat(0)));
  return v128.bitselect(f32x4.mul(v128.load(s), scale), f32x4.splat(-Infinity), keep);
}

/** One row of scores to probabilities over `seen` keys, 0 in the rest of `width`; gives the logarithm of the row's sum. */
@inline
function softmaxRow(s: usize, mask: usize, seen: i32, width: i32, scale: v128): f32 {
  const last = lastVector(seen);
  const end = firstLanes(lastLanes(seen));
  const all = i32x4.splat(-1);
  let top = f32x4.splat(-Infinity);
  for (let i: usize = 0; i <= last; i += 16) {
    const v = score(s + i, mask ? mask + i : 0, scale, i == last ? end : all);
    v128.store(s + i, v);
    top = larger(top, v);
  }
  const max = maxAcross(top);
  let first = last + 16;
  if (f32x4.extract_lane(max, 0) == -Infinity) {
    // a query that may see nothing
    memory.fill(s, 0, (<usize>width) << 2);
    return Infinity;
  }
  let total = f32x4.splat(0);
  for (let i: usize = 0; i <= last; i += 16) {
    const v = v128.load(s + i);
    // the exponential of -inf is 0
    const e = exp4(f32x4.sub(v, max));
    v128.store(s + i, e);
    total = f32x4.add(total, e);
  }
  const sum = sumAcross(total);
  const factor = f32x4.div(f32x4.splat(1), sum);
  for (let i: usize = 0; i <= last; i += 16) v128.store(s + i, f32x4.mul(v128.load(s + i), factor));
  for (; first < (<usize>width) << 2; first += 16) v128.store(s + first, f32x4.splat(0));
  return f32x4.extract_lane(f32x4.add(max, log4(sum)), 0);
}

/** Where the first of a head's rows lies: heads lie behind each other, or beside each other in rows of `ld` elements. */
@inline
function headAt(x: usize, n: i32, h: i32, heads: i32, rows: i32, width: i32, ld: i32): usize {
  return x + ((ld ? <usize>(n * rows) * <usize>ld + <usize>(h * width) : <usize>((n * heads + h) * rows) * <usize>width) << 2);
}

/**
 * y[batch, heads, queries, dv] = softmax(q k^T scale) v for q[batch, heads, queries, d], k[.., keys, d], v[.., keys, dv].
 * ld: heads lie beside each other instead, rows of q, of k and of v are `ld` elements apart, and y is [batch, queries, heads, dv];
 * 0: as said.
 * mask[batch, keys]: keys that are 0 are not seen; 0: all are. causal: query i sees keys 0..i. A query that sees nothing gets 0.
 * sums[batch, heads, queries]: out, the logarithm of each row's sum of exponentials, what `attentionGrad` needs.
 */
export function attention(
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  y: usize,
  sums: usize,
  batch: i32,
  heads: i32,
  queries: i32,
  keys: i32,
  d: i32,
  dv: i32,
  causal: i32,
  scale: f32,
  ld: i32,
  scratch: usize,
): void {
  const row = stride(keys);
  const by = f32x4.splat(scale);
  const ldq = ld ? ld : d;
  const ldv = ld ? ld : dv;
  const ldy = ld ? heads * dv : dv;
  for (let n = 0; n < batch; n++) {
    const hidden = mask ? mask + ((<usize>(n * keys)) << 2) : 0;
    for (let h = 0; h < heads; h++) {
      let qi = headAt(q, n, h, heads, queries, d, ld);
      let yi = headAt(y, n, h, heads, queries, dv, ld ? ldy : 0);
      const kh = headAt(k, n, h, heads, keys, d, ld);
      const vh = headAt(v, n, h, heads, keys, dv, ld);
      for (let i = 0; i < queries; i += BLOCK) {
        const rows = min(BLOCK, queries - i);
        const seen = causal ? min(keys, i + rows) : keys;
        if (!seen) {
          clear(yi, rows, dv, ldy);
        } else {
          matmul(qi, kh, scratch, rows, seen, d, ldq, ldq, row, 0, 1, 0);
          for (let r = 0; r < rows; r++) {
            const own = causal ? min(keys, i + r + 1) : keys;
            const sum = softmaxRow(scratch + ((<usize>(r * row)) << 2), hidden, own, stride(seen), by);
            store<f32>(sums + ((<usize>r) << 2), sum);
          }
          matmul(scratch, vh, yi, rows, dv, seen, row, ldv, ldy, 0, 0, 0);
        }
        qi += <usize>(rows * ldq) << 2;
        yi += <usize>(rows * ldy) << 2;
        sums += (<usize>rows) << 2;
      }
    }
  }
}

/** Zeros in so many rows of `width` elements, `ld` apart. */
function clear(x: usize, rows: i32, width: i32, ld: i32): void {
  for (; rows > 0; rows--, x += (<usize>ld) << 2) memory.fill(x, 0, (<usize>width) << 2);
}

/** One row of scores s to probabilities, and the gradients of probabilities t to those of scores, p (t - mean) scale. */
@inline
function softmaxRowGrad(
  s: usize,
  t: usize,
  mask: usize,
  seen: i32,
  width: i32,
  scale: v128,
  sum: v128,
  mean: v128,
): void {
  const last = lastVector(seen);
  const end = firstLanes(lastLanes(seen));
  const all = i32x4.splat(-1);
  for (let i: usize = 0; i <= last; i += 16) {
    const v = score(s + i, mask ? mask + i : 0, scale, i == last ? end : all);
    const p = exp4(f32x4.sub(v, sum));
    v128.store(s + i, p);
    const keep = i == last ? end : all;
    v128.store(t + i, v128.and(f32x4.mul(f32x4.mul(p, f32x4.sub(v128.load(t + i), mean)), scale), keep));
  }
  for (let i = last + 16; i < (<usize>width) << 2; i += 16) {
    v128.store(s + i, f32x4.splat(0));
    v128.store(t + i, f32x4.splat(0));
  }
}

/** Gradients of q, k and v, which lie as they do, from that of y; y and sums are what `attention` left, the rest as there. */
export function attentionGrad(
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  y: usize,
  sums: usize,
  gy: usize,
  gq: usize,
  gk: usize,
  gv: usize,
  batch: i32,
  heads: i32,
  queries: i32,
  keys: i32,
  d: i32,
  dv: i32,
  causal: i32,
  scale: f32,
  ld: i32,
  scratch: usize,
): void {
  const row = stride(keys);
  const by = f32x4.splat(scale);
  const slopes = scratch + (<usize>(BLOCK * row) << 2);
  const ldq = ld ? ld : d;
  const ldv = ld ? ld : dv;
  const ldy = ld ? heads * dv : dv;
  for (let n = 0; n < batch; n++) {
    const hidden = mask ? mask + ((<usize>(n * keys)) << 2) : 0;
    for (let h = 0; h < heads; h++) {
      let qi = headAt(q, n, h, heads, queries, d, ld);
      let gqi = headAt(gq, n, h, heads, queries, d, ld);
      let yi = headAt(y, n, h, heads, queries, dv, ld ? ldy : 0);
      let gyi = headAt(gy, n, h, heads, queries, dv, ld ? ldy : 0);
      const kh = headAt(k, n, h, heads, keys, d, ld);
      const vh = headAt(v, n, h, heads, keys, dv, ld);
      const gkh = headAt(gk, n, h, heads, keys, d, ld);
      const gvh = headAt(gv, n, h, heads, keys, dv, ld);
      clear(gkh, keys, d, ldq);
      clear(gvh, keys, dv, ldv);
      for (let i = 0; i < queries; i += BLOCK) {
        const rows = min(BLOCK, queries - i);
        const seen = causal ? min(keys, i + rows) : keys;
        if (!seen) clear(gqi, rows, d, ldq);
        else {
          matmul(qi, kh, scratch, rows, seen, d, ldq, ldq, row, 0, 1, 0);
          matmul(gyi, vh, slopes, rows, seen, dv, ldy, ldv, row, 0, 1, 0);
          for (let r = 0; r < rows; r++) {
            // sum over keys of p times its gradient
            const at = <usize>(r * ldy) << 2;
            const mean = f32x4.splat(dot(gyi + at, yi + at, dv));
            const own = causal ? min(keys, i + r + 1) : keys;
            const sum = v128.load32_splat(sums + ((<usize>r) << 2));
            const line = <usize>(r * row) << 2;
            softmaxRowGrad(scratch + line, slopes + line, hidden, own, stride(seen), by, sum, mean);
          }
          matmul(slopes, kh, gqi, rows, d, seen, row, ldq, ldq, 0, 0, 0);
          matmul(slopes, qi, gkh, seen, d, rows, row, ldq, ldq, 1, 0, 1);
          matmul(scratch, gyi, gvh, seen, dv, rows, row, ldy, ldv, 1, 0, 1);
        }
        qi += <usize>(rows * ldq) << 2;
        gqi += <usize>(rows * ldq) << 2;
        yi += <usize>(rows * ldy) << 2;
        gyi += <usize>(rows * ldy) << 2;
        sums += (<usize>rows) << 2;
      }
    }
  }
}

function dot(x: usize, w: usize, n: i32): f32 {
  let s = f32x4.splat(0);
  for (; n >= 4; n -= 4, x += 16, w += 16) s = f32x4.add(s, f32x4.mul(v128.load(x), v128.load(w)));
  if (n) s = f32x4.add(s, v128.and(f32x4.mul(v128.load(x), v128.load(w)), firstLanes(n)));
  return f32x4.extract_lane(sumAcross(s), 0);
}
