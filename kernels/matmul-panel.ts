// One panel of columns of a matrix product for all rows of a block, in the tiles that this build does best.
import { relaxed, wide } from "./build";
import { storeLanes } from "./lanes";
import { fusedOuter } from "./matmul-fused";
import { outer } from "./matmul-outer";
import { wideOuter } from "./matmul-wide";
import { tile } from "./pack";
import { packArea } from "./scratch";

/** Whether sums of k products are long enough to be worth the many of a fused tile. */
@inline
function fuses(k: i32): bool {
  return relaxed && k >= 32;
}

/** Width of the next panel: never leaving a remainder so narrow that its few sums would wait for each other. */
export function panelWidth(columns: i32, k: i32): i32 {
  if (fuses(k)) return min(columns, 16);
  return columns <= 16 ? columns : columns <= 20 ? 12 : 16;
}

/** Bytes of one row of a packed panel; where it is 32, columns from the eighth on lie behind the others. */
export function panelRow(k: i32): usize {
  return fuses(k) ? 32 : 64;
}

/** All rows of one panel: pairs of rows lie `pair` bytes apart, the second of a pair `row` bytes behind the first. */
export function panel(
  a: usize,
  row: usize,
  pair: usize,
  as: usize,
  b: usize,
  bs: usize,
  k: i32,
  y: usize,
  ys: usize,
  m: i32,
  columns: i32,
  accumulate: i32,
): void {
  if (fuses(k)) {
    fusedPanel(a, row, pair, as, b, bs, k, y, ys, m, min(columns, 8), accumulate);
    b += bs == 32 ? (<usize>k) << 5 : 32;
    if (columns > 8) fusedPanel(a, row, pair, as, b, bs, k, y + 32, ys, m, columns - 8, accumulate);
    return;
  }
  const vectors = (columns + 3) >> 2;
  const whole = !(columns & 3);
  // a tile that ends within a vector goes through scratch
  const scratch = packArea + tile;
  const add = whole ? accumulate : 0;
  let i = 0;
  if (wide && columns == 16)
    for (; i + 4 <= m; i += 4, a += pair << 1, y += ys << 2)
      wideOuter(a, row, pair, as, b, bs, k, y, ys, accumulate);
  for (; i + 2 <= m; i += 2, a += pair, y += ys << 1) {
    const to = whole ? y : scratch;
    const next = whole ? y + ys : scratch + 64;
    if (vectors == 4) outer(2, 4, a, a + row, as, b, bs, k, 0, 0, to, next, add);
    else if (vectors == 3) outer(2, 3, a, a + row, as, b, bs, k, 0, 0, to, next, add);
    else if (vectors == 2) outer(2, 2, a, a + row, as, b, bs, k, 0, 0, to, next, add);
    else outer(2, 1, a, a + row, as, b, bs, k, 0, 0, to, next, add);
    if (!whole) {
      putColumns(to, y, columns, accumulate);
      putColumns(next, y + ys, columns, accumulate);
    }
  }
  if (i < m) {
    const to = whole ? y : scratch;
    if (vectors == 4) outer(1, 4, a, a, as, b, bs, k, 0, 0, to, to, add);
    else if (vectors == 3) outer(1, 3, a, a, as, b, bs, k, 0, 0, to, to, add);
    else if (vectors == 2) outer(1, 2, a, a, as, b, bs, k, 0, 0, to, to, add);
    else outer(1, 1, a, a, as, b, bs, k, 0, 0, to, to, add);
    if (!whole) putColumns(to, y, columns, accumulate);
  }
}

/** `panel` for up to 8 columns, in tiles of 6 rows by 2 vectors. */
function fusedPanel(
  a: usize,
  row: usize,
  pair: usize,
  as: usize,
  b: usize,
  bs: usize,
  k: i32,
  y: usize,
  ys: usize,
  m: i32,
  columns: i32,
  accumulate: i32,
): void {
  const whole = !(columns & 3);
  const ts: usize = whole ? ys : 32;
  const add = whole ? accumulate : 0;
  for (let rows = 0; m > 0; m -= rows, a += pair * <usize>(rows >> 1), y += ys * <usize>rows) {
    // even numbers, so that a tile begins with a pair; and no tile of few rows where two of four will do
    rows = m > 8 ? 6 : m > 6 ? 4 : m;
    const to = whole ? y : packArea + tile;
    if (columns > 4) {
      if (rows == 6) fusedOuter(6, 2, a, row, pair, as, b, bs, k, to, ts, add);
      else if (rows == 5) fusedOuter(5, 2, a, row, pair, as, b, bs, k, to, ts, add);
      else if (rows == 4) fusedOuter(4, 2, a, row, pair, as, b, bs, k, to, ts, add);
      else if (rows == 3) fusedOuter(3, 2, a, row, pair, as, b, bs, k, to, ts, add);
      else if (rows == 2) fusedOuter(2, 2, a, row, pair, as, b, bs, k, to, ts, add);
      else fusedOuter(1, 2, a, row, pair, as, b, bs, k, to, ts, add);
    } else {
      if (rows == 6) fusedOuter(6, 1, a, row, pair, as, b, bs, k, to, ts, add);
      else if (rows == 5) fusedOuter(5, 1, a, row, pair, as, b, bs, k, to, ts, add);
      else if (rows == 4) fusedOuter(4, 1, a, row, pair, as, b, bs, k, to, ts, add);
      else if (rows == 3) fusedOuter(3, 1, a, row, pair, as, b, bs, k, to, ts, add);
      else if (rows == 2) fusedOuter(2, 1, a, row, pair, as, b, bs, k, to, ts, add);
      else fusedOuter(1, 1, a, row, pair, as, b, bs, k, to, ts, add);
    }
    if (!whole)
      for (let r: usize = 0; r < <usize>rows; r++) putColumns(to + (r << 5), y + r * ys, columns, accumulate);
  }
}

/** y[columns] (+)= row[columns], columns < 16. */
function putColumns(row: usize, y: usize, columns: i32, accumulate: i32): void {
  for (; columns > 0; columns -= 4, row += 16, y += 16) {
    let v = v128.load(row);
    if (accumulate) v = f32x4.add(v, v128.load(y));
    storeLanes(y, v, min(4, columns));
  }
}
