// Reference twins of the counter-based random numbers.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

/** The kernels whose twins are here. */
type Group = Pick<Kernels, "randomBits" | "uniform" | "normal" | "dropout">;

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

/** Threefry-2x32, 20 rounds: the two words of block (c0, c1) under key (k0, k1). */
export function threefry(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const keys = [k0, k1, 0x1bd11bda ^ k0 ^ k1];
  let [x0, x1] = [(c0 + k0) | 0, (c1 + k1) | 0];
  for (let round = 0; round < 20; round++) {
    const bits = rotations[round % 8]!;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << bits) | (x1 >>> (32 - bits))) ^ x0;
    if (round % 4 < 3) continue;
    const group = (round + 1) / 4;
    x0 = (x0 + keys[group % 3]!) | 0;
    x1 = (x1 + keys[(group + 1) % 3]! + group) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** Number n of the stream: word n & 1 of block n >>> 1. */
const bits = (n: number, k0: number, k1: number): number => threefry(k0, k1, n >>> 1, 0)[n & 1]!;

/** Its 24 leading bits, in [0, 1). */
const fraction = (n: number, k0: number, k1: number): number => (bits(n, k0, k1) >>> 8) / 2 ** 24;

export function random(views: Views): Group {
  return {
    randomBits(y, n, k0, k1) {
      for (let i = 0; i < n; i++) views.i32[wordAt(y) + i] = bits(i, k0, k1);
    },

    uniform(y, n, low, high, k0, k1) {
      const { f } = views;
      for (let i = 0; i < n; i++) f[wordAt(y) + i] = low + (high - low) * fraction(i, k0, k1);
    },

    /** Box and Muller: radius from the block's first word, angle from its second. */
    normal(y, n, mean, std, k0, k1) {
      const { f } = views;
      for (let i = 0; i < n; i++) {
        const radius = Math.sqrt(-2 * Math.log(fraction(i & ~1, k0, k1) + 2 ** -24));
        const angle = 2 * Math.PI * fraction(i | 1, k0, k1);
        f[wordAt(y) + i] = mean + std * radius * (i & 1 ? Math.sin(angle) : Math.cos(angle));
      }
    },

    dropout(x, y, n, p, k0, k1) {
      const { f } = views;
      for (let i = 0; i < n; i++)
        f[wordAt(y) + i] = bits(i, k0, k1) >= Math.floor(p * 2 ** 32) ? f[wordAt(x) + i]! / (1 - p) : 0;
    },
  };
}
