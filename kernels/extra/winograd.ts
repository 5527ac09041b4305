// Convolutions of 3x3 with stride 1, and the gradient of their weights, by tiles of 4x4 outputs: 36 products for 144. In the
// space of the transforms each of the 36 places is a matrix product over channels, of a block of tiles that stays in the
// second-level cache. The gradient of the input is a convolution with mirrored weights.
import { matmul } from "./first";
import { outputTile, weightTileGrad, workBytes } from "./winograd-tiles";
import { gradientValues, inputValues, planeBytes, tapBytes, together, weightValues, whole } from "./winograd-values";

/** Tiles along a side of the output. */
@inline
function tilesAlong(size: i32): i32 {
  return (size + 3) >> 2;
}

// tiles whose products are added before they go to the sum of all: errors of long sums would grow with their length
const longestSum = 32;

/** How many tiles go together. */
@inline
function blockTiles(ic: i32, oc: i32): i32 {
  return max(16, min(64, 6144 / (whole(ic) + whole(oc))));
}

/** How many rows of tiles of one sample go together, blocks of equal size: all of them where whole samples do. */
@inline
function blockRows(ic: i32, oc: i32, across: i32, down: i32): i32 {
  const most = min(down, max(1, blockTiles(ic, oc) / across));
  const blocks = (down + most - 1) / most;
  return (down + blocks - 1) / blocks;
}

/** How many samples go together. */
@inline
function blockSamples(ic: i32, oc: i32, across: i32, down: i32, batch: i32): i32 {
  const most = max(1, blockTiles(ic, oc) / (across * down));
  const blocks = (batch + most - 1) / most;
  return blocks ? (batch + blocks - 1) / blocks : 0;
}

/** Bytes between matrices of so many elements: not a multiple of pages, whose lines would share a few sets of the cache. */
@inline
function apart(elements: i32): usize {
  return (((<usize>elements << 2) + 63) & ~63) + 64;
}

/** Bytes of scratch that `winograd` and `winogradGradWeight` need; oh and ow are sides of the output. */
export function winogradScratchBytes(batch: i32, ic: i32, oc: i32, oh: i32, ow: i32): i32 {
  const across = tilesAlong(ow);
  const down = tilesAlong(oh);
  const rows = blockRows(ic, oc, across, down);
  const tiles = blockSamples(ic, oc, across, down, batch) * rows * across;
  const planes = planeBytes(across) * together;
  const matrices = apart(tiles * whole(ic)) + apart(tiles * whole(oc)) + apart(whole(ic) * whole(oc));
  return tapBytes + workBytes + <i32>planes + 36 * <i32>matrices;
}

/**
 * y[batch, oc, oh, ow] = x[batch, ic, ih, iw] * w[oc, ic, 3, 3] + b, oh = ih + 2 pad - 2, 0 <= pad <= 2; b = 0: no bias.
 * With mirrored = 1 w is [ic, oc, 3, 3] and read from its end: the gradient of the input of a convolution that has w.
 */
export function winograd(
  x: usize,
  w: usize,
  b: usize,
  y: usize,
  batch: i32,
  ic: i32,
  ih: i32,
  iw: i32,
  oc: i32,
  pad: i32,
  mirrored: i32,
  scratch: usize,
): void {
  const oh = ih + 2 * pad - 2;
  const ow = iw + 2 * pad - 2;
  const across = tilesAlong(ow);
  const down = tilesAlong(oh);
  const rows = blockRows(ic, oc, across, down);
  const samples = blockSamples(ic, oc, across, down, batch);
  const tiles = samples * rows * across;
  const k = whole(ic);
  const n = whole(oc);
  const ofX = apart(tiles * k);
  const ofY = apart(tiles * n);
  const ofW = apart(k * n);
  const work = scratch + tapBytes;
  const planes = work + workBytes;
  const values = planes + (planeBytes(across) * together);
  const filters = values + 36 * ofX;
  const products = filters + 36 * ofW;
  // mirrored weights lie as they are for dot products, whose sums are as short as those of the direct kernel
  const ld = mirrored ? k : n;
  weightValues(w, filters, ofW, mirrored ? ic : oc, mirrored ? oc : ic, mirrored, scratch, work);
  const plane = <usize>(oh * ow) << 2;
  for (let s = 0; s < batch; s += samples) {
    const count = min(samples, batch - s);
    for (let first = 0; first < down; first += rows) {
      const deep = min(rows, down - first);
      const m = count * deep * across;
      inputValues(x, values, ofX, ic, ih, iw, count, first, deep, across, pad, planes, work);
      for (let i: usize = 0; i < 36; i++)
        matmul(values + i * ofX, filters + i * ofW, products + i * ofY, m, n, k, k, ld, n, 0, mirrored, 0);
      let at = products;
      for (let i = 0; i < count; i++) {
        const sample = y + <usize>(i * oc) * plane;
        for (let row = first; row < first + deep; row++)
          for (let t = 0; t < across; t++, at += <usize>n << 2)
            outputs(
              at,
              ofY,
              b,
              sample + (<usize>(row * ow + t) << 4),
              plane,
              oh - 4 * row,
              ow - 4 * t,
              ow,
              oc,
              work,
            );
      }
    }
    x += <usize>(count * ic * ih * iw) << 2;
    y += <usize>(count * oc) * plane;
  }
}

/** All channels of one tile of outputs. */
function outputs(
  from: usize,
  step: usize,
  b: usize,
  y: usize,
  plane: usize,
  below: i32,
  right: i32,
  ow: i32,
  oc: i32,
  work: usize,
): void {
  for (let o = 0; o < oc; o += 4, from += 16, y += plane << 2) {
    const bias: usize = b ? b + (<usize>o << 2) : 0;
    outputTile(from, step, bias, y, plane, <usize>ow << 2, min(4, below), min(4, right), oc - o, work);
  }
}

/** gw[oc, ic, 3, 3] = sum over batch and positions of gy[batch, oc, oh, ow] x[batch, ic, ih, iw], oh = ih + 2 pad - 2. */
export function winogradGradWeight(
  x: usize,
  gy: usize,
  gw: usize,
  batch: i32,
  ic: i32,
  ih: i32,
  iw: i32,
  oc: i32,
  pad: i32,
  scratch: usize,
): void {
  if (!batch) {
    memory.fill(gw, 0, <usize>(36 * ic * oc));
    return;
  }
  const oh = ih + 2 * pad - 2;
  const ow = iw + 2 * pad - 2;
  const across = tilesAlong(ow);
  const down = tilesAlong(oh);
  const rows = blockRows(ic, oc, across, down);
  const samples = blockSamples(ic, oc, across, down, batch);
  const tiles = samples * rows * across;
  const m = whole(ic);
  const n = whole(oc);
  const ofX = apart(tiles * m);
  const ofY = apart(tiles * n);
  const ofW = apart(m * n);
  const work = scratch + tapBytes;
  const planes = work + workBytes;
  const values = planes + (planeBytes(across) * together);
  const filters = values + 36 * ofX;
  const gradients = filters + 36 * ofW;
  for (let s = 0; s < batch; s += samples) {
    const count = min(samples, batch - s);
    for (let first = 0; first < down; first += rows) {
      const deep = min(rows, down - first);
      const k = count * deep * across;
      inputValues(x, values, ofX, ic, ih, iw, count, first, deep, across, pad, planes, work);
      gradientValues(gy, gradients, ofY, oc, oh, ow, count, first, deep, across, planes, work);
      for (let i: usize = 0; i < 36; i++)
        for (let p = 0; p < k; p += longestSum) {
          const a = values + i * ofX + (<usize>(p * m) << 2);
          const g = gradients + i * ofY + (<usize>(p * n) << 2);
          matmul(a, g, filters + i * ofW, m, n, min(longestSum, k - p), m, n, n, 1, 0, i32(s + first + p > 0));
        }
    }
    x += <usize>(count * ic * ih * iw) << 2;
    gy += <usize>(count * oc * oh * ow) << 2;
  }
  for (let c = 0; c < ic; c++)
    for (let o = 0; o < oc; o += 4) {
      weightTileGrad(filters + (<usize>(c * n + o) << 2), ofW, scratch, work);
      const lanes = <usize>min(4, oc - o);
      for (let j: usize = 0; j < lanes; j++) {
        const to = gw + <usize>((o + <i32>j) * ic + c) * 36;
        for (let tap: usize = 0; tap < 36; tap += 4) store<f32>(to + tap, load<f32>(scratch + (tap << 2) + (j << 2)));
      }
    }
}
