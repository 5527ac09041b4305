// Reference twins of choices between two values.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

export function select(views: Views): Pick<ExtraKernels, "where" | "clip" | "clipGrad" | "leakyReluGrad"> {
  const each = (y: number, n: number, value: (i: number) => number): void => {
    for (let i = 0; i < n; i++) views.f[wordAt(y) + i] = value(i);
  };
  const at = (pointer: number, i: number): number => views.f[wordAt(pointer) + i]!;

  return {
    where: (c, a, b, y, n) => each(y, n, (i) => (at(c, i) === 0 ? at(b, i) : at(a, i))),
    clip: (x, y, n, low, high) => each(y, n, (i) => (at(x, i) < low ? low : at(x, i) > high ? high : at(x, i))),
    clipGrad: (x, gy, gx, n, low, high) => each(gx, n, (i) => (at(x, i) >= low && at(x, i) <= high ? at(gy, i) : 0)),
    leakyReluGrad: (x, gy, gx, n, slope) => each(gx, n, (i) => (at(x, i) > 0 ? at(gy, i) : slope * at(gy, i))),
  };
}
