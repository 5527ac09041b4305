// Matrix product in every orientation: chooses tiles, blocks for the caches and packs where packing pays.
import { dots } from "./linear";
import { outer } from "./matmul-outer";
import { storeLanes } from "./lanes";
import { kBlock, mBlock, packPairs, packPanel, packTransposed, packedA, tile } from "./pack";
import { packArea } from "./scratch";

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
  if (transB) {
    if (!transA) dots(a, b, 0, y, m, n, k, lda, ldb, ldy, accumulate, 0);
    else bothTransposed(a, b, y, m, n, k, lda, ldb, ldy, accumulate);
    return;
  }
  const ys = (<usize>ldy) << 2;
  const bs = (<usize>ldb) << 2;
  // from one row of op(a) to the next, and from one value of k to the next
  const aRow: usize = transA ? 4 : (<usize>lda) << 2;
  const aStep: usize = transA ? (<usize>lda) << 2 : 4;
  // rows that lie half pages apart share cache sets and must be packed; otherwise packing b only pays for many rows
  const packB = m >= (ldb % 512 == 0 ? 24 : 64);
  const packA = transA && n >= 64 && lda % 512 == 0;
  // blocks of equal depth
  const blocks = max(1, (k + kBlock - 1) / kBlock);
  const block = (k + blocks - 1) / blocks;
  let p = 0;
  do {
    const depth = min(block, k - p);
    const add = accumulate | i32(p > 0);
    const ap = a + <usize>p * aStep;
    const bp = b + <usize>p * bs;
    for (let i = 0; i < m; i += mBlock) {
      const rows = min(mBlock, m - i);
      let ai = ap + <usize>i * aRow;
      if (packA) {
        packPairs(ai, aStep, rows, depth, packArea);
        ai = packArea;
      }
      for (let j = 0; j < n;) {
        const columns = panelWidth(n - j);
        let bj = bp + ((<usize>j) << 2);
        let bStep = bs;
        if (packB) {
          packPanel(bj, bs, depth, columns, packArea + packedA);
          bj = packArea + packedA;
          bStep = 64;
        }
        const yj = y + <usize>i * ys + ((<usize>j) << 2);
        if (packA) panel(ai, 4, (<usize>depth) << 3, 8, bj, bStep, depth, yj, ys, rows, columns, add);
        else panel(ai, aRow, aRow << 1, aStep, bj, bStep, depth, yj, ys, rows, columns, add);
        j += columns;
      }
    }
    p += block;
  } while (p < k);
}

/** Width of the next panel: 16, but never leaving a remainder so narrow that its few sums would wait for each other. */
@inline
function panelWidth(columns: i32): i32 {
  return columns <= 16 ? columns : columns <= 20 ? 12 : 16;
}

/** All rows of one panel: pairs of rows lie `pair` bytes apart, the second of a pair `row` bytes behind the first. */
function panel(
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
  const vectors = (columns + 3) >> 2;
  const whole = !(columns & 3);
  // a tile that ends within a vector goes through scratch
  const add = whole ? accumulate : 0;
  const scratch = packArea + tile;
  let i = 0;
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

/** y[columns] (+)= row[columns], columns < 16. */
function putColumns(row: usize, y: usize, columns: i32, accumulate: i32): void {
  for (; columns > 0; columns -= 4, row += 16, y += 16) {
    let v = v128.load(row);
    if (accumulate) v = f32x4.add(v, v128.load(y));
    storeLanes(y, v, min(4, columns));
  }
}

/** y (+)= a^T . b^T: blocks of a are transposed into scratch, the rest is dot products. */
function bothTransposed(
  a: usize,
  b: usize,
  y: usize,
  m: i32,
  n: i32,
  k: i32,
  lda: i32,
  ldb: i32,
  ldy: i32,
  accumulate: i32,
): void {
  let p = 0;
  do {
    const depth = min(kBlock, k - p);
    for (let i = 0; i < m; i += mBlock) {
      const rows = min(mBlock, m - i);
      packTransposed(a + ((<usize>(p * lda + i)) << 2), (<usize>lda) << 2, depth, rows, packArea);
      const yi = y + ((<usize>(i * ldy)) << 2);
      dots(packArea, b + ((<usize>p) << 2), 0, yi, rows, n, depth, depth, ldb, ldy, accumulate | i32(p > 0), 0);
    }
    p += kBlock;
  } while (p < k);
}
