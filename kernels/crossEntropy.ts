// Losses of rows against integer labels: from log-probabilities (nll) or straight from logits (crossEntropy).
import { expRow, rowMax, scaleRow } from "./softmax";
import { fill } from "./unary";
import { log4 } from "./transcendental";

/** y[i] = -logp[i, labels[i]], one per row. */
export function nll(logp: usize, labels: usize, y: usize, rows: i32, cols: i32): void {
  for (let i = 0; i < rows; i++, logp += (<usize>cols) << 2, labels += 4, y += 4)
    store<f32>(y, -load<f32>(logp + ((<usize>load<i32>(labels)) << 2)));
}

/** gx[rows, cols] = 0 but -gy[i] at each row's label. */
export function nllGrad(labels: usize, gy: usize, gx: usize, rows: i32, cols: i32): void {
  fill(gx, rows * cols, 0);
  for (let i = 0; i < rows; i++, gx += (<usize>cols) << 2, labels += 4, gy += 4)
    store<f32>(gx + ((<usize>load<i32>(labels)) << 2), -load<f32>(gy));
}

/** y[i] = log(sum of exp(x[i])) - x[i, labels[i]], one per row. */
export function crossEntropy(x: usize, labels: usize, y: usize, rows: i32, cols: i32): void {
  for (let i = 0; i < rows; i++, x += (<usize>cols) << 2, labels += 4, y += 4) {
    const max = rowMax(x, cols);
    const total = log4(expRow(x, x, cols, max, false));
    const own = v128.load32_splat(x + ((<usize>load<i32>(labels)) << 2));
    store<f32>(y, f32x4.extract_lane(f32x4.add(f32x4.sub(max, own), total), 0));
  }
}

/** gx[rows, cols] = gy[i] (softmax(x[i]) - one at the label). */
export function crossEntropyGrad(x: usize, labels: usize, gy: usize, gx: usize, rows: i32, cols: i32): void {
  const step = (<usize>cols) << 2;
  for (let i = 0; i < rows; i++, x += step, gx += step, labels += 4, gy += 4) {
    const total = expRow(x, gx, cols, rowMax(x, cols), true);
    const g = load<f32>(gy);
    scaleRow(gx, cols, f32x4.div(f32x4.splat(g), total));
    const own = gx + ((<usize>load<i32>(labels)) << 2);
    store<f32>(own, load<f32>(own) - g);
  }
}
