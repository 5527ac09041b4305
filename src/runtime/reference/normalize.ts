// Reference twins of normalisation over groups of x[outer, groups, inner], from the formulas.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<ExtraKernels, "moments" | "normalize" | "normalizeGrad" | "normalizeGradScale">;

export function normalize(views: Views): Group {
  /** Calls `visit` with the index and the channel of every element of a group. */
  const eachOf = (
    group: number,
    [outer, groups, inner, channels, run]: readonly [number, number, number, number, number],
    visit: (at: number, channel: number) => void,
  ): void => {
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++)
        visit((o * groups + group) * inner + i, (group * (inner / run) + Math.floor(i / run)) % channels);
  };
  const at = (pointer: number, i: number): number => views.f[wordAt(pointer) + i]!;

  return {
    moments(x, mean, variance, outer, groups, inner) {
      const { f } = views;
      const n = outer * inner;
      for (let g = 0; g < groups; g++) {
        const sizes = [outer, groups, inner, 1, inner] as const;
        let [sum, squares] = [0, 0];
        eachOf(g, sizes, (i) => (sum += at(x, i)));
        eachOf(g, sizes, (i) => (squares += (at(x, i) - sum / n) ** 2));
        f[wordAt(mean) + g] = sum / n;
        f[wordAt(variance) + g] = squares / n;
      }
    },

    normalize(x, mean, variance, w, b, y, outer, groups, inner, channels, run, eps) {
      const { f } = views;
      for (let g = 0; g < groups; g++)
        eachOf(g, [outer, groups, inner, channels, run], (i, c) => {
          const h = (at(x, i) - at(mean, g)) / Math.sqrt(at(variance, g) + eps);
          f[wordAt(y) + i] = w ? h * at(w, c) + at(b, c) : h;
        });
    },

    normalizeGrad(x, mean, variance, w, gy, gx, outer, groups, inner, channels, run, eps, fixed) {
      const { f } = views;
      const n = outer * inner;
      const sizes = [outer, groups, inner, channels, run] as const;
      for (let g = 0; g < groups; g++) {
        const r = 1 / Math.sqrt(at(variance, g) + eps);
        const weighted = (i: number, c: number): number => at(gy, i) * (w ? at(w, c) : 1);
        let [sum, product] = [0, 0];
        if (!fixed)
          eachOf(g, sizes, (i, c) => {
            sum += weighted(i, c);
            product += weighted(i, c) * (at(x, i) - at(mean, g)) * r;
          });
        eachOf(g, sizes, (i, c) => {
          const h = (at(x, i) - at(mean, g)) * r;
          f[wordAt(gx) + i] = r * (weighted(i, c) - sum / n - (h * product) / n);
        });
      }
    },

    normalizeGradScale(x, mean, variance, gy, gw, gb, outer, groups, inner, channels, run, eps) {
      const { f } = views;
      f.fill(0, wordAt(gw), wordAt(gw) + channels);
      f.fill(0, wordAt(gb), wordAt(gb) + channels);
      for (let g = 0; g < groups; g++)
        eachOf(g, [outer, groups, inner, channels, run], (i, c) => {
          f[wordAt(gw) + c]! += (at(gy, i) * (at(x, i) - at(mean, g))) / Math.sqrt(at(variance, g) + eps);
          f[wordAt(gb) + c]! += at(gy, i);
        });
    },
  };
}
