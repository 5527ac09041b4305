// Gradient of a convolution with respect to its input, without a column matrix: for every input pixel the dot products,
// along taps and output channels, of the mirrored weights with the output gradients that saw it. Up to 4 samples go
// together, since they share weights and taps; only taps that meet an output are visited, of a stride every one in so many.
import { dotRuns } from "./conv2d-dots";
import { lines, outputSide, toPixels } from "./conv2d-layout";
import { sumLanes } from "./matmul-dot";

/** gx[batch, ic, ih, iw] = sum over the outputs that saw the pixel of gy * w. */
export function conv2dGradInput(
  gy: usize,
  w: usize,
  gx: usize,
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
  const inSample = (<usize>(ic * ih * iw)) << 2;
  const outSample = (<usize>(oc * oh * ow)) << 2;
  if (!outSample) {
    memory.fill(gx, 0, <usize>batch * inSample);
    return;
  }
  // gy pixel by pixel
  const pixel = (<usize>((oc + 3) & ~3)) << 2;
  const row = <usize>ow * pixel;
  const dense = scratch + 128;
  const denseSample = <usize>lines(oh * <i32>row);
  const mirrored = dense + 4 * denseSample;
  mirrorWeights(w, mirrored, oc, ic, kh, kw, stride, pixel);

  for (let n = 0; n < batch;) {
    const left = batch - n;
    const samples = left <= 4 ? left : left <= 6 ? 3 : 4;
    for (let i = 0; i < samples; i++, gy += outSample)
      toPixels(gy, dense + <usize>i * denseSample, oc, oh, ow, pixel, row);
    for (let iy = 0; iy < ih; iy++) {
      // the taps ky that meet an output from here: output row (y - ky) / stride
      const y = iy + pad;
      const least = max(0, y - (oh - 1) * stride);
      const firstRow = least + (y - least) % stride;
      const outRow = (y - firstRow) / stride;
      const runs = (min(kh - 1, y) - firstRow + stride) / stride;
      for (let ix = 0; ix < iw; ix++) {
        // and the taps along the row, mirrored so that both sides ascend: output column `first` + tap
        const first = ix + pad - kw + 1;
        const last = min(kw - 1, (ow - 1) * stride - first);
        let from = max(0, -first);
        let column = first + from;
        let count = last - from + 1;
        if (stride > 1) {
          column = (column + stride - 1) / stride;
          const next = column * stride - first;
          count = (last - next + stride) / stride;
          from = placeOf(next, kw, stride);
        }
        const steps = (count * <i32>pixel) >> 4;
        const q = dense + <usize>outRow * row + <usize>column * pixel;
        const r = mirrored + <usize>(firstRow * kw + from) * pixel;
        const live = count > 0 ? runs : 0;
        const out = gx + ((<usize>(iy * iw + ix)) << 2);
        channelPairs(samples, r, q, denseSample, steps, live, kw, kh, stride, pixel, row, scratch, out, ic, ih * iw);
      }
    }
    n += samples;
    gx += <usize>samples * inSample;
  }
}

/** Bytes of scratch `conv2dGradInput` needs for these sizes. */
export function conv2dGradInputScratchBytes(
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
  const pixel = ((oc + 3) & ~3) << 2;
  return 128 + 4 * lines(outputSide(ih, kh, stride, pad) * outputSide(iw, kw, stride, pad) * pixel) + ic * kh * kw * pixel;
}

/** Where a mirrored tap lies in its row: those that meet outputs together, every stride-th, lie together. */
function placeOf(tap: i32, kw: i32, stride: i32): i32 {
  const rest = tap % stride;
  return rest * (kw / stride) + min(rest, kw % stride) + tap / stride;
}

/** out[c][ky][place of kw - 1 - kx][o] = w[o, c, ky, kx], channels o filled up with zeros to whole vectors. */
function mirrorWeights(w: usize, out: usize, oc: i32, ic: i32, kh: i32, kw: i32, stride: i32, pixel: usize): void {
  memory.fill(out, 0, <usize>(ic * kh * kw) * pixel);
  for (let kx = 0; kx < kw; kx++, w += 4) {
    let from = w;
    for (let o = 0; o < oc; o++) {
      let to = out + ((<usize>o) << 2) + <usize>placeOf(kw - 1 - kx, kw, stride) * pixel;
      for (let r = 0; r < ic * kh; r++, from += (<usize>kw) << 2, to += <usize>kw * pixel) store<f32>(to, load<f32>(from));
    }
  }
}

/** One pixel of up to 4 samples, all its channels, two at a time. */
@inline
function channelPairs(
  samples: i32,
  r: usize,
  q: usize,
  qSample: usize,
  steps: i32,
  runs: i32,
  kw: i32,
  kh: i32,
  stride: i32,
  pixel: usize,
  row: usize,
  tile: usize,
  out: usize,
  ic: i32,
  size: i32,
): void {
  const length = (<usize>steps) << 4;
  const rRow = <usize>kw * pixel;
  const rPlane = <usize>kh * rRow;
  const rJump = <usize>stride * rRow - length;
  const qJump = -(row + length);
  const q1 = q + qSample;
  const q2 = q1 + qSample;
  const q3 = q2 + qSample;
  const plane = (<usize>size) << 2;
  for (let c = 0; c < ic; c += 2, r += rPlane << 1, out += plane << 1) {
    const both = c + 1 < ic;
    const r1 = both ? r + rPlane : r;
    if (samples == 4) dotRuns(4, r, r1, q, q1, q2, q3, steps, runs, rJump, qJump, tile, 0);
    else if (samples == 3) dotRuns(3, r, r1, q, q1, q2, q3, steps, runs, rJump, qJump, tile, 0);
    else if (samples == 2) dotRuns(2, r, r1, q, q1, q2, q3, steps, runs, rJump, qJump, tile, 0);
    else dotRuns(1, r, r1, q, q1, q2, q3, steps, runs, rJump, qJump, tile, 0);
    scatter(tile, out, <usize>ic * plane, samples);
    if (both) scatter(tile + 64, out + plane, <usize>ic * plane, samples);
  }
}

/** The sums of up to 4 vectors of a tile, one to each sample. */
@inline
function scatter(tile: usize, out: usize, sample: usize, samples: i32): void {
  const sums = sumLanes(v128.load(tile), v128.load(tile, 16), v128.load(tile, 32), v128.load(tile, 48));
  v128.store32_lane(out, sums, 0);
  if (samples > 1) v128.store32_lane(out + sample, sums, 1);
  if (samples > 2) v128.store32_lane(out + (sample << 1), sums, 2);
  if (samples > 3) v128.store32_lane(out + sample * 3, sums, 3);
}
