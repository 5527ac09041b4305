// NumPy's old generator as `numpy.random.seed` sets it: the Mersenne Twister (Matsumoto and Nishimura 1998) and the draws that
// libraries of federated learning part their data by. Bit for bit, so that their clients have the same rows here; nothing else
// is to draw from it.
import { log } from "../../../runtime/scalar.ts";
import { normalised, shuffled } from "./arrays.ts";
import { gammaBelowOne } from "./gamma.ts";

const N = 624;
const M = 397;

export class LegacyRandom {
  readonly #state = new Uint32Array(N);
  #at = N;

  /** @param seed a whole number from 0 to 2^32 - 1 */
  constructor(seed: number) {
    if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
      throw new RangeError(`numpy: seed, got ${seed}, expected a whole number from 0 to 2^32 - 1`);
    this.#state[0] = seed;
    for (let i = 1; i < N; i++) {
      const before = this.#state[i - 1]!;
      this.#state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** The next 32 bits. */
  next(): number {
    if (this.#at === N) this.#twist();
    let y = this.#state[this.#at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** Uniform in [0, 1) with 53 bits. */
  double(): number {
    const high = this.next() >>> 5;
    return (high * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  /** A whole number from 0 to `most`, by masks and rejection. */
  upTo(most: number): number {
    const mask = most === 0 ? 0 : 0xffffffff >>> Math.clz32(most);
    for (;;) {
      const value = (this.next() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  /** `randint(low, high)`: from `low` to below `high`. */
  below(low: number, high: number): number {
    // a range of one number takes no draw
    return high - 1 === low ? low : low + this.upTo(high - 1 - low);
  }

  /** Shuffles in place. */
  shuffle(items: Int32Array): Int32Array {
    return shuffled(items, (most) => this.upTo(most));
  }

  /** `dirichlet` of equal concentrations, which are at most 1 here: above, NumPy draws otherwise. */
  dirichlet(alpha: number, n: number): Float64Array {
    const exponential = (): number => -log(1 - this.double());
    const draw = alpha === 1 ? exponential : () => gammaBelowOne(alpha, () => this.double(), exponential);
    return normalised(Float64Array.from({ length: n }, draw));
  }

  #twist(): void {
    const s = this.#state;
    for (let i = 0; i < N; i++) {
      const y = (s[i]! & 0x80000000) | (s[(i + 1) % N]! & 0x7fffffff);
      s[i] = s[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#at = 0;
  }
}
