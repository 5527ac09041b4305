// Matrix product in every orientation: blocks for the caches, and packs where packing pays.
import { dots } from "./linear";
import { panel, panelRow, panelWidth } from "./matmul-panel";
import { kBlock, mBlock, packedA, packPairs, packPanel, packTransposed } from "./pack";
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
        const columns = panelWidth(n - j, depth);
        let bj = bp + ((<usize>j) << 2);
        let bStep = bs;
        if (packB) {
          bStep = panelRow(depth);
          packPanel(bj, bs, depth, columns, packArea + packedA, bStep);
          bj = packArea + packedA;
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
