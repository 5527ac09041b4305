// Parts of a vector, and how a row ends. Loops over a row look like this one:
//
//   const last = lastVector(n);
//   for (let i: usize = 0; ; i += 16) {
//     const v = f(v128.load(x + i));
//     if (i == last) return storeLanes(y + i, v, lastLanes(n));
//     v128.store(y + i, v);
//   }
//
// with the only exit behind the work: V8 moves what does not change out of such a loop, but into one that tests first.

const keep = memory.data<u32>([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 0], 16);

/** Byte offset of the last vector of n > 0 elements. */
@inline
export function lastVector(n: i32): usize {
  return <usize>((n - 1) & ~3) << 2;
}

/** How many elements the last vector of n > 0 elements has, 1..4. */
@inline
export function lastLanes(n: i32): i32 {
  return ((n - 1) & 3) + 1;
}

/** All bits set in the first `count` lanes, 0 <= count <= 4. */
@inline
export function firstLanes(count: i32): v128 {
  return v128.load(keep + 16 - ((<usize>count) << 2));
}

/** Stores the first `count` lanes, 0 <= count <= 4. */
@inline
export function storeLanes(y: usize, v: v128, count: i32): void {
  if (count == 4) {
    v128.store(y, v);
    return;
  }
  for (; count > 0; count--, y += 4) {
    v128.store32_lane(y, v, 0);
    v = i32x4.shuffle(v, v, 1, 2, 3, 0);
  }
}

/** The larger of a and b, NaN if one is NaN; of zeros with different signs -0. A third of what f32x4.max costs. */
@inline
export function larger(a: v128, b: v128): v128 {
  return v128.or(f32x4.pmax(a, b), f32x4.pmax(b, a));
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
  const pairs = larger(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return larger(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2));
}
