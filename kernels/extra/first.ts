// What the first module does for this one.

/** y[m, n] (+)= op(a)[m, k] . op(b)[k, n], row-major; ld* are row strides of the stored matrices, in elements. */
@external("kernels", "matmul")
export declare function matmul(
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
): void;
