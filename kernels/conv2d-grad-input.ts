// Gradient of a convolution with respect to its input, without a column matrix: for every input pixel the dot products,
// along output channels and taps, of the output gradients that saw it with the mirrored weights. Only taps that meet the
// output are visited; a stride is undone by zeros between the outputs.
import { dots } from "./conv2d-dots";
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
  const sample = <usize>(ic * ih * iw) << 2;
  if (!oh || !ow || !oc) {
    memory.fill(gx, 0, <usize>batch * sample);
    return;
  }
  // gy pixel by pixel, spread by the stride, a column of zeros on each side
  const height = (oh - 1) * stride + 1;
  const width = (ow - 1) * stride + 1;
  const vectors = (oc + 3) >> 2;
  const pixel = <usize>vectors << 4;
  const row = <usize>(width + 2) * pixel;
  const spread = scratch + 128;
  const mirrored = spread + lines(height * <i32>row);
  memory.fill(spread, 0, <usize>height * row);
  mirrorWeights(w, mirrored, oc, ic, kh, kw, vectors);

  const wRow = <usize>kw * pixel;
  const wPlane = <usize>kh * wRow;
  const plane = <usize>(ih * iw) << 2;
  const gySample = <usize>(oc * oh * ow) << 2;
  for (let n = 0; n < batch; n++, gy += gySample, gx += sample) {
    toPixels(gy, spread + pixel, oc, oh, ow, <usize>stride * pixel, <usize>stride * row);
    for (let iy = 0; iy < ih; iy++) {
      // rows of taps that meet the output from here: ky and the output row it meets add up to y
      const y = iy + pad;
      const lastTap = min(kh - 1, y);
      const firstTap = max(0, y - height + 1);
      const runs = lastTap - firstTap + 1;
      for (let i = 0; i < iw; i += 2) {
        // two pixels at a time, the last two of an odd row overlapping, and the taps that either of them meets
        const ix = max(0, min(i, iw - 2));
        const first = ix + pad - kw + 1;
        const from = max(0, -first - 1);
        const to = min(kw - 1, width - 1 - first);
        const steps = (to - from + 1) * vectors;
        const live = steps > 0 ? runs : 0;
        const g0 = spread + <usize>(y - firstTap) * row + <usize>(first + from + 1) * pixel;
        const g1 = iw > 1 ? g0 + pixel : g0;
        const length = <usize>steps << 4;
        let q = mirrored + <usize>firstTap * wRow + <usize>from * pixel;
        let out = gx + (<usize>(iy * iw + ix) << 2);
        for (let c = 0; c < ic; ) {
          const left = ic - c;
          const columns = left <= 4 ? left : left <= 6 ? 3 : 4;
          const q1 = q + wPlane;
          const q2 = q1 + wPlane;
          const q3 = q2 + wPlane;
          const gJump = -(row + length);
          const qJump = wRow - length;
          if (columns == 4) dots(4, g0, g1, q, q1, q2, q3, steps, live, gJump, qJump, scratch, 0);
          else if (columns == 3) dots(3, g0, g1, q, q1, q2, q3, steps, live, gJump, qJump, scratch, 0);
          else if (columns == 2) dots(2, g0, g1, q, q1, q2, q3, steps, live, gJump, qJump, scratch, 0);
          else dots(1, g0, g1, q, q1, q2, q3, steps, live, gJump, qJump, scratch, 0);
          storePair(scratch, out, plane, columns, iw > 1);
          c += columns;
          q += <usize>columns * wPlane;
          out += <usize>columns * plane;
        }
      }
    }
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
  const height = (outputSide(ih, kh, stride, pad) - 1) * stride + 1;
  const width = (outputSide(iw, kw, stride, pad) - 1) * stride + 1;
  const pixel = ((oc + 3) & ~3) << 2;
  return 128 + lines(max(0, height) * max(0, width + 2) * pixel) + ic * kh * kw * pixel;
}

/** out[c][ky][kw - 1 - kx][o] = w[o, c, ky, kx], channels o filled up with zeros to whole vectors. */
function mirrorWeights(w: usize, out: usize, oc: i32, ic: i32, kh: i32, kw: i32, vectors: i32): void {
  const pixel = <usize>vectors << 4;
  const taps = ic * kh * kw;
  memory.fill(out, 0, <usize>taps * pixel);
  for (let o = 0; o < oc; o++, out += 4) {
    let row = out;
    for (let r = 0; r < ic * kh; r++, row += <usize>kw * pixel)
      for (let kx = 0; kx < kw; kx++, w += 4) store<f32>(row + <usize>(kw - 1 - kx) * pixel, load<f32>(w));
  }
}

/** Sums the lanes of a tile and stores its two pixels (one, if not `both`) into up to 4 planes. */
@inline
function storePair(tile: usize, out: usize, plane: usize, columns: i32, both: bool): void {
  const first = sumLanes(v128.load(tile), v128.load(tile, 16), v128.load(tile, 32), v128.load(tile, 48));
  const second = sumLanes(v128.load(tile, 64), v128.load(tile, 80), v128.load(tile, 96), v128.load(tile, 112));
  const low = v128.shuffle<f32>(first, second, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(first, second, 2, 6, 3, 7);
  if (both) {
    v128.store64_lane(out, low, 0);
    if (columns > 1) v128.store64_lane(out + plane, low, 1);
    if (columns > 2) v128.store64_lane(out + (plane << 1), high, 0);
    if (columns > 3) v128.store64_lane(out + plane * 3, high, 1);
  } else {
    v128.store32_lane(out, low, 0);
    if (columns > 1) v128.store32_lane(out + plane, low, 2);
    if (columns > 2) v128.store32_lane(out + (plane << 1), high, 0);
    if (columns > 3) v128.store32_lane(out + plane * 3, high, 2);
  }
}
