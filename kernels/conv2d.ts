// Convolution, NCHW, weights [oc, ic, kh, kw], zero padding, bias and ReLU within. Direct: no column matrix; lanes are
// pixels where rows of the output fill vectors, output channels where those fit better or the stride is not 1.
import { channels12, channels16, channels8 } from "./conv2d-channels";
import {
  firstOfPair,
  groupChannels,
  lines,
  outputSide,
  paddedBytes,
  padSample,
  pairChannels,
  pairs,
  tapRows,
} from "./conv2d-layout";
import { pixels } from "./conv2d-pixels";

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
  const row = (<usize>width) << 2;
  const plane = <usize>height * row;
  const taps = ic * kh * kw;
  const inSample = (<usize>(ic * ih * iw)) << 2;
  const outPlane = (<usize>(oh * ow)) << 2;
  const outSample = <usize>oc * outPlane;

  const runs = scratch + <usize>paddedBytes(ic, height, width, pad);
  const runsEnd = tapRows(runs, ic, kh, plane, row);
  const bias = runs + lines(ic * kh * 4);
  const weights = bias + channelBytes(oc, 1);
  const table = weights + channelBytes(oc, taps);
  const alongPixels = prefersPixels(oh, ow, oc, stride);
  if (alongPixels) {
    placeBias(b, bias, oc, true);
    pairChannels(w, weights, oc, taps);
    vectorPositions(table, oh, ow, row);
  } else {
    placeBias(b, bias, oc, false);
    groupChannels(w, weights, oc, taps);
  }

  for (let n = 0; n < batch; n++, x += inSample, y += outSample) {
    let from = x;
    if (pad) {
      padSample(x, scratch, ic, ih, iw, pad);
      from = scratch;
    }
    if (alongPixels) alongVectors(from, weights, bias, y, oh, ow, oc, kw, taps, outPlane, relu, runs, runsEnd, table);
    else alongChannels(from, weights, bias, y, oh, ow, oc, kw, taps, stride, row, outPlane, relu, runs, runsEnd);
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
  const weights = channelBytes(oc, 1) + channelBytes(oc, ic * kh * kw);
  const positions = groupsOfVectors(oh, ow) << 5;
  return paddedBytes(ic, ih + 2 * pad, iw + 2 * pad, pad) + lines(ic * kh * 4) + weights + positions;
}

/** Room for `each` values of every output channel, in pairs or in groups of 16. */
@inline
function channelBytes(oc: i32, each: i32): i32 {
  return lines(((oc + 15) & ~15) * each * 4);
}

/** Vectors of 4 outputs, by four. */
@inline
function groupsOfVectors(oh: i32, ow: i32): i32 {
  return (oh * ((ow + 3) >> 2) + 3) >> 2;
}

/** Which lanes do less idle work. */
function prefersPixels(oh: i32, ow: i32, oc: i32, stride: i32): bool {
  if (stride > 1 || ow < 4) return false;
  const wholeVectors = (groupsOfVectors(oh, ow) * pairs(oc)) << 5;
  const wholeGroups = oh * ow * ((oc & ~15) + (oc & 15 ? max(8, ((oc & 15) + 3) & ~3) : 0));
  return wholeVectors <= wholeGroups;
}

/** The bias in the order of the weights, zeros if there is none. */
function placeBias(b: usize, out: usize, oc: i32, inPairs: bool): void {
  if (!b) memory.fill(out, 0, channelBytes(oc, 1));
  else if (inPairs) pairChannels(b, out, oc, 1);
  else groupChannels(b, out, oc, 1);
}

/** Byte offsets into the input plane and into the output plane of every vector of 4 outputs. */
function vectorPositions(table: usize, oh: i32, ow: i32, row: usize): void {
  const perRow = (ow + 3) >> 2;
  const count = groupsOfVectors(oh, ow) << 2;
  for (let i = 0; i < count; i++, table += 8) {
    // the last of a row overlaps the one before, and the last group is filled up: both compute some outputs twice
    const v = min(i, oh * perRow - 1);
    const oy = v / perRow;
    const ox = min((v % perRow) << 2, ow - 4);
    store<u32>(table, <usize>oy * row + ((<usize>ox) << 2));
    store<u32>(table, (<usize>(oy * ow + ox)) << 2, 4);
  }
}

/** One sample, lanes along pixels. */
function alongVectors(
  x: usize,
  w: usize,
  bias: usize,
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
  const end = table + ((<usize>groupsOfVectors(oh, ow)) << 5);
  const pairBytes = (<usize>taps) << 3;
  for (; table != end; table += 32) {
    const x0 = x + load<u32>(table);
    const x1 = x + load<u32>(table, 8);
    const x2 = x + load<u32>(table, 16);
    const x3 = x + load<u32>(table, 24);
    const o0 = <usize>load<u32>(table, 4);
    const o1 = <usize>load<u32>(table, 12);
    const o2 = <usize>load<u32>(table, 20);
    const o3 = <usize>load<u32>(table, 28);
    let wp = w;
    for (let pair = 0; pair < pairs(oc); pair++, wp += pairBytes) {
      const y0 = y + <usize>firstOfPair(pair, oc) * outPlane;
      const y1 = oc > 1 ? y0 + outPlane : y0;
      pixels(x0, x1, x2, x3, runs, runsEnd, kw, wp, bias + ((<usize>pair) << 3), relu, y0, y1, o0, o1, o2, o3);
    }
  }
}

/** One sample, lanes along output channels. */
function alongChannels(
  x: usize,
  w: usize,
  bias: usize,
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
): void {
  const count = oh * ow;
  const step = (<usize>stride) << 2;
  for (let o = 0; o < oc; o += 16) {
    const columns = min(16, oc - o);
    // two outputs at a time; of an odd number the last two overlap, a single one is its own partner
    for (let i = 0; i < count; i += 2) {
      const first = max(0, min(i, count - 2));
      const second = min(first + 1, count - 1);
      const x0 = x + <usize>((first / ow) * stride) * row + <usize>(first % ow) * step;
      const x1 = x + <usize>((second / ow) * stride) * row + <usize>(second % ow) * step;
      const yi = y + ((<usize>first) << 2);
      if (columns > 12) channels16(x0, x1, runs, runsEnd, kw, w, bias, relu, yi, outPlane, columns);
      else if (columns > 8) channels12(x0, x1, runs, runsEnd, kw, w, bias, relu, yi, outPlane, columns);
      else channels8(x0, x1, runs, runsEnd, kw, w, bias, relu, yi, outPlane, columns);
    }
    w += (<usize>taps) << 6;
    bias += 64;
    y += outPlane << 4;
  }
}
