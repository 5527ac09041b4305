// NumPy's `default_rng`: PCG64 (O'Neill 2014, XSL-RR) seeded through SeedSequence, and the draws that libraries of federated
// learning part their data by. Bit for bit, so that their clients have the same rows here; nothing else is to draw from it.
import { exp, log } from "../../../runtime/scalar.ts";
import { normalised, shuffled } from "./arrays.ts";
import { gammaBelowOne } from "./gamma.ts";

const MASK64 = (1n << 64n) - 1n;
const MASK128 = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/** Four 64-bit words from a seed below 2^32 (SeedSequence: four words of pool, mixed each with each). */
function seedWords(seed: number): bigint[] {
  let constant = 0x43b0d7e5;
  const hashed = (value: number): number => {
    let mixed = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    mixed = Math.imul(mixed, constant);
    return mixed ^ (mixed >>> 16);
  };
  const pool = [seed, 0, 0, 0].map(hashed);
  for (let from = 0; from < 4; from++)
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const both = Math.imul(0xca01f9dd, pool[to]!) - Math.imul(0x4973f715, hashed(pool[from]!));
      pool[to] = both ^ ((both | 0) >>> 16);
    }
  constant = 0x8b51f9dd;
  const words = Array.from({ length: 8 }, (_, i) => {
    let value = pool[i % 4]! ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    value = Math.imul(value, constant);
    return BigInt((value ^ (value >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((i) => words[i]! | (words[i + 1]! << 32n));
}

// the ziggurat of the exponential law (Marsaglia and Tsang 2000): 256 layers of this size, the last beginning here
const LAYER = 0.003949659822581557;
const LAST = 7.69711747013105;

interface Ziggurat {
  readonly width: Float64Array;
  readonly inside: Float64Array;
  readonly height: Float64Array;
}

let ziggurat: Ziggurat | undefined;

function layers(): Ziggurat {
  if (ziggurat) return ziggurat;
  const [width, inside, height] = [new Float64Array(256), new Float64Array(256), new Float64Array(256)];
  const all = 2 ** 53;
  const bottom = LAYER / exp(-LAST);
  inside[0] = (LAST / bottom) * all;
  width[0] = bottom / all;
  width[255] = LAST / all;
  height[0] = 1;
  height[255] = exp(-LAST);
  for (let i = 254, edge = LAST; i >= 1; i--) {
    const next = -log(LAYER / edge + exp(-edge));
    inside[i + 1] = (next / edge) * all;
    edge = next;
    width[i] = edge / all;
    height[i] = exp(-edge);
  }
  return (ziggurat = { width, inside, height });
}

export class NumpyGenerator {
  #state = 0n;
  readonly #step: bigint;
  #upper: number | undefined;

  /** @param seed a whole number from 0 to 2^32 - 1 */
  constructor(seed: number) {
    if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
      throw new RangeError(`numpy: seed, got ${seed}, expected a whole number from 0 to 2^32 - 1`);
    const [a, b, c, d] = seedWords(seed) as [bigint, bigint, bigint, bigint];
    this.#step = ((((c << 64n) | d) << 1n) | 1n) & MASK128;
    this.#advance();
    this.#state = (this.#state + ((a << 64n) | b)) & MASK128;
    this.#advance();
  }

  #advance(): void {
    this.#state = (this.#state * MULTIPLIER + this.#step) & MASK128;
  }

  /** The next 64 bits. */
  next64(): bigint {
    this.#advance();
    const word = (this.#state >> 64n) ^ (this.#state & MASK64);
    const turn = this.#state >> 122n;
    return ((word >> turn) | (word << (64n - turn))) & MASK64;
  }

  /** The next 32 bits: the lower half of 64, then the upper. */
  next(): number {
    if (this.#upper !== undefined) {
      const kept = this.#upper;
      this.#upper = undefined;
      return kept;
    }
    const both = this.next64();
    this.#upper = Number(both >> 32n);
    return Number(both & 0xffffffffn);
  }

  /** Uniform in [0, 1) with 53 bits. */
  double(): number {
    return Number(this.next64() >> 11n) / 9007199254740992;
  }

  /** A whole number from 0 to `most`, below 2^32 - 1 (Lemire 2019). */
  upTo(most: number): number {
    if (most === 0) return 0;
    const n = BigInt(most + 1);
    const threshold = (0x100000000n - n) % n;
    for (;;) {
      const product = BigInt(this.next()) * n;
      // no draw is rejected while the rest is at least n
      if ((product & 0xffffffffn) >= threshold) return Number(product >> 32n);
    }
  }

  /** Shuffles in place; unlike `choice`, by masks and rejection. */
  shuffle(items: Int32Array): Int32Array {
    return shuffled(items, (most) => {
      const mask = 0xffffffff >>> Math.clz32(most);
      for (;;) {
        const value = (this.next() & mask) >>> 0;
        if (value <= most) return value;
      }
    });
  }

  /** `choice(n, n, replace=False)`: all of 0..n-1 in random order, by a shuffle or, for few, by Floyd's way and a shuffle. */
  all(n: number): Int32Array {
    const items = Int32Array.from({ length: n }, (_, i) => i);
    const draw = (most: number): number => this.upTo(most);
    if (n > 10_000) return shuffled(items, draw);
    const taken = new Set<number>();
    for (let i = 0; i < n; i++) {
      const value = this.upTo(i);
      items[i] = taken.has(value) ? i : value;
      taken.add(items[i]!);
    }
    return shuffled(items, draw);
  }

  /** An exponential draw. */
  exponential(): number {
    const { width, inside, height } = layers();
    for (;;) {
      const word = this.next64() >> 3n;
      const i = Number(word & 0xffn);
      const at = Number(word >> 8n);
      const x = at * width[i]!;
      if (at < inside[i]!) return x;
      if (i === 0) return LAST - log(1 - this.double());
      if ((height[i - 1]! - height[i]!) * this.double() + height[i]! < exp(-x)) return x;
    }
  }

  /** `dirichlet` of equal concentrations, which are from 0.1 to 1 here: elsewhere NumPy draws otherwise. */
  dirichlet(alpha: number, n: number): Float64Array {
    const draw =
      alpha === 1
        ? () => this.exponential()
        : () =>
            gammaBelowOne(
              alpha,
              () => this.double(),
              () => this.exponential(),
            );
    return normalised(Float64Array.from({ length: n }, draw));
  }
}
