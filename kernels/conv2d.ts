// Convolution and its gradients, NCHW, weights [oc, ic, kh, kw], zero padding.

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
  const oh = (ih + 2 * pad - kh) / stride + 1;
  const ow = (iw + 2 * pad - kw) / stride + 1;
  for (let sample = 0; sample < batch; sample++)
    for (let o = 0; o < oc; o++)
      for (let oy = 0; oy < oh; oy++)
        for (let ox = 0; ox < ow; ox++) {
          let sum: f32 = b ? load<f32>(b + ((<usize>o) << 2)) : 0;
          for (let c = 0; c < ic; c++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const iy = oy * stride + ky - pad;
                const ix = ox * stride + kx - pad;
                if (<u32>iy < <u32>ih && <u32>ix < <u32>iw)
                  sum += at(x, ((sample * ic + c) * ih + iy) * iw + ix) * at(w, ((o * ic + c) * kh + ky) * kw + kx);
              }
          store<f32>(y + ((<usize>(((sample * oc + o) * oh + oy) * ow + ox)) << 2), relu && sum < 0 ? 0 : sum);
        }
}

/** gx[batch, ic, ih, iw] = sum over outputs that saw the pixel of gy * w. */
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
  const oh = (ih + 2 * pad - kh) / stride + 1;
  const ow = (iw + 2 * pad - kw) / stride + 1;
  memory.fill(gx, 0, (<usize>(batch * ic * ih * iw)) << 2);
  for (let sample = 0; sample < batch; sample++)
    for (let o = 0; o < oc; o++)
      for (let oy = 0; oy < oh; oy++)
        for (let ox = 0; ox < ow; ox++) {
          const g = at(gy, ((sample * oc + o) * oh + oy) * ow + ox);
          for (let c = 0; c < ic; c++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const iy = oy * stride + ky - pad;
                const ix = ox * stride + kx - pad;
                if (<u32>iy < <u32>ih && <u32>ix < <u32>iw)
                  add(gx, ((sample * ic + c) * ih + iy) * iw + ix, g * at(w, ((o * ic + c) * kh + ky) * kw + kx));
              }
        }
}

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
  const oh = (ih + 2 * pad - kh) / stride + 1;
  const ow = (iw + 2 * pad - kw) / stride + 1;
  memory.fill(gw, 0, (<usize>(oc * ic * kh * kw)) << 2);
  for (let sample = 0; sample < batch; sample++)
    for (let o = 0; o < oc; o++)
      for (let oy = 0; oy < oh; oy++)
        for (let ox = 0; ox < ow; ox++) {
          const g = at(gy, ((sample * oc + o) * oh + oy) * ow + ox);
          for (let c = 0; c < ic; c++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const iy = oy * stride + ky - pad;
                const ix = ox * stride + kx - pad;
                if (<u32>iy < <u32>ih && <u32>ix < <u32>iw)
                  add(gw, ((o * ic + c) * kh + ky) * kw + kx, g * at(x, ((sample * ic + c) * ih + iy) * iw + ix));
              }
        }
}

/** gb[oc] = sum over batch and plane of gy[batch, oc, plane]. */
export function conv2dGradBias(gy: usize, gb: usize, batch: i32, oc: i32, plane: i32): void {
  for (let o = 0; o < oc; o++) {
    let sum: f32 = 0;
    for (let sample = 0; sample < batch; sample++)
      for (let i = 0; i < plane; i++) sum += at(gy, (sample * oc + o) * plane + i);
    store<f32>(gb + ((<usize>o) << 2), sum);
  }
}

function at(base: usize, index: i32): f32 {
  return load<f32>(base + ((<usize>index) << 2));
}

function add(base: usize, index: i32, value: f32): void {
  const address = base + ((<usize>index) << 2);
  store<f32>(address, load<f32>(address) + value);
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
  return 0;
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
  return 0;
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
  return 0;
}
