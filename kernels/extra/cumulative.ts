// Sums that keep what they had on the way.
import { lastLanes, lastVector, storeLanes } from "../lanes";

/** y[outer, n, inner] = sums of x over the middle up to each place, or from it on if `reverse`; y may be x. */
export function cumsum(x: usize, y: usize, outer: i32, n: i32, inner: i32, reverse: i32): void {
  if (n <= 0 || inner <= 0) return;
  const row = (<usize>inner) << 2;
  const step = reverse ? <usize>0 - row : row;
  const block = <usize>n * row;
  for (; outer > 0; outer--, x += block, y += block) {
    let from = reverse ? x + block - row : x;
    let to = reverse ? y + block - row : y;
    if (inner == 1) {
      let sum: f32 = 0;
      for (let k = 0; k < n; k++, from += step, to += step) {
        sum += load<f32>(from);
        store<f32>(to, sum);
      }
      continue;
    }
    if (to != from) memory.copy(to, from, row);
    const last = lastVector(inner);
    for (let k = 1; k < n; k++) {
      const before = to;
      from += step;
      to += step;
      for (let i: usize = 0; i < last; i += 16) v128.store(to + i, f32x4.add(v128.load(before + i), v128.load(from + i)));
      storeLanes(to + last, f32x4.add(v128.load(before + last), v128.load(from + last)), lastLanes(inner));
    }
  }
}
