// Losses of rows against integer labels: from log-probabilities (nll) or straight from logits (crossEntropy).
import { Rows, eachRow } from "./softmax";
import { fill } from "./unary";

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
  eachRow(Rows.crossEntropy, x, labels, 0, y, rows, cols);
}

/** gx[rows, cols] = gy[i] (softmax(x[i]) - one at the label); gx may be x. */
export function crossEntropyGrad(x: usize, labels: usize, gy: usize, gx: usize, rows: i32, cols: i32): void {
  eachRow(Rows.crossEntropyGrad, x, labels, gy, gx, rows, cols);
}
