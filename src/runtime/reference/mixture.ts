// Reference twins of the mixture of two experts and its gradients.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import { logSigmoid, sigmoid } from "./unary.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<
  Kernels,
  "mixture" | "mixtureGrad" | "mixtureNll" | "mixtureNllGrad" | "mixtureLog" | "mixtureLogGrad"
>;

/** One entry of the mixture: its log-probability and what each expert contributes to the probability, as shares. */
function mix(ls: number, lg: number, z: number): { y: number; specialist: number; generalist: number } {
  const [a, b] = [logSigmoid(z) + ls, logSigmoid(-z) + lg];
  const larger = Math.max(a, b);
  if (larger === -Infinity) return { y: larger, specialist: 0, generalist: 0 };
  const y = larger + Math.log(Math.exp(a - larger) + Math.exp(b - larger));
  return { y, specialist: Math.exp(a - y), generalist: Math.exp(b - y) };
}

export function mixture(views: Views): Group {
  /** Calls `visit` with row, element index and the three values at it. */
  const entries = (
    ls: number,
    lg: number,
    z: number,
    rows: number,
    cols: number,
    visit: (row: number, index: number, s: number, g: number, gate: number) => void,
  ): void => {
    const { f } = views;
    for (let row = 0; row < rows; row++)
      for (let index = row * cols; index < (row + 1) * cols; index++)
        visit(row, index, f[wordAt(ls) + index]!, f[wordAt(lg) + index]!, f[wordAt(z) + row]!);
  };

  const clear = (pointer: number, n: number): void => {
    if (pointer) views.f.fill(0, wordAt(pointer), wordAt(pointer) + n);
  };
  const put = (pointer: number, index: number, value: number): void => {
    if (pointer) views.f[wordAt(pointer) + index] = value;
  };
  const add = (pointer: number, index: number, value: number): void => {
    if (pointer) views.f[wordAt(pointer) + index]! += value;
  };

  return {
    mixture(ls, lg, z, y, rows, cols) {
      entries(ls, lg, z, rows, cols, (_, index, s, g, gate) => put(y, index, mix(s, g, gate).y));
    },

    mixtureGrad(ls, lg, z, gy, gls, glg, gz, rows, cols) {
      clear(gz, rows);
      entries(ls, lg, z, rows, cols, (row, index, s, g, gate) => {
        const { specialist, generalist } = mix(s, g, gate);
        const gradient = views.f[wordAt(gy) + index]!;
        put(gls, index, gradient * specialist);
        put(glg, index, gradient * generalist);
        add(gz, row, gradient * (specialist * sigmoid(-gate) - generalist * sigmoid(gate)));
      });
    },

    mixtureNll(ls, lg, z, labels, y, rows, cols) {
      entries(ls, lg, z, rows, cols, (row, index, s, g, gate) => {
        if (index - row * cols === views.i32[wordAt(labels) + row]) put(y, row, -mix(s, g, gate).y);
      });
    },

    mixtureNllGrad(ls, lg, z, labels, gy, gls, glg, gz, rows, cols) {
      clear(gz, rows);
      entries(ls, lg, z, rows, cols, (row, index, s, g, gate) => {
        const { specialist, generalist } = mix(s, g, gate);
        const own = index - row * cols === views.i32[wordAt(labels) + row];
        const gradient = own ? -views.f[wordAt(gy) + row]! : 0;
        put(gls, index, gradient * specialist);
        put(glg, index, gradient * generalist);
        add(gz, row, gradient * (specialist * sigmoid(-gate) - generalist * sigmoid(gate)));
      });
    },

    mixtureLog(ls, lg, z, y, rows, cols) {
      entries(ls, lg, z, rows, cols, (_, index, s, g, gate) => put(y, index, sigmoid(gate) * s + sigmoid(-gate) * g));
    },

    mixtureLogGrad(ls, lg, z, gy, gls, glg, gz, rows, cols) {
      clear(gz, rows);
      entries(ls, lg, z, rows, cols, (row, index, s, g, gate) => {
        const gradient = views.f[wordAt(gy) + index]!;
        put(gls, index, gradient * sigmoid(gate));
        put(glg, index, gradient * sigmoid(-gate));
        add(gz, row, gradient * (s - g) * sigmoid(gate) * sigmoid(-gate));
      });
    },
  };
}
