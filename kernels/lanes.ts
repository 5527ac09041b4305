// Parts of a vector: masks for the last columns of a row, stores of fewer than four lanes, sums and maxima across.

const keep = memory.data<u32>([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 0], 16);

/** All bits set in the first `count` lanes, 0 <= count <= 4. */
@inline
export function firstLanes(count: i32): v128 {
  return v128.load(keep + 16 - ((<usize>count) << 2));
}

/** The first `count` lanes of the row's last vector, the others replaced by `rest`. */
@inline
export function loadLanes(x: usize, count: i32, rest: v128): v128 {
  return v128.bitselect(v128.load(x), rest, firstLanes(count));
}

/** Stores the first `count` lanes, 0 <= count <= 3. */
@inline
export function storeLanes(y: usize, v: v128, count: i32): void {
  if (count & 2) {
    v128.store64_lane(y, v, 0);
    y += 8;
    v = i64x2.shuffle(v, v, 1, 1);
  }
  if (count & 1) v128.store32_lane(y, v, 0);
}

/** Sum of the four lanes, in every lane; pairs first, so the order is fixed. */
@inline
export function sumAcross(v: v128): v128 {
  const pairs = f32x4.add(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return f32x4.add(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2));
}

/** Largest of the four lanes, in every lane; NaN if a lane is NaN. */
@inline
export function maxAcross(v: v128): v128 {
  const pairs = f32x4.max(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return f32x4.max(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2));
}
