// The fully connected layer, and every product whose operands both run along k.
import { relaxed, wide } from "./build";
import { dot } from "./matmul-dot";
import { fusedDot } from "./matmul-fused";
import { wideDot } from "./matmul-wide";
import { tile } from "./pack";
import { packArea } from "./scratch";

/** y[m, n] = act(x[m, k] . w[n, k]^T + b[n]); b = 0: no bias. */
export function linear(x: usize, w: usize, b: usize, y: usize, m: i32, n: i32, k: i32, relu: i32): void {
  dots(x, w, b, y, m, n, k, k, k, n, 0, relu);
}

// longest run of k in one go, elements of x that stay in the first-level cache with a tile's rows of w, and elements of
// w that stay in the second-level one
const longestRun = 1024;
const nearby = 4096;
const cached = 65536;

/** y[m, n] = act(x[m, k] . w[n, k]^T + b[n], + y); ld* are row strides in elements. */
export function dots(
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  m: i32,
  n: i32,
  k: i32,
  ldx: i32,
  ldw: i32,
  ldy: i32,
  accumulate: i32,
  relu: i32,
): void {
  const xs = (<usize>ldx) << 2;
  const ws = (<usize>ldw) << 2;
  const ys = (<usize>ldy) << 2;
  let first = true;
  let rest = k;
  do {
    const run = min(rest, longestRun);
    rest -= run;
    const add = accumulate | i32(!first);
    const act = i32(rest == 0) & relu;
    const rows = max(2, (nearby / max(run, 1)) & ~1);
    // whole tiles of either width
    const share = max(12, cached / max(run, 1) / 12 * 12);
    for (let j0 = 0; j0 < n; j0 += share) {
      const jEnd = min(n, j0 + share);
      for (let i = 0; i < m; i += rows) {
        const end = min(m, i + rows);
        for (let j = j0, columns = 0; j < jEnd; j += columns) {
          columns = tileColumns(jEnd - j, run);
          const wj = w + <usize>j * ws;
          const bj: usize = first && b ? b + ((<usize>j) << 2) : 0;
          let xi = x + <usize>i * xs;
          let yi = y + <usize>i * ys + ((<usize>j) << 2);
          let r = i;
          for (; r + 2 <= end; r += 2, xi += xs << 1, yi += ys << 1) {
            if (relaxed && columns > 4) fusedDot(2, xi, xi + xs, wj, ws, run, bj, yi, yi + ys, columns, add, act);
            else if (wide && columns == 4 && !(run & 7))
              wideDot(xi, xi + xs, wj, ws, run, bj, yi, yi + ys, add, act, packArea + tile);
            else dot(2, xi, xi + xs, wj, ws, run, bj, yi, yi + ys, columns, add, act);
          }
          if (r < end) {
            if (relaxed && columns > 4) fusedDot(1, xi, xi, wj, ws, run, bj, yi, yi, columns, add, act);
            else dot(1, xi, xi, wj, ws, run, bj, yi, yi, columns, add, act);
          }
        }
      }
    }
    x += (<usize>run) << 2;
    w += (<usize>run) << 2;
    first = false;
  } while (rest);
}

/** Columns of the next tile: 4, or 6 of a fused one where sums are long enough to be worth that many. */
@inline
function tileColumns(left: i32, run: i32): i32 {
  if (relaxed && run >= 96 && (left > 8 || left == 6 || left == 5)) return min(6, left);
  return min(4, left);
}
