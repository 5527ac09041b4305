// Convolution, NCHW, weights [oc, ic, kh, kw], zero padding, bias and ReLU within. Direct: no column matrix; lanes are
// pixels where rows of the output fill vectors, output channels where those fit better or the stride is not 1.
import { groupChannels, lines, outputSide, padSample, paddedBytes, pairChannels, tapRows } from "./conv2d-layout";
import { pixels } from "./conv2d-pixels";
import { outer } from "./matmul-outer";

/** y[batch, oc, oh, ow] = act(x * w + b), oh = floor((ih + 2 pad - kh) / stride) + 1; b = 0: no bias. */
export function conv2d(
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  batch: i32,
  ic: i32,
  ih: i32,
  iw: i32,
  oc: i32,
  kh: i32,
  kw: i32,
  stride: i32,
  pad: i32,
  relu: i32,
  scratch: usize,
): void {
  const oh = outputSide(ih, kh, stride, pad);
  const ow = outputSide(iw, kw, stride, pad);
  if (!oh || !ow) return;
  const height = ih + 2 * pad;
  const width = iw + 2 * pad;
  const row = <usize>width << 2;
  const plane = <usize>height * row;
  const taps = ic * kh * kw;
  const inSample = <usize>(ic * ih * iw) << 2;
  const outPlane = <usize>(oh * ow) << 2;
  const outSample = <usize>oc * outPlane;

  const padded = scratch;
  const runs = padded + <usize>paddedBytes(ic, height, width, pad);
  const runsEnd = tapRows(runs, ic, kh, plane, row);
  const weights = runs + lines(ic * kh * 4);
  const alongPixels = prefersPixels(oh, ow, oc, stride);
  const table = weights + lines(((oc + 15) & ~15) * taps * 4);
  if (alongPixels) {
    pairChannels(w, weights, oc, taps);
    vectorPositions(table, oh, ow, row);
  } else groupChannels(w, weights, oc, taps);

  for (let sample = 0; sample < batch; sample++, x += inSample, y += outSample) {
    let from = x;
    if (pad) {
      padSample(x, padded, ic, ih, iw, pad);
      from = padded;
    }
    if (alongPixels) alongVectors(from, weights, b, y, oh, ow, oc, kw, taps, outPlane, relu, runs, runsEnd, table);
    else alongChannels(from, weights, b, y, oh, ow, oc, kw, taps, stride, row, outPlane, relu, runs, runsEnd, table);
  }
}

/** Bytes of scratch `conv2d` needs for these sizes. */
export function conv2dScratchBytes(
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
  const weights = ((oc + 15) & ~15) * ic * kh * kw * 4;
  const positions = (oh * ((ow + 3) >> 2) + 3) * 8;
  return paddedBytes(ic, ih + 2 * pad, iw + 2 * pad, pad) + lines(ic * kh * 4) + lines(weights) + max(128, positions);
}

/** Which lanes do less idle work. */
function prefersPixels(oh: i32, ow: i32, oc: i32, stride: i32): bool {
  if (stride > 1 || ow < 4) return false;
  const wholeVectors = oh * ((ow + 3) & ~3) * ((oc + 1) & ~1);
  const wholeGroups = oh * ow * ((oc + 15) & ~15);
  return wholeVectors <= wholeGroups;
}

/** Byte offsets into the input plane and into the output plane of every vector of 4 outputs, in groups of 4. */
function vectorPositions(table: usize, oh: i32, ow: i32, row: usize): void {
  const perRow = (ow + 3) >> 2;
  const count = (oh * perRow + 3) & ~3;
  for (let i = 0; i < count; i++, table += 8) {
    // the group is filled up with the last vector, and the last of a row overlaps the one before: both store twice
    const v = min(i, oh * perRow - 1);
    const oy = v / perRow;
    const ox = min((v % perRow) << 2, ow - 4);
    store<u32>(table, <usize>oy * row + (<usize>ox << 2));
    store<u32>(table, <usize>(oy * ow + ox) << 2, 4);
  }
}

function alongVectors(
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  oh: i32,
  ow: i32,
  oc: i32,
  kw: i32,
  taps: i32,
  outPlane: usize,
  relu: i32,
  runs: usize,
  runsEnd: usize,
  table: usize,
): void {
  const end = table + <usize>((oh * ((ow + 3) >> 2) + 3) & ~3) * 8;
  const zero = f32x4.splat(0);
  for (; table != end; table += 32) {
    const x0 = x + load<u32>(table);
    const x1 = x + load<u32>(table, 8);
    const x2 = x + load<u32>(table, 16);
    const x3 = x + load<u32>(table, 24);
    const o0 = <usize>load<u32>(table, 4);
    const o1 = <usize>load<u32>(table, 12);
    const o2 = <usize>load<u32>(table, 20);
    const o3 = <usize>load<u32>(table, 28);
    let wo = w;
    let bo = b;
    let yo = y;
    let o = 0;
    for (; o + 2 <= oc; o += 2) {
      const bias0 = b ? v128.load32_splat(bo) : zero;
      const bias1 = b ? v128.load32_splat(bo, 4) : zero;
      pixels(2, x0, x1, x2, x3, runs, runsEnd, kw, wo, bias0, bias1, relu, yo, yo + outPlane, o0, o1, o2, o3);
      wo += <usize>taps << 3;
      bo += 8;
      yo += outPlane << 1;
    }
    if (o < oc) {
      const bias = b ? v128.load32_splat(bo) : zero;
      pixels(1, x0, x1, x2, x3, runs, runsEnd, kw, wo, bias, bias, relu, yo, yo, o0, o1, o2, o3);
    }
  }
}

function alongChannels(
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  oh: i32,
  ow: i32,
  oc: i32,
  kw: i32,
  taps: i32,
  stride: i32,
  row: usize,
  outPlane: usize,
  relu: i32,
  runs: usize,
  runsEnd: usize,
  tile: usize,
): void {
  const count = oh * ow;
  const step = <usize>stride << 2;
  for (let o = 0; o < oc; o += 16) {
    const columns = min(16, oc - o);
    // two outputs at a time; of an odd number the last is computed twice
    for (let i = 0; i < count; i += 2) {
      const first = max(0, min(i, count - 2));
      const second = min(first + 1, count - 1);
      const x0 = x + <usize>((first / ow) * stride) * row + <usize>(first % ow) * step;
      const x1 = x + <usize>((second / ow) * stride) * row + <usize>(second % ow) * step;
      if (columns > 8) outer(2, 4, x0, x1, 4, w, 64, kw, runs, runsEnd, tile, tile + 64, 16, 0);
      else outer(2, 2, x0, x1, 4, w, 64, kw, runs, runsEnd, tile, tile + 64, 8, 0);
      toPlanes(tile, y + (<usize>first << 2), outPlane, columns, b, relu, second - first);
    }
    w += <usize>taps << 6;
    y += outPlane << 4;
    if (b) b += 64;
  }
}

/** Spreads two outputs, each 16 channels together, over the channels' planes, with bias and ReLU. */
function toPlanes(tile: usize, y: usize, plane: usize, columns: i32, b: usize, relu: i32, both: i32): void {
  const zero = f32x4.splat(0);
  for (let o = 0; o < columns; o += 4, tile += 16, y += plane << 2) {
    const bias = b ? v128.load(b + (<usize>o << 2)) : zero;
    let first = f32x4.add(v128.load(tile), bias);
    let second = f32x4.add(v128.load(tile, 64), bias);
    if (relu) {
      first = f32x4.pmax(first, zero);
      second = f32x4.pmax(second, zero);
    }
    const low = v128.shuffle<f32>(first, second, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(first, second, 2, 6, 3, 7);
    if (both) {
      v128.store64_lane(y, low, 0);
      if (o + 1 < columns) v128.store64_lane(y + plane, low, 1);
      if (o + 2 < columns) v128.store64_lane(y + (plane << 1), high, 0);
      if (o + 3 < columns) v128.store64_lane(y + plane * 3, high, 1);
    } else {
      v128.store32_lane(y, low, 0);
      if (o + 1 < columns) v128.store32_lane(y + plane, low, 2);
      if (o + 2 < columns) v128.store32_lane(y + (plane << 1), high, 0);
      if (o + 3 < columns) v128.store32_lane(y + plane * 3, high, 2);
    }
  }
}
