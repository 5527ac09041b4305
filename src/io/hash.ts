// SHA-256 in plain TypeScript: synchronous and incremental, which the platforms' own digest is not everywhere.
// It names results and finds torn files; it keeps no secret. Source: FIPS 180-4, sections 4.1.2, 5.3.3 and 6.2.

// the fractional parts of the cube roots of the first 64 primes
// prettier-ignore
const roundConstants = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

/** A running SHA-256. `hex` may be asked at any time and does not end it. */
export class Sha256 {
  // the fractional parts of the square roots of the first 8 primes
  readonly #state = new Int32Array([
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ]);
  readonly #block = new Uint8Array(64);
  readonly #schedule = new Int32Array(64);
  #length = 0;

  /** Takes more bytes; where a message is cut into pieces makes no difference. */
  update(bytes: Uint8Array): this {
    const held = this.#length % 64;
    this.#length += bytes.length;
    let at = 0;
    if (held > 0) {
      at = Math.min(64 - held, bytes.length);
      this.#block.set(bytes.subarray(0, at), held);
      if (held + at < 64) return this;
      compress(this.#state, this.#schedule, this.#block, 0, 64);
    }
    const whole = bytes.length - ((bytes.length - at) % 64);
    compress(this.#state, this.#schedule, bytes, at, whole);
    this.#block.set(bytes.subarray(whole));
    return this;
  }

  /** The digest of everything so far, 64 lower-case hexadecimal digits. */
  hex(): string {
    const held = this.#length % 64;
    // the message, a one bit, zeros, and its length in bits as 64-bit big-endian
    const end = new Uint8Array(held < 56 ? 64 : 128);
    end.set(this.#block.subarray(0, held));
    end[held] = 0x80;
    new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(this.#length) * 8n);
    const state = this.#state.slice();
    compress(state, this.#schedule, end, 0, end.length);
    return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

// folds the whole 64-byte blocks in bytes[start, end) into the state
function compress(state: Int32Array, w: Int32Array, bytes: Uint8Array, start: number, end: number): void {
  const k = roundConstants;
  for (let at = start; at < end; at += 64) {
    for (let i = 0, j = at; i < 16; i++, j += 4) {
      w[i] = (bytes[j]! << 24) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 8) | bytes[j + 3]!;
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
    }

    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let d = state[3]!;
    let e = state[4]!;
    let f = state[5]!;
    let g = state[6]!;
    let h = state[7]!;
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + (g ^ (e & (f ^ g))) + k[i]! + w[i]!) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
    state[4]! += e;
    state[5]! += f;
    state[6]! += g;
    state[7]! += h;
  }
}
