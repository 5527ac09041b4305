// Reference twins of what walks windows over planes: one visit per pair of an output and a tap that meets the input.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<
  ExtraKernels,
  "columns" | "columnsGrad" | "depthwise" | "depthwiseGradInput" | "depthwiseGradWeight" | "avgPool2d" | "avgPool2dGrad"
>;

/** ih, iw, oh, ow, kh, kw, strides, padding in front, and dilation if there is any. */
type Sizes = readonly number[];

/** Calls `visit` with the places of an output, a tap and an input of one plane that belong together. */
function eachPair(
  [ih, iw, oh, ow, kh, kw, sh, sw, top, left, dh = 1, dw = 1]: Sizes,
  visit: (out: number, tap: number, input: number) => void,
): void {
  for (let oy = 0; oy < oh!; oy++)
    for (let ox = 0; ox < ow!; ox++)
      for (let ky = 0; ky < kh!; ky++)
        for (let kx = 0; kx < kw!; kx++) {
          const iy = oy * sh! + ky * dh - top!;
          const ix = ox * sw! + kx * dw - left!;
          if (iy >= 0 && iy < ih! && ix >= 0 && ix < iw!) visit(oy * ow! + ox, ky * kw! + kx, iy * iw! + ix);
        }
}

export function window(views: Views): Group {
  const clear = (pointer: number, n: number): void => void views.f.fill(0, wordAt(pointer), wordAt(pointer) + n);

  /** Calls `visit` with addresses of input, weight and output of every channel of every sample. */
  const eachChannel = (
    batch: number,
    channels: number,
    sizes: Sizes,
    [x, w, y]: readonly [number, number, number],
    visit: (x: number, w: number, y: number) => void,
  ): void => {
    const [ih, iw, oh, ow, kh, kw] = sizes as [number, number, number, number, number, number];
    for (let p = 0; p < batch * channels; p++)
      eachPair(sizes, (out, tap, input) =>
        visit(
          wordAt(x) + p * ih * iw + input,
          wordAt(w) + (p % channels) * kh * kw + tap,
          wordAt(y) + p * oh * ow + out,
        ),
      );
  };

  /** How many elements each window divides its sum by. */
  const counts = (sizes: Sizes, padded: number): number[] => {
    const [, , oh, ow, kh, kw] = sizes as [number, number, number, number, number, number];
    const found = new Array<number>(oh * ow).fill(padded ? kh * kw : 0);
    if (!padded) eachPair(sizes, (out) => found[out]!++);
    return found;
  };

  return {
    columns(x, y, planes, ...sizes) {
      const { f } = views;
      const [ih, iw, oh, ow, kh, kw] = sizes;
      clear(y, planes * kh * kw * oh * ow);
      for (let p = 0; p < planes; p++)
        eachPair(sizes, (out, tap, input) => {
          f[wordAt(y) + (p * kh * kw + tap) * oh * ow + out] = f[wordAt(x) + p * ih * iw + input]!;
        });
    },

    columnsGrad(gy, gx, planes, ...sizes) {
      const { f } = views;
      const [ih, iw, oh, ow, kh, kw] = sizes;
      clear(gx, planes * ih * iw);
      for (let p = 0; p < planes; p++)
        eachPair(sizes, (out, tap, input) => {
          f[wordAt(gx) + p * ih * iw + input]! += f[wordAt(gy) + (p * kh * kw + tap) * oh * ow + out]!;
        });
    },

    depthwise(x, w, y, batch, channels, ...sizes) {
      const { f } = views;
      eachChannel(batch, channels, sizes, [x, w, y], (xi, wi, yi) => (f[yi]! += f[xi]! * f[wi]!));
    },

    depthwiseGradInput(gy, w, gx, batch, channels, ...sizes) {
      const { f } = views;
      eachChannel(batch, channels, sizes, [gx, w, gy], (xi, wi, yi) => (f[xi]! += f[yi]! * f[wi]!));
    },

    depthwiseGradWeight(x, gy, gw, batch, channels, ...sizes) {
      const { f } = views;
      eachChannel(batch, channels, sizes, [x, gw, gy], (xi, wi, yi) => (f[wi]! += f[xi]! * f[yi]!));
    },

    avgPool2d(x, y, planes, ih, iw, oh, ow, ...rest) {
      const { f } = views;
      const sizes = [ih, iw, oh, ow, ...rest.slice(0, 6)];
      const by = counts(sizes, rest[6]);
      clear(y, planes * oh * ow);
      for (let p = 0; p < planes; p++)
        eachPair(sizes, (out, _, input) => {
          f[wordAt(y) + p * oh * ow + out]! += f[wordAt(x) + p * ih * iw + input]! / by[out]!;
        });
    },

    avgPool2dGrad(gy, gx, planes, ih, iw, oh, ow, ...rest) {
      const { f } = views;
      const sizes = [ih, iw, oh, ow, ...rest.slice(0, 6)];
      const by = counts(sizes, rest[6]);
      clear(gx, planes * ih * iw);
      for (let p = 0; p < planes; p++)
        eachPair(sizes, (out, _, input) => {
          f[wordAt(gx) + p * ih * iw + input]! += f[wordAt(gy) + p * oh * ow + out]! / by[out]!;
        });
    },
  };
}
