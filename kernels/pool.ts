// Largest value of each window, without padding: windows of 2 by 2 at stride 2 by vectors, all others one by one.
import { larger } from "./lanes";

/** Windows that fit in one direction. */
@inline
function windows(size: i32, kernel: i32, stride: i32): i32 {
  return size < kernel ? 0 : (size - kernel) / stride + 1;
}

/** Four 2 by 2 windows side by side. */
@inline
function pool4(x: usize, width: usize, y: usize, relu: i32): void {
  const left = larger(v128.load(x), v128.load(x + width));
  const right = larger(v128.load(x, 16), v128.load(x + width, 16));
  let value = larger(i32x4.shuffle(left, right, 0, 2, 4, 6), i32x4.shuffle(left, right, 1, 3, 5, 7));
  if (relu) value = f32x4.pmax(value, i32x4.splat(0));
  v128.store(y, value);
}

function window(x: usize, width: usize, kernel: i32, relu: i32): f32 {
  let value: f32 = -Infinity;
  for (let i = 0; i < kernel; i++, x += width)
    for (let j = 0; j < kernel; j++) value = max<f32>(value, load<f32>(x + ((<usize>j) << 2)));
  return relu && value < 0 ? 0 : value;
}

/** y[planes, oh, ow] = largest of each window of x[planes, ih, iw], at least 0 with relu = 1; NaN if one is NaN. */
export function maxPool2d(
  x: usize,
  y: usize,
  planes: i32,
  ih: i32,
  iw: i32,
  kernel: i32,
  stride: i32,
  relu: i32,
): void {
  const oh = windows(ih, kernel, stride);
  const ow = windows(iw, kernel, stride);
  const width = (<usize>iw) << 2;
  for (let plane = 0; plane < planes; plane++, x += <usize>ih * width)
    for (let i = 0; i < oh; i++, y += (<usize>ow) << 2) {
      const from = x + <usize>(i * stride) * width;
      if (kernel == 2 && stride == 2 && ow >= 4) {
        let j = 0;
        for (; j + 4 <= ow; j += 4) pool4(from + ((<usize>j) << 3), width, y + ((<usize>j) << 2), relu);
        // the last vector overlaps the one before
        if (j < ow) pool4(from + ((<usize>(ow - 4)) << 3), width, y + ((<usize>(ow - 4)) << 2), relu);
      } else {
        for (let j = 0; j < ow; j++)
          store<f32>(y + ((<usize>j) << 2), window(from + ((<usize>(j * stride)) << 2), width, kernel, relu));
      }
    }
}

/** Both rows of four 2 by 2 windows: the gradient at the first element equal to the window's output, 0 elsewhere. */
@inline
function poolGrad4(x: usize, y: usize, gy: usize, gx: usize, width: usize, relu: i32): void {
  const top = v128.load(x);
  const topRight = v128.load(x, 16);
  const bottom = v128.load(x + width);
  const bottomRight = v128.load(x + width, 16);
  const value = v128.load(y);
  let g = v128.load(gy);
  if (relu) g = v128.and(g, f32x4.gt(value, i32x4.splat(0)));
  const m0 = f32x4.eq(i32x4.shuffle(top, topRight, 0, 2, 4, 6), value);
  const g0 = v128.and(g, m0);
  g = v128.andnot(g, m0);
  const m1 = f32x4.eq(i32x4.shuffle(top, topRight, 1, 3, 5, 7), value);
  const g1 = v128.and(g, m1);
  g = v128.andnot(g, m1);
  const m2 = f32x4.eq(i32x4.shuffle(bottom, bottomRight, 0, 2, 4, 6), value);
  const g2 = v128.and(g, m2);
  g = v128.andnot(g, m2);
  const m3 = f32x4.eq(i32x4.shuffle(bottom, bottomRight, 1, 3, 5, 7), value);
  const g3 = v128.and(g, m3);
  v128.store(gx, i32x4.shuffle(g0, g1, 0, 4, 1, 5));
  v128.store(gx, i32x4.shuffle(g0, g1, 2, 6, 3, 7), 16);
  v128.store(gx + width, i32x4.shuffle(g2, g3, 0, 4, 1, 5));
  v128.store(gx + width, i32x4.shuffle(g2, g3, 2, 6, 3, 7), 16);
}

/** Adds g where the window first reaches its output. */
function windowGrad(x: usize, gx: usize, width: usize, kernel: i32, value: f32, g: f32): void {
  for (let i = 0; i < kernel; i++, x += width, gx += width)
    for (let j: usize = 0; j < (<usize>kernel) << 2; j += 4)
      if (load<f32>(x + j) == value) {
        store<f32>(gx + j, load<f32>(gx + j) + g);
        return;
      }
}

/**
 * gx[planes, ih, iw], overwritten: each gy at the first maximum of its window in scan order; with relu = 1 nothing
 * where y <= 0. A window whose output is NaN passes nothing on.
 */
export function maxPool2dGrad(
  x: usize,
  y: usize,
  gy: usize,
  gx: usize,
  planes: i32,
  ih: i32,
  iw: i32,
  kernel: i32,
  stride: i32,
  relu: i32,
): void {
  const oh = windows(ih, kernel, stride);
  const ow = windows(iw, kernel, stride);
  const width = (<usize>iw) << 2;
  const vectors = kernel == 2 && stride == 2 && ow >= 4;
  // nothing to clear where the windows cover every element
  if (!vectors || (ih | iw) & 1) memory.fill(gx, 0, <usize>(planes * ih) * width);
  for (let plane = 0; plane < planes; plane++, x += <usize>ih * width, gx += <usize>ih * width)
    for (let i = 0; i < oh; i++, y += (<usize>ow) << 2, gy += (<usize>ow) << 2) {
      const row = <usize>(i * stride) * width;
      if (vectors) {
        let j = 0;
        for (; j < ow; j += 4) {
          if (j + 4 > ow) j = ow - 4;
          const out = (<usize>j) << 2;
          const at = row + (out << 1);
          poolGrad4(x + at, y + out, gy + out, gx + at, width, relu);
        }
      } else {
        for (let j = 0; j < ow; j++) {
          const out = (<usize>j) << 2;
          const value = load<f32>(y + out);
          const at = row + ((<usize>(j * stride)) << 2);
          if (!relu || value > 0) windowGrad(x + at, gx + at, width, kernel, value, load<f32>(gy + out));
        }
      }
    }
}
