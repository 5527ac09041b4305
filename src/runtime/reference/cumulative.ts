// Reference twin of the running sum.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

export function cumulative(views: Views): Pick<ExtraKernels, "cumsum"> {
  return {
    cumsum(x, y, outer, n, inner, reverse) {
      const { f } = views;
      for (let i = 0; i < outer; i++)
        for (let j = 0; j < inner; j++) {
          let sum = 0;
          for (let k = 0; k < n; k++) {
            const at = (i * n + (reverse ? n - 1 - k : k)) * inner + j;
            sum += f[wordAt(x) + at]!;
            f[wordAt(y) + at] = sum;
          }
        }
    },
  };
}
