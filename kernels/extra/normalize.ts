// Normalisation by mean and variance over groups of x[outer, groups, inner]: layer, group and instance norm have their
// groups one after another (outer = 1), batch norm has one for every channel. Scale and shift belong to channels, of which
// each is a run of `run` elements within a group, counted on through the groups: channel (g inner / run + i / run) mod channels.
//
// Three ways to lie, and so three loops each: a channel per element (layer norm), a channel per run, and groups that are
// single columns (inner = 1), where lanes run along the groups.
import { firstLanes, lastLanes, lastVector, storeLanes, sumAcross } from "../lanes";

/** Sum of n elements, of (x - m)^2 if squares. */
@inline
function spread(x: usize, n: i32, m: v128, squares: bool): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (; n >= 8; n -= 8, x += 32) {
    s0 = f32x4.add(s0, part(x, m, squares));
    s1 = f32x4.add(s1, part(x + 16, m, squares));
  }
  if (n >= 4) {
    s0 = f32x4.add(s0, part(x, m, squares));
    n -= 4;
    x += 16;
  }
  if (n) s1 = f32x4.add(s1, v128.and(part(x, m, squares), firstLanes(n)));
  return f32x4.add(s0, s1);
}

@inline
function part(x: usize, m: v128, squares: bool): v128 {
  const v = v128.load(x);
  if (!squares) return v;
  const d = f32x4.sub(v, m);
  return f32x4.mul(d, d);
}

/** mean[groups] and variance[groups] of x[outer, groups, inner], the variance divided by n, not n - 1. */
export function moments(x: usize, mean: usize, variance: usize, outer: i32, groups: i32, inner: i32): void {
  const step = <usize>(groups * inner) << 2;
  const per = f32x4.splat(<f32>1 / <f32>(outer * inner));
  if (inner == 1) {
    for (; groups > 0; groups -= 4, x += 16, mean += 16, variance += 16) {
      let s = f32x4.splat(0);
      for (let o = 0, at = x; o < outer; o++, at += step) s = f32x4.add(s, v128.load(at));
      const m = f32x4.mul(s, per);
      s = f32x4.splat(0);
      for (let o = 0, at = x; o < outer; o++, at += step) s = f32x4.add(s, part(at, m, true));
      storeLanes(mean, m, min(4, groups));
      storeLanes(variance, f32x4.mul(s, per), min(4, groups));
    }
    return;
  }
  for (; groups > 0; groups--, x += (<usize>inner) << 2, mean += 4, variance += 4) {
    let s = f32x4.splat(0);
    for (let o = 0, at = x; o < outer; o++, at += step) s = f32x4.add(s, spread(at, inner, s, false));
    const m = f32x4.mul(sumAcross(s), per);
    s = f32x4.splat(0);
    for (let o = 0, at = x; o < outer; o++, at += step) s = f32x4.add(s, spread(at, inner, m, true));
    v128.store32_lane(mean, m, 0);
    v128.store32_lane(variance, f32x4.mul(sumAcross(s), per), 0);
  }
}

/** 1 / sqrt(variance + eps). */
@inline
function rate(variance: v128, eps: f32): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(eps))));
}

/** y = (x - m) r w + b; weights by lane or, where `w` is no address but 0, as they are given. */
@inline
function forward(x: usize, y: usize, n: i32, m: v128, r: v128, w: usize, b: usize, scale: v128, shift: v128): void {
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    if (w) {
      scale = f32x4.mul(r, v128.load(w + i));
      shift = v128.load(b + i);
    }
    const v = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x + i), m), scale), shift);
    if (i == last) return storeLanes(y + i, v, lastLanes(n));
    v128.store(y + i, v);
  }
}

/** y = (x - mean) / sqrt(variance + eps) w + b; w = 0: neither scale nor shift. */
export function normalize(
  x: usize,
  mean: usize,
  variance: usize,
  w: usize,
  b: usize,
  y: usize,
  outer: i32,
  groups: i32,
  inner: i32,
  channels: i32,
  run: i32,
  eps: f32,
): void {
  if (groups <= 0 || inner <= 0) return;
  const zero = f32x4.splat(0);
  const bytes = (<usize>run) << 2;
  for (let o = 0; o < outer; o++) {
    if (inner == 1 && (!w || channels == groups)) {
      const last = lastVector(groups);
      for (let i: usize = 0; i <= last; i += 16) {
        const r = rate(v128.load(variance + i), eps);
        let v = f32x4.mul(f32x4.sub(v128.load(x + i), v128.load(mean + i)), r);
        if (w) v = f32x4.add(f32x4.mul(v, v128.load(w + i)), v128.load(b + i));
        storeLanes(y + i, v, i == last ? lastLanes(groups) : 4);
      }
      x += (<usize>groups) << 2;
      y += (<usize>groups) << 2;
      continue;
    }
    let c = 0;
    for (let g: usize = 0; g < <usize>groups; g++) {
      const m = v128.load32_splat(mean + (g << 2));
      const r = rate(v128.load32_splat(variance + (g << 2)), eps);
      if (!w || run == 1) {
        const at = (<usize>c) << 2;
        forward(x, y, inner, m, r, w ? w + at : 0, b + at, r, zero);
        x += (<usize>inner) << 2;
        y += (<usize>inner) << 2;
        c += inner;
        if (c >= channels) c = 0;
        continue;
      }
      for (let i = 0; i < inner; i += run, x += bytes, y += bytes) {
        const at = (<usize>c) << 2;
        forward(x, y, run, m, r, 0, 0, f32x4.mul(r, v128.load32_splat(w + at)), v128.load32_splat(b + at));
        if (++c == channels) c = 0;
      }
    }
  }
}

let sumG = f32x4.splat(0);
let sumGX = f32x4.splat(0);

/** Adds to the sums of g w and g w (x - m) over n elements. */
@inline
function gather(x: usize, gy: usize, n: i32, m: v128, w: usize, scale: v128): void {
  let s = sumG;
  let t = sumGX;
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    if (w) scale = v128.load(w + i);
    let g = f32x4.mul(v128.load(gy + i), scale);
    const d = f32x4.sub(v128.load(x + i), m);
    if (i == last) {
      const mask = firstLanes(lastLanes(n));
      g = v128.and(g, mask);
      sumG = f32x4.add(s, g);
      sumGX = f32x4.add(t, v128.and(f32x4.mul(g, d), mask));
      return;
    }
    s = f32x4.add(s, g);
    t = f32x4.add(t, f32x4.mul(g, d));
  }
}

/** gx = r (g w - p - (x - m) q). */
@inline
function spreadBack(x: usize, gy: usize, gx: usize, n: i32, m: v128, r: v128, w: usize, scale: v128, p: v128, q: v128): void {
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    if (w) scale = v128.load(w + i);
    const g = f32x4.sub(f32x4.mul(v128.load(gy + i), scale), p);
    const v = f32x4.mul(f32x4.sub(g, f32x4.mul(f32x4.sub(v128.load(x + i), m), q)), r);
    if (i == last) return storeLanes(gx + i, v, lastLanes(n));
    v128.store(gx + i, v);
  }
}

/**
 * gx of `normalize`: r (g w - mean of g w - h mean of g w h), h = (x - mean) r, r = 1 / sqrt(variance + eps), the means
 * over the group; with fixed = 1, where mean and variance do not depend on x, r g w.
 */
export function normalizeGrad(
  x: usize,
  mean: usize,
  variance: usize,
  w: usize,
  gy: usize,
  gx: usize,
  outer: i32,
  groups: i32,
  inner: i32,
  channels: i32,
  run: i32,
  eps: f32,
  fixed: i32,
): void {
  if (outer <= 0 || inner <= 0) return;
  const step = <usize>(groups * inner) << 2;
  const per = f32x4.splat(<f32>1 / <f32>(outer * inner));
  const one = f32x4.splat(1);
  if (inner == 1 && (!w || channels == groups)) {
    for (; groups > 0; groups -= 4, x += 16, gy += 16, gx += 16, mean += 16, variance += 16) {
      const m = v128.load(mean);
      const r = rate(v128.load(variance), eps);
      const scale = w ? v128.load(w) : one;
      let s = f32x4.splat(0);
      let t = s;
      if (!fixed)
        for (let o = 0, at: usize = 0; o < outer; o++, at += step) {
          const g = f32x4.mul(v128.load(gy + at), scale);
          s = f32x4.add(s, g);
          t = f32x4.add(t, f32x4.mul(g, f32x4.sub(v128.load(x + at), m)));
        }
      const p = f32x4.mul(s, per);
      const q = f32x4.mul(f32x4.mul(t, per), f32x4.mul(r, r));
      for (let o = 0, at: usize = 0; o < outer; o++, at += step) {
        const g = f32x4.sub(f32x4.mul(v128.load(gy + at), scale), p);
        const v = f32x4.mul(f32x4.sub(g, f32x4.mul(f32x4.sub(v128.load(x + at), m), q)), r);
        storeLanes(gx + at, v, min(4, groups));
      }
      if (w) w += 16;
    }
    return;
  }
  const size = (<usize>inner) << 2;
  const whole = !w || run == 1;
  const length = whole ? inner : run;
  const bytes = (<usize>length) << 2;
  let first = 0;
  for (let g: usize = 0; g < <usize>groups; g++, x += size, gy += size, gx += size) {
    const m = v128.load32_splat(mean + (g << 2));
    const r = rate(v128.load32_splat(variance + (g << 2)), eps);
    const at = w + ((<usize>first) << 2);
    sumG = f32x4.splat(0);
    sumGX = f32x4.splat(0);
    if (!fixed)
      for (let o = 0, from: usize = 0; o < outer; o++, from += step) {
        let weights = at;
        for (let i: usize = 0; i < size; i += bytes, weights += 4) {
          if (whole) gather(x + from + i, gy + from + i, length, m, w ? weights : 0, one);
          else gather(x + from + i, gy + from + i, length, m, 0, v128.load32_splat(weights));
        }
      }
    const p = f32x4.mul(sumAcross(sumG), per);
    const q = f32x4.mul(f32x4.mul(sumAcross(sumGX), per), f32x4.mul(r, r));
    for (let o = 0, from: usize = 0; o < outer; o++, from += step) {
      let weights = at;
      for (let i: usize = 0; i < size; i += bytes, weights += 4) {
        const to = from + i;
        if (whole) spreadBack(x + to, gy + to, gx + to, length, m, r, w ? weights : 0, one, p, q);
        else spreadBack(x + to, gy + to, gx + to, length, m, r, 0, v128.load32_splat(weights), p, q);
      }
    }
    first += inner / run;
    if (first >= channels) first = 0;
  }
}

/** Gradients of scale and shift of `normalize`: gw[channels] = sum of g (x - mean) r, gb[channels] = sum of g. */
export function normalizeGradScale(
  x: usize,
  mean: usize,
  variance: usize,
  gy: usize,
  gw: usize,
  gb: usize,
  outer: i32,
  groups: i32,
  inner: i32,
  channels: i32,
  run: i32,
  eps: f32,
): void {
  memory.fill(gw, 0, (<usize>channels) << 2);
  memory.fill(gb, 0, (<usize>channels) << 2);
  if (inner <= 0 || groups <= 0) return;
  const columns = inner == 1 && channels == groups;
  const rows = columns ? 1 : groups;
  const bytes = (<usize>run) << 2;
  for (let o = 0; o < outer; o++) {
    let c = 0;
    for (let g: usize = 0; g < <usize>rows; g++) {
      let m = v128.load32_splat(mean + (g << 2));
      let r = rate(v128.load32_splat(variance + (g << 2)), eps);
      if (columns || run == 1) {
        const n = columns ? groups : inner;
        const to = (<usize>c) << 2;
        const last = lastVector(n);
        for (let i: usize = 0; i <= last; i += 16) {
          if (columns) {
            m = v128.load(mean + i);
            r = rate(v128.load(variance + i), eps);
          }
          const gradient = v128.load(gy + i);
          const h = f32x4.mul(f32x4.sub(v128.load(x + i), m), r);
          const lanes = i == last ? lastLanes(n) : 4;
          storeLanes(gw + to + i, f32x4.add(v128.load(gw + to + i), f32x4.mul(gradient, h)), lanes);
          storeLanes(gb + to + i, f32x4.add(v128.load(gb + to + i), gradient), lanes);
        }
        x += (<usize>n) << 2;
        gy += (<usize>n) << 2;
        c += n;
        if (c >= channels) c = 0;
        continue;
      }
      for (let i = 0; i < inner; i += run, x += bytes, gy += bytes) {
        const to = (<usize>c) << 2;
        sumG = f32x4.splat(0);
        sumGX = f32x4.splat(0);
        gather(x, gy, run, m, 0, f32x4.splat(1));
        const h = f32x4.extract_lane(f32x4.mul(sumAcross(sumGX), r), 0);
        store<f32>(gw + to, load<f32>(gw + to) + h);
        store<f32>(gb + to, load<f32>(gb + to) + f32x4.extract_lane(sumAcross(sumG), 0));
        if (++c == channels) c = 0;
      }
    }
  }
}
