// The reverse of the strided copy in kernels/expand.ts: from contiguous elements to places apart.
import { lastLanes, lastVector, storeLanes } from "../lanes";

/** y at i s0 + j s1 + k s2 + l s3 = x[i, j, k, l], x contiguous; what lies between stays as it is. */
export function place(
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
  const step = (<usize>s3) << 2;
  const last = lastVector(d3);
  for (let i = 0; i < d0; i++)
    for (let j = 0; j < d1; j++) {
      let to = y + ((<usize>(i * s0 + j * s1)) << 2);
      for (let k = 0; k < d2; k++, x += width, to += (<usize>s2) << 2) {
        if (s3 == 1) {
          for (let l: usize = 0; l < last; l += 16) v128.store(to + l, v128.load(x + l));
          storeLanes(to + last, v128.load(x + last), lastLanes(d3));
        } else {
          let at = to;
          for (let l: usize = 0; l < width; l += 4, at += step) store<f32>(at, load<f32>(x + l));
        }
      }
    }
}
