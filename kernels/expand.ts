// Strided copies: broadcasting made explicit, transposes and permutations of up to four dimensions.
import { lastLanes, lastVector, storeLanes } from "./lanes";

@inline
function copyRow(x: usize, y: usize, n: i32): void {
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const v = v128.load(x + i);
    if (i == last) return storeLanes(y + i, v, lastLanes(n));
    v128.store(y + i, v);
  }
}

@inline
function fillRow(x: usize, y: usize, n: i32): void {
  const v = v128.load32_splat(x);
  for (; n >= 4; n -= 4, y += 16) v128.store(y, v);
  storeLanes(y, v, n);
}

@inline
function gatherRow(x: usize, y: usize, n: i32, stride: usize): void {
  for (; n > 0; n--, x += stride, y += 4) store<f32>(y, load<f32>(x));
}

/** Four rows of y, each running down a column of x: 4x4 blocks turned in registers. */
@inline
function transposeRows(x: usize, y: usize, n: i32, stride: usize, width: usize): void {
  for (; n >= 4; n -= 4, x += stride << 2, y += 16) {
    const a = v128.load(x);
    const b = v128.load(x + stride);
    const c = v128.load(x + (stride << 1));
    const d = v128.load(x + stride * 3);
    const ab = i32x4.shuffle(a, b, 0, 4, 1, 5);
    const cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
    v128.store(y, i64x2.shuffle(ab, cd, 0, 2));
    v128.store(y + width, i64x2.shuffle(ab, cd, 1, 3));
    const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7);
    const cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
    v128.store(y + (width << 1), i64x2.shuffle(abHigh, cdHigh, 0, 2));
    v128.store(y + width * 3, i64x2.shuffle(abHigh, cdHigh, 1, 3));
  }
  for (let k: usize = 0; k < 4; k++) gatherRow(x + (k << 2), y + k * width, n, stride);
}

/** y[d0, d1, d2, d3], contiguous, from x by element strides; 0 repeats, so this broadcasts as well as permutes. */
export function expand(
  x: usize,
  y: usize,
  d0: i32,
  d1: i32,
  d2: i32,
  d3: i32,
  s0: i32,
  s1: i32,
  s2: i32,
  s3: i32,
): void {
  if (d3 <= 0) return;
  const width = (<usize>d3) << 2;
  for (let i = 0; i < d0; i++)
    for (let j = 0; j < d1; j++) {
      let from = x + ((<usize>(i * s0 + j * s1)) << 2);
      let k = 0;
      if (s2 == 1 && s3 > 1)
        for (; k + 4 <= d2; k += 4, from += 16, y += width << 2) transposeRows(from, y, d3, (<usize>s3) << 2, width);
      for (; k < d2; k++, from += (<usize>s2) << 2, y += width) {
        if (s3 == 1) copyRow(from, y, d3);
        else if (s3 == 0) fillRow(from, y, d3);
        else gatherRow(from, y, d3, (<usize>s3) << 2);
      }
    }
}
