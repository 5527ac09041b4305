// Long sums by blocks that are added in pairs, pairs of pairs, and so on: an error of a block's length and the logarithm
// of their number instead of one of the whole length. What waits for a neighbour as large lies where a binary counter of
// the blocks has its ones.

/** Additions one after the other up to here keep the order that short sums have. */
export const longest: i32 = 4096;

/** Additions to a block of a longer sum. */
export const blockRows: i32 = 64;

/**
 * Four vectors of sums: those of the block just done, and in the end of all. Behind them as many for each bit of the
 * number of blocks that a memory of 4 GiB can hold.
 */
export const fresh = memory.data(27 * 64, 16);

/** Address of the sums at work: the one part of the module's static data that changes. */
export function workingMemory(): usize {
  return fresh;
}

/** Their bytes. */
export function workingBytes(): i32 {
  return 27 * 64;
}

@inline
function add(to: usize, by: usize): void {
  for (let at: usize = 0; at < 64; at += 16)
    v128.store(to + at, f32x4.add(v128.load(by + at), v128.load(to + at)));
}

/** Takes the sums in `fresh`, of the block with this number, counted from 0. */
export function settle(block: i32): void {
  let at = fresh + 64;
  for (; block & 1; block >>= 1, at += 64) add(fresh, at);
  memory.copy(at, fresh, 64);
}

/** Leaves the sum of so many blocks in `fresh`. */
export function total(blocks: i32): void {
  memory.fill(fresh, 0, 64);
  for (let at = fresh + 64; blocks; blocks >>= 1, at += 64) if (blocks & 1) add(fresh, at);
}
