// Reference twin of the strided copy.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

export function expand(views: Views): Pick<Kernels, "expand"> {
  return {
    /** y[i, j, k, l] = x at i s0 + j s1 + k s2 + l s3. */
    expand(x, y, d0, d1, d2, d3, s0, s1, s2, s3) {
      const { f } = views;
      let out = wordAt(y);
      for (let i = 0; i < d0; i++)
        for (let j = 0; j < d1; j++)
          for (let k = 0; k < d2; k++)
            for (let l = 0; l < d3; l++) f[out++] = f[wordAt(x) + i * s0 + j * s1 + k * s2 + l * s3]!;
    },
  };
}
