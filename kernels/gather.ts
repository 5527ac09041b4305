// Rows picked by index (i32): batches out of a data set, embeddings, and the gradient of the pick.
import { lastLanes, lastVector, storeLanes } from "./lanes";

/** Four bytes as floats. */
@inline
function widen(bytes: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)));
}

/** y[r, c, :] = scale[c] src[indices[r], c, :] + shift[c]; src is u8, scale and shift one float per channel. */
export function gatherNormalize(
  src: usize,
  indices: usize,
  y: usize,
  rows: i32,
  channels: i32,
  plane: i32,
  scale: usize,
  shift: usize,
): void {
  for (let r = 0; r < rows; r++, indices += 4) {
    let from = src + <usize>load<i32>(indices) * <usize>(channels * plane);
    for (let c: usize = 0; c < <usize>channels; c++) {
      const a = v128.load32_splat(scale + (c << 2));
      const b = v128.load32_splat(shift + (c << 2));
      let left = plane;
      for (; left >= 8; left -= 8, from += 8, y += 32) {
        const bytes = v128.load64_zero(from);
        v128.store(y, f32x4.add(f32x4.mul(widen(bytes), a), b));
        v128.store(y, f32x4.add(f32x4.mul(widen(i32x4.shuffle(bytes, bytes, 1, 1, 1, 1)), a), b), 16);
      }
      for (; left > 0; left--, from++, y += 4)
        store<f32>(y, <f32>load<u8>(from) * f32x4.extract_lane(a, 0) + f32x4.extract_lane(b, 0));
    }
  }
}

/** y[r, :] = x[indices[r], :], rows of `width` floats. */
export function gather(x: usize, indices: usize, y: usize, rows: i32, width: i32): void {
  if (width <= 0) return;
  const bytes = (<usize>width) << 2;
  const last = lastVector(width);
  for (let r = 0; r < rows; r++, indices += 4, y += bytes) {
    const from = x + <usize>load<i32>(indices) * bytes;
    for (let i: usize = 0; ; i += 16) {
      const v = v128.load(from + i);
      if (i == last) {
        storeLanes(y + i, v, lastLanes(width));
        break;
      }
      v128.store(y + i, v);
    }
  }
}

/** gx[indices[r], :] += gy[r, :], row after row; gx is not cleared. */
export function scatterAdd(gy: usize, indices: usize, gx: usize, rows: i32, width: i32): void {
  if (width <= 0) return;
  const bytes = (<usize>width) << 2;
  const last = lastVector(width);
  for (let r = 0; r < rows; r++, indices += 4, gy += bytes) {
    const to = gx + <usize>load<i32>(indices) * bytes;
    for (let i: usize = 0; ; i += 16) {
      const v = f32x4.add(v128.load(to + i), v128.load(gy + i));
      if (i == last) {
        storeLanes(to + i, v, lastLanes(width));
        break;
      }
      v128.store(to + i, v);
    }
  }
}

/** y[r] = src[indices[r]], both i32. */
export function gatherInt(src: usize, indices: usize, y: usize, rows: i32): void {
  for (let r = 0; r < rows; r++, indices += 4, y += 4)
    store<i32>(y, load<i32>(src + ((<usize>load<i32>(indices)) << 2)));
}

/** Position of the first of n indices (i32) that is not from 0 to limit - 1, or -1: what stands before every pick. */
export function outside(indices: usize, n: i32, limit: i32): i32 {
  const bound = i32x4.splat(limit);
  let i = 0;
  // without sign a negative index is larger than any limit
  while (i + 4 <= n && !v128.any_true(i32x4.ge_u(v128.load(indices + ((<usize>i) << 2)), bound))) i += 4;
  for (; i < n; i++) if (load<u32>(indices + ((<usize>i) << 2)) >= <u32>limit) return i;
  return -1;
}
