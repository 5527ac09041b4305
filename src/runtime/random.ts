// Random numbers by address. A key names a stream, folding an address into a key names another; nothing is ever "next"
// globally, so results do not depend on which worker drew first. Threefry-2x32, 20 rounds (Salmon et al., SC 2011).

/** Two 32-bit words that name a stream. */
export type Key = readonly [k0: number, k1: number];

const PARITY = 0x1bd11bda;
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

// the block function writes here: returning a pair would allocate in every draw
let w0 = 0;
let w1 = 0;

function threefry(k0: number, k1: number, c0: number, c1: number): void {
  const k2 = k0 ^ k1 ^ PARITY;
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let round = 0; round < 5; round++) {
    const r = (round & 1) << 2;
    for (let j = 0; j < 4; j++) {
      const rotation = ROTATIONS[r + j]!;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    }
    // key schedule: words (round + 1) and (round + 2) mod 3, and the round number
    const s0 = round % 3 === 0 ? k1 : round % 3 === 1 ? k2 : k0;
    const s1 = round % 3 === 0 ? k2 : round % 3 === 1 ? k0 : k1;
    x0 = (x0 + s0) | 0;
    x1 = (x1 + s1 + round + 1) | 0;
  }
  w0 = x0 >>> 0;
  w1 = x1 >>> 0;
}

/** One block of random bits: the two words of Threefry-2x32-20 for a key and a counter. */
export function block(key: Key, c0: number, c1: number): [number, number] {
  threefry(key[0] | 0, key[1] | 0, c0 | 0, c1 | 0);
  return [w0, w1];
}

/** The root key of a seed: any integer of magnitude below 2^53. */
export function key(seed: number): Key {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`key: the seed must be an integer below 2^53, got ${seed}`);
  return [seed >>> 0, Math.floor(seed / 4294967296) >>> 0];
}

// FNV-1a over UTF-16 code units, twice with different offsets: purposes are a handful of short literals
function words(text: string): [number, number] {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x01000193);
  }
  return [a >>> 0, b >>> 0];
}

/**
 * The key at an address below `key`: `fold(root, "dropout", client, round)`. Numbers are integers of magnitude below 2^53.
 * The upper bits of the counter keep numbers, strings and the draws of a stream on the same key apart.
 */
export function fold(parent: Key, ...address: readonly (number | string)[]): Key {
  let k: Key = parent;
  for (const part of address) {
    if (typeof part === "string") {
      const [a, b] = words(part);
      k = block(k, a, b | 0x80000000);
    } else {
      if (!Number.isSafeInteger(part)) throw new RangeError(`fold: address parts are integers or strings, got ${part}`);
      k = block(k, part, (Math.floor(part / 4294967296) & 0x3fffffff) | 0x40000000);
    }
  }
  return k;
}

// what a place costs in a map, in places of an array
const SPARSE = 32;

/** Draws from one key in order. The n-th 32-bit word is word `n & 1` of the block with counter `(n >>> 1, 0)`. */
export class Stream {
  readonly #k0: number;
  readonly #k1: number;
  #n = 0;
  #spare = 0;

  constructor(key: Key) {
    this.#k0 = key[0] | 0;
    this.#k1 = key[1] | 0;
  }

  /** The next 32 random bits, as an unsigned integer. */
  next(): number {
    const n = this.#n++;
    if (n & 1) return this.#spare;
    threefry(this.#k0, this.#k1, n >>> 1, 0);
    this.#spare = w1;
    return w0;
  }

  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number {
    const high = this.next() >>> 5;
    return (high * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  /** A uniform integer in [0, n), without modulo bias. */
  below(n: number): number {
    if (!(Number.isInteger(n) && n > 0 && n <= 4294967296))
      throw new RangeError(`below: expected an integer in [1, 2^32], got ${n}`);
    const limit = 4294967296 - (4294967296 % n);
    let draw = this.next();
    while (draw >= limit) draw = this.next();
    return draw % n;
  }

  /** Shuffles in place (Fisher-Yates) and returns its argument. */
  shuffle<A extends number[] | Int32Array | Uint32Array>(items: A): A {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = items[i]!;
      items[i] = items[j]!;
      items[j] = kept;
    }
    return items;
  }

  /** `k` of the integers 0..n-1 without replacement, in the order drawn. Few of many cost no more than few. */
  choose(n: number, k: number): Int32Array {
    if (!(Number.isInteger(k) && k >= 0 && k <= n))
      throw new RangeError(`choose: cannot draw ${k} of ${n} without replacement`);
    return k < n / SPARSE ? this.#few(n, k) : this.#many(n, k);
  }

  #many(n: number, k: number): Int32Array {
    const pool = new Int32Array(n);
    for (let i = 0; i < n; i++) pool[i] = i;
    for (let i = 0; i < k; i++) {
      const j = i + this.below(n - i);
      const kept = pool[i]!;
      pool[i] = pool[j]!;
      pool[j] = kept;
    }
    return pool.slice(0, k);
  }

  // the same exchanges, of which only what they moved is written down
  #few(n: number, k: number): Int32Array {
    const chosen = new Int32Array(k);
    const moved = new Map<number, number>();
    for (let i = 0; i < k; i++) {
      const j = i + this.below(n - i);
      chosen[i] = moved.get(j) ?? j;
      moved.set(j, moved.get(i) ?? i);
    }
    return chosen;
  }
}
