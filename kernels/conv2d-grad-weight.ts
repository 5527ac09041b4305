// Gradients of a convolution with respect to its weights and bias. Lanes are pixels where the rows of gy are whole
// vectors, else output channels, for which gy is transposed sample by sample; either way partial sums of the whole batch
// stay in scratch and are put in order once, at the end.
import { dotRuns } from "./conv2d-dots";
import { lines, outputSide, paddedBytes, padSample, toPixels } from "./conv2d-layout";
import { storeLanes } from "./lanes";
import { sumLanes } from "./matmul-dot";
import { outer } from "./matmul-outer";
import { blockRows, fresh, longest, settle, total } from "./pairwise";
import { sumOf } from "./reduce";

/** gw[oc, ic, kh, kw] = sum over batch and positions of gy * x. */
export function conv2dGradWeight(
  x: usize,
  gy: usize,
  gw: usize,
  batch: i32,
  ic: i32,
  ih: i32,
  iw: i32,
  oc: i32,
  kh: i32,
  kw: i32,
  stride: i32,
  pad: i32,
  scratch: usize,
): void {
  const oh = outputSide(ih, kh, stride, pad);
  const ow = outputSide(iw, kw, stride, pad);
  const taps = ic * kh * kw;
  if (!oh || !ow || !batch || !taps) {
    memory.fill(gw, 0, (<usize>(oc * taps)) << 2);
    return;
  }
  const height = ih + 2 * pad;
  const width = iw + 2 * pad;
  const row = (<usize>width) << 2;
  const padded = scratch;
  const table = padded + paddedBytes(ic, height, width, pad);
  const rows = table + lines(taps * 4);
  const partial = rows + lines(oh * 4);
  const pixels = partial + lines(partialBytes(taps, oc));
  tapOffsets(table, ic, kh, kw, <usize>height * row, row);
  for (let oy = 0; oy < oh; oy++) store<u32>(rows + ((<usize>oy) << 2), <usize>(oy * stride) * row);
  const alongPixels = prefersPixels(ow, oc, taps, stride);

  const inSample = (<usize>(ic * ih * iw)) << 2;
  const outSample = (<usize>(oc * oh * ow)) << 2;
  for (let n = 0; n < batch; n++, x += inSample, gy += outSample) {
    let from = x;
    if (pad) {
      padSample(x, padded, ic, ih, iw, pad);
      from = padded;
    }
    if (alongPixels) alongVectors(from, gy, partial, oc, oh, ow, taps, table, row, n);
    else {
      const pixel = (<usize>((oc + 3) & ~3)) << 2;
      toPixels(gy, pixels, oc, 1, oh * ow, pixel, 0);
      alongChannels(from, pixels, pixel, partial, oc, ow, taps, table, rows, rows + ((<usize>oh) << 2), stride, n);
    }
  }
  if (alongPixels) sumVectors(partial, gw, oc, taps);
  else ungroupChannels(partial, gw, oc, taps);
}

/** Bytes of scratch `conv2dGradWeight` needs for these sizes. */
export function conv2dGradWeightScratchBytes(
  batch: i32,
  ic: i32,
  ih: i32,
  iw: i32,
  oc: i32,
  kh: i32,
  kw: i32,
  stride: i32,
  pad: i32,
): i32 {
  const oh = outputSide(ih, kh, stride, pad);
  const ow = outputSide(iw, kw, stride, pad);
  const taps = ic * kh * kw;
  const tables = lines(taps * 4) + lines(oh * 4);
  const pixels = oh * ow * ((oc + 3) & ~3) * 4;
  return paddedBytes(ic, ih + 2 * pad, iw + 2 * pad, pad) + tables + lines(partialBytes(taps, oc)) + pixels;
}

/** gb[oc] = sum over batch and plane of gy[batch, oc, plane]. */
export function conv2dGradBias(gy: usize, gb: usize, batch: i32, oc: i32, plane: i32): void {
  const sample = (<usize>(oc * plane)) << 2;
  const zero = f32x4.splat(0);
  if (<i64>batch * <i64>plane > longest << 4) return longBias(gy, gb, batch, oc, plane);
  for (let o = 0; o < oc; o++, gb += 4) {
    let s0 = zero;
    let s1 = zero;
    let s2 = zero;
    let s3 = zero;
    let rest: f32 = 0;
    let from = gy + ((<usize>(o * plane)) << 2);
    for (let n = 0; n < batch; n++, from += sample) {
      let at = from;
      let i = 0;
      for (; i + 16 <= plane; i += 16, at += 64) {
        s0 = f32x4.add(s0, v128.load(at));
        s1 = f32x4.add(s1, v128.load(at, 16));
        s2 = f32x4.add(s2, v128.load(at, 32));
        s3 = f32x4.add(s3, v128.load(at, 48));
      }
      for (; i + 4 <= plane; i += 4, at += 16) s0 = f32x4.add(s0, v128.load(at));
      for (; i < plane; i++, at += 4) rest += load<f32>(at);
    }
    const sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), zero, zero, zero);
    store<f32>(gb, f32x4.extract_lane(sum, 0) + rest);
  }
}

/** `conv2dGradBias` where sums are long: samples by blocks, unless there are few and each is long. */
function longBias(gy: usize, gb: usize, batch: i32, oc: i32, plane: i32): void {
  const sample = (<usize>(oc * plane)) << 2;
  for (let o = 0; o < oc; o++, gb += 4) {
    let from = gy + ((<usize>(o * plane)) << 2);
    let blocks = 0;
    let sum: f32 = 0;
    if (plane > longest << 4) {
      for (let n = 0; n < batch; n++, from += sample) sum += sumOf(from, plane);
      store<f32>(gb, sum);
      continue;
    }
    for (let n = 0; n < batch; blocks++) {
      sum = 0;
      for (const end = min(batch, n + blockRows); n < end; n++, from += sample) sum += sumOf(from, plane);
      v128.store(fresh, f32x4.splat(sum));
      settle(blocks);
    }
    total(blocks);
    store<f32>(gb, load<f32>(fresh));
  }
}

/** Which lanes cost less, in cycles per row of gy: four per full tile, narrow tiles and short rows pay extra. */
function prefersPixels(ow: i32, oc: i32, taps: i32, stride: i32): bool {
  if (stride > 1 || ow & 3) return false;
  const vectors = ((oc + 1) >> 1) * ((taps + 3) >> 2) * (ow + 4);
  const last = (oc + 3) & 12;
  const groups = (oc >> 4) * 8 + (oc & 15 ? (last == 0 ? 8 : last == 12 ? 6 : 5) : 0);
  return vectors <= (((taps + 1) >> 1) * groups * (ow + 1)) >> 1;
}

/** Room for either kind of partial sums. */
function partialBytes(taps: i32, oc: i32): i32 {
  const vectors = ((oc + 1) >> 1) * ((taps + 3) >> 2) * 128;
  const groups = ((oc + 15) >> 4) * ((taps + 1) & ~1) * 64;
  return max(vectors, groups);
}

/** table[tap] = byte offset of the tap in a sample. */
function tapOffsets(table: usize, ic: i32, kh: i32, kw: i32, plane: usize, row: usize): void {
  for (let c = 0; c < ic; c++)
    for (let ky = 0; ky < kh; ky++)
      for (let kx = 0; kx < kw; kx++, table += 4)
        store<u32>(table, <usize>c * plane + <usize>ky * row + ((<usize>kx) << 2));
}

/** One sample: tiles of 2 output channels by 4 taps, lanes along the rows of gy. */
function alongVectors(
  x: usize,
  gy: usize,
  partial: usize,
  oc: i32,
  oh: i32,
  ow: i32,
  taps: i32,
  table: usize,
  row: usize,
  accumulate: i32,
): void {
  const plane = (<usize>(oh * ow)) << 2;
  const jump = row - ((<usize>ow) << 2);
  for (let o = 0; o < oc; o += 2, gy += plane << 1) {
    const g1 = o + 1 < oc ? gy + plane : gy;
    for (let tap = 0; tap < taps; tap += 4, partial += 128) {
      // a last incomplete group repeats its last tap
      const x0 = x + load<u32>(table + ((<usize>tap) << 2));
      const x1 = x + load<u32>(table + ((<usize>min(tap + 1, taps - 1)) << 2));
      const x2 = x + load<u32>(table + ((<usize>min(tap + 2, taps - 1)) << 2));
      const x3 = x + load<u32>(table + ((<usize>min(tap + 3, taps - 1)) << 2));
      dotRuns(4, gy, g1, x0, x1, x2, x3, ow >> 2, oh, 0, jump, partial, accumulate);
    }
  }
}

/** gw[o, tap] = the sums of the lanes that `alongVectors` left. */
function sumVectors(partial: usize, gw: usize, oc: i32, taps: i32): void {
  for (let o = 0; o < oc; o += 2)
    for (let tap = 0; tap < taps; tap += 4, partial += 128) {
      const out = gw + ((<usize>(o * taps + tap)) << 2);
      const columns = min(4, taps - tap);
      const first = sumLanes(
        v128.load(partial),
        v128.load(partial, 16),
        v128.load(partial, 32),
        v128.load(partial, 48),
      );
      storeLanes(out, first, columns);
      if (o + 1 == oc) continue;
      const second = sumLanes(
        v128.load(partial, 64),
        v128.load(partial, 80),
        v128.load(partial, 96),
        v128.load(partial, 112),
      );
      storeLanes(out + ((<usize>taps) << 2), second, columns);
    }
}

/** One sample: tiles of 2 taps by up to 16 output channels, lanes along the channels of a pixel of gy. */
function alongChannels(
  x: usize,
  pixels: usize,
  pixel: usize,
  partial: usize,
  oc: i32,
  ow: i32,
  taps: i32,
  table: usize,
  rows: usize,
  rowsEnd: usize,
  stride: i32,
  accumulate: i32,
): void {
  const step = (<usize>stride) << 2;
  for (let o = 0; o < oc; o += 16, pixels += 64) {
    const columns = oc - o;
    for (let tap = 0; tap < taps; tap += 2, partial += 128) {
      const x0 = x + load<u32>(table + ((<usize>tap) << 2));
      const x1 = x + load<u32>(table + ((<usize>min(tap + 1, taps - 1)) << 2));
      const p1 = partial + 64;
      if (columns > 12) outer(2, 4, x0, x1, step, pixels, pixel, ow, rows, rowsEnd, partial, p1, accumulate);
      else if (columns > 8) outer(2, 3, x0, x1, step, pixels, pixel, ow, rows, rowsEnd, partial, p1, accumulate);
      else if (columns > 4) outer(2, 2, x0, x1, step, pixels, pixel, ow, rows, rowsEnd, partial, p1, accumulate);
      else outer(2, 1, x0, x1, step, pixels, pixel, ow, rows, rowsEnd, partial, p1, accumulate);
    }
  }
}

/** gw[o, tap] from the groups of 16 channels that `alongChannels` left. */
function ungroupChannels(partial: usize, gw: usize, oc: i32, taps: i32): void {
  const group = (<usize>((taps + 1) & ~1)) << 6;
  for (let o = 0; o < oc; o++) {
    let from = partial + <usize>(o >> 4) * group + ((<usize>(o & 15)) << 2);
    for (let tap = 0; tap < taps; tap++, from += 64, gw += 4) store<f32>(gw, load<f32>(from));
  }
}
