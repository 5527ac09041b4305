// What the transforms of Winograd's convolution are taken of: weights, padded planes of inputs, gradients of outputs. All lie as
// [36][tiles][channels], channels filled up with zeros to whole vectors.
import { gradientTile, inputTile, weightTile } from "./winograd-tiles";

/** Room for nine vectors of weights. */
export const tapBytes = 192;

/** Rounds up to whole vectors. */
@inline
export function whole(n: i32): i32 {
  return (n + 3) & ~3;
}

/** Bytes of a padded plane under so many rows of tiles, with room for the vector that ends behind the last. */
@inline
export function planeBytes(rows: i32, across: i32): usize {
  return <usize>((4 * rows + 2) * (4 * across + 4) + 4) << 2;
}

/** The values [36][inner][outer] of weights w[outer, inner, 3, 3], read from their end if mirrored. */
export function weightValues(
  w: usize,
  to: usize,
  step: usize,
  outer: i32,
  inner: i32,
  mirrored: i32,
  taps: usize,
  work: usize,
): void {
  const row = <usize>whole(outer) << 2;
  if (inner & 3)
    for (let i: usize = 0; i < 36; i++)
      memory.fill(to + i * step + <usize>inner * row, 0, <usize>(whole(inner) - inner) * row);
  for (let i = 0; i < inner; i++)
    for (let o = 0; o < outer; o += 4) {
      for (let j: usize = 0; j < 4; j++) {
        const at = o + <i32>j;
        const from = w + <usize>(at * inner + i) * 36;
        for (let tap: usize = 0; tap < 36; tap += 4) {
          const value: f32 = at < outer ? load<f32>(from + (mirrored ? 32 - tap : tap)) : 0;
          store<f32>(taps + (tap << 2) + (j << 2), value);
        }
      }
      weightTile(taps, to + <usize>i * row + (<usize>o << 2), step, work);
    }
}

/** The inputs' values [36][tiles][channels] of some rows of tiles of some samples. */
export function inputValues(
  x: usize,
  to: usize,
  step: usize,
  channels: i32,
  ih: i32,
  iw: i32,
  samples: i32,
  first: i32,
  rows: i32,
  across: i32,
  pad: i32,
  planes: usize,
  work: usize,
): void {
  const pixel = <usize>whole(channels) << 2;
  const row = <usize>(4 * across + 4) << 2;
  const plane = planeBytes(rows, across);
  for (let s = 0; s < samples; s++, to += <usize>(rows * across) * pixel)
    for (let c = 0; c < channels; c += 4) {
      const from = x + (<usize>((s * channels + c) * ih * iw) << 2);
      fourPlanes(from, planes, plane, channels - c, ih, iw, 4 * first - pad, 4 * rows + 2, row, pad);
      let v = to + (<usize>c << 2);
      for (let r = 0; r < rows; r++) {
        let p = planes + <usize>(r << 2) * row;
        for (let t = 0; t < across; t++, p += 16, v += pixel)
          inputTile(p, p + plane, p + (plane << 1), p + plane * 3, row, v, step, work);
      }
    }
}

/** The same of gradients of outputs. */
export function gradientValues(
  gy: usize,
  to: usize,
  step: usize,
  channels: i32,
  oh: i32,
  ow: i32,
  samples: i32,
  first: i32,
  rows: i32,
  across: i32,
  planes: usize,
  work: usize,
): void {
  const pixel = <usize>whole(channels) << 2;
  const row = <usize>(4 * across) << 2;
  const plane = planeBytes(rows, across);
  for (let s = 0; s < samples; s++, to += <usize>(rows * across) * pixel)
    for (let c = 0; c < channels; c += 4) {
      const from = gy + (<usize>((s * channels + c) * oh * ow) << 2);
      fourPlanes(from, planes, plane, channels - c, oh, ow, 4 * first, 4 * rows, row, 0);
      let v = to + (<usize>c << 2);
      for (let r = 0; r < rows; r++) {
        let p = planes + <usize>(r << 2) * row;
        for (let t = 0; t < across; t++, p += 16, v += pixel)
          gradientTile(p, p + plane, p + (plane << 1), p + plane * 3, row, v, step, work);
      }
    }
}

/** `lines` rows of up to 4 planes from row `first` on, behind `pad` zeros each, and zeros wherever there is nothing. */
function fourPlanes(
  x: usize,
  out: usize,
  plane: usize,
  channels: i32,
  height: i32,
  width: i32,
  first: i32,
  lines: i32,
  row: usize,
  pad: i32,
): void {
  const zero = f32x4.splat(0);
  const left = <usize>pad << 2;
  const bytes = <usize>width << 2;
  for (let c = 0; c < 4; c++, out += plane) {
    let to = out;
    for (let line = first; line < first + lines; line++, to += row) {
      let end = to;
      if (c < channels && line >= 0 && line < height) {
        const from = x + <usize>(c * height + line) * bytes;
        v128.store(to, zero);
        // vectors end behind their row, where zeros or the next row follow
        for (let i: usize = 0; i < bytes; i += 16) v128.store(to + left + i, v128.load(from + i));
        end = to + left + bytes;
      }
      for (; end < to + row; end += 16) v128.store(end, zero);
    }
  }
}
