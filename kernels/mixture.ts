// Two experts weighed by a gate, row by row: specialist s and generalist g, gate logit z, h = sigmoid(z) the weight of
// the specialist. `mixture` mixes probabilities, in log space so that nothing underflows; `mixtureLog` mixes the inputs
// as they are. A gradient whose pointer is 0 is not wanted.
import { firstLanes, lastLanes, lastVector, storeLanes, sumAcross } from "./lanes";
import { exp4, log1p4, logSigmoid4, sigmoid4 } from "./transcendental";
import { fill } from "./unary";

/** The lowest float instead of -inf: differences from it are never NaN. */
@inline
function bounded(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(-3.4028234663852886e38));
}

/** log(e^a + e^b); -inf where both are, NaN where one is. */
@inline
function logAddExp(a: v128, b: v128): v128 {
  const larger = f32x4.max(a, b);
  return f32x4.add(larger, log1p4(exp4(f32x4.sub(f32x4.min(a, b), bounded(larger)))));
}

/** y[rows, cols] = log(h exp(ls) + (1 - h) exp(lg)), z[rows] the gate's logits. */
export function mixture(ls: usize, lg: usize, z: usize, y: usize, rows: i32, cols: i32): void {
  if (cols <= 0) return;
  const bytes = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  for (let r = 0; r < rows; r++, z += 4, ls += bytes, lg += bytes, y += bytes) {
    const gate = v128.load32_splat(z);
    const logH = logSigmoid4(gate);
    const logRest = logSigmoid4(f32x4.neg(gate));
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

/** Gradients of `mixture`: r = h exp(ls - y), q = (1 - h) exp(lg - y); gls = gy r, glg = gy q, gz = sum gy (r - h). */
export function mixtureGrad(
  ls: usize,
  lg: usize,
  z: usize,
  y: usize,
  gy: usize,
  gls: usize,
  glg: usize,
  gz: usize,
  rows: i32,
  cols: i32,
): void {
  if (cols <= 0) return;
  const bytes = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  for (let row = 0; row < rows; row++, z += 4, ls += bytes, lg += bytes, y += bytes, gy += bytes) {
    const gate = v128.load32_splat(z);
    const h = sigmoid4(gate);
    const rest = sigmoid4(f32x4.neg(gate));
    const logH = logSigmoid4(gate);
    const logRest = logSigmoid4(f32x4.neg(gate));
    let total = f32x4.splat(0);
    for (let i: usize = 0; ; i += 16) {
      const out = bounded(v128.load(y + i));
      const g = v128.load(gy + i);
      const s = f32x4.mul(g, exp4(f32x4.sub(f32x4.add(logH, v128.load(ls + i)), out)));
      const q = f32x4.mul(g, exp4(f32x4.sub(f32x4.add(logRest, v128.load(lg + i)), out)));
      // r + q = 1, so r - h = r (1 - h) - q h, without the cancellation
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
      store<f32>(gz, f32x4.extract_lane(sumAcross(total), 0));
      gz += 4;
    }
  }
}

/** y[i] = -log(h exp(ls) + (1 - h) exp(lg)) at the row's label (i32). */
export function mixtureNll(ls: usize, lg: usize, z: usize, labels: usize, y: usize, rows: i32, cols: i32): void {
  for (let row = 0; row < rows; row++, z += 4, labels += 4, y += 4) {
    const own = (<usize>(row * cols + load<i32>(labels))) << 2;
    const gate = v128.load32_splat(z);
    const a = f32x4.add(logSigmoid4(gate), v128.load32_splat(ls + own));
    const b = f32x4.add(logSigmoid4(f32x4.neg(gate)), v128.load32_splat(lg + own));
    store<f32>(y, -f32x4.extract_lane(logAddExp(a, b), 0));
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
  if (gls) fill(gls, rows * cols, 0);
  if (glg) fill(glg, rows * cols, 0);
  for (let row = 0; row < rows; row++, z += 4, labels += 4, gy += 4) {
    const own = (<usize>(row * cols + load<i32>(labels))) << 2;
    const gate = v128.load32_splat(z);
    const a = f32x4.add(logSigmoid4(gate), v128.load32_splat(ls + own));
    const b = f32x4.add(logSigmoid4(f32x4.neg(gate)), v128.load32_splat(lg + own));
    const out = bounded(logAddExp(a, b));
    const g = f32x4.neg(v128.load32_splat(gy));
    const s = f32x4.mul(g, exp4(f32x4.sub(a, out)));
    const q = f32x4.mul(g, exp4(f32x4.sub(b, out)));
    if (gls) v128.store32_lane(gls + own, s, 0);
    if (glg) v128.store32_lane(glg + own, q, 0);
    if (gz) {
      const gain = f32x4.sub(f32x4.mul(s, sigmoid4(f32x4.neg(gate))), f32x4.mul(q, sigmoid4(gate)));
      v128.store32_lane(gz + ((<usize>row) << 2), gain, 0);
    }
  }
}

/** y[rows, cols] = h ls + (1 - h) lg: log-probabilities (the authors' code), or probabilities already. */
export function mixtureLog(ls: usize, lg: usize, z: usize, y: usize, rows: i32, cols: i32): void {
  if (cols <= 0) return;
  const bytes = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  for (let r = 0; r < rows; r++, z += 4, ls += bytes, lg += bytes, y += bytes) {
    const gate = v128.load32_splat(z);
    const h = sigmoid4(gate);
    const rest = sigmoid4(f32x4.neg(gate));
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
  if (cols <= 0) return;
  const bytes = (<usize>cols) << 2;
  const last = lastVector(cols);
  const lanes = lastLanes(cols);
  for (let row = 0; row < rows; row++, z += 4, ls += bytes, lg += bytes, gy += bytes) {
    const gate = v128.load32_splat(z);
    const h = sigmoid4(gate);
    const rest = sigmoid4(f32x4.neg(gate));
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
