// Windows over planes, with strides, padding and dilation for each axis: averages, columns for products, and the
// convolution of each channel for itself. Everything walks pairs of a tap and an output row, of which a segment meets the input.
import { lastLanes, lastVector, storeLanes, sumAcross, firstLanes } from "../lanes";

/** First output that sees an input under this tap: out stride + tap dilation - pad >= 0. */
@inline
function firstOut(tap: i32, stride: i32, pad: i32, dilation: i32): i32 {
  const lack = pad - tap * dilation;
  return lack <= 0 ? 0 : (lack + stride - 1) / stride;
}

/** One behind the last output that sees one: out stride + tap dilation - pad < size. */
@inline
function endOut(tap: i32, stride: i32, pad: i32, dilation: i32, size: i32, out: i32): i32 {
  const room = size + pad - tap * dilation;
  return room <= 0 ? 0 : min(out, (room + stride - 1) / stride);
}

const enum Op {
  columns,
  fold,
  depthwise,
  depthwiseGradInput,
}

/** y += a x over n elements; x in steps. */
@inline
function axpy(x: usize, y: usize, n: i32, a: f32, step: usize): void {
  if (step == 4) {
    const scale = f32x4.splat(a);
    const last = lastVector(n);
    for (let i: usize = 0; i < last; i += 16)
      v128.store(y + i, f32x4.add(v128.load(y + i), f32x4.mul(v128.load(x + i), scale)));
    storeLanes(y + last, f32x4.add(v128.load(y + last), f32x4.mul(v128.load(x + last), scale)), lastLanes(n));
    return;
  }
  for (; n > 0; n--, x += step, y += 4) store<f32>(y, load<f32>(y) + a * load<f32>(x));
}

/** y += a x over n elements; y in steps. */
@inline
function axpyApart(x: usize, y: usize, n: i32, a: f32, step: usize): void {
  if (step == 4) return axpy(x, y, n, a, 4);
  for (; n > 0; n--, x += 4, y += step) store<f32>(y, load<f32>(y) + a * load<f32>(x));
}

/** y = x over n elements; x in steps. */
@inline
function copy(x: usize, y: usize, n: i32, step: usize): void {
  if (step == 4) memory.copy(y, x, (<usize>n) << 2);
  else for (; n > 0; n--, x += step, y += 4) store<f32>(y, load<f32>(x));
}

/** Every tap and output row of one plane x[ih, iw]; `out` is y[oh, ow], or a row of columns for each tap. */
@inline
function eachRow(
  op: i32,
  x: usize,
  w: usize,
  out: usize,
  ih: i32,
  iw: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  dh: i32,
  dw: i32,
): void {
  const step = (<usize>sw) << 2;
  const plane = <usize>(oh * ow) << 2;
  for (let ky = 0; ky < kh; ky++)
    for (let kx = 0; kx < kw; kx++) {
      const from = firstOut(kx, sw, left, dw);
      const n = endOut(kx, sw, left, dw, iw, ow) - from;
      const end = n > 0 ? endOut(ky, sh, top, dh, ih, oh) : 0;
      const scale: f32 = op == Op.depthwise || op == Op.depthwiseGradInput ? load<f32>(w) : 1;
      for (let oy = firstOut(ky, sh, top, dh); oy < end; oy++) {
        const at = x + ((<usize>((oy * sh + ky * dh - top) * iw + from * sw + kx * dw - left)) << 2);
        const to = out + ((<usize>(oy * ow + from)) << 2);
        if (op == Op.columns) copy(at, to, n, step);
        else if (op == Op.depthwise) axpy(at, to, n, scale, step);
        else axpyApart(to, at, n, scale, step);
      }
      w += 4;
      if (op == Op.columns || op == Op.fold) out += plane;
    }
}

/** y[planes, kh kw, oh ow] = what each tap sees of x[planes, ih, iw] at every output, 0 beyond the input. */
export function columns(
  x: usize,
  y: usize,
  planes: i32,
  ih: i32,
  iw: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  dh: i32,
  dw: i32,
): void {
  const bytes = <usize>(kh * kw * oh * ow) << 2;
  memory.fill(y, 0, <usize>planes * bytes);
  for (; planes > 0; planes--, x += <usize>(ih * iw) << 2, y += bytes)
    eachRow(Op.columns, x, 0, y, ih, iw, oh, ow, kh, kw, sh, sw, top, left, dh, dw);
}

/** x[planes, ih, iw] = for each element the sum of the columns' elements that saw it: the gradient of `columns`. */
export function columnsGrad(
  gy: usize,
  gx: usize,
  planes: i32,
  ih: i32,
  iw: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  dh: i32,
  dw: i32,
): void {
  const bytes = <usize>(ih * iw) << 2;
  memory.fill(gx, 0, <usize>planes * bytes);
  for (; planes > 0; planes--, gx += bytes, gy += <usize>(kh * kw * oh * ow) << 2)
    eachRow(Op.fold, gx, 0, gy, ih, iw, oh, ow, kh, kw, sh, sw, top, left, dh, dw);
}

/** y[batch, channels, oh, ow] += each channel's convolution with its own w[channels, kh, kw]. */
export function depthwise(
  x: usize,
  w: usize,
  y: usize,
  batch: i32,
  channels: i32,
  ih: i32,
  iw: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  dh: i32,
  dw: i32,
): void {
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++, x += <usize>(ih * iw) << 2, y += <usize>(oh * ow) << 2)
      eachRow(Op.depthwise, x, w + ((<usize>(c * kh * kw)) << 2), y, ih, iw, oh, ow, kh, kw, sh, sw, top, left, dh, dw);
}

/** gx[batch, channels, ih, iw] += what its outputs' gradients and weights give it. */
export function depthwiseGradInput(
  gy: usize,
  w: usize,
  gx: usize,
  batch: i32,
  channels: i32,
  ih: i32,
  iw: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  dh: i32,
  dw: i32,
): void {
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < channels; c++, gx += <usize>(ih * iw) << 2, gy += <usize>(oh * ow) << 2) {
      const at = w + ((<usize>(c * kh * kw)) << 2);
      eachRow(Op.depthwiseGradInput, gx, at, gy, ih, iw, oh, ow, kh, kw, sh, sw, top, left, dh, dw);
    }
}

/** Sum of x g over n elements; x in steps. */
@inline
function dot(x: usize, g: usize, n: i32, step: usize): f32 {
  if (step == 4) {
    let s = f32x4.splat(0);
    const last = lastVector(n);
    for (let i: usize = 0; i < last; i += 16) s = f32x4.add(s, f32x4.mul(v128.load(x + i), v128.load(g + i)));
    const rest = v128.and(f32x4.mul(v128.load(x + last), v128.load(g + last)), firstLanes(lastLanes(n)));
    return f32x4.extract_lane(sumAcross(f32x4.add(s, rest)), 0);
  }
  let s: f32 = 0;
  for (; n > 0; n--, x += step, g += 4) s += load<f32>(x) * load<f32>(g);
  return s;
}

/** gw[channels, kh, kw] += sums over batch and outputs of gradient times input. */
export function depthwiseGradWeight(
  x: usize,
  gy: usize,
  gw: usize,
  batch: i32,
  channels: i32,
  ih: i32,
  iw: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  dh: i32,
  dw: i32,
): void {
  const step = (<usize>sw) << 2;
  for (let n = 0; n < batch; n++) {
    let to = gw;
    for (let c = 0; c < channels; c++, x += <usize>(ih * iw) << 2, gy += <usize>(oh * ow) << 2)
      for (let ky = 0; ky < kh; ky++)
        for (let kx = 0; kx < kw; kx++, to += 4) {
          const from = firstOut(kx, sw, left, dw);
          const count = endOut(kx, sw, left, dw, iw, ow) - from;
          if (count <= 0) continue;
          const end = endOut(ky, sh, top, dh, ih, oh);
          let s: f32 = 0;
          for (let oy = firstOut(ky, sh, top, dh); oy < end; oy++) {
            const at = x + ((<usize>((oy * sh + ky * dh - top) * iw + from * sw + kx * dw - left)) << 2);
            s += dot(at, gy + ((<usize>(oy * ow + from)) << 2), count, step);
          }
          store<f32>(to, load<f32>(to) + s);
        }
  }
}

/** y[planes, oh, ow] = sum of each window of x[planes, ih, iw], by what it holds of the input, or by kh kw with padded = 1. */
export function avgPool2d(
  x: usize,
  y: usize,
  planes: i32,
  ih: i32,
  iw: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  padded: i32,
): void {
  for (; planes > 0; planes--, x += <usize>(ih * iw) << 2)
    for (let oy = 0; oy < oh; oy++) {
      const y0 = max(0, oy * sh - top);
      const y1 = min(ih, oy * sh - top + kh);
      for (let ox = 0; ox < ow; ox++, y += 4) {
        const x0 = max(0, ox * sw - left);
        const x1 = min(iw, ox * sw - left + kw);
        let s: f32 = 0;
        for (let i = y0; i < y1; i++)
          for (let j = x0; j < x1; j++) s += load<f32>(x + ((<usize>(i * iw + j)) << 2));
        store<f32>(y, s / <f32>(padded ? kh * kw : (y1 - y0) * (x1 - x0)));
      }
    }
}

/** gx[planes, ih, iw] = what each window's gradient gives its elements. */
export function avgPool2dGrad(
  gy: usize,
  gx: usize,
  planes: i32,
  ih: i32,
  iw: i32,
  oh: i32,
  ow: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  top: i32,
  left: i32,
  padded: i32,
): void {
  memory.fill(gx, 0, <usize>(planes * ih * iw) << 2);
  for (; planes > 0; planes--, gx += <usize>(ih * iw) << 2)
    for (let oy = 0; oy < oh; oy++) {
      const y0 = max(0, oy * sh - top);
      const y1 = min(ih, oy * sh - top + kh);
      for (let ox = 0; ox < ow; ox++, gy += 4) {
        const x0 = max(0, ox * sw - left);
        const x1 = min(iw, ox * sw - left + kw);
        const g = load<f32>(gy) / <f32>(padded ? kh * kw : (y1 - y0) * (x1 - x0));
        for (let i = y0; i < y1; i++)
          for (let j = x0; j < x1; j++) {
            const at = gx + ((<usize>(i * iw + j)) << 2);
            store<f32>(at, load<f32>(at) + g);
          }
      }
    }
}
