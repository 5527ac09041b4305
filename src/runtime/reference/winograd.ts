// Reference twins of Winograd's convolutions: what they stand for, tap by tap.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import { conv2d } from "./conv2d.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<ExtraKernels, "winograd" | "winogradGradWeight" | "winogradScratchBytes">;

export function winograd(views: Views): Group {
  const direct = conv2d(views);
  return {
    /** y[batch, oc, oh, ow] = x * w + b; with mirrored = 1 the gradient of the input, w [ic, oc, 3, 3]. */
    winograd(x, w, b, y, batch, ic, ih, iw, oc, pad, mirrored) {
      if (!mirrored) return direct.conv2d(x, w, b, y, batch, ic, ih, iw, oc, 3, 3, 1, pad, 0, 0);
      const [oh, ow] = [ih + 2 * pad - 2, iw + 2 * pad - 2];
      direct.conv2dGradInput(x, w, y, batch, oc, oh, ow, ic, 3, 3, 1, 2 - pad, 0);
      const { f } = views;
      if (b)
        for (let i = 0; i < batch * oc * oh * ow; i++)
          f[wordAt(y) + i]! += f[wordAt(b) + (Math.floor(i / (oh * ow)) % oc)]!;
    },

    /** gw[oc, ic, 3, 3] = sum over batch and positions of gy * x. */
    winogradGradWeight(x, gy, gw, batch, ic, ih, iw, oc, pad) {
      direct.conv2dGradWeight(x, gy, gw, batch, ic, ih, iw, oc, 3, 3, 1, pad, 0);
    },

    winogradScratchBytes: () => 0,
  };
}
