// Copies of matrix blocks in the order in which the tiles read them.
import { relaxed } from "./build";

// a panel of b, 16 columns (8 in the relaxed build) of kBlock rows, stays in the first-level cache, a block of a in the
// second-level one
export const kBlock = relaxed ? 512 : 192;
export const mBlock = 256;

/** Bytes of a packed block of a; the packed panel of b lies behind it. */
export const packedA = mBlock * kBlock * 4;

/** Where a tile is put together that is not simply stored, behind both. */
export const tile = packedA + kBlock * 64;

/** Bytes of all of it. */
export const packedBytes = tile + 256;

/**
 * Rows of b, p < k, bs bytes apart, to rows of `out`, os bytes apart: whole vectors, up to 12 bytes behind `columns`. With
 * os = 32 columns from the eighth on go behind the others, as a panel of their own.
 */
export function packPanel(b: usize, bs: usize, k: i32, columns: i32, out: usize, os: usize): void {
  const right = os == 32 ? ((<usize>k) << 5) - 32 : 0;
  for (let p = 0; p < k; p++, b += bs, out += os) {
    v128.store(out, v128.load(b));
    if (columns > 4) v128.store(out, v128.load(b, 16), 16);
    if (columns > 8) v128.store(out + right, v128.load(b, 32), 32);
    if (columns > 12) v128.store(out + right, v128.load(b, 48), 48);
  }
}

/**
 * out[i / 2][p][i % 2] = a[p, i], i < m, p < k, rows of a as bytes apart: columns of a in pairs, each pair contiguous.
 * Reads whole groups of 16 columns while there are any, so that each cache line is fetched once.
 */
export function packPairs(a: usize, as: usize, m: i32, k: i32, out: usize): void {
  const pair = (<usize>k) << 3;
  let i = 0;
  for (; i + 16 <= m; i += 16, a += 64) {
    let from = a;
    for (let p = 0; p < k; p++, from += as, out += 8) {
      for (let v: usize = 0; v < 4; v++) {
        const four = v128.load(from + (v << 4));
        v128.store64_lane(out + (v << 1) * pair, four, 0);
        v128.store64_lane(out + (v << 1) * pair + pair, four, 1);
      }
    }
    out += pair * 7;
  }
  for (; i + 2 <= m; i += 2, a += 8) {
    let from = a;
    for (let p = 0; p < k; p++, from += as, out += 8) store<u64>(out, load<u64>(from));
  }
  if (i < m) for (let p = 0; p < k; p++, a += as, out += 8) store<f32>(out, load<f32>(a));
}

/** out[j][p] = b[p, j], p < k, j < n, rows of b bs bytes apart, rows of out contiguous. */
export function packTransposed(b: usize, bs: usize, k: i32, n: i32, out: usize): void {
  for (let j = 0; j < n; j++, b += 4) {
    let from = b;
    for (let p = 0; p < k; p++, from += bs, out += 4) store<f32>(out, load<f32>(from));
  }
}
