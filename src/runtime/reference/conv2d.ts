// Reference twins of the convolution kernels (NCHW, weights [oc, ic, kh, kw], zero padding): one visit per
// (output, tap) pair. All four walk the same pairs; they differ in which of the three operands they write.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<
  Kernels,
  | "conv2d"
  | "conv2dGradInput"
  | "conv2dGradWeight"
  | "conv2dGradBias"
  | "conv2dScratchBytes"
  | "conv2dGradInputScratchBytes"
  | "conv2dGradWeightScratchBytes"
>;

type Conv2dSizes = [
  batch: number,
  ic: number,
  ih: number,
  iw: number,
  oc: number,
  kh: number,
  kw: number,
  stride: number,
  pad: number,
];

/** Calls `visit` with element offsets into x, w and y for every tap that meets the input, padding left out. */
function forEachTap(sizes: Conv2dSizes, visit: (x: number, w: number, y: number) => void): void {
  const [batch, ic, ih, iw, oc, kh, kw, stride, pad] = sizes;
  const oh = Math.floor((ih + 2 * pad - kh) / stride) + 1;
  const ow = Math.floor((iw + 2 * pad - kw) / stride) + 1;
  for (let sample = 0; sample < batch; sample++)
    for (let o = 0; o < oc; o++)
      for (let oy = 0; oy < oh; oy++)
        for (let ox = 0; ox < ow; ox++)
          for (let c = 0; c < ic; c++)
            for (let ky = 0; ky < kh; ky++)
              for (let kx = 0; kx < kw; kx++) {
                const iy = oy * stride + ky - pad;
                const ix = ox * stride + kx - pad;
                if (iy < 0 || iy >= ih || ix < 0 || ix >= iw) continue;
                visit(
                  ((sample * ic + c) * ih + iy) * iw + ix,
                  ((o * ic + c) * kh + ky) * kw + kx,
                  ((sample * oc + o) * oh + oy) * ow + ox,
                );
              }
}

export function conv2d(views: Views): Group {
  return {
    /** y[batch, oc, oh, ow] = act(x * w + b), oh = floor((ih + 2 pad - kh) / stride) + 1; b = 0: no bias. */
    conv2d(x, w, b, y, batch, ic, ih, iw, oc, kh, kw, stride, pad, relu) {
      const { f } = views;
      const [x0, w0, b0, y0] = [wordAt(x), wordAt(w), wordAt(b), wordAt(y)];
      const plane = (Math.floor((ih + 2 * pad - kh) / stride) + 1) * (Math.floor((iw + 2 * pad - kw) / stride) + 1);
      const count = batch * oc * plane;
      for (let i = 0; i < count; i++) f[y0 + i] = b ? f[b0 + (Math.floor(i / plane) % oc)]! : 0;
      forEachTap([batch, ic, ih, iw, oc, kh, kw, stride, pad], (xi, wi, yi) => {
        f[y0 + yi]! += f[x0 + xi]! * f[w0 + wi]!;
      });
      if (relu) for (let i = 0; i < count; i++) if (f[y0 + i]! < 0) f[y0 + i] = 0;
    },

    /** gx[batch, ic, ih, iw] = sum over outputs that saw the pixel of gy * w. */
    conv2dGradInput(gy, w, gx, batch, ic, ih, iw, oc, kh, kw, stride, pad) {
      const { f } = views;
      const [gy0, w0, gx0] = [wordAt(gy), wordAt(w), wordAt(gx)];
      f.fill(0, gx0, gx0 + batch * ic * ih * iw);
      forEachTap([batch, ic, ih, iw, oc, kh, kw, stride, pad], (xi, wi, yi) => {
        f[gx0 + xi]! += f[gy0 + yi]! * f[w0 + wi]!;
      });
    },

    /** gw[oc, ic, kh, kw] = sum over batch and positions of gy * x. */
    conv2dGradWeight(x, gy, gw, batch, ic, ih, iw, oc, kh, kw, stride, pad) {
      const { f } = views;
      const [x0, gy0, gw0] = [wordAt(x), wordAt(gy), wordAt(gw)];
      f.fill(0, gw0, gw0 + oc * ic * kh * kw);
      forEachTap([batch, ic, ih, iw, oc, kh, kw, stride, pad], (xi, wi, yi) => {
        f[gw0 + wi]! += f[x0 + xi]! * f[gy0 + yi]!;
      });
    },

    /** gb[oc] = sum over batch and plane of gy[batch, oc, plane]. */
    conv2dGradBias(gy, gb, batch, oc, plane) {
      const { f } = views;
      const [gy0, gb0] = [wordAt(gy), wordAt(gb)];
      for (let o = 0; o < oc; o++) {
        let sum = 0;
        for (let sample = 0; sample < batch; sample++)
          for (let i = 0; i < plane; i++) sum += f[gy0 + (sample * oc + o) * plane + i]!;
        f[gb0 + o] = sum;
      }
    },

    conv2dScratchBytes: () => 0,
    conv2dGradInputScratchBytes: () => 0,
    conv2dGradWeightScratchBytes: () => 0,
  };
}
