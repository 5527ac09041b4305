// Matrix product in every orientation.

/** y[m, n] (+)= op(a)[m, k] . op(b)[k, n], row-major; ld* are row strides of the stored matrices, in elements. */
export function matmul(
  a: usize,
  b: usize,
  y: usize,
  m: i32,
  n: i32,
  k: i32,
  lda: i32,
  ldb: i32,
  ldy: i32,
  transA: i32,
  transB: i32,
  accumulate: i32,
): void {
  const aRow: usize = transA ? 4 : (<usize>lda) << 2;
  const aStep: usize = transA ? (<usize>lda) << 2 : 4;
  const bColumn: usize = transB ? (<usize>ldb) << 2 : 4;
  const bStep: usize = transB ? 4 : (<usize>ldb) << 2;
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      const out = y + ((<usize>(i * ldy + j)) << 2);
      let sum: f32 = accumulate ? load<f32>(out) : 0;
      let left = a + <usize>i * aRow;
      let right = b + <usize>j * bColumn;
      for (let p = 0; p < k; p++, left += aStep, right += bStep) sum += load<f32>(left) * load<f32>(right);
      store<f32>(out, sum);
    }
}

/** y[m, n] = act(x[m, k] . w[n, k]^T + b[n]); b = 0: no bias. */
export function linear(x: usize, w: usize, b: usize, y: usize, m: i32, n: i32, k: i32, relu: i32): void {
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum: f32 = b ? load<f32>(b + ((<usize>j) << 2)) : 0;
      let left = x + ((<usize>(i * k)) << 2);
      let right = w + ((<usize>(j * k)) << 2);
      for (let p = 0; p < k; p++, left += 4, right += 4) sum += load<f32>(left) * load<f32>(right);
      store<f32>(y + ((<usize>(i * n + j)) << 2), relu && sum < 0 ? 0 : sum);
    }
}
