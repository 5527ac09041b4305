// Reference twins of max pooling and its gradient.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** Calls `visit` with the element indices of every window, in scan order, and the index of its output. */
function windows(
  [planes, ih, iw, kernel, stride]: [number, number, number, number, number],
  visit: (window: number[], out: number) => void,
): void {
  let out = 0;
  for (let plane = 0; plane < planes; plane++)
    for (let i = 0; i + kernel <= ih; i += stride)
      for (let j = 0; j + kernel <= iw; j += stride) {
        const window: number[] = [];
        for (let di = 0; di < kernel; di++)
          for (let dj = 0; dj < kernel; dj++) window.push((plane * ih + i + di) * iw + j + dj);
        visit(window, out++);
      }
}

export function pool(views: Views): Pick<Kernels, "maxPool2d" | "maxPool2dGrad"> {
  return {
    maxPool2d(x, y, planes, ih, iw, kernel, stride, relu) {
      const { f } = views;
      windows([planes, ih, iw, kernel, stride], (window, out) => {
        const value = Math.max(...window.map((index) => f[wordAt(x) + index]!));
        f[wordAt(y) + out] = relu && value < 0 ? 0 : value;
      });
    },

    maxPool2dGrad(x, y, gy, gx, planes, ih, iw, kernel, stride, relu) {
      const { f } = views;
      f.fill(0, wordAt(gx), wordAt(gx) + planes * ih * iw);
      windows([planes, ih, iw, kernel, stride], (window, out) => {
        const value = f[wordAt(y) + out]!;
        const first = window.find((index) => value === f[wordAt(x) + index]);
        if (first !== undefined && !(relu && value <= 0)) f[wordAt(gx) + first]! += f[wordAt(gy) + out]!;
      });
    },
  };
}
