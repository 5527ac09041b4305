// The places of the largest elements.

/** y[rows, k] (i32) = columns of the k largest of each row of x[rows, cols], largest first; of equals the first, NaN before all. */
export function topK(x: usize, y: usize, rows: i32, cols: i32, k: i32): void {
  for (; rows > 0; rows--, x += (<usize>cols) << 2, y += (<usize>k) << 2) {
    let kept = 0;
    for (let c = 0; c < cols; c++) {
      const value = load<f32>(x + ((<usize>c) << 2));
      // from the last of those kept to the one that is not smaller
      let at = kept;
      while (at > 0 && beats(value, load<f32>(x + ((<usize>load<i32>(y + ((<usize>(at - 1)) << 2))) << 2)))) at--;
      if (at == k) continue;
      const moved = min(kept, k - 1) - at;
      const to = y + ((<usize>at) << 2);
      memory.copy(to + 4, to, (<usize>moved) << 2);
      store<i32>(to, c);
      if (kept < k) kept++;
    }
  }
}

/** Whether a is larger, as NaN is than every number. */
@inline
function beats(a: f32, b: f32): bool {
  return a > b || (a != a && b == b);
}
