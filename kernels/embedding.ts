// The gradient of an embedding, of which a batch reaches few rows, and the optimiser's step that knows it. A row that no
// batch has reached yet has a gradient and moments of zero, so Adam would leave it as it is: it is not even looked at.
import { lastLanes, lastVector, storeLanes } from "./lanes";
import { adam } from "./optimizer";

/**
 * gx[rows, width] = 0, then gx[indices[i], :] += gy[i, :] for i < count, one after the other. touched[rows], i32, says
 * which rows may be other than zero: only they are cleared, and it says so of the new ones. touched = 0: clears them all.
 */
export function embeddingGrad(
  gy: usize,
  indices: usize,
  gx: usize,
  touched: usize,
  count: i32,
  rows: i32,
  width: i32,
): void {
  if (width <= 0) return;
  const bytes = (<usize>width) << 2;
  if (!touched) memory.fill(gx, 0, <usize>rows * bytes);
  else
    for (let r: usize = 0; r < <usize>rows; r++)
      if (load<i32>(touched + (r << 2))) {
        store<i32>(touched + (r << 2), 0);
        memory.fill(gx + r * bytes, 0, bytes);
      }
  const last = lastVector(width);
  for (let i = 0; i < count; i++, indices += 4, gy += bytes) {
    const r = <usize>load<i32>(indices);
    const to = gx + r * bytes;
    for (let at: usize = 0; at < last; at += 16) v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(gy + at)));
    storeLanes(to + last, f32x4.add(v128.load(to + last), v128.load(gy + last)), lastLanes(width));
    if (touched) store<i32>(touched + (r << 2), 1);
  }
}

/**
 * `adam` over w[rows, width], bit for bit, without the rows that have had no gradient since the moments were cleared.
 * touched[rows], i32: rows with a gradient in this step; live[rows], i32: with one in any step, cleared with the moments.
 */
export function adamRows(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  touched: usize,
  live: usize,
  rows: i32,
  width: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
  weightDecay: f64,
  correction1: f64,
  correction2: f64,
  decoupled: i32,
): void {
  const bytes = (<usize>width) << 2;
  let from = 0;
  for (let r = 0; r <= rows; r++) {
    if (r < rows) {
      const at = live + ((<usize>r) << 2);
      if (load<i32>(touched + ((<usize>r) << 2))) store<i32>(at, 1);
      // weight decay moves every row
      if (load<i32>(at) || weightDecay != 0) continue;
    }
    const n = (r - from) * width;
    const at = <usize>from * bytes;
    if (n)
      adam(w + at, g + at, m + at, v + at, n, lr, beta1, beta2, eps, weightDecay, correction1, correction2, decoupled);
    from = r + 1;
  }
}
