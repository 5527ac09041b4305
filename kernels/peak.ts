// The limit the other kernels are measured against: multiply-adds on registers alone, nothing loaded or stored.
import { fma } from "./fma";

// just off one: sums that neither overflow nor become denormal within any sensible number of iterations
const nearOne = memory.data<f32>([0.9999999], 16);

/** The limit of 128-bit multiply then add, both rounded; 224 flop per iteration. The value is no one's input. */
export function peak(iterations: i32): f32 {
  return chains(iterations, false);
}

/** The limit of `fma` in this build: that of a fused multiply-add in the relaxed one, equal to `peak` in the plain. */
export function peakFma(iterations: i32): f32 {
  return chains(iterations, true);
}

/** 14 independent chains s = s * c + c: as many as 15 registers hold, enough to hide both latencies. */
@inline
function chains(iterations: i32, fused: bool): f32 {
  const c = v128.load32_splat(nearOne);
  let s0 = c;
  let s1 = c;
  let s2 = c;
  let s3 = c;
  let s4 = c;
  let s5 = c;
  let s6 = c;
  let s7 = c;
  let s8 = c;
  let s9 = c;
  let s10 = c;
  let s11 = c;
  let s12 = c;
  let s13 = c;
  for (let i = iterations << 1; i > 0; i--) {
    s0 = step(s0, c, fused);
    s1 = step(s1, c, fused);
    s2 = step(s2, c, fused);
    s3 = step(s3, c, fused);
    s4 = step(s4, c, fused);
    s5 = step(s5, c, fused);
    s6 = step(s6, c, fused);
    s7 = step(s7, c, fused);
    s8 = step(s8, c, fused);
    s9 = step(s9, c, fused);
    s10 = step(s10, c, fused);
    s11 = step(s11, c, fused);
    s12 = step(s12, c, fused);
    s13 = step(s13, c, fused);
  }
  s0 = f32x4.add(s0, s7);
  s1 = f32x4.add(s1, s8);
  s2 = f32x4.add(s2, s9);
  s3 = f32x4.add(s3, s10);
  s4 = f32x4.add(s4, s11);
  s5 = f32x4.add(s5, s12);
  s6 = f32x4.add(s6, s13);
  s0 = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(s4, f32x4.add(s5, s6)));
  return f32x4.extract_lane(s0, 0);
}

@inline
function step(s: v128, c: v128, fused: bool): v128 {
  return fused ? fma(s, c, c) : f32x4.add(f32x4.mul(s, c), c);
}
