// Reference twin of the copy to places apart.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

export function place(views: Views): Pick<ExtraKernels, "place"> {
  return {
    place(x, y, d0, d1, d2, d3, s0, s1, s2, s3) {
      const { f } = views;
      let from = wordAt(x);
      for (let i = 0; i < d0; i++)
        for (let j = 0; j < d1; j++)
          for (let k = 0; k < d2; k++)
            for (let l = 0; l < d3; l++) f[wordAt(y) + i * s0 + j * s1 + k * s2 + l * s3] = f[from++]!;
    },
  };
}
