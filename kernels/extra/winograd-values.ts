// What the transforms of Winograd's convolution are taken of: weights, padded planes of inputs, gradients of outputs. All
// lie as [36][tiles][channels], channels filled up with zeros to whole vectors.
import { gradientTile, inputTile, weightTile } from "./winograd-tiles";

/** Room for nine vectors of weights. */
export const tapBytes = 192;

/** Rounds up to whole vectors. */
@inline
export function whole(n: i32): i32 {
  return (n + 3) & ~3;
}

/** Bytes of a row of tiles of a padded plane, with room for the vector that ends behind the last. */
@inline
export function planeBytes(across: i32): usize {
  return <usize>(6 * (4 * across + 4) + 4) << 2;
}

/** Channels whose planes are padded together: their values fill lines of the cache. */
export const together = 16;

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

/** Values of some rows of tiles of some samples: of inputs, or with `ofGradients` of outputs' gradients. */
@inline
function planeValues(
  ofGradients: bool,
  x: usize,
  to: usize,
  step: usize,
  channels: i32,
  height: i32,
  width: i32,
  samples: i32,
  first: i32,
  rows: i32,
  across: i32,
  pad: i32,
  planes: usize,
  work: usize,
): void {
  const all = whole(channels);
  const pixel = <usize>all << 2;
  const row = <usize>(ofGradients ? 4 * across : 4 * across + 4) << 2;
  const lines = ofGradients ? 4 : 6;
  const plane = planeBytes(across);
  const size = height * width;
  // tiles that end within their plane are read where they lie; planes whole pages apart would share sets of the cache
  const reach = 4 * across + lines - 4;
  const whereTheyLie = !pad && reach <= width && !(channels & 3) && size % 1024;
  for (let s = 0; s < samples; s++)
    for (let r = first; r < first + rows; r++, to += <usize>across * pixel)
      for (let c = 0; c < all; c += together) {
        const count = min(together, all - c);
        const here = x + (<usize>((s * channels + c) * size) << 2);
        let p = planes;
        let next = plane;
        let line = row;
        if (whereTheyLie && 4 * r + lines <= height) {
          p = here + (<usize>(4 * r * width) << 2);
          next = <usize>size << 2;
          line = <usize>width << 2;
        } else
          for (let i = 0; i < count; i += 4) {
            const from = here + (<usize>(i * size) << 2);
            fourPlanes(from, planes + <usize>i * plane, plane, channels - c - i, height, width, 4 * r - pad, lines, row, pad);
          }
        let v = to + (<usize>c << 2);
        for (let t = 0; t < across; t++, p += 16, v += pixel) {
          let q = p;
          for (let i = 0; i < count; i += 4, q += next << 2) {
            const at = v + (<usize>i << 2);
            if (ofGradients) gradientTile(q, q + next, q + (next << 1), q + next * 3, line, at, step, work);
            else inputTile(q, q + next, q + (next << 1), q + next * 3, line, at, step, work);
          }
        }
      }
}

/** `planeValues` of inputs behind `pad` zeros. */
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
  planeValues(false, x, to, step, channels, ih, iw, samples, first, rows, across, pad, planes, work);
}

/** `planeValues` of gradients of outputs. */
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
  planeValues(true, gy, to, step, channels, oh, ow, samples, first, rows, across, 0, planes, work);
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
