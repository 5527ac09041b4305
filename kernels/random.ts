// Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers:
// as easy as 1, 2, 3"). Number n of stream (k0, k1) is word n & 1 of the block with counter (n >>> 1, 0), so any part
// of a stream can be made on its own. One loop makes the numbers, what becomes of them is a branch per eight.
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

/** The n first numbers of a stream, each turned into shift + scale * (what `mode` says), or masking x for dropout. */
function stream(mode: i32, x: usize, y: usize, n: i32, scale: f32, shift: f32, threshold: i32, k0: i32, k1: i32): void {
  const key0 = i32x4.splat(k0);
  const key1 = i32x4.splat(k1);
  const key2 = i32x4.splat(0x1bd11bda ^ k0 ^ k1);
  const one = i32x4.splat(1);
  const times = f32x4.splat(scale);
  const plus = f32x4.splat(shift);
  let counter = i32x4(0, 1, 2, 3);
  for (; n > 0; n -= 8, x += 32, y += 32) {
    let x0 = i32x4.add(counter, key0);
    let x1 = key1;
    counter = i32x4.add(counter, i32x4.splat(4));
    // the keys come in turn: each pass of the loop uses the next two and leaves the third for the following
    let a = key1;
    let b = key2;
    let c = key0;
    let group = one;
    for (let left = 3; ; left--) {
      x0 = i32x4.add(x0, x1);
      x1 = mix(x0, x1, 13);
      x0 = i32x4.add(x0, x1);
      x1 = mix(x0, x1, 15);
      x0 = i32x4.add(x0, x1);
      x1 = mix(x0, x1, 26);
      x0 = i32x4.add(x0, x1);
      x1 = mix(x0, x1, 6);
      x0 = i32x4.add(x0, a);
      x1 = i32x4.add(x1, i32x4.add(b, group));
      group = i32x4.add(group, one);
      if (left == 1) break;
      x0 = i32x4.add(x0, x1);
      x1 = mix(x0, x1, 17);
      x0 = i32x4.add(x0, x1);
      x1 = mix(x0, x1, 29);
      x0 = i32x4.add(x0, x1);
      x1 = mix(x0, x1, 16);
      x0 = i32x4.add(x0, x1);
      x1 = mix(x0, x1, 24);
      x0 = i32x4.add(x0, b);
      x1 = i32x4.add(x1, i32x4.add(c, group));
      group = i32x4.add(group, one);
      const last = c;
      c = b;
      b = a;
      a = last;
    }
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
      const limit = i32x4.splat(threshold);
      low = v128.and(f32x4.mul(v128.load(x), times), i32x4.ge_u(low, limit));
      if (n > 4) high = v128.and(f32x4.mul(v128.load(x, 16), times), i32x4.ge_u(high, limit));
    }
    if (n < 8) {
      if (n < 4) storeLanes(y, low, n);
      else {
        v128.store(y, low);
        storeLanes(y + 16, high, n - 4);
      }
      return;
    }
    v128.store(y, low);
    v128.store(y, high, 16);
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
