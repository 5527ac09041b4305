// Reference twins of the LSTM: step by step, unit by unit, gate by gate.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "lstm" | "lstmScratchBytes" | "lstmGrad" | "lstmGradScratchBytes">;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Rows of packed sequences: where[i][t] is the row of element t of sorted sequence i. */
function packing(i32: Int32Array, active: number, steps: number, batch: number): number[][] {
  const where = Array.from({ length: batch }, (): number[] => []);
  let row = 0;
  for (let t = 0; t < steps; t++) for (let i = 0; i < i32[wordAt(active) + t]!; i++) where[i]!.push(row++);
  return where;
}

export function lstm(views: Views): Group {
  return {
    lstm(gates, w, b, active, order, hidden, cells, squashed, y, steps, batch, width, reverse) {
      const { f, i32 } = views;
      const [G, W, B, H, C, S, Y] = [gates, w, b, hidden, cells, squashed, y].map((p) => wordAt(p)) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      packing(i32, active, steps, batch).forEach((rows, sequence) => {
        let h = new Array<number>(width).fill(0);
        let c = new Array<number>(width).fill(0);
        for (const row of reverse ? rows.toReversed() : rows) {
          const gate = (k: number, u: number): number => {
            let sum = f[G + (row * 4 + k) * width + u]! + f[B + k * width + u]!;
            for (let j = 0; j < width; j++) sum += f[W + (k * width + u) * width + j]! * h[j]!;
            return k === 2 ? Math.tanh(sum) : sigmoid(sum);
          };
          const four = c.map((_, u) => [0, 1, 2, 3].map((k) => gate(k, u)) as [number, number, number, number]);
          const next = c.map((before, u) => four[u]![1] * before + four[u]![0] * four[u]![2]);
          for (let u = 0; u < width; u++) {
            for (let k = 0; k < 4; k++) f[G + (row * 4 + k) * width + u] = four[u]![k]!;
            f[H + row * width + u] = h[u]!;
            f[C + row * width + u] = c[u]!;
            f[S + row * width + u] = Math.tanh(next[u]!);
          }
          h = next.map((after, u) => four[u]![3] * Math.tanh(after));
          c = next;
        }
        const to = Y + i32[wordAt(order) + sequence]! * width;
        for (let u = 0; u < width; u++) f[to + u] = h[u]!;
      });
    },

    lstmScratchBytes: () => 0,

    lstmGrad(gy, w, active, order, gates, cells, squashed, ggates, steps, batch, width, reverse) {
      const { f, i32 } = views;
      const [W, G, C, S, D] = [w, gates, cells, squashed, ggates].map((p) => wordAt(p)) as [
        number,
        number,
        number,
        number,
        number,
      ];
      packing(i32, active, steps, batch).forEach((rows, sequence) => {
        const from = wordAt(gy) + i32[wordAt(order) + sequence]! * width;
        const gh = Array.from(f.subarray(from, from + width));
        const gc = new Array<number>(width).fill(0);
        for (const row of reverse ? rows : rows.toReversed()) {
          for (let u = 0; u < width; u++) {
            const [i, forget, g, o] = [0, 1, 2, 3].map((k) => f[G + (row * 4 + k) * width + u]!) as [
              number,
              number,
              number,
              number,
            ];
            const small = f[S + row * width + u]!;
            const dc = gc[u]! + gh[u]! * o * (1 - small ** 2);
            f[D + (row * 4 + 0) * width + u] = dc * g * i * (1 - i);
            f[D + (row * 4 + 1) * width + u] = dc * f[C + row * width + u]! * forget * (1 - forget);
            f[D + (row * 4 + 2) * width + u] = dc * i * (1 - g ** 2);
            f[D + (row * 4 + 3) * width + u] = gh[u]! * small * o * (1 - o);
            gc[u] = dc * forget;
          }
          for (let j = 0; j < width; j++) {
            gh[j] = 0;
            for (let k = 0; k < 4 * width; k++) gh[j]! += f[D + row * 4 * width + k]! * f[W + k * width + j]!;
          }
        }
      });
    },

    lstmGradScratchBytes: () => 0,
  };
}
