// Reference twins of LSTM and GRU over all steps: sequence by sequence, unit by unit, gate by gate.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import { sigmoid } from "./unary.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<
  ExtraKernels,
  "lstmSteps" | "lstmStepsGrad" | "lstmStepsScratchBytes" | "gruSteps" | "gruStepsGrad" | "gruStepsScratchBytes"
>;

export function recurrent(views: Views): Group {
  const at = (pointer: number, i: number): number => views.f[wordAt(pointer) + i]!;
  const put = (pointer: number, i: number, value: number): void => {
    views.f[wordAt(pointer) + i] = value;
  };
  /** The state's part of one gate of one unit: sum over the state h of one sequence. */
  const part = (w: number, row: number, h: readonly number[]): number =>
    h.reduce((sum, value, j) => sum + value * at(w, row * h.length + j), 0);
  const state = (pointer: number, n: number, width: number): number[] =>
    Array.from({ length: width }, (_, u) => (pointer ? at(pointer, n * width + u) : 0));

  return {
    lstmSteps(gates, w, b, h, c, hidden, cells, squashed, y, last, steps, batch, width, reverse) {
      for (let n = 0; n < batch; n++) {
        let [now, cell] = [state(h, n, width), state(c, n, width)];
        for (let s = 0; s < steps; s++) {
          const row = (reverse ? steps - 1 - s : s) * batch + n;
          const next: number[] = [];
          const after: number[] = [];
          for (let u = 0; u < width; u++) {
            const [i, f, g, o] = [0, 1, 2, 3].map((k) => {
              const sum = at(gates, (row * 4 + k) * width + u) + part(w, k * width + u, now) + at(b, k * width + u);
              const value = k === 2 ? Math.tanh(sum) : sigmoid(sum);
              return value;
            }) as [number, number, number, number];
            [i, f, g, o].forEach((value, k) => put(gates, (row * 4 + k) * width + u, value));
            put(hidden, row * width + u, now[u]!);
            put(cells, (s * batch + n) * width + u, cell[u]!);
            after.push(f * cell[u]! + i * g);
            put(squashed, row * width + u, Math.tanh(after[u]!));
            next.push(o * Math.tanh(after[u]!));
            put(y, row * width + u, next[u]!);
          }
          [now, cell] = [next, after];
        }
        cell.forEach((value, u) => put(last, n * width + u, value));
      }
    },

    lstmStepsGrad(gy, glast, w, gates, cells, squashed, ggates, gh, gc, steps, batch, width, reverse) {
      for (let n = 0; n < batch; n++) {
        let dh = new Array<number>(width).fill(0);
        let dc = state(glast, n, width);
        for (let s = steps - 1; s >= 0; s--) {
          const row = (reverse ? steps - 1 - s : s) * batch + n;
          const slopes = new Array<number>(4 * width).fill(0);
          for (let u = 0; u < width; u++) {
            const [i, f, g, o] = [0, 1, 2, 3].map((k) => at(gates, (row * 4 + k) * width + u)) as [
              number,
              number,
              number,
              number,
            ];
            const small = at(squashed, row * width + u);
            const up = dh[u]! + at(gy, row * width + u);
            const down = dc[u]! + up * o * (1 - small * small);
            slopes[u] = down * g * i * (1 - i);
            slopes[width + u] = down * at(cells, (s * batch + n) * width + u) * f * (1 - f);
            slopes[2 * width + u] = down * i * (1 - g * g);
            slopes[3 * width + u] = up * small * o * (1 - o);
            dc[u] = down * f;
          }
          slopes.forEach((value, k) => put(ggates, row * 4 * width + k, value));
          dh = dh.map((_, u) => slopes.reduce((sum, value, k) => sum + value * at(w, k * width + u), 0));
        }
        dh.forEach((value, u) => put(gh, n * width + u, value));
        dc.forEach((value, u) => put(gc, n * width + u, value));
      }
    },

    gruSteps(gates, w, b, h, hidden, inner, y, steps, batch, width, reverse) {
      for (let n = 0; n < batch; n++) {
        let now = state(h, n, width);
        for (let s = 0; s < steps; s++) {
          const row = (reverse ? steps - 1 - s : s) * batch + n;
          const next = now.map((before, u) => {
            const own = [0, 1, 2].map((k) => part(w, k * width + u, now) + at(b, k * width + u)) as [
              number,
              number,
              number,
            ];
            const gate = (k: number): number => (row * 3 + k) * width + u;
            const r = sigmoid(at(gates, gate(0)) + own[0]);
            const z = sigmoid(at(gates, gate(1)) + own[1]);
            const fresh = Math.tanh(at(gates, gate(2)) + r * own[2]);
            [r, z, fresh].forEach((value, k) => put(gates, gate(k), value));
            put(hidden, row * width + u, before);
            put(inner, row * width + u, own[2]);
            return (1 - z) * fresh + z * before;
          });
          next.forEach((value, u) => put(y, row * width + u, value));
          now = next;
        }
      }
    },

    gruStepsGrad(gy, w, gates, hidden, inner, ggates, gparts, gh, steps, batch, width, reverse) {
      for (let n = 0; n < batch; n++) {
        let dh = new Array<number>(width).fill(0);
        for (let s = steps - 1; s >= 0; s--) {
          const row = (reverse ? steps - 1 - s : s) * batch + n;
          const slopes = new Array<number>(3 * width).fill(0);
          const through = dh.map((before, u) => {
            const [r, z, fresh] = [0, 1, 2].map((k) => at(gates, (row * 3 + k) * width + u)) as [
              number,
              number,
              number,
            ];
            const up = before + at(gy, row * width + u);
            const dn = up * (1 - z) * (1 - fresh * fresh);
            const dz = up * (at(hidden, row * width + u) - fresh) * z * (1 - z);
            const dr = dn * at(inner, row * width + u) * r * (1 - r);
            [dr, dz, dn].forEach((value, k) => put(ggates, (row * 3 + k) * width + u, value));
            [dr, dz, dn * r].forEach((value, k) => {
              slopes[k * width + u] = value;
              put(gparts, (row * 3 + k) * width + u, value);
            });
            return up * z;
          });
          dh = through.map(
            (value, u) => value + slopes.reduce((sum, slope, k) => sum + slope * at(w, k * width + u), 0),
          );
        }
        dh.forEach((value, u) => put(gh, n * width + u, value));
      }
    },

    lstmStepsScratchBytes: () => 0,
    gruStepsScratchBytes: () => 0,
  };
}
