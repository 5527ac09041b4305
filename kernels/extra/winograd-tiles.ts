// The transforms of a 3x3 convolution by tiles of 4x4 outputs (Winograd 1980; Lavin and Gray, arXiv 1509.09308): polynomials
// are multiplied by their values at 0, 11/16, -11/16, 3/2, -3/2 and infinity. These points lose half as many digits as the usual
// 0, 1, -1, 2, -2, and every coefficient of the input's and the output's transform is a number in single precision.
//
// Lanes are four channels of one tile. A matrix of 6x6 has its elements `step` bytes apart, row by row; `work` is room for one.
import { storeLanes } from "../lanes";

// a^2, b^2, a^2 b^2, a^2 + b^2, a, b, a^3, b^3 for a = 11/16, b = 3/2
const point = memory.data<f32>([0.47265625, 2.25, 1.0634765625, 2.72265625, 0.6875, 1.5, 0.324951171875, 3.375], 16);
// 1 / (a b)^2; 1, a, a^2 over 2 a^2 (a^2 - b^2); 1, b, b^2 over 2 b^2 (b^2 - a^2)
const weight = memory.data<f32>(
  [
    0.9403122130394858, -0.595186631550268, -0.4091908091908092, -0.2813186813186813, 0.12503052503052503,
    0.18754578754578755, 0.2813186813186813,
  ],
  16,
);

/** Bytes of `work`. */
export const workBytes = 576;

@inline
function at(table: usize, i: usize): v128 {
  return v128.load32_splat(table + (i << 2));
}

/** Six inputs to the values at the points. */
@inline
function input(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  const a2 = at(point, 0);
  const b2 = at(point, 1);
  const both = at(point, 2);
  const sum = at(point, 3);
  v128.store(to, f32x4.sub(f32x4.add(f32x4.mul(d0, both), d4), f32x4.mul(d2, sum)));
  const e = f32x4.sub(d4, f32x4.mul(d2, b2));
  const o = f32x4.mul(f32x4.sub(d3, f32x4.mul(d1, b2)), at(point, 4));
  v128.store(to + step, f32x4.add(e, o));
  v128.store(to + (step << 1), f32x4.sub(e, o));
  const f = f32x4.sub(d4, f32x4.mul(d2, a2));
  const p = f32x4.mul(f32x4.sub(d3, f32x4.mul(d1, a2)), at(point, 5));
  v128.store(to + step * 3, f32x4.add(f, p));
  v128.store(to + (step << 2), f32x4.sub(f, p));
  v128.store(to + step * 5, f32x4.sub(f32x4.add(f32x4.mul(d1, both), d5), f32x4.mul(d3, sum)));
}

/** 6x6 inputs at p0 to p3, one plane each, rows `row` bytes apart, to the values `to`. */
export function inputTile(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  row: usize,
  to: usize,
  step: usize,
  work: usize,
): void {
  const end = work + workBytes;
  for (let w = work; w < end; w += 96, p0 += row, p1 += row, p2 += row, p3 += row) {
    const a = v128.load(p0);
    const b = v128.load(p1);
    const c = v128.load(p2);
    const d = v128.load(p3);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    const abLast = v128.shuffle<f32>(v128.load64_zero(p0, 16), v128.load64_zero(p1, 16), 0, 4, 1, 5);
    const cdLast = v128.shuffle<f32>(v128.load64_zero(p2, 16), v128.load64_zero(p3, 16), 0, 4, 1, 5);
    input(
      v128.shuffle<f32>(ab, cd, 0, 1, 4, 5),
      v128.shuffle<f32>(ab, cd, 2, 3, 6, 7),
      v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5),
      v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7),
      v128.shuffle<f32>(abLast, cdLast, 0, 1, 4, 5),
      v128.shuffle<f32>(abLast, cdLast, 2, 3, 6, 7),
      w,
      16,
    );
  }
  for (let w = work; w < work + 96; w += 16, to += step)
    input(
      v128.load(w),
      v128.load(w, 96),
      v128.load(w, 192),
      v128.load(w, 288),
      v128.load(w, 384),
      v128.load(w, 480),
      to,
      step * 6,
    );
}

/** Four gradients of outputs to the values at the points. */
@inline
function gradient(g0: v128, g1: v128, g2: v128, g3: v128, to: usize, step: usize): void {
  v128.store(to, g0);
  const e = f32x4.add(g0, f32x4.mul(g2, at(point, 0)));
  const o = f32x4.add(f32x4.mul(g1, at(point, 4)), f32x4.mul(g3, at(point, 6)));
  v128.store(to + step, f32x4.add(e, o));
  v128.store(to + (step << 1), f32x4.sub(e, o));
  const f = f32x4.add(g0, f32x4.mul(g2, at(point, 1)));
  const p = f32x4.add(f32x4.mul(g1, at(point, 5)), f32x4.mul(g3, at(point, 7)));
  v128.store(to + step * 3, f32x4.add(f, p));
  v128.store(to + (step << 2), f32x4.sub(f, p));
  v128.store(to + step * 5, g3);
}

/** 4x4 gradients of outputs, as `inputTile`. */
export function gradientTile(
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  row: usize,
  to: usize,
  step: usize,
  work: usize,
): void {
  for (let w = work; w < work + 384; w += 96, p0 += row, p1 += row, p2 += row, p3 += row) {
    const a = v128.load(p0);
    const b = v128.load(p1);
    const c = v128.load(p2);
    const d = v128.load(p3);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    gradient(
      v128.shuffle<f32>(ab, cd, 0, 1, 4, 5),
      v128.shuffle<f32>(ab, cd, 2, 3, 6, 7),
      v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5),
      v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7),
      w,
      16,
    );
  }
  for (let w = work; w < work + 96; w += 16, to += step)
    gradient(v128.load(w), v128.load(w, 96), v128.load(w, 192), v128.load(w, 288), to, step * 6);
}

/** The 6x6 products `from` to 4x4 outputs of up to 4 channels at y, plus the bias unless b = 0; `rows` and `columns` of them are within the plane. */
export function outputTile(
  from: usize,
  step: usize,
  b: usize,
  y: usize,
  plane: usize,
  row: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  work: usize,
): void {
  const bias = b ? v128.load(b) : f32x4.splat(0);
  const a2 = at(point, 0);
  const b2 = at(point, 1);
  const down = step * 6;
  for (let w = work; w < work + 96; w += 16, from += step) {
    const m1 = v128.load(from + down);
    const m2 = v128.load(from + (down << 1));
    const m3 = v128.load(from + down * 3);
    const m4 = v128.load(from + (down << 2));
    const p = f32x4.add(m1, m2);
    const q = f32x4.sub(m1, m2);
    const r = f32x4.add(m3, m4);
    const t = f32x4.sub(m3, m4);
    v128.store(w, f32x4.add(f32x4.add(p, r), v128.load(from)));
    v128.store(w, f32x4.add(f32x4.mul(q, at(point, 4)), f32x4.mul(t, at(point, 5))), 96);
    v128.store(w, f32x4.add(f32x4.mul(p, a2), f32x4.mul(r, b2)), 192);
    const odd = f32x4.add(f32x4.mul(q, at(point, 6)), f32x4.mul(t, at(point, 7)));
    v128.store(w, f32x4.add(odd, v128.load(from + down * 5)), 288);
  }
  for (; rows > 0; rows--, work += 96, y += row) {
    const m1 = v128.load(work, 16);
    const m2 = v128.load(work, 32);
    const m3 = v128.load(work, 48);
    const m4 = v128.load(work, 64);
    const p = f32x4.add(m1, m2);
    const q = f32x4.sub(m1, m2);
    const r = f32x4.add(m3, m4);
    const t = f32x4.sub(m3, m4);
    const o0 = f32x4.add(f32x4.add(f32x4.add(p, r), v128.load(work)), bias);
    const o1 = f32x4.add(f32x4.add(f32x4.mul(q, at(point, 4)), f32x4.mul(t, at(point, 5))), bias);
    const o2 = f32x4.add(f32x4.add(f32x4.mul(p, a2), f32x4.mul(r, b2)), bias);
    const odd = f32x4.add(f32x4.mul(q, at(point, 6)), f32x4.mul(t, at(point, 7)));
    const o3 = f32x4.add(f32x4.add(odd, v128.load(work, 80)), bias);
    const low = v128.shuffle<f32>(o0, o1, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(o2, o3, 0, 4, 1, 5);
    const lowLast = v128.shuffle<f32>(o0, o1, 2, 6, 3, 7);
    const highLast = v128.shuffle<f32>(o2, o3, 2, 6, 3, 7);
    storeLanes(y, v128.shuffle<f32>(low, high, 0, 1, 4, 5), columns);
    if (channels > 1) storeLanes(y + plane, v128.shuffle<f32>(low, high, 2, 3, 6, 7), columns);
    if (channels > 2) storeLanes(y + (plane << 1), v128.shuffle<f32>(lowLast, highLast, 0, 1, 4, 5), columns);
    if (channels > 3) storeLanes(y + plane * 3, v128.shuffle<f32>(lowLast, highLast, 2, 3, 6, 7), columns);
  }
}

/** Three weights to the values at the points. */
@inline
function weights(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  v128.store(to, f32x4.mul(g0, at(weight, 0)));
  const e = f32x4.add(f32x4.mul(g0, at(weight, 1)), f32x4.mul(g2, at(weight, 3)));
  const o = f32x4.mul(g1, at(weight, 2));
  v128.store(to + step, f32x4.add(e, o));
  v128.store(to + (step << 1), f32x4.sub(e, o));
  const f = f32x4.add(f32x4.mul(g0, at(weight, 4)), f32x4.mul(g2, at(weight, 6)));
  const p = f32x4.mul(g1, at(weight, 5));
  v128.store(to + step * 3, f32x4.add(f, p));
  v128.store(to + (step << 2), f32x4.sub(f, p));
  v128.store(to + step * 5, g2);
}

/** Nine vectors of weights at `taps` to the values `to`. */
export function weightTile(taps: usize, to: usize, step: usize, work: usize): void {
  for (let w = work; w < work + 288; w += 96, taps += 48)
    weights(v128.load(taps), v128.load(taps, 16), v128.load(taps, 32), w, 16);
  for (let w = work; w < work + 96; w += 16, to += step)
    weights(v128.load(w), v128.load(w, 96), v128.load(w, 192), to, step * 6);
}

/** Six values to the gradients of three weights. */
@inline
function weightsBack(
  h0: v128,
  h1: v128,
  h2: v128,
  h3: v128,
  h4: v128,
  h5: v128,
  to: usize,
  step: usize,
): void {
  const p = f32x4.add(h1, h2);
  const q = f32x4.sub(h1, h2);
  const r = f32x4.add(h3, h4);
  const t = f32x4.sub(h3, h4);
  const even = f32x4.add(f32x4.mul(p, at(weight, 1)), f32x4.mul(r, at(weight, 4)));
  v128.store(to, f32x4.add(even, f32x4.mul(h0, at(weight, 0))));
  v128.store(to + step, f32x4.add(f32x4.mul(q, at(weight, 2)), f32x4.mul(t, at(weight, 5))));
  v128.store(to + (step << 1), f32x4.add(f32x4.add(f32x4.mul(p, at(weight, 3)), f32x4.mul(r, at(weight, 6))), h5));
}

/** The reverse of `weightTile` for gradients: the values `from` to nine vectors at `taps`. */
export function weightTileGrad(from: usize, step: usize, taps: usize, work: usize): void {
  const down = step * 6;
  for (let w = work; w < work + 96; w += 16, from += step)
    weightsBack(
      v128.load(from),
      v128.load(from + down),
      v128.load(from + (down << 1)),
      v128.load(from + down * 3),
      v128.load(from + (down << 2)),
      v128.load(from + down * 5),
      w,
      96,
    );
  for (let w = work; w < work + 288; w += 96, taps += 48)
    weightsBack(
      v128.load(w),
      v128.load(w, 16),
      v128.load(w, 32),
      v128.load(w, 48),
      v128.load(w, 64),
      v128.load(w, 80),
      taps,
      16,
    );
}
