// Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw 2011, "Parallel random
// numbers: as easy as 1, 2, 3"). Number n of stream (k0, k1) is word n & 1 of the block with counter (n >>> 1, 0), so
// any part of a stream can be made on its own. One loop makes the numbers, what becomes of them is a branch per eight.
import { storeLanes } from "./lanes";
import { logNormal4, turn4 } from "./transcendental";

const enum Mode {
  bits,
  uniform,
  normal,
  dropout,
}

/** Second word of a round: rotated, then mixed with the first. */
@inline
function mix(x0: v128, x1: v128, bits: i32): v128 {
  return v128.xor(v128.or(i32x4.shl(x1, bits), i32x4.shr_u(x1, 32 - bits)), x0);
}

/** 24 leading bits of each word as a float in [0, 1). */
@inline
function fraction(words: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(5.9604644775390625e-8));
}

/** What `mode` makes of 8 numbers, even ones in x0, odd ones in x1; the first n are stored. Dropout masks x by them. */
function settle(
  mode: i32,
  x: usize,
  y: usize,
  n: i32,
  x0: v128,
  x1: v128,
  times: v128,
  plus: v128,
  limit: v128,
): void {
  if (mode == Mode.uniform) {
    x0 = f32x4.add(f32x4.mul(fraction(x0), times), plus);
    x1 = f32x4.add(f32x4.mul(fraction(x1), times), plus);
  } else if (mode == Mode.normal) {
    // Box and Muller: radius from (0, 1], angle in turns
    const u = f32x4.add(fraction(x0), f32x4.splat(5.9604644775390625e-8));
    const radius = f32x4.mul(f32x4.sqrt(f32x4.mul(logNormal4(u), f32x4.splat(-2))), times);
    const turn = fraction(x1);
    x0 = f32x4.add(f32x4.mul(radius, turn4(turn, false)), plus);
    x1 = f32x4.add(f32x4.mul(radius, turn4(turn, true)), plus);
  }
  let low = i32x4.shuffle(x0, x1, 0, 4, 1, 5);
  let high = i32x4.shuffle(x0, x1, 2, 6, 3, 7);
  if (mode == Mode.dropout) {
    low = v128.and(f32x4.mul(v128.load(x), times), i32x4.ge_u(low, limit));
    if (n > 4) high = v128.and(f32x4.mul(v128.load(x, 16), times), i32x4.ge_u(high, limit));
  }
  storeLanes(y, low, min(n, 4));
  if (n > 4) storeLanes(y + 16, high, min(n - 4, 4));
}

/** The n first numbers of a stream, 16 at a time: two chains side by side, since each alone waits on itself. */
function stream(mode: i32, x: usize, y: usize, n: i32, scale: f32, shift: f32, threshold: i32, k0: i32, k1: i32): void {
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const key2 = i32x4.splat(0x1bd11bda ^ k0 ^ k1);
  const one = i32x4.splat(1);
  const times = f32x4.splat(scale);
  const plus = f32x4.splat(shift);
  const limit = i32x4.splat(threshold);
  let counter = i32x4.add(i32x4(0, 1, 2, 3), key0);
  for (; n > 0; n -= 16, x += 64, y += 64) {
    let x0 = counter;
    let x1 = key1;
    let z0 = i32x4.add(counter, i32x4.splat(4));
    let z1 = key1;
    counter = i32x4.add(counter, i32x4.splat(8));
    // the keys come in turn: each pass takes the next two and leaves the third for the following one
    let a = key1;
    let b = key2;
    let c = key0;
    let group = one;
    for (let left = 3; ; left--) {
      x0 = i32x4.add(x0, x1);
      z0 = i32x4.add(z0, z1);
      x1 = mix(x0, x1, 13);
      z1 = mix(z0, z1, 13);
      x0 = i32x4.add(x0, x1);
      z0 = i32x4.add(z0, z1);
      x1 = mix(x0, x1, 15);
      z1 = mix(z0, z1, 15);
      x0 = i32x4.add(x0, x1);
      z0 = i32x4.add(z0, z1);
      x1 = mix(x0, x1, 26);
      z1 = mix(z0, z1, 26);
      x0 = i32x4.add(x0, x1);
      z0 = i32x4.add(z0, z1);
      x1 = mix(x0, x1, 6);
      z1 = mix(z0, z1, 6);
      const first = i32x4.add(b, group);
      x0 = i32x4.add(x0, a);
      z0 = i32x4.add(z0, a);
      x1 = i32x4.add(x1, first);
      z1 = i32x4.add(z1, first);
      group = i32x4.add(group, one);
      if (left == 1) break;
      x0 = i32x4.add(x0, x1);
      z0 = i32x4.add(z0, z1);
      x1 = mix(x0, x1, 17);
      z1 = mix(z0, z1, 17);
      x0 = i32x4.add(x0, x1);
      z0 = i32x4.add(z0, z1);
      x1 = mix(x0, x1, 29);
      z1 = mix(z0, z1, 29);
      x0 = i32x4.add(x0, x1);
      z0 = i32x4.add(z0, z1);
      x1 = mix(x0, x1, 16);
      z1 = mix(z0, z1, 16);
      x0 = i32x4.add(x0, x1);
      z0 = i32x4.add(z0, z1);
      x1 = mix(x0, x1, 24);
      z1 = mix(z0, z1, 24);
      const second = i32x4.add(c, group);
      x0 = i32x4.add(x0, b);
      z0 = i32x4.add(z0, b);
      x1 = i32x4.add(x1, second);
      z1 = i32x4.add(z1, second);
      group = i32x4.add(group, one);
      const third = c;
      c = b;
      b = a;
      a = third;
    }
    settle(mode, x, y, n, x0, x1, times, plus, limit);
    if (n > 8) settle(mode, x + 32, y + 32, n - 8, z0, z1, times, plus, limit);
  }
}

/** y (u32) = the first n numbers of stream (k0, k1). */
export function randomBits(y: usize, n: i32, k0: i32, k1: i32): void {
  stream(Mode.bits, 0, y, n, 0, 0, 0, k0, k1);
}

/** y = low + (high - low) u with u in [0, 1) from the leading 24 bits of the stream's numbers. */
export function uniform(y: usize, n: i32, low: f64, high: f64, k0: i32, k1: i32): void {
  stream(Mode.uniform, 0, y, n, <f32>(high - low), <f32>low, 0, k0, k1);
}

/** y = mean + std z with z standard normal (Box and Muller): elements 2j and 2j + 1 from the words of block j. */
export function normal(y: usize, n: i32, mean: f64, std: f64, k0: i32, k1: i32): void {
  stream(Mode.normal, 0, y, n, <f32>std, <f32>mean, 0, k0, k1);
}

/**
 * y = x / (1 - p) where the element's number of stream (k0, k1) is at least p 2^32, else 0; its own gradient, with the
 * same key. 0 <= p <= 1; y may be x.
 */
export function dropout(x: usize, y: usize, n: i32, p: f64, k0: i32, k1: i32): void {
  if (p >= 1) memory.fill(y, 0, (<usize>n) << 2);
  else stream(Mode.dropout, x, y, n, <f32>(1 / (1 - p)), 0, <i32>(<u32>(p * 4294967296)), k0, k1);
}
