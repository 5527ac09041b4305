// Two experts weighed by a gate, row by row: specialist s and generalist g, gate logit z, h = sigmoid(z) the weight of
// the specialist. `mixture` mixes probabilities, in log space so that nothing underflows; `mixtureLog` mixes the inputs
// as they are. A gradient whose pointer is 0 is not wanted.
import { firstLanes, larger, lastLanes, lastVector, storeLanes, sumAcross } from "./lanes";
import { exp4, log1p4, logSigmoid4, sigmoid4 } from "./transcendental";
import { fill } from "./unary";

// calls, not copies: here size counts for more than the nanoseconds
function weight(gate: v128): v128 {
  return sigmoid4(gate);
}

function logWeight(gate: v128): v128 {
  return logSigmoid4(gate);
}

/** log(e^a + e^b); -inf where both are, NaN where one is NaN. */
function logAddExp(a: v128, b: v128): v128 {
  const d = f32x4.sub(a, b);
  const rest = log1p4(exp4(f32x4.neg(f32x4.abs(d))));
  // -inf less -inf is NaN, and adds nothing
  return f32x4.add(larger(a, b), v128.and(rest, f32x4.eq(d, d)));
}

/** One gate's logit as (z, -z, z, -z): what is made of it serves the specialist in `even`, the generalist in `odd`. */
@inline
function bothSigns(z: usize): v128 {
  return v128.xor(v128.load32_splat(z), i64x2.splat(1 << 63));
}

@inline
function even(v: v128): v128 {
  return i32x4.shuffle(v, v, 0, 0, 0, 0);
}

@inline
function odd(v: v128): v128 {
  return i32x4.shuffle(v, v, 1, 1, 1, 1);
}

/** y[rows, cols] = log(h exp(ls) + (1 - h) exp(lg)), z[rows] the gate's logits. */
export function mixture(ls: usize, lg: usize, z: usize, y: usize, rows: i32, cols: i32): void {
  if (cols <= 0) return;
  const bytes = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  for (let r = 0; r < rows; r++, z += 4, ls += bytes, lg += bytes, y += bytes) {
    const logs = logWeight(bothSigns(z));
    const logH = even(logs);
    const logRest = odd(logs);
    for (let i: usize = 0; ; i += 16) {
      const v = logAddExp(f32x4.add(logH, v128.load(ls + i)), f32x4.add(logRest, v128.load(lg + i)));
      if (i == last) {
        storeLanes(y + i, v, lanes);
        break;
      }
      v128.store(y + i, v);
    }
  }
}

/** What each expert contributes to a probability: the sigmoid of d = z + ls - lg for one, of -d for the other. */
@inline
function share(d: v128): v128 {
  // NaN when both are impossible: then neither counts
  return v128.and(weight(d), f32x4.eq(d, d));
}

/**
 * Gradients of `mixture`: gls = gy r, glg = gy (1 - r), gz = sum of gy (r - h) with r the share of the specialist, which
 * needs no y.
 */
export function mixtureGrad(
  ls: usize,
  lg: usize,
  z: usize,
  gy: usize,
  gls: usize,
  glg: usize,
  gz: usize,
  rows: i32,
  cols: i32,
): void {
  if (cols <= 0) {
    if (gz) memory.fill(gz, 0, (<usize>rows) << 2);
    return;
  }
  const bytes = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  for (let row = 0; row < rows; row++, z += 4, ls += bytes, lg += bytes, gy += bytes) {
    const weights = weight(bothSigns(z));
    const h = even(weights);
    const rest = odd(weights);
    const gate = v128.load32_splat(z);
    let total = f32x4.splat(0);
    for (let i: usize = 0; ; i += 16) {
      const d = f32x4.add(gate, f32x4.sub(v128.load(ls + i), v128.load(lg + i)));
      const g = v128.load(gy + i);
      const s = f32x4.mul(g, share(d));
      const q = f32x4.mul(g, share(f32x4.neg(d)));
      // r - h = r (1 - h) - (1 - r) h, without the cancellation
      const gain = f32x4.sub(f32x4.mul(s, rest), f32x4.mul(q, h));
      if (i == last) {
        total = f32x4.add(total, v128.and(gain, firstLanes(lanes)));
        if (gls) storeLanes(gls + i, s, lanes);
        if (glg) storeLanes(glg + i, q, lanes);
        break;
      }
      total = f32x4.add(total, gain);
      if (gls) v128.store(gls + i, s);
      if (glg) v128.store(glg + i, q);
    }
    if (gls) gls += bytes;
    if (glg) glg += bytes;
    if (gz) {
      v128.store32_lane(gz, sumAcross(total), 0);
      gz += 4;
    }
  }
}

/** Bytes from the first element to that at the row's label; rows past the end are the last one. */
@inline
function own(labels: usize, row: i32, rows: i32, cols: i32): usize {
  row = min(row, rows - 1);
  return <usize>(row * cols + load<i32>(labels + ((<usize>row) << 2))) << 2;
}

/** The elements at the labels of four rows. */
@inline
function atLabels(x: usize, labels: usize, row: i32, rows: i32, cols: i32): v128 {
  let v = v128.load32_zero(x + own(labels, row, rows, cols));
  v = v128.load32_lane(x + own(labels, row + 1, rows, cols), v, 1);
  v = v128.load32_lane(x + own(labels, row + 2, rows, cols), v, 2);
  return v128.load32_lane(x + own(labels, row + 3, rows, cols), v, 3);
}

/** y[i] = -log(h exp(ls) + (1 - h) exp(lg)) at the row's label (i32). */
export function mixtureNll(ls: usize, lg: usize, z: usize, labels: usize, y: usize, rows: i32, cols: i32): void {
  for (let row = 0; row < rows; row += 4, z += 16, y += 16) {
    const gate = v128.load(z);
    const a = f32x4.add(logWeight(gate), atLabels(ls, labels, row, rows, cols));
    const b = f32x4.add(logWeight(f32x4.neg(gate)), atLabels(lg, labels, row, rows, cols));
    storeLanes(y, f32x4.neg(logAddExp(a, b)), min(rows - row, 4));
  }
}

/** gx = 0 but -gy times the share of one expert at the labels: the specialist's for `sign` 0, else the other's. */
function labelGrad(
  ls: usize,
  lg: usize,
  z: usize,
  labels: usize,
  gy: usize,
  gx: usize,
  rows: i32,
  cols: i32,
  sign: i32,
): void {
  fill(gx, rows * cols, 0);
  for (let row = 0; row < rows; row++, z += 4, gy += 4) {
    const at = own(labels, row, rows, cols);
    const d = f32x4.splat(load<f32>(z) + (load<f32>(ls + at) - load<f32>(lg + at)));
    const r = share(v128.xor(d, i32x4.splat(sign)));
    store<f32>(gx + at, -load<f32>(gy) * f32x4.extract_lane(r, 0));
  }
}

/** Gradients of `mixtureNll`, gy one per row; gls and glg are 0 but at the labels. */
export function mixtureNllGrad(
  ls: usize,
  lg: usize,
  z: usize,
  labels: usize,
  gy: usize,
  gls: usize,
  glg: usize,
  gz: usize,
  rows: i32,
  cols: i32,
): void {
  if (gls) labelGrad(ls, lg, z, labels, gy, gls, rows, cols, 0);
  if (glg) labelGrad(ls, lg, z, labels, gy, glg, rows, cols, 1 << 31);
  if (gz)
    for (let row = 0; row < rows; row += 4, z += 16, gy += 16, gz += 16) {
      const gate = v128.load(z);
      const own = f32x4.sub(atLabels(ls, labels, row, rows, cols), atLabels(lg, labels, row, rows, cols));
      const d = f32x4.add(gate, own);
      const s = f32x4.mul(share(d), weight(f32x4.neg(gate)));
      const q = f32x4.mul(share(f32x4.neg(d)), weight(gate));
      storeLanes(gz, f32x4.mul(v128.load(gy), f32x4.sub(q, s)), min(rows - row, 4));
    }
}

/** y[rows, cols] = h ls + (1 - h) lg: log-probabilities (the authors' code), or probabilities already. */
export function mixtureLog(ls: usize, lg: usize, z: usize, y: usize, rows: i32, cols: i32): void {
  if (cols <= 0) return;
  const bytes = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  for (let r = 0; r < rows; r++, z += 4, ls += bytes, lg += bytes, y += bytes) {
    const weights = weight(bothSigns(z));
    const h = even(weights);
    const rest = odd(weights);
    for (let i: usize = 0; ; i += 16) {
      const v = f32x4.add(f32x4.mul(h, v128.load(ls + i)), f32x4.mul(rest, v128.load(lg + i)));
      if (i == last) {
        storeLanes(y + i, v, lanes);
        break;
      }
      v128.store(y + i, v);
    }
  }
}

/** Gradients of `mixtureLog`: gls = gy h, glg = gy (1 - h), gz = h (1 - h) sum gy (ls - lg). */
export function mixtureLogGrad(
  ls: usize,
  lg: usize,
  z: usize,
  gy: usize,
  gls: usize,
  glg: usize,
  gz: usize,
  rows: i32,
  cols: i32,
): void {
  if (cols <= 0) {
    if (gz) memory.fill(gz, 0, (<usize>rows) << 2);
    return;
  }
  const bytes = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  for (let row = 0; row < rows; row++, z += 4, ls += bytes, lg += bytes, gy += bytes) {
    const weights = weight(bothSigns(z));
    const h = even(weights);
    const rest = odd(weights);
    let total = f32x4.splat(0);
    for (let i: usize = 0; ; i += 16) {
      const g = v128.load(gy + i);
      const gain = f32x4.mul(g, f32x4.sub(v128.load(ls + i), v128.load(lg + i)));
      if (i == last) {
        total = f32x4.add(total, v128.and(gain, firstLanes(lanes)));
        if (gls) storeLanes(gls + i, f32x4.mul(g, h), lanes);
        if (glg) storeLanes(glg + i, f32x4.mul(g, rest), lanes);
        break;
      }
      total = f32x4.add(total, gain);
      if (gls) v128.store(gls + i, f32x4.mul(g, h));
      if (glg) v128.store(glg + i, f32x4.mul(g, rest));
    }
    if (gls) gls += bytes;
    if (glg) glg += bytes;
    if (gz) {
      const slope = f32x4.mul(f32x4.mul(h, rest), sumAcross(total));
      v128.store32_lane(gz, slope, 0);
      gz += 4;
    }
  }
}
